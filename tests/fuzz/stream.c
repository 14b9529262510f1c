/* stream - fuzz target: JSON, safetensors images, blocks of tokens, rollouts, JSONL documents */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "stream/docs.h"
#include "stream/roll.h"
#include "stream/tens.h"
#include "stream/toks.h"
#include <stdlib.h>

static void
json(const char *p, size_t n)
{
	struct json j;
	struct json_iter it;
	struct buf b = { 0 };
	struct err e;

	if (json_parse(&j, p, n, &e) == 0) {
		it = json_walk(j);
		while (json_next(&it)) {
			json_str(it.value, &b);
			(void)json_num(it.value, 0);
			(void)json_count(it.value);
		}
		(void)json_get(j, "text");
	}
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct toks_head h = { .n_vocab = 300 };
	struct toks_block k;
	struct tens_set set;
	struct roll r;
	struct buf a = { 0 }, b = { 0 };
	struct err e;
	size_t pos = 0;
	void *copy = aligned_alloc(64, (n + 64) / 64 * 64);     /* as a frame's data is */

	json((const char *)p, n);
	doc_from_jsonl((const char *)p, n, &a, &b, &e);
	if (tens_parse(&set, p, n, &e) == 0)
		tens_free(&set);
	for (size_t i = 0; i < n; i++)
		((uint8_t *)copy)[i] = p[i];
	if (toks_unpack(&k, copy, n, &h, &a, &e) == 0)
		for (uint32_t i = 0; i < k.n_tok; i++)
			pos += (size_t)toks_mask_bit(k.mask, i);
	pos = 0;
	while (roll_unpack(&r, copy, n, &pos, 300, &e) > 0)
		;
	buf_free(&a), buf_free(&b);
	free(copy);
	return 0;
}

#define SEED(name, s) { name, s, sizeof(s) - 1 }
const struct fuzz_seed fuzz_seeds[] = {
	SEED("a document", "{\"text\":\"a\\u00e9\\ud83d\\ude00\",\"id\":[1,2.5e3,null,{\"x\":true}]}"),
	SEED("a safetensors image", "\x48\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"__metadata__\":{}}   12345678"),
	SEED("a block of tokens", "\4\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\1\0\2\0\3\0\4\0\4\0\0\0\0\0\0\0\x0f\0\0\0\0\0\0\0"),
	SEED("a rollout", "\x38\0\0\0\1\0\0\0\0\0\1\0\1\0\0\0\2\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0{}\0\0"),
	{ 0 }
};
