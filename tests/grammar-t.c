/* grammar-t - which texts a grammar has, and which tokens may follow */
/* SPDX-License-Identifier: MIT */
#include "model/grammar/grammar.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 2: the text is whole, 1: it may go on only, 0: it may not come. */
static int
fits(const struct grammar *g, const char *text)
{
	struct grammar_walk *w = grammar_walk_new(g, 2);
	int r = grammar_text(w, 0, text, strlen(text)) ? 0 : 1 + grammar_whole(w, 0), bytes = 1;

	for (const char *p = text; bytes && *p; p++)
		bytes = !grammar_text(w, 1, p, 1);
	OK((r > 0) == bytes && (!r || grammar_whole(w, 1) == r - 1), "the same byte by byte");
	grammar_walk_free(w);
	return r;
}

static void
check(const char *grammar, const char *const *texts)
{
	struct err e = { .text = "" };
	struct grammar *g = grammar_parse(grammar, strlen(grammar), &e);

	OK(g != NULL, "a grammar: %s", e.text);
	for (; g && *texts; texts++)
		OK(fits(g, *texts + 1) == **texts - '0', "%.*s", (int)strcspn(*texts, "\n"), *texts);
	grammar_free(g);
}

static void
refused(const char *grammar)
{
	struct err e = { .text = "" };
	struct grammar *g = grammar_parse(grammar, strlen(grammar), &e);

	OK(!g && *e.text, "refused: %s", e.text);
	grammar_free(g);
}

/* Rules that lead to the next one, `ways` times each. */
static void
row(int rules, const char *ways)
{
	struct buf b = { 0 };

	buf_str(&b, "root ::= r0\n");
	for (int i = 0; i < rules; i++)
		buf_printf(&b, ways, i, i + 1, i + 1);
	buf_printf(&b, "r%d ::= \"a\"\n", rules);
	struct err e = { .text = "" };
	struct grammar *g = grammar_parse(b.p, b.n, &e);

	OK(!g || fits(g, "b") == 0, "%d rules in a row, %s: it ends", rules, g ? "walked" : e.text);
	grammar_free(g);
	buf_free(&b);
}

/* Of each token by itself, what one walk through all of them says; a text of many depths forgets and goes on. */
static void
masks(const char *path)
{
	static const char *const texts[] = { "", "{\"a", "[1, -2", "{\"k\": \"\xe2\x82", "[[[{\"x\": tru" };
	struct grammar *g;
	struct grammar_walk *w;
	struct vocab *v;
	struct err e;
	uint8_t *allowed;
	size_t V;

	if (!(v = vocab_load(path, NULL, &e))) {
		OK(0, "%s", e.text);
		return;
	}
	V = (size_t)vocab_size(v);
	allowed = malloc(V);
	g = grammar_load("json", v, V, &e);
	w = grammar_walk_new(g, 3);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		size_t n, some = 0, wrong = 0;
		grammar_begin(w, 0);
		grammar_text(w, 0, texts[i], strlen(texts[i]));
		n = grammar_allow(w, 0, allowed);
		for (uint32_t id = 0; id < V; id++) {
			grammar_begin(w, 1);
			grammar_text(w, 1, texts[i], strlen(texts[i]));
			some += allowed[id];
			wrong += allowed[id] == (grammar_take(w, 1, id) != 0);
		}
		OK(n == some && n && !wrong, "after %s %zu of %zu tokens may come", texts[i], n, V);
	}
	grammar_walk_free(w);
	grammar_free(g);
	vocab_free(v);
	free(allowed);
}

/* More places than are kept: what a text that waits expects is not among the forgotten. */
static void
many_places(void)
{
	struct err e;
	struct grammar *g = grammar_parse(grammar_json(), strlen(grammar_json()), &e);
	struct grammar_walk *w = grammar_walk_new(g, 2);
	uint32_t x = 1;
	uint8_t none;
	int bad = grammar_text(w, 1, "[[{\"k\":", 7);

	for (int i = 0; i < 40000; i++) {
		grammar_begin(w, 0);
		for (int k = 0; k < 20; k++) {
			x = x * 1664525 + 1013904223;
			bad |= x >> 31 ? grammar_text(w, 0, "[", 1) : grammar_text(w, 0, "{\"a\":", 5);
		}
		grammar_allow(w, 0, &none);
		bad |= grammar_text(w, 0, x >> 31 ? "]" : "1}", x >> 31 ? 1 : 2);
	}
	OK(!bad && !grammar_text(w, 1, "1}]]", 4) && grammar_whole(w, 1), "forty thousand nests, and a text that waits");
	grammar_walk_free(w);
	grammar_free(g);
}

int
main(void)
{
	const char *data = getenv("LM_TESTDATA");
	char path[4096];

	snprintf(path, sizeof path, "%s/data/tokenizers/npm-llama3/tokenizer.json", data ? data : "");
	if (access(path, R_OK))
		OK(1, "masks of a large vocabulary # SKIP LM_TESTDATA has none");
	else
		masks(path);
	many_places();
	row(40, "r%d ::= r%d | r%d\n");
	row(40, "r%d ::= r%d \"x\" | r%d \"x\"\n");
	row(20000, "r%d ::= r%d\n");

	check("root ::= [a-z]", (const char *const[]){ "2t", "0\xe0", "0\xf0", "0\xc2", NULL });
	check("root ::= [^a]", (const char *const[]){ "1\xf4\x8f", "0\xf4\x90", "0\xf4\xa3\xa3", "1\xed\x9f", "0\xed\xa0", "2\xee\x80\x80", NULL });
	check("root ::= [^\\x00-\\U0010FFFF]", (const char *const[]){ "0a", "0\xf4", "0\xed", NULL });
	check("root ::= \"yes\" | \"no\" # a comment\n", (const char *const[]){ "1", "1y", "2yes", "2no", "0yess", "0x", NULL });
	check("root ::= [a-c]{2,3} (\"-\" [^x\\n])* end?\nend ::=\n \"!\" |\n \".\"\n",
		(const char *const[]){ "1a", "2ab", "2abc", "0abcd", "1ab-", "2ab-q", "0ab-x", "2abc-1-2!", "2ab.", "0ab.!", NULL });
	check("root ::= \"\\u00e4\"+ [\\u4e00-\\u9fff] .", (const char *const[]){ "2ä中x", "1ää", "0中", "2ä中€", "0ae", NULL });
	check("root ::= a{3} b{2,}\na ::= \"x\"\nb ::= \"y\" | a\n", (const char *const[]){ "1xxx", "2xxxyx", "0xxyy", "2xxxyyyyy", NULL });
	check("root ::= \"(\" root \")\" | \"\"", (const char *const[]){ "2", "2()", "1(()", "2(())", "0())", NULL });
	check("root ::= (\"a\" | \"ab\") (\"c\" | \"bc\")", (const char *const[]){ "2abc", "2ac", "2abbc", "0abbb", NULL });
	check(grammar_json(), (const char *const[]){ "2{}", "2 [1, -2.5e3, \"a\\n\\u00e9\", true, null, {\"k\": []}]", "0[1,]",
		"1{\"a\":", "0{a", "0[01", "2\"ü€😀\"", "1\"\xe2\x82", "0\"\xc1\xa1", "0\"\xe0\x81\xa1", "0\"\xf0\x80\x81\xa1", "0\"\xed\xa0\x80", "0\"\xff", "1[[[[[[[", "2[[]]", "0nul1", "0\"\n", NULL });
	refused("root ::= root \"a\" | \"b\"");
	refused("root ::= a\na ::= b? a \"x\"\nb ::= \"\"");
	refused("root ::= (\"\"?)*");
	refused("x ::= \"a\"");
	refused("root ::= y");
	refused("root ::= \"a");
	refused("root ::= [a-");
	refused("root ::= \"a\"? []");
	refused("root ::= [z-a]");
	refused("root ::= (\"a\"");
	refused("root ::= \"a\")");
	refused("root ::= \"a\"{1001}");
	refused("root ::= \"a\"{999}{999}");
	refused("root ::= \"\\q\"");
	refused("root \"a\"");
	refused("root ::= \"a\"\nroot ::= \"b\"");
	return DONE();
}
