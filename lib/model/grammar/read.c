/* read - the text of a grammar, rule by rule */
/* SPDX-License-Identifier: MIT */
#include "model/grammar/grammar_int.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_ELEMENTS = 1 << 18, MOST_REPEAT = 1000, MOST_NESTED = 64 };

/* Elements of a rule while it is read; its alternatives end in ALT, the last one in END. */
struct draft_rule {
	struct buf el;
	char      *name;                /* NULL: a group's or a repetition's */
	int        defined;
};
struct parser {
	struct grammar *g;
	const char *start, *p, *end;
	struct draft_rule *rule;
	size_t n_rule, cap_rule, n_el;
	int    nested;
	struct err *e;
};

static int
fail(struct parser *s, const char *why)
{
	return err_set(s->e, "byte %zu: %s", (size_t)(s->p - s->start), why);
}

static int
put(struct parser *s, size_t rule, enum el_kind kind, int what)
{
	struct el el = { kind, what };

	if (++s->n_el > MOST_ELEMENTS)
		return fail(s, "a grammar too large");
	buf_add(&s->rule[rule].el, &el, sizeof el);
	return 0;
}

static size_t
new_rule(struct parser *s, const char *name, size_t n)
{
	struct draft_rule r = { .name = name ? xstrndup(name, n) : NULL };

	VEC_PUSH(s->rule, s->n_rule, s->cap_rule, r);
	return s->n_rule - 1;
}

static int
name_char(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static size_t
name_length(const struct parser *s)
{
	size_t n = 0;

	while (s->p + n < s->end && name_char((unsigned char)s->p[n]))
		n++;
	return n;
}

static size_t
named(struct parser *s, size_t n)
{
	for (size_t i = 0; i < s->n_rule; i++)
		if (s->rule[i].name && strlen(s->rule[i].name) == n && !memcmp(s->rule[i].name, s->p, n))
			return i;
	return new_rule(s, s->p, n);
}

static void
skip(struct parser *s, int lines)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '#' || (lines && (*s->p == '\n' || *s->p == '\r')))) {
		if (*s->p == '#')
			while (s->p < s->end && *s->p != '\n')
				s->p++;
		else
			s->p++;
	}
}

static int
hex(struct parser *s, int digits, uint32_t *out)
{
	*out = 0;
	for (; digits--; s->p++) {
		int c = s->p < s->end ? (unsigned char)*s->p | 32 : 0;
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return fail(s, "not a hexadecimal digit");
		*out = *out << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return *out > 0x10ffff ? fail(s, "not a character") : 0;
}

/* A character of a text or a class. */
static int
character(struct parser *s, uint32_t *out)
{
	uint32_t n;

	if (s->p >= s->end)
		return fail(s, "cut short");
	if (*s->p != '\\') {
		*out = utf8_next((const unsigned char *)s->p, (const unsigned char *)s->end, &n);
		if (*out == UTF8_BAD)
			return fail(s, "not UTF-8");
		s->p += n;
		return 0;
	}
	if (++s->p >= s->end)
		return fail(s, "cut short");
	switch (*s->p++) {
	case 'n': *out = '\n'; return 0;
	case 't': *out = '\t'; return 0;
	case 'r': *out = '\r'; return 0;
	case 'x': return hex(s, 2, out);
	case 'u': return hex(s, 4, out);
	case 'U': return hex(s, 8, out);
	case '\\': case '"': case '[': case ']': case '-': case '^':
		*out = (unsigned char)s->p[-1];
		return 0;
	}
	s->p--;
	return fail(s, "no such escape");
}

static int
put_class(struct parser *s, size_t rule, const struct range *r, size_t n, int negated)
{
	struct grammar *g = s->g;
	struct class c = { g->n_range, n, negated };

	for (size_t i = 0; i < n; i++)
		VEC_PUSH(g->range, g->n_range, g->cap_range, r[i]);
	VEC_PUSH(g->class, g->n_class, g->cap_class, c);
	return put(s, rule, EL_CHAR, (int)g->n_class - 1);
}

static int
text(struct parser *s, size_t rule)
{
	for (s->p++; s->p < s->end && *s->p != '"'; ) {
		struct range r;
		if (character(s, &r.lo))
			return -1;
		r.hi = r.lo;
		if (put_class(s, rule, &r, 1, 0))
			return -1;
	}
	return s->p++ < s->end ? 0 : (s->p--, fail(s, "a text without its end"));
}

static int
class(struct parser *s, size_t rule)
{
	struct range *v = NULL, r;
	size_t n = 0, cap = 0;
	int negated, bad = 0;

	s->p++;
	negated = s->p < s->end && *s->p == '^';
	s->p += negated;
	while (!bad && s->p < s->end && *s->p != ']') {
		bad = character(s, &r.lo);
		r.hi = r.lo;
		if (!bad && s->p + 1 < s->end && *s->p == '-' && s->p[1] != ']') {
			s->p++;
			bad = character(s, &r.hi) || (r.hi < r.lo && fail(s, "a range whose end is before its beginning"));
		}
		VEC_PUSH(v, n, cap, r);
	}
	if (!bad && s->p >= s->end)
		bad = fail(s, "a class without its end");
	if (!bad && !n && !negated)
		bad = fail(s, "a class of no characters (a blank is [ ])");
	s->p += !bad;
	bad = bad || put_class(s, rule, v, n, negated);
	free(v);
	return bad ? -1 : 0;
}

static int alternatives(struct parser *s, size_t rule);

static int
item(struct parser *s, size_t rule)
{
	struct range none = { 1, 0 };
	size_t n, sub;
	int bad;

	switch (*s->p) {
	case '"': return text(s, rule);
	case '[': return class(s, rule);
	case '.':
		s->p++;
		return put_class(s, rule, &none, 1, 1);
	case '(':
		if (++s->nested > MOST_NESTED)
			return fail(s, "groups too deep");
		s->p++;
		sub = new_rule(s, NULL, 0);
		bad = alternatives(s, sub);
		s->nested--;
		if (bad)
			return -1;
		if (s->p >= s->end || *s->p != ')')
			return fail(s, "a group without its end");
		s->p++;
		return put(s, rule, EL_RULE, (int)sub);
	}
	if (!(n = name_length(s)))
		return fail(s, "not a text, class, name or group");
	sub = named(s, n);
	s->p += n;
	return put(s, rule, EL_RULE, (int)sub);
}

/* The elements of `what`, then (unless it is -1) rule `then`. */
static int
put_copy(struct parser *s, size_t rule, const struct buf *what, int then)
{
	const struct el *v = (const struct el *)(const void *)what->p;

	for (size_t i = 0; i < what->n / sizeof *v; i++)
		if (put(s, rule, v[i].kind, v[i].what))
			return -1;
	return then < 0 ? 0 : put(s, rule, EL_RULE, then);
}

/* {m,n} of what stands in `what`; most -1: any number. */
static int
repeat(struct parser *s, size_t rule, const struct buf *what, int least, int most)
{
	size_t sub;
	int then = -1;

	for (int i = 0; i < least; i++)
		if (put_copy(s, rule, what, -1))
			return -1;
	for (int i = least; i < (most < 0 ? least + 1 : most); i++) {
		sub = new_rule(s, NULL, 0);
		if (most < 0)
			then = (int)sub;
		if (put_copy(s, sub, what, then) || put(s, sub, EL_ALT, 0) || put(s, sub, EL_END, 0))
			return -1;
		then = (int)sub;
	}
	return then < 0 ? 0 : put(s, rule, EL_RULE, then);
}

static int
number(struct parser *s, int *out)
{
	if (s->p >= s->end || *s->p < '0' || *s->p > '9')
		return -1;
	for (*out = 0; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++)
		if ((*out = *out * 10 + (*s->p - '0')) > MOST_REPEAT)
			return -1;
	return 0;
}

static int
quantifier(struct parser *s, int *least, int *most)
{
	int c = *s->p++;

	*least = c == '+';
	*most = c == '?' ? 1 : -1;
	if (c != '{')
		return 0;
	if (number(s, least))
		return fail(s, "not a number of repetitions (at most 1000)");
	*most = *least;
	if (s->p < s->end && *s->p == ',') {
		s->p++;
		if (number(s, most))
			*most = -1;
	}
	if (s->p >= s->end || *s->p != '}' || (*most >= 0 && *most < *least))
		return fail(s, "not {m}, {m,} or {m,n}");
	s->p++;
	return 0;
}

static int
sequence(struct parser *s, size_t rule)
{
	for (;;) {
		size_t from = s->rule[rule].el.n;
		int least, most;

		skip(s, s->nested > 0);
		if (s->p >= s->end || strchr("|)\r\n", *s->p))
			return 0;
		if (item(s, rule))
			return -1;
		while (s->p < s->end && *s->p && strchr("*+?{", *s->p)) {
			struct buf what = { 0 };
			int bad = quantifier(s, &least, &most);
			buf_add(&what, s->rule[rule].el.p ? s->rule[rule].el.p + from : "", s->rule[rule].el.n - from);
			s->rule[rule].el.n = from;
			bad = bad || repeat(s, rule, &what, least, most);
			buf_free(&what);
			if (bad)
				return -1;
		}
	}
}

static int
alternatives(struct parser *s, size_t rule)
{
	for (;;) {
		skip(s, 1);
		if (sequence(s, rule))
			return -1;
		skip(s, s->nested > 0);
		if (s->p >= s->end || *s->p != '|')
			return put(s, rule, EL_END, 0);
		s->p++;
		if (put(s, rule, EL_ALT, 0))
			return -1;
	}
}

static int
rules(struct parser *s)
{
	for (skip(s, 1); s->p < s->end; skip(s, 1)) {
		size_t n = name_length(s), r;
		if (!n)
			return fail(s, "not the name of a rule");
		r = named(s, n);
		s->p += n;
		skip(s, 0);
		if (s->rule[r].defined || s->end - s->p < 3 || memcmp(s->p, "::=", 3))
			return fail(s, s->rule[r].defined ? "a rule of that name is there already" : "no ::= after the name of a rule");
		s->rule[r].defined = 1;
		s->p += 3;
		if (alternatives(s, r))
			return -1;
		if (s->p < s->end && *s->p != '\n' && *s->p != '\r')
			return fail(s, "more than a rule");
	}
	return 0;
}

/* All rules into one array. */
static int
flatten(struct parser *s)
{
	struct grammar *g = s->g;

	g->root = -1;
	g->rule = xcalloc(s->n_rule + 1, sizeof *g->rule);
	g->n_rule = s->n_rule;
	for (size_t i = 0; i < s->n_rule; i++) {
		struct draft_rule *r = &s->rule[i];
		if (r->name && !r->defined)
			return err_set(s->e, "no rule %.60s", r->name);
		if (r->name && !strcmp(r->name, "root"))
			g->root = (int)i;
		g->rule[i] = (int)g->n_el;
		g->el = xreallocarray(g->el, g->n_el + r->el.n / sizeof *g->el, sizeof *g->el);
		memcpy(g->el + g->n_el, r->el.p, r->el.n);
		g->n_el += r->el.n / sizeof *g->el;
	}
	return g->root < 0 ? err_set(s->e, "no rule root") : 0;
}

int
grammar_read(struct grammar *g, const char *bytes, size_t n, struct err *e)
{
	struct parser s = { .g = g, .start = bytes, .p = bytes, .end = bytes + n, .e = e };
	int bad = rules(&s) || flatten(&s);

	for (size_t i = 0; i < s.n_rule; i++) {
		free(s.rule[i].name);
		buf_free(&s.rule[i].el);
	}
	free(s.rule);
	return bad ? -1 : 0;
}
