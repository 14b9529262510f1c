/* merge - the merges of a vocabulary: made from ranks or scores, and the tables that find them */
/* SPDX-License-Identifier: MIT */
#include "vocab/table.h"
#include <stdlib.h>
#include <string.h>

/* Consecutive merges that make the same token share a rank, as they do where a token's own rank decides
 * (tiktoken, SentencePiece: lists made from those hold every way to cut a token). */
static void
merge_add(struct vocab *v, uint32_t a, uint32_t b, uint32_t made)
{
	struct merge m = { a, b, made, 0 };

	if (v->n_merges) {
		const struct merge *last = v->merges + v->n_merges - 1;

		m.rank = last->rank + (last->made != made);
	}
	VEC_PUSH(v->merges, v->n_merges, v->merges_cap, m);
}

int
table_merge(struct vocab *v, uint32_t a, uint32_t b, struct err *err)
{
	size_t at = v->pool.n, n = (size_t)v->tok[a].len + v->tok[b].len;
	uint32_t made;

	buf_need(&v->pool, n);          /* scratch past the end */
	memcpy(v->pool.p + at, v->pool.p + v->tok[a].at, v->tok[a].len);
	memcpy(v->pool.p + at + v->tok[a].len, v->pool.p + v->tok[b].at, v->tok[b].len);
	made = table_find(v, v->pool.p + at, n);
	if (made == NO_TOKEN)
		return err_set(err, "merge %zu of tokens %u and %u makes no token of the vocabulary", v->n_merges, a, b);
	merge_add(v, a, b, made);
	return 0;
}

static int
by_number(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return (a > b) - (a < b);
}

void
table_merges_from_ranks(struct vocab *v, const uint32_t *rank)
{
	uint64_t *key = xreallocarray(NULL, v->n + 1, sizeof *key);     /* rank, id */
	size_t n = 0, longest = 0;
	char *length;                   /* whether tokens are so long: a token of a million bytes has few cuts to look at */

	for (size_t i = 0; i < v->n; i++)
		longest = v->tok[i].len > longest ? v->tok[i].len : longest;
	length = xcalloc(longest + 1, 1);
	for (size_t i = 0; i < v->n; i++) {
		length[v->tok[i].len] = 1;
		if (rank[i] != UINT32_MAX && !v->flags[i] && v->tok[i].len > 1)
			key[n++] = (uint64_t)rank[i] << 32 | i;
	}
	qsort(key, n, sizeof *key, by_number);
	for (size_t k = 0; k < n; k++) {
		uint32_t id = (uint32_t)key[k], len = v->tok[id].len;
		const char *p = v->pool.p + v->tok[id].at;

		for (uint32_t cut = 1; cut < len; cut++) {
			uint32_t a, b;

			if (!length[cut] || !length[len - cut])
				continue;
			a = table_find(v, p, cut);
			if (a != NO_TOKEN && (b = table_find(v, p + cut, len - cut)) != NO_TOKEN)
				merge_add(v, a, b, id);
		}
	}
	free(key);
	free(length);
}

struct scored {
	float score;
	uint32_t id;
};

static int
by_score(const void *x, const void *y)
{
	const struct scored *a = x, *b = y;

	if (a->score != b->score)
		return a->score > b->score ? -1 : 1;
	return a->id < b->id ? -1 : 1;
}

void
table_merges_from_scores(struct vocab *v, const float *score)
{
	struct scored *s = xreallocarray(NULL, v->n + 1, sizeof *s);
	uint32_t *rank = xreallocarray(NULL, v->n + 1, sizeof *rank), r = 0;

	for (size_t i = 0; i < v->n; i++)
		s[i] = (struct scored){ score[i], (uint32_t)i };
	qsort(s, v->n, sizeof *s, by_score);
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

static void
put_pair(struct vocab *v, size_t i)
{
	const struct merge *m = v->merges + i;
	uint64_t mix = table_mix(m->a, m->b), slot = mix >> v->pair_shift, at = mix >> v->maybe_shift;

	if (table_merge_of(v, m->a, m->b, mix) != NO_MERGE)
		return;         /* listed twice: the first counts */
	while (v->pair[slot] != UINT64_MAX)
		slot++;
	v->pair[slot] = ((uint64_t)m->a << 20 | m->b) << 24 | (v->order ? i : m->rank);
	v->maybe[at >> 6] |= (uint64_t)1 << (at & 63);
}

int
table_pairs(struct vocab *v, struct err *err)
{
	int bits = 10;
	size_t slots;

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
	memset(v->pair, 255, slots * sizeof *v->pair);
	v->maybe = arena_take(&v->tables, (size_t)1 << bits);
	for (size_t i = 0; i < v->n_merges; i++)
		put_pair(v, i);
	v->dense = arena_take(&v->tables, 65536 * sizeof *v->dense);
	for (int i = 0; i < 65536; i++) {
		uint32_t a = v->byte[i >> 8], b = v->byte[i & 255];

		v->dense[i] = a == NO_TOKEN || b == NO_TOKEN ? NO_MERGE : table_rank(v, a, b, table_mix(a, b));
	}
	return 0;
}
