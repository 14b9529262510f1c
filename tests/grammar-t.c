/* grammar-t - which texts a grammar has, and which tokens may follow */
/* SPDX-License-Identifier: MIT */
#include "model/decode/grammar.h"
#include "tap.h"
#include <string.h>

/* 2: the text is whole, 1: it may go on only, 0: it may not come. */
static int
fits(const struct grammar *g, const char *text)
{
	struct grammar_state *s = grammar_start(g), *t = grammar_start(g);
	int r = grammar_text(s, text, strlen(text)) ? 0 : 1 + grammar_whole(s), bytes = 1;

	for (const char *p = text; bytes && *p; p++)
		bytes = !grammar_text(t, p, 1);
	OK((r > 0) == bytes && (!r || grammar_whole(t) == r - 1), "the same byte by byte");
	grammar_stop(s);
	grammar_stop(t);
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

int
main(void)
{
	row(40, "r%d ::= r%d | r%d\n");
	row(40, "r%d ::= r%d \"x\" | r%d \"x\"\n");
	row(20000, "r%d ::= r%d\n");

	check("root ::= [a-z]", (const char *const[]){ "2t", "0\xe0", "0\xf0", "0\xc2", NULL });
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
	refused("root ::= (\"a\"");
	refused("root ::= \"a\")");
	refused("root ::= \"a\"{1001}");
	refused("root ::= \"a\"{999}{999}");
	refused("root ::= \"\\q\"");
	refused("root \"a\"");
	refused("root ::= \"a\"\nroot ::= \"b\"");
	return DONE();
}
