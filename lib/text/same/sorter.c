/* sorter - pairs of numbers in order: a radix sort in memory, and a merge of what was spilled */
/* SPDX-License-Identifier: MIT */
#include "text/same/sorter.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/spool.h"
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 16, FEW = 32, RUN_BUFFER = 4096, PARALLEL = 1 << 16 };

/* A sorted run on disk, read piece by piece. */
struct run {
	uint64_t      at, end;          /* in the spool, in bytes */
	struct entry *v;
	size_t        i, n;
};

struct sorter {
	struct entry *v;
	size_t        n, cap, max, next;
	struct spool *spool;
	struct run   *runs;
	size_t        n_runs, cap_runs, room;   /* room: entries read of a run at a time */
	size_t       *heap, n_heap;
	int           sorted;
};

struct sorter *
sorter_new(size_t memory)
{
	struct sorter *s = xcalloc(1, sizeof *s);

	s->max = memory / sizeof *s->v;
	if (s->max < RUN_BUFFER)
		s->max = RUN_BUFFER;
	return s;
}

static int
before(const struct entry *a, const struct entry *b)
{
	return a->key != b->key ? a->key < b->key : a->value < b->value;
}

static unsigned
digit(const struct entry *e, int d)
{
	return d < 8 ? e->key >> (56 - 8 * d) & 255 : e->value >> (56 - 8 * (d - 8)) & 255;
}

static void
insert_sort(struct entry *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct entry e = v[i];
		size_t k = i;

		for (; k && before(&e, &v[k - 1]); k--)
			v[k] = v[k - 1];
		v[k] = e;
	}
}

/* Puts entries where their digit d belongs, in place (McIlroy, Bostic and McIlroy 1993); start[257] of each. */
static void
spread(struct entry *v, size_t n, int d, size_t *start)
{
	size_t count[256] = { 0 }, next[256];

	for (size_t i = 0; i < n; i++)
		count[digit(&v[i], d)]++;
	start[0] = 0;
	for (int b = 0; b < 256; b++)
		next[b] = start[b], start[b + 1] = start[b] + count[b];
	for (unsigned b = 0; b < 256; b++)
		while (next[b] < start[b + 1]) {
			struct entry e = v[next[b]];
			unsigned to;

			while ((to = digit(&e, d)) != b) {
				struct entry other = v[next[to]];

				v[next[to]++] = e;
				e = other;
			}
			v[next[b]++] = e;
		}
}

/* By digit d and those after it; at most DIGITS deep. */
static void
radix_sort(struct entry *v, size_t n, int d)
{
	size_t start[257];

	if (n <= FEW || d == DIGITS) {
		insert_sort(v, d == DIGITS ? 0 : n);
		return;
	}
	spread(v, n, d, start);
	for (int b = 0; b < 256; b++)
		radix_sort(v + start[b], start[b + 1] - start[b], d + 1);
}

struct part {
	struct entry *v;
	size_t        start[257];
	int           d;
};

static void
sort_part(size_t b, void *ctx)
{
	struct part *p = ctx;

	radix_sort(p->v + p->start[b], p->start[b + 1] - p->start[b], p->d + 1);
}

static void
sort_all(struct entry *v, size_t n)
{
	struct part p = { .v = v };

	if (n < PARALLEL) {
		radix_sort(v, n, 0);
		return;
	}
	while (p.d < DIGITS - 1) {      /* leading digits that all share are passed over */
		size_t i = 1;

		while (i < n && digit(&v[i], p.d) == digit(&v[0], p.d))
			i++;
		if (i < n)
			break;
		p.d++;
	}
	spread(v, n, p.d, p.start);
	par_for(256, sort_part, &p);
}

static int
spill(struct sorter *s, struct err *err)
{
	struct run r = { 0 };

	if (!s->spool && !(s->spool = spool_new(err)))
		return -1;
	sort_all(s->v, s->n);
	r.at = spool_size(s->spool);
	if (spool_put(s->spool, s->v, s->n * sizeof *s->v, err))
		return -1;
	r.end = spool_size(s->spool);
	VEC_PUSH(s->runs, s->n_runs, s->cap_runs, r);
	s->n = 0;
	return 0;
}

int
sorter_put(struct sorter *s, uint64_t key, uint64_t value, struct err *err)
{
	if (s->n == s->max && spill(s, err))
		return -1;
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : RUN_BUFFER;
		if (s->cap > s->max)
			s->cap = s->max;
		s->v = xreallocarray(s->v, s->cap, sizeof *s->v);
	}
	s->v[s->n++] = (struct entry){ key, value };
	return 0;
}

/* The run's next entry is at v[i], or the run is over: 1, 0, -1. */
static int
refill(struct sorter *s, struct run *r, struct err *err)
{
	size_t left = (size_t)(r->end - r->at) / sizeof *r->v;

	if (r->i < r->n)
		return 1;
	r->i = 0;
	r->n = left < s->room ? left : s->room;
	if (r->n && spool_get(s->spool, r->at, r->v, r->n * sizeof *r->v, err))
		return -1;
	r->at += r->n * sizeof *r->v;
	return r->n > 0;
}

static void
sift(struct sorter *s, size_t i)
{
	for (size_t c; (c = 2 * i + 1) < s->n_heap; i = c) {
		size_t run = s->heap[i];

#define HEAD(h) (&s->runs[s->heap[h]].v[s->runs[s->heap[h]].i])
		if (c + 1 < s->n_heap && before(HEAD(c + 1), HEAD(c)))
			c++;
		if (!before(HEAD(c), HEAD(i)))
			break;
#undef HEAD
		s->heap[i] = s->heap[c];
		s->heap[c] = run;
	}
}

/* All runs open, each with its share of the memory. */
static int
start_merge(struct sorter *s, struct err *err)
{
	if (s->n && spill(s, err))
		return -1;
	if (spool_flush(s->spool, err))
		return -1;
	s->room = s->max / s->n_runs;
	if (s->room < 64)
		s->room = 64;
	free(s->v);
	s->v = NULL;
	s->heap = xcalloc(s->n_runs, sizeof *s->heap);
	for (size_t r = 0; r < s->n_runs; r++) {
		s->runs[r].v = xreallocarray(NULL, s->room, sizeof *s->v);
		if (refill(s, &s->runs[r], err) < 0)
			return -1;
		s->heap[s->n_heap++] = r;
	}
	for (size_t i = s->n_heap; i-- > 0; )
		sift(s, i);
	return 0;
}

int
sorter_get(struct sorter *s, struct entry *e, struct err *err)
{
	struct run *r;
	int more;

	if (!s->sorted) {
		s->sorted = 1;
		if (!s->n_runs)
			sort_all(s->v, s->n);
		else if (start_merge(s, err))
			return -1;
	}
	if (!s->n_runs) {
		if (s->next == s->n)
			return 0;
		*e = s->v[s->next++];
		return 1;
	}
	if (!s->n_heap)
		return 0;
	r = &s->runs[s->heap[0]];
	*e = r->v[r->i++];
	if ((more = refill(s, r, err)) < 0)
		return -1;
	if (!more)
		s->heap[0] = s->heap[--s->n_heap];
	sift(s, 0);
	return 1;
}

void
sorter_free(struct sorter *s)
{
	if (!s)
		return;
	for (size_t r = 0; r < s->n_runs; r++)
		free(s->runs[r].v);
	free(s->runs);
	free(s->heap);
	free(s->v);
	spool_free(s->spool);
	free(s);
}
