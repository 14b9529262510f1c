/* merge - the merges of a vocabulary: made from ranks or scores, and the tables that find them */
/* SPDX-License-Identifier: MIT */
#include "base/order.h"
#include "base/par.h"
#include "vocab/table.h"
#include <stdlib.h>
#include <string.h>

#define PART  4096              /* merges, or tokens, that a thread takes at a time */
#define GROUP 256               /* look-ups under way together, so that memory is asked ahead */

void
table_merge(struct vocab *v, uint32_t a, uint32_t b)
{
	struct merge m = { a, b, NO_TOKEN, 0 };

	VEC_PUSH(v->merges, v->n_merges, v->merges_cap, m);
}

/* What a part of the merges make. */
static void
made_part(size_t part, void *ctx)
{
	const struct vocab *v = ctx;
	struct merge *m = v->merges + part * PART, *e = v->n_merges - part * PART < PART ? v->merges + v->n_merges : m + PART;
	uint64_t hash[GROUP];
	size_t from[GROUP + 1], n;
	struct buf both = {0};

	for (; m < e; m += n) {
		buf_clear(&both);
		for (n = from[0] = 0; n < GROUP && m + n < e; from[++n] = both.n) {
			uint32_t a = m[n].a, b = m[n].b;

			buf_add(&both, v->pool.p + v->tok[a].at, v->tok[a].len);
			buf_add(&both, v->pool.p + v->tok[b].at, v->tok[b].len);
			hash[n] = table_hash(both.p + from[n], both.n - from[n]);
			table_expect(v, hash[n]);
		}
		for (size_t i = 0; i < n; i++)
			m[i].made = table_find_hashed(v, both.p + from[i], from[i + 1] - from[i], hash[i]);
	}
	buf_free(&both);
}

/* Consecutive merges that make the same token share a rank, as they do where a token's own rank decides
 * (tiktoken, SentencePiece: lists made from those hold every way to cut a token). */
static void
rank_merges(struct vocab *v)
{
	for (size_t i = 1; i < v->n_merges; i++)
		v->merges[i].rank = v->merges[i - 1].rank + (v->merges[i - 1].made != v->merges[i].made);
}

static int
make_merges(struct vocab *v, struct err *err)
{
	if (!v->n_merges || v->merges[0].made != NO_TOKEN)
		return 0;
	par_for((v->n_merges + PART - 1) / PART, made_part, v);
	for (size_t i = 0; i < v->n_merges; i++)
		if (v->merges[i].made == NO_TOKEN)
			return err_set(err, "merge %zu of tokens %u and %u makes no token of the vocabulary", i, v->merges[i].a,
				       v->merges[i].b);
	rank_merges(v);
	return 0;
}

/* ---- every way to cut a token in two tokens */

struct part {
	struct merge *v;
	size_t        n, cap;
};

struct search {
	const struct vocab *v;
	const uint64_t *key;            /* rank, id */
	const char  *length;            /* whether tokens are so long: a token of a million bytes has few cuts to look at */
	size_t       n;
	struct part *part;
};

struct cut {
	const char *p;
	uint32_t    at, len, id;
	uint64_t    front, back;        /* hashes */
};

/* table_hash of bytes in the pool, behind which there are others. */
static inline uint64_t
hash_within(const char *p, size_t n)
{
	uint64_t lo, hi;

	if (n >= KEY_MAX)
		return table_hash(p, n);
	key_masked(p, n, &lo, &hi);
	return key_hash(lo, hi | (uint64_t)n << 56);
}

/* Those of n cuts of which both sides are tokens. */
static void
keep_cuts(const struct vocab *v, struct cut *c, size_t n, struct part *out)
{
	struct merge m = {0};
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (table_perhaps(v, c[i].front) != NO_TOKEN) {
			c[k] = c[i];
			c[k].back = hash_within(c[i].p + c[i].at, c[i].len - c[i].at);
			table_expect(v, c[k++].back);
		}
	for (size_t i = n = 0; i < k; i++)
		if (table_perhaps(v, c[i].back) != NO_TOKEN)
			c[n++] = c[i];
	for (size_t i = 0; i < n; i++) {
		m.made = c[i].id;
		if ((m.b = table_find_hashed(v, c[i].p + c[i].at, c[i].len - c[i].at, c[i].back)) != NO_TOKEN &&
		    (m.a = table_find_hashed(v, c[i].p, c[i].at, c[i].front)) != NO_TOKEN)
			VEC_PUSH(out->v, out->n, out->cap, m);
	}
}

static void
cut_part(size_t part, void *ctx)
{
	const struct search *s = ctx;
	const struct vocab *v = s->v;
	struct cut c[GROUP];
	size_t n = 0;

	for (size_t k = part * PART; k < s->n && k < (part + 1) * PART; k++) {
		uint32_t id = (uint32_t)s->key[k], len = v->tok[id].len;
		const char *p = v->pool.p + v->tok[id].at;

		for (uint32_t at = 1; at < len; at++) {
			if (!s->length[at] || !s->length[len - at])
				continue;
			c[n] = (struct cut){ p, at, len, id, hash_within(p, at), 0 };
			table_expect(v, c[n++].front);
			if (n == GROUP)
				keep_cuts(v, c, n, s->part + part), n = 0;
		}
	}
	keep_cuts(v, c, n, s->part + part);
}

/* qsort, but for what is in order as it is, which most files are. */
static void
sort_if_need_be(void *p, size_t n, size_t size, int (*order)(const void *, const void *))
{
	const char *at = p;

	for (size_t i = 1; i < n; i++, at += size)
		if (order(at, at + size) > 0) {
			qsort(p, n, size, order);
			return;
		}
}

void
table_merges_from_ranks(struct vocab *v, const uint32_t *rank)
{
	uint64_t *key = xreallocarray(NULL, v->n + 1, sizeof *key);
	struct search s = { .v = v, .key = key };
	size_t longest = 0, parts, all = 0;
	char *length;

	for (size_t i = 0; i < v->n; i++)
		longest = v->tok[i].len > longest ? v->tok[i].len : longest;
	buf_need(&v->pool, KEY_MAX);
	s.length = length = xcalloc(longest + 1, 1);
	for (size_t i = 0; i < v->n; i++) {
		length[v->tok[i].len] = 1;
		if (rank[i] != UINT32_MAX && !v->flags[i] && v->tok[i].len > 1)
			key[s.n++] = (uint64_t)rank[i] << 32 | i;
	}
	sort_if_need_be(key, s.n, sizeof *key, order_u64);
	parts = (s.n + PART - 1) / PART;
	s.part = xcalloc(parts, sizeof *s.part);
	par_for(parts, cut_part, &s);
	for (size_t k = 0; k < parts; k++)
		all += s.part[k].n;
	v->merges = xreallocarray(NULL, v->merges_cap = all + 1, sizeof *v->merges);
	for (size_t k = 0; k < parts; v->n_merges += s.part[k++].n) {
		if (s.part[k].n)
			memcpy(v->merges + v->n_merges, s.part[k].v, s.part[k].n * sizeof *v->merges);
		free(s.part[k].v);
	}
	rank_merges(v);
	free(s.part), free(key), free(length);
}

struct scored {
	float score;
	uint32_t id;
};

static int
by_score(const void *x, const void *y)
{
	const struct scored *a = x, *b = y;

	return a->score != b->score ? ORDER(b->score, a->score) : ORDER(a->id, b->id);
}

void
table_merges_from_scores(struct vocab *v, const float *score)
{
	struct scored *s = xreallocarray(NULL, v->n + 1, sizeof *s);
	uint32_t *rank = xreallocarray(NULL, v->n + 1, sizeof *rank), r = 0;

	for (size_t i = 0; i < v->n; i++)
		s[i] = (struct scored){ score[i], (uint32_t)i };
	sort_if_need_be(s, v->n, sizeof *s, by_score);
	for (size_t i = 0; i < v->n; i++) {
		if (i && s[i].score != s[i - 1].score)
			r++;
		rank[s[i].id] = r;
	}
	table_merges_from_ranks(v, rank);
	for (size_t i = 0; i < v->n_merges; i++)        /* tokens of one score: leftmost first, so one rank */
		v->merges[i].rank = rank[v->merges[i].made];
	free(rank);
	free(s);
}

/* Numbers for merges: their rank where a rank tells what is made. */
static void
number_merges(struct vocab *v)
{
	size_t ranks = v->n_merges ? (size_t)v->merges[v->n_merges - 1].rank + 1 : 0;
	int ties = 0, plain = 1;

	v->base = v->n_merges ? v->merges[0].made - v->merges[0].rank : 0;
	for (size_t i = 1; i < v->n_merges; i++) {
		const struct merge *m = v->merges + i;

		ties |= m->rank == m[-1].rank && m->made != m[-1].made;
		plain &= m->made == m->rank + v->base;
	}
	if (plain)
		return;
	v->made = xreallocarray(NULL, ties ? v->n_merges : ranks, sizeof *v->made);
	if (ties)
		v->order = xreallocarray(NULL, v->n_merges, sizeof *v->order);
	for (size_t i = 0; i < v->n_merges; i++) {
		v->made[ties ? i : v->merges[i].rank] = v->merges[i].made;
		if (ties)
			v->order[i] = v->merges[i].rank;
	}
}

#define AHEAD 16

static void
put_pair(struct vocab *v, size_t i)
{
	const struct merge *m = v->merges + i;
	uint64_t mix = table_mix(m->a, m->b), slot = mix >> v->pair_shift, at = mix >> v->maybe_shift;

	if (table_merge_of(v, m->a, m->b, mix) != NO_MERGE)
		return;         /* listed twice: the first counts */
	while (v->pair[slot])
		slot++;
	v->pair[slot] = ((uint64_t)m->a << 20 | m->b) << 24 | ((v->order ? i : m->rank) + 1);
	v->maybe[at >> 6] |= (uint64_t)1 << (at & 63);
}

int
table_pairs(struct vocab *v, struct err *err)
{
	int bits = 10;
	size_t slots;

	if (make_merges(v, err))
		return -1;
	for (size_t i = 0; i < v->n_merges; i++)
		if (v->merges[i].a >= MERGE_MAX || v->merges[i].b >= MERGE_MAX || v->n_merges >= 1u << 24)
			return err_set(err, "merges of more than %u tokens, or more than %u, are not supported", MERGE_MAX, (1u << 24) - 1);
	while ((size_t)1 << bits < v->n_merges * 3 / 2)
		bits++;
	slots = ((size_t)1 << bits) + v->n_merges + 1;
	v->pair_shift = 64 - bits;
	v->maybe_shift = 64 - bits - 3;
	number_merges(v);
	arena_init(&v->tables, slots * sizeof *v->pair + ((size_t)1 << bits) + 65536 * sizeof *v->dense + 256);
	v->pair = arena_take(&v->tables, slots * sizeof *v->pair);
	v->maybe = arena_take(&v->tables, (size_t)1 << bits);
	for (size_t i = 0; i < v->n_merges; i++) {
		if (i + AHEAD < v->n_merges)
			table_ask(v, table_mix(v->merges[i + AHEAD].a, v->merges[i + AHEAD].b));
		put_pair(v, i);
	}
	v->dense = arena_take(&v->tables, 65536 * sizeof *v->dense);
	for (int i = 0; i < 65536; i++) {
		uint32_t a = v->byte[i >> 8], b = v->byte[i & 255];

		v->dense[i] = a == NO_TOKEN || b == NO_TOKEN ? NO_MERGE : table_rank(v, a, b, table_mix(a, b));
	}
	return 0;
}
