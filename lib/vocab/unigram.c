/* unigram - the likeliest way to cut a piece in tokens */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/pieces.h"
#include "vocab/unigram.h"
#include <stdlib.h>

#define UNKNOWN_PENALTY 10      /* SentencePiece's: below the lowest score of all */
#define TOKEN_MAX       32767
#define WINDOW          16384   /* places that are looked back on at first */
#define LIVE            0x8000  /* in back: a way that may go on leads here */

struct unigram_tree {
	uint64_t *slot;         /* a node and the byte after it (32 bits), the node that follows (32); 0 empty */
	uint32_t *token;        /* of each node: what it spells, or NO_TOKEN */
	size_t    n, cap;
	int       shift;
};

static size_t
slot_of(const struct unigram_tree *t, uint32_t node, unsigned char byte)
{
	uint32_t key = node << 8 | byte;
	size_t s = key * 0x9e3779b1u >> t->shift, mask = ((size_t)1 << (32 - t->shift)) - 1;

	while (t->slot[s] && (uint32_t)t->slot[s] != key)
		s = (s + 1) & mask;
	return s;
}

static void
grow(struct unigram_tree *t)
{
	size_t n = t->slot ? (size_t)1 << (32 - t->shift) : 0;
	uint64_t *old = t->slot;

	t->shift--;
	t->slot = xcalloc((size_t)1 << (32 - t->shift), sizeof *t->slot);
	for (size_t i = 0; i < n; i++)
		if (old[i])
			t->slot[slot_of(t, (uint32_t)old[i] >> 8, (unsigned char)old[i])] = old[i];
	free(old);
}

static int
plant(struct unigram_tree *t, const unsigned char *p, size_t n, uint32_t id, struct err *err)
{
	uint32_t node = 0;

	if (n > TOKEN_MAX)
		return err_set(err, "token %u is longer than %d bytes", id, TOKEN_MAX);
	for (size_t i = 0; i < n; i++) {
		size_t s = slot_of(t, node, p[i]);

		if (!t->slot[s]) {
			if (t->n == 1u << 24)
				return err_set(err, "tokens of more than %u different beginnings are not supported", 1u << 24);
			t->slot[s] = (uint64_t)t->n << 32 | node << 8 | p[i];
			VEC_PUSH(t->token, t->n, t->cap, NO_TOKEN);
			if (2 * t->n > (size_t)1 << (32 - t->shift))
				grow(t), s = slot_of(t, node, p[i]);
		}
		node = (uint32_t)(t->slot[s] >> 32);
	}
	t->token[node] = id;
	return 0;
}

int
unigram_tree(struct vocab *v, struct err *err)
{
	struct unigram_tree *t = v->tree = xcalloc(1, sizeof *t);

	t->shift = 32 - 9;
	grow(t);
	VEC_PUSH(t->token, t->n, t->cap, NO_TOKEN);
	for (size_t i = 0; i < v->n; i++)
		if (!v->flags[i] && v->tok[i].len &&
		    plant(t, (const unsigned char *)v->pool.p + v->tok[i].at, v->tok[i].len, (uint32_t)i, err))
			return -1;
	return 0;
}

void
unigram_tree_free(struct unigram_tree *t)
{
	if (t)
		free(t->slot), free(t->token);
	free(t);
}

void
unigram_free(struct unigram *u)
{
	free(u->back), free(u->score);
	*u = (struct unigram){0};
}

/* All tokens that begin at place i, the shortest first, and the character itself if it is none; back: of place i. */
static uint32_t
offer_tokens(const struct vocab *v, float *ring, size_t mask, uint16_t *back, const unsigned char *p, size_t i, size_t n)
{
	const struct unigram_tree *t = v->tree;
	double till = ring[i & mask], score;
	uint32_t first, node = 0;
	int single = 0;

	utf8_next(p + i, p + n, &first);
	for (size_t k = 1; i + k <= n; k++) {
		uint64_t slot = t->slot[slot_of(t, node, p[i + k - 1])];
		float *to = ring + ((i + k) & mask);

		if (!slot)
			break;
		if (t->token[node = (uint32_t)(slot >> 32)] == NO_TOKEN)
			continue;
		score = till + v->score[t->token[node]];
		if (!back[k] || score > *to)
			*to = (float)score, back[k] = (uint16_t)k;
		single |= k == first;
	}
	score = till + (v->lowest - UNKNOWN_PENALTY);
	if (!single && (!back[first] || score > ring[(i + first) & mask]))
		ring[(i + first) & mask] = (float)score, back[first] = (uint16_t)first;
	return first;
}

/* The last place that all ways lead through which may go on: those to the first of back's places `at` to `top`, and from there. */
static size_t
settled(uint16_t *back, size_t at, size_t top)
{
	size_t live = 0, to;

	for (; at <= top; at++)
		if (back[at])
			back[at] |= LIVE, live++;
	for (at = top; ; at--) {
		if (!(back[at] & LIVE))
			continue;
		back[at] &= (uint16_t)~LIVE;
		if (live == 1)
			return at;
		to = at - back[at];
		live -= (back[to] & LIVE) != 0;
		back[to] |= LIVE;
	}
}

/* The tokens of the way to back's place `to`; *start: where those of the piece begin, which may be over already. */
static void
put(const struct vocab *v, uint16_t *back, const unsigned char *p, size_t to, size_t *start, struct ids *ids, const unsigned char **bad)
{
	size_t was = ids->n, at;
	uint16_t len, before;
	uint32_t id;

	ids_need(ids, to);
	if (ids->n < was)
		*start = *start == was;         /* one is left */
	for (at = to, len = back[to]; at; len = before) {       /* turned round: back is how far the next one goes */
		at -= len;
		before = back[at];
		back[at] = len;
	}
	for (; at < to; at += len) {
		len = back[at];
		id = table_find(v, p + at, len);
		for (size_t k = 0; id == NO_TOKEN && v->byte_fallback && k < len; k++)
			ids->v[ids->n++] = v->byte[p[at + k]];
		if (id == NO_TOKEN && v->byte_fallback)
			continue;
		if (id == NO_TOKEN && v->unk < 0)
			*bad = p + at;
		else if (id != NO_TOKEN)
			ids->v[ids->n++] = id;
		else if (ids->n == *start || ids->v[ids->n - 1] != (uint32_t)v->unk)
			ids->v[ids->n++] = (uint32_t)v->unk;
	}
}

/* Makes room: what is settled before place i is put, or there are more places, up to n.  Returns where the window begins now. */
static size_t
settle(const struct vocab *v, struct unigram *u, const unsigned char *p, size_t i, size_t reach, size_t n, size_t *start,
       struct ids *ids, const unsigned char **bad)
{
	size_t at = settled(u->back, i, i + reach - 1), cap = u->cap;

	put(v, u->back, p, at, start, ids, bad);
	memmove(u->back, u->back + at, (cap - at) * sizeof *u->back);
	memset(u->back + cap - at, 0, at * sizeof *u->back);
	if (at < cap / 2) {
		u->cap = 2 * cap < n + 2 * reach ? 2 * cap : n + 2 * reach;
		u->back = xreallocarray(u->back, u->cap, sizeof *u->back);
		memset(u->back + cap, 0, (u->cap - cap) * sizeof *u->back);
	}
	return at;
}

void
unigram_ids(const struct vocab *v, struct unigram *u, const unsigned char *p, size_t n, struct ids *ids, const unsigned char **bad)
{
	size_t reach = v->longest < 8 ? 8 : v->longest, mask = 15, base = 0, start = ids->n, i;

	while (mask < reach)
		mask = 2 * mask + 1;
	if (!u->back) {
		u->cap = WINDOW + 2 * reach;
		u->back = xreallocarray(NULL, u->cap, sizeof *u->back);
		u->score = xreallocarray(NULL, mask + 1, sizeof *u->score);
	}
	memset(u->back, 0, (n + reach < u->cap ? n + reach : u->cap) * sizeof *u->back);
	u->score[0] = u->till;
	for (i = 0; i < n; ) {
		if (i - base + reach + 4 >= u->cap)
			base += settle(v, u, p + base, i - base, reach, n - base, &start, ids, bad);
		i += offer_tokens(v, u->score, mask, u->back + (i - base), p, i, n);
	}
	u->till = u->score[n & mask];
	put(v, u->back, p + base, n - base, &start, ids, bad);
}
