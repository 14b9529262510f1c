/* grammar_walk - how far a text has come within a grammar, and which tokens may follow */
/* SPDX-License-Identifier: MIT */
#include "model/decode/grammar.h"
#include "model/decode/grammar_int.h"
#include <stdlib.h>
#include <string.h>

/*
 * A text so far is a set of stacks: what each still expects, the next element, a character class, on top.  Stacks are
 * lists of cells that share their tails.  An empty stack: the text may end.
 */
enum { NOTHING = -1, MOST_DEEP = 2048, MOST_STACKS = 1024, MOST_CALLS = 1 << 16 };

struct cell {
	int el, under, depth;
};
struct set {
	int   *v;
	size_t n, cap;
};
/* A character cut by the end of a token. */
struct half {
	int      need;                  /* bytes to come */
	uint32_t part, least;           /* what there is of it, and the least that may be so long */
};
struct grammar_state {
	const struct grammar *g;
	struct cell *cell;
	size_t  n_cell, cap_cell;
	int     calls;                  /* of expand, since the last character */
	struct set at, next, now;       /* stacks; of the trial under way */
	struct half half;
};

static int
ends(const struct grammar *g, int el)
{
	return g->el[el].kind == EL_END || g->el[el].kind == EL_ALT;
}


static int
push(struct grammar_state *s, int el, int under)
{
	struct cell c = { el, under, under == NOTHING ? 1 : s->cell[under].depth + 1 };

	VEC_PUSH(s->cell, s->n_cell, s->cap_cell, c);
	return (int)s->n_cell - 1;
}

static int
equal(const struct grammar_state *s, int a, int b)
{
	while (a != b) {
		if (a == NOTHING || b == NOTHING || s->cell[a].el != s->cell[b].el)
			return 0;
		a = s->cell[a].under;
		b = s->cell[b].under;
	}
	return 1;
}

/* A stack whose top is any element: what that comes down to goes into the set.  No rule is left recursive, but rules
 * that lead to one another by many ways, or in a long row, are followed MOST_CALLS times a character and MOST_DEEP
 * down, no further. */
static void
expand(struct grammar_state *s, int stack, struct set *to, int deep)
{
	const struct grammar *g = s->g;
	int el = stack == NOTHING ? 0 : s->cell[stack].el, rest;

	if (stack == NOTHING || g->el[el].kind == EL_CHAR) {
		for (size_t i = 0; i < to->n; i++)
			if (equal(s, to->v[i], stack))
				return;
		if (to->n < MOST_STACKS)
			VEC_PUSH(to->v, to->n, to->cap, stack);
		return;
	}
	if (s->cell[stack].depth >= MOST_DEEP || deep >= MOST_DEEP || ++s->calls > MOST_CALLS)
		return;
	rest = s->cell[stack].under;
	if (!ends(g, el + 1))
		rest = push(s, el + 1, rest);
	for (int x = g->rule[g->el[el].what]; ; x++) {
		expand(s, ends(g, x) ? rest : push(s, x, rest), to, deep + 1);
		while (!ends(g, x))
			x++;
		if (g->el[x].kind == EL_END)
			return;
	}
}

/* Whether a class has one of [lo, hi]. */
static int
has(const struct grammar *g, const struct class *c, uint32_t lo, uint32_t hi)
{
	const struct range *r = g->range + c->first;

	if (!c->negated) {
		for (size_t i = 0; i < c->n; i++)
			if (r[i].lo <= hi && lo <= r[i].hi)
				return 1;
		return 0;
	}
	for (size_t i = 0; i < c->n; i++)
		if (r[i].lo <= lo && hi <= r[i].hi)
			return 0;
		else if (r[i].lo <= lo && lo <= r[i].hi) {      /* what it leaves, the others may take */
			lo = r[i].hi + 1;
			i = (size_t)-1;
		}
	return 1;
}

static const struct class *
class_of(const struct grammar_state *s, int stack)
{
	return &s->g->class[s->g->el[s->cell[stack].el].what];
}

/* One character: from `from` to `to`, which is cleared first. */
static void
step(struct grammar_state *s, const struct set *from, struct set *to, uint32_t c)
{
	to->n = 0;
	s->calls = 0;
	for (size_t i = 0; i < from->n; i++) {
		int stack = from->v[i], el, rest;
		if (stack == NOTHING || !has(s->g, class_of(s, stack), c, c))
			continue;
		el = s->cell[stack].el + 1;
		rest = s->cell[stack].under;
		expand(s, ends(s->g, el) ? rest : push(s, el, rest), to, 0);
	}
}

/* A character of which only the first bits are there. */
static int
may_begin(const struct grammar_state *s, const struct set *at, const struct half *c)
{
	uint32_t lo = c->part << 6 * c->need, hi = lo | ((1u << 6 * c->need) - 1);

	lo = lo < c->least ? c->least : lo;
	for (size_t i = 0; i < at->n && lo <= hi; i++)
		if (at->v[i] != NOTHING && has(s->g, class_of(s, at->v[i]), lo, hi))
			return 1;
	return 0;
}

static void
swap(struct set *a, struct set *b)
{
	struct set t = *a;

	*a = *b;
	*b = t;
}

/* Bytes from where the text is, in `now`; -1: they may not come. */
static int
try(struct grammar_state *s, const char *text, size_t n, struct half *c)
{
	s->now.n = 0;
	for (size_t i = 0; i < s->at.n; i++)
		VEC_PUSH(s->now.v, s->now.n, s->now.cap, s->at.v[i]);
	for (size_t i = 0; i < n && s->now.n; i++) {
		uint32_t b = (unsigned char)text[i];
		if (c->need) {
			if (b >> 6 != 2)
				return -1;
			c->part = c->part << 6 | (b & 63);
			c->need--;
		} else if (b < 0x80 || (b >= 0xc2 && b <= 0xf4)) {
			c->need = b < 0x80 ? 0 : b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
			c->least = c->need == 1 ? 0x80 : c->need == 2 ? 0x800 : c->need == 3 ? 0x10000 : 0;
			c->part = c->need ? b & (0x3fu >> c->need) : b;
		} else {
			return -1;
		}
		if (c->need)
			continue;
		if (c->part < c->least || c->part > 0x10ffff || (c->part >= 0xd800 && c->part < 0xe000))
			return -1;
		step(s, &s->now, &s->next, c->part);
		swap(&s->now, &s->next);
	}
	return !s->now.n || (c->need && !may_begin(s, &s->now, c)) ? -1 : 0;
}

struct grammar_state *
grammar_start(const struct grammar *g)
{
	struct grammar_state *s = xcalloc(1, sizeof *s);

	s->g = g;
	for (int x = g->rule[g->root]; ; x++) {
		expand(s, ends(g, x) ? NOTHING : push(s, x, NOTHING), &s->at, 0);
		while (!ends(g, x))
			x++;
		if (g->el[x].kind == EL_END)
			return s;
	}
}

void
grammar_stop(struct grammar_state *s)
{
	if (!s)
		return;
	free(s->cell);
	free(s->at.v);
	free(s->next.v);
	free(s->now.v);
	free(s);
}

int
grammar_text(struct grammar_state *s, const char *text, size_t n)
{
	struct half half = s->half;
	size_t cells = s->n_cell;

	if (try(s, text, n, &half)) {
		s->n_cell = cells;
		return -1;
	}
	s->half = half;
	swap(&s->at, &s->now);
	return 0;
}

static const char *
piece(const struct grammar *g, uint32_t id, size_t *n)
{
	*n = g->piece[id + 1] - g->piece[id];
	return *n ? g->text.p + g->piece[id] : "";
}

int
grammar_take(struct grammar_state *s, uint32_t id)
{
	size_t n;
	const char *text = piece(s->g, id, &n);

	return n ? grammar_text(s, text, n) : -1;
}

size_t
grammar_allow(struct grammar_state *s, uint8_t *allowed)
{
	size_t count = 0, cells = s->n_cell;
	uint8_t first[256];

	for (uint32_t b = 0; b < 256; b++)      /* most tokens fail at their first byte */
		first[b] = b >= 0x80 || s->half.need || may_begin(s, &s->at, &(struct half){ 0, b, 0 });
	for (uint32_t id = 0; id < s->g->V; id++) {
		size_t n;
		const char *text = piece(s->g, id, &n);
		struct half half = s->half;
		allowed[id] = n && first[(unsigned char)*text] && !try(s, text, n, &half);
		s->n_cell = cells;
		count += allowed[id];
	}
	return count;
}

int
grammar_whole(const struct grammar_state *s)
{
	for (size_t i = 0; i < s->at.n; i++)
		if (s->at.v[i] == NOTHING && !s->half.need)
			return 1;
	return 0;
}

void
grammar_tokens(struct grammar *g, const struct vocab *v, size_t V)
{
	g->V = V;
	g->piece = xreallocarray(g->piece, V + 1, sizeof *g->piece);
	buf_clear(&g->text);
	for (uint32_t id = 0; id < V; id++) {
		g->piece[id] = g->text.n;
		decode_part(v, &id, 1, 1, &g->text);
	}
	g->piece[V] = g->text.n;
}
