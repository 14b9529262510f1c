/* adapter - fuzz target: an adapter's two files, for a small model */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "model/adapter.h"
#include "model/file/peft.h"
#include "model/model.h"
#include <string.h>

static const struct config shape = { .V = 4, .T = 4, .C = 2, .L = 1, .H = 1, .KV = 1, .D = 2, .F = 2, .norm = NORM_RMS,
	.norm_eps = 1e-5, .pos = POS_ROPE, .rope_theta = 1e4, .act = ACT_SILU, .gated = 1, .tied = 1 };

/* The first line is adapter_config.json; the second the header of the image, whose length is made here, so that changes
 * of the text do not end there; the rest its data. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const uint8_t *line = n ? memchr(p, '\n', n) : NULL, *head = line ? line + 1 : p + n, *data;
	struct buf image = { 0 };
	struct model m;
	struct err e;
	double delta;
	uint64_t len;

	data = head < p + n ? memchr(head, '\n', (size_t)(p + n - head)) : NULL;
	len = (uint64_t)((data ? data : p + n) - head);
	buf_add(&image, &len, sizeof len);
	buf_add(&image, head, len);
	if (data)
		buf_add(&image, data + 1, (size_t)(p + n - data - 1));
	model_init(&m, &shape);
	if (!adapter_parse(&m, (const char *)p, (size_t)((line ? line : p + n) - p), image.p, image.n, &e) && m.adapter->layer)
		adapter_merge_measured(&m, 4, &delta, &e);
	model_free(&m);
	buf_free(&image);
	return 0;
}

#define T(name, shape, from, to) "\"" name "\":{\"dtype\":\"F32\",\"shape\":[" shape "],\"data_offsets\":[" from "," to "]}"
#define Q "base_model.model.model.layers.0.self_attn.q_proj.lora_"
#define M "base_model.model.model.layers.0.mlp.adapter_"
#define F4 "0123012301230123"
const struct fuzz_seed fuzz_seeds[] = {
	{ "LoRA", "{\"peft_type\":\"LORA\",\"r\":1,\"lora_alpha\":2,\"use_rslora\":true,\"bias\":\"none\"}\n"
	  "{" T(Q "A.weight", "1,2", "0", "8") "," T(Q "B.weight", "2,1", "8", "16") "}\n" F4, 0 },
	{ "bottlenecks", "{\"peft_type\":\"PARALLEL_BOTTLENECK\",\"r\":1,\"scaling\":4}\n"
	  "{" T(M "down.weight", "1,2", "0", "8") "," T(M "up.weight", "2,1", "8", "16") "}\n" F4, 0 },
	{ "a prompt", "{\"peft_type\":\"PROMPT_TUNING\",\"num_virtual_tokens\":2}\n"
	  "{\"__metadata__\":{\"pipelm.prog\":\"[\\\"a\\\"]\"}," T("prompt_embeddings", "2,2", "0", "16") "}\n" F4, 0 },
	{ "a prefix", "{\"peft_type\":\"PREFIX_TUNING\",\"num_virtual_tokens\":1}\n"
	  "{" T("prompt_embeddings", "1,4", "0", "16") "}\n" F4, 0 },
	{ 0 }
};
