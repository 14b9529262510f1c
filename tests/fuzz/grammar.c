/* grammar - fuzz target: a grammar, and behind a NUL byte a text for it */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "model/grammar/grammar.h"
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p, *nul = memchr(text, 0, n);
	size_t len = nul ? (size_t)(nul - text) : n;
	struct grammar_walk *w;
	struct grammar *g;
	struct err e;

	if (!(g = grammar_parse(text, len, &e)))
		return 0;
	w = grammar_walk_new(g, 1);
	for (size_t i = len + 1; i < n && i < len + 200; i++)
		if (grammar_text(w, 0, text + i, 1))
			break;
	grammar_walk_free(w);
	grammar_free(g);
	return 0;
}

#define SEED(name, s) { name, s, sizeof(s) - 1 }
const struct fuzz_seed fuzz_seeds[] = {
	SEED("texts", "root ::= \"ab\" | \"a\" root # x\n\0aaaab"),
	SEED("classes", "root ::= [a-c\\u00e4\\]]{2,} x?\nx ::= (\"-\" [^\\n] | .)*\n\0ab-\xc3\xa4"),
	SEED("groups", "root ::= ((\"a\" | \"\") \"b\"+ ){1,3}\n\0abbab"),
	SEED("nested", "root ::= \"(\" root \")\" | \"\"\n\0((((()"),
	SEED("nothing", ""),
	{ 0 }
};
