/* request - fuzz target: what clients of the server send, at each of its addresses */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "serve/request.h"
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	for (enum ask ask = ASK_COMPLETION; ask <= ASK_DETOKENIZE; ask++) {
		struct request r;
		struct err e = { "" };
		struct json talk;
		if (request_parse(&r, ask, (const char *)bytes, n, &e) == 0) {
			if (!(r.sampler.temperature > 0) || r.n < 1 || r.n > REQUEST_N || r.max_tokens < -1 || r.logprobs > REQUEST_TOP)
				abort();
			if (!r.n_prompts == !r.talk || (r.talk && json_parse(&talk, r.talk, strlen(r.talk), &e)))
				abort();
		} else if (!e.text[0]) {
			abort();
		}
		request_free(&r);
	}
	return 0;
}

#define SEED(name, s) { name, s, sizeof(s) - 1 }
const struct fuzz_seed fuzz_seeds[] = {
	SEED("a text", "{\"model\":\"m\",\"prompt\":\"a \\u00e9\",\"max_tokens\":3,\"temperature\":0,\"seed\":7,\"stream\":true}"),
	SEED("texts", "{\"prompt\":[\"a\",\"b\"],\"stop\":[\"x\",\"y\"],\"n\":2,\"top_p\":0.5,\"top_k\":4,\"min_p\":0.1,\"best_of\":1}"),
	SEED("token ids", "{\"prompt\":[1,2,3],\"echo\":true,\"logprobs\":1,\"logit_bias\":{\"5\":-100,\"6\":1.5}}"),
	SEED("lists of them", "{\"prompt\":[[1,2],[3]],\"presence_penalty\":1,\"frequency_penalty\":-1,\"grammar\":\"root ::= \\\"a\\\"\"}"),
	SEED("a conversation", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"logprobs\":true,\"top_logprobs\":4,"
		"\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"response_format\":{\"type\":\"json_object\"},"
		"\"stream_options\":{\"include_usage\":true},\"user\":null}"),
	SEED("text to ids", "{\"prompt\":\"a\",\"add_special_tokens\":false}"),
	SEED("ids to text", "{\"tokens\":[1,2,4294967295]}"),
	SEED("an unknown field", "{\"prompt\":\"a\",\"mirostat\":2}"),
	SEED("no object", "[\"prompt\"]"),
	SEED("nothing", " "),
	{ 0 }
};
