/* prefs - fuzz target: a line of preference JSONL rendered with a template, over a vocabulary of single bytes; and one of what a person said */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "learn/people/people.h"
#include <stdlib.h>
#include <string.h>

const struct fuzz_seed fuzz_seeds[] = {
	{ "empty", "", 0 },
	{ "a pair", "{\"prompt\":\"hi\",\"chosen\":\"the cat\",\"rejected\":\"a bird\",\"margin\":2,\"k\":[1]}", 0 },
	{ "turns", "{\"chosen\":\"\\n\\nHuman: hi\\n\\nAssistant: a\",\"rejected\":\"\\n\\nHuman: hi\\n\\nAssistant: b\"}", 0 },
	{ "turns that part", "{\"chosen\":\"\\n\\nHuman: a\\n\\nAssistant: a\\n\\nHuman:\\n\\nAssistant:\",\"rejected\":\"\\n\\nHuman: a\\n\\nAssistant: b\"}", 0 },
	{ "nothing in common", "{\"chosen\":\"\\n\\nHuman: x\\n\\nAssistant: a\",\"rejected\":\"\\n\\nHuman: y\\n\\nAssistant: b\"}", 0 },
	{ "a header alone", "{\"chosen\":\"\\n\\nHuman:\",\"rejected\":\"\\n\\nHuman:\"}", 0 },
	{ "messages", "{\"prompt\":[{\"role\":\"user\",\"content\":\"x\"}],\"chosen\":[{\"role\":\"assistant\",\"content\":\"y\"}],\"rejected\":[{\"role\":\"assistant\",\"content\":\"\"}]}", 0 },
	{ "no messages", "{\"prompt\":[1,2],\"chosen\":[{}],\"rejected\":[[]]}", 0 },
	{ "no text", "{\"prompt\":5,\"chosen\":true,\"rejected\":{}}", 0 },
	{ "a judgement", "{\"prompt\":\"x\",\"completion\":\"y\",\"label\":true}", 0 },
	{ "no label", "{\"prompt\":\"x\",\"completion\":\"y\",\"label\":null}", 0 },
	{ "empty sides", "{\"prompt\":\"\",\"chosen\":\"\",\"rejected\":\"\"}", 0 },
	{ "an array", "[1,2]", 0 },
	{ "an order", "{\"item\":\"0a1b2c3d\",\"order\":\"2>1=3\"}", 0 },
	{ "an order of too many", "{\"item\":\"0a1b2c3d\",\"order\":\"1>2>3>4>5>6>7>8>9>1\"}", 0 },
	{ "a rating", "{\"item\":\"0a1b2c3d\",\"response\":9,\"honest\":5}", 0 },
	{ 0 }
};

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static struct pref_text *
text(void)
{
	static struct pref_text t;
	struct buf b = { 0 };
	struct vocab_opts opts = { .special = SPECIAL_NONE };
	struct err e;

	if (t.vocab)
		return &t;
	for (int i = 0; i < 256; i++)
		buf_printf(&b, "%c%c== %d\n", base64[i >> 2], base64[(i & 3) << 4], i);
	t.vocab = vocab_parse(b.p, b.n, "bytes", "gpt2", &e);
	buf_free(&b);
	if (!t.vocab)
		abort();
	t.chat = (struct chat){ .template_name = "plain", .bos = -1, .eos = { 0 }, .n_eos = 1 };
	t.enc = encoder_new(t.vocab, &opts);
	t.chatting = 1;
	return &t;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct rolls all = { 0 };
	struct buf b = { 0 };
	struct said s, t;
	struct err e;

	if (!people_parse(&s, (const char *)p, n, &e)) {
		people_print(&s, &b);
		if (people_parse(&t, b.p, b.n, &e) || memcmp(&s, &t, sizeof s))
			abort();
		buf_free(&b);
	}
	if (prefs_line(&all, text(), (const char *)p, n, 0, &e) == 0)
		for (size_t i = 0; i < all.n; i++)
			if (!all.v[i].n_prompt || all.v[i].n_prompt >= all.v[i].n_tok)
				abort();
	rolls_free(&all);
	return 0;
}
