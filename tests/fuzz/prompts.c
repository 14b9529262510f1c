/* prompts - fuzz target: prompts as lines, as objects and as messages, at any length */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "model/generate/talk.h"
#include <stdlib.h>
#include <string.h>

static const char tokenizer[] =
	"{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true},\"added_tokens\":["
	"{\"id\":6,\"content\":\"<|im_start|>\",\"special\":true},{\"id\":7,\"content\":\"<|im_end|>\",\"special\":true},"
	"{\"id\":8,\"content\":\"<|endoftext|>\",\"special\":true}],\"model\":{\"type\":\"BPE\",\"vocab\":"
	"{\"a\":0,\"b\":1,\"ab\":2,\"\xc4\xa0\":3,\"\xc4\x8a\":4,\"s\":5},\"merges\":[\"a b\"]}}";

static void
try(const struct prompt_opts *o, const char *line, size_t n)
{
	struct prompt p = { 0 };
	struct talk talk = { 0 };
	struct err e;

	if (prompt_json(&p, o, line, n, &e) == 0) {
		if (p.n < 1 || p.n >= (size_t)o->T)
			abort();
		prompt_free(&p);
	}
	if (prompt_text(&p, o, line, n, &e) == 0) {
		if (p.n < 1 || p.n >= (size_t)o->T)
			abort();
		prompt_free(&p);
	}
	for (int turn = 0; turn < 5; turn++) {
		talk_add(&talk, turn % 2 ? "assistant" : "user", line, n);
		if (talk_prompt(&talk, o, &p, &e) == 0) {
			if (p.n < 1 || p.n >= (size_t)o->T)
				abort();
			prompt_free(&p);
		}
	}
	talk_free(&talk);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct vocab *vocab;
	static struct encoder *encoder;
	static struct chat chat;
	static int has_chat;

	if (!vocab) {
		if (!(vocab = vocab_parse(tokenizer, sizeof tokenizer - 1, "tokenizer", NULL, NULL)))
			abort();
		encoder = encoder_new(vocab, &(struct vocab_opts){ .special = SPECIAL_NONE });
		has_chat = chat_init(&chat, "chatml", vocab, NULL) == 0;
	}
	for (int i = 0; i < 16; i++)
		try(&(struct prompt_opts){ .encoder = encoder, .chat = has_chat && i & 1 ? &chat : NULL, .chat_lines = i >> 1 & 1,
			.bos = i & 4 ? 8 : -1, .otherwise = i & 8 ? 8 : -1, .T = i & 4 ? 2 : 40, .n = i & 2 ? 1 : 30,
			.truncate = i % 3 == 0 ? 0 : i % 3 == 1 ? 'l' : 'r' }, (const char *)bytes, n);
	return 0;
}

#define SEED(name, s) { name, s, sizeof(s) - 1 }
const struct fuzz_seed fuzz_seeds[] = {
	SEED("text", "ab ab ba ab ab ba ab ab ba ab ab ba ab ab ba ab ab ba ab"),
	SEED("nothing", ""),
	SEED("a prompt", "{\"prompt\":\"ab ab\",\"id\":\"x\",\"answer\":{\"a\":[1,null]}}"),
	SEED("an empty prompt", "{\"prompt\":\"\"}"),
	SEED("messages", "{\"messages\":[{\"role\":\"system\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"b\"}],\"k\":1}"),
	SEED("a prompt of messages", "{\"prompt\":[{\"role\":\"user\",\"content\":\"ab\\u0061\"}]}"),
	SEED("an array", "[1,2,{\"prompt\":\"a\"}]"),
	SEED("a special", "{\"prompt\":\"<|im_end|>\"}"),
	{ 0 }
};
