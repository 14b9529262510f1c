/* mttok - the tokenizers of machine translation's scores, as sacreBLEU 2 has them */
/* SPDX-License-Identifier: MIT */
#include "score/bleu/mttok.h"
#include "text/uni.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

const char *const mttok_name[MTTOK_COUNT] = { "13a", "intl", "char", "none" };

/* Substitutions in order, each over the whole text.  13a has a space at either end first. */
static const struct rule {
	enum mttok_kind kind;
	const char     *from, *to;
} rules[] = {
	{ MTTOK_13A, "<skipped>", "" },
	{ MTTOK_13A, "-\n", "" },
	{ MTTOK_13A, "\n", " " },
	{ MTTOK_13A, "&quot;", "\"" },
	{ MTTOK_13A, "&amp;", "&" },
	{ MTTOK_13A, "&lt;", "<" },
	{ MTTOK_13A, "&gt;", ">" },
	{ MTTOK_13A, "^|\\z", " " },
	{ MTTOK_13A, "([{-~[-` -&(-+:-@/])", " $1 " },
	{ MTTOK_13A, "([^0-9])([.,])", "$1 $2 " },
	{ MTTOK_13A, "([.,])([^0-9])", " $1 $2" },
	{ MTTOK_13A, "([0-9])(-)", "$1 $2 " },
	{ MTTOK_INTL, "(\\P{N})(\\p{P})", "$1 $2 " },
	{ MTTOK_INTL, "(\\p{P})(\\P{N})", " $1 $2" },
	{ MTTOK_INTL, "(\\p{S})", " $1 " },
};
enum { RULES = sizeof rules / sizeof *rules };

struct mttok {
	enum mttok_kind kind;
	pcre2_code     *code[RULES];
	struct buf      a, b;
};

struct mttok *
mttok_new(enum mttok_kind kind)
{
	struct mttok *t = xcalloc(1, sizeof *t);
	PCRE2_SIZE at;
	int code;

	t->kind = kind;
	for (int i = 0; i < RULES; i++)
		if (rules[i].kind == kind) {
			t->code[i] = pcre2_compile((PCRE2_SPTR)rules[i].from, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_DOTALL, &code, &at, NULL);
			pcre2_jit_compile(t->code[i], PCRE2_JIT_COMPLETE);      /* without a JIT the interpreter does it */
		}
	return t;
}

void
mttok_free(struct mttok *t)
{
	if (!t)
		return;
	for (int i = 0; i < RULES; i++)
		pcre2_code_free(t->code[i]);
	buf_free(&t->a);
	buf_free(&t->b);
	free(t);
}

/* t->a becomes what rule i makes of it. */
static void
substitute(struct mttok *t, int i)
{
	PCRE2_SIZE n;
	struct buf swap;

	buf_clear(&t->b);
	buf_need(&t->b, 3 * t->a.n + 8);        /* no rule makes more of a byte than three */
	n = t->b.cap;
	if (pcre2_substitute(t->code[i], (PCRE2_SPTR)t->a.p, t->a.n, 0, PCRE2_SUBSTITUTE_GLOBAL, NULL, NULL,
	        (PCRE2_SPTR)rules[i].to, PCRE2_ZERO_TERMINATED, (PCRE2_UCHAR *)t->b.p, &n) <= 0)
		return;
	t->b.n = n;
	swap = t->a, t->a = t->b, t->b = swap;
}

void
mttok_run(struct mttok *t, const char *text, size_t n, struct buf *out)
{
	const char *end, *trim = text;
	size_t len, left = n;
	int gap = 1;

	uni_strip(&trim, &left);        /* the blanks at the end go; those in front may part tokens */
	buf_clear(&t->a);
	buf_add(&t->a, text, (size_t)(trim - text) + left);
	for (int i = 0; i < RULES; i++)
		if (rules[i].kind == t->kind)
			substitute(t, i);
	buf_clear(out);
	buf_add(out, "", 0);
	for (text = t->a.p, end = text + t->a.n; text < end; text += len) {
		if (uni_space(uni_decode(text, (size_t)(end - text), &len))) {
			gap = 1;
			continue;
		}
		if (out->n && (gap || t->kind == MTTOK_CHAR))
			buf_char(out, ' ');
		gap = 0;
		buf_add(out, text, len);
	}
}
