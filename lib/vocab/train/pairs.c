/* pairs - the loop of BPE training: words of symbols, counts of their pairs, the best pair joined */
/* SPDX-License-Identifier: MIT */
#include "vocab/train/pairs.h"
#include "base/cli.h"
#include "base/order.h"
#include "base/spool.h"
#include "vocab/train/pairtab.h"
#include "vocab/train/symbols.h"
#include <stdlib.h>
#include <string.h>

struct place {                  /* of a pair: where its first symbol begins, and how often that word occurs */
	uint32_t at, count;
};

struct entry {                  /* of the heap; the count may be out of date, then it is too high */
	uint64_t count;
	uint32_t pair;
};

/* Neighbours, on one side, of the pair that is joined. */
struct side {
	struct { uint64_t count; size_t n; } *of;       /* by symbol */
	uint32_t *seen;                                 /* those that have some */
	size_t    n_seen, seen_cap;
	struct found { uint32_t sym; struct place place; } *found;
	size_t    n_found, found_cap;
};

struct pairs {
	struct symbols tok;
	size_t   n_first;               /* of them, that no merge made */
	uint32_t *sym;                  /* all words, GAP behind each; a joined symbol stands at its first and last place, GONE between */
	struct place *word, *place;     /* of words: the first symbol; of pairs: all lists */
	size_t   n_sym, n_word, n_place;
	struct spool_area sym_area, word_area, place_area;      /* where they are */
	int      failed;                /* a disk is full: */
	struct err why;
	struct pairtab tab;
	struct entry *heap;
	size_t   n_heap, heap_cap;
	struct side left, right;
	struct merge *merge;
	size_t   n_merge, merge_cap;
};

#define AHEAD 24
#define GAP  UINT32_MAX
#define GONE (UINT32_MAX - 1)

struct pairs *
pairs_new(int disk)
{
	struct pairs *p = xcalloc(1, sizeof *p);

	p->sym_area.disk = p->word_area.disk = p->place_area.disk = disk;
	return p;
}

static void
side_free(struct side *s)
{
	free(s->of), free(s->seen), free(s->found);
}

void
pairs_free(struct pairs *p)
{
	symbols_free(&p->tok);
	side_free(&p->left), side_free(&p->right);
	spool_area_free(&p->sym_area), spool_area_free(&p->word_area), spool_area_free(&p->place_area);
	pairtab_free(&p->tab);
	free(p->heap), free(p->merge), free(p);
}

void
pairs_token(struct pairs *p, const char *bytes, size_t n, int special)
{
	symbols_add(&p->tok, bytes, n, special);
	p->n_first = p->tok.n;
}

static int
need(struct pairs *p, struct spool_area *a, size_t bytes)
{
	p->failed |= !p->failed && spool_area_need(a, bytes, &p->why);
	return p->failed;
}

/* Room for n of the vector's things, which move; nonzero: there is none. */
#define NEED(p, v, n) (need(p, &(p)->v##_area, (n) * sizeof *(p)->v) || ((p)->v = (p)->v##_area.p, 0))

/* 0, or -1 and why. */
static int
failure(const struct pairs *p, struct err *err)
{
	if (p->failed && err)
		*err = p->why;
	return -p->failed;
}

static void
word_once(struct pairs *p, const uint32_t *sym, size_t n, uint32_t count)
{
	if (NEED(p, word, p->n_word + 1) || NEED(p, sym, p->n_sym + n + 2))
		return;
	if (!p->n_sym)
		p->sym[p->n_sym++] = GAP;
	p->word[p->n_word++] = (struct place){ (uint32_t)p->n_sym, count };
	memcpy(p->sym + p->n_sym, sym, n * sizeof *sym);
	p->n_sym += n;
	p->sym[p->n_sym++] = GAP;
	for (size_t i = 1; i < n; i++) {
		struct pair *q = pairtab_of(&p->tab, sym[i - 1], sym[i]);

		q->count += count;
		q->n++;
	}
}

int
pairs_word(struct pairs *p, const uint32_t *sym, size_t n, uint64_t count, struct err *err)
{
	if (n < 2)
		return 0;
	for (; count; count -= count < GONE ? count : GONE) {
		if (n + 1 >= GONE - p->n_sym)
			return err_set(err, "the different pieces of the texts are longer than 4 GB");
		word_once(p, sym, n, (uint32_t)(count < GONE ? count : GONE));
	}
	return failure(p, err);
}

/* Room for n places more of a pair, behind those that it has; where the first of them goes.  Not where p->failed. */
static size_t
more_places(struct pairs *p, struct pair *q, size_t n)
{
	size_t at = p->n_place, all = q->n + n;

	if (NEED(p, place, at + all))
		return 0;
	if (q->n)
		memcpy(p->place + at, p->place + q->first, q->n * sizeof *p->place);
	p->n_place += all;
	q->first = at;
	at += q->n;
	q->n = all;
	return at;
}

/* The places of the pairs of all words as they came. */
static void
first_places(struct pairs *p)
{
	for (size_t i = 0; i < p->tab.n; i++) {
		struct pair *q = p->tab.v + i;
		size_t n = q->n;

		q->n = 0;
		more_places(p, q, n);
		q->n = 0;
	}
	for (size_t w = 0; w < p->n_word && !p->failed; w++)
		for (size_t i = p->word[w].at; p->sym[i + 1] != GAP; i++) {
			struct pair *q = pairtab_of(&p->tab, p->sym[i], p->sym[i + 1]);

			p->place[q->first + q->n++] = (struct place){ (uint32_t)i, p->word[w].count };
		}
	spool_area_free(&p->word_area);
}

/* ---- a heap of pairs: the most frequent first, of those the greater one */

static int
before(const struct pairs *p, const struct entry *x, const struct entry *y)
{
	const struct pair *a = p->tab.v + x->pair, *b = p->tab.v + y->pair;
	int c;

	if (x->count != y->count)
		return x->count > y->count;
	c = symbols_compare(&p->tok, a->a, b->a);
	if (!c)
		c = symbols_compare(&p->tok, a->b, b->b);
	return c > 0;
}

static void
sift_down(struct pairs *p, size_t i)
{
	struct entry x = p->heap[i];

	for (;;) {
		size_t c = 2 * i + 1;

		if (c >= p->n_heap)
			break;
		if (c + 1 < p->n_heap && before(p, p->heap + c + 1, p->heap + c))
			c++;
		if (!before(p, p->heap + c, &x))
			break;
		p->heap[i] = p->heap[c];
		i = c;
	}
	p->heap[i] = x;
}

static void
push(struct pairs *p, uint32_t pair)
{
	struct entry x = { p->tab.v[pair].count, pair };
	size_t i = p->n_heap;

	VEC_PUSH(p->heap, p->n_heap, p->heap_cap, x);
	while (i && before(p, &x, p->heap + (i - 1) / 2)) {
		p->heap[i] = p->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	p->heap[i] = x;
}

/* The best pair, or NULL when none occurs min_count times. */
static struct pair *
best(struct pairs *p, uint64_t min_count)
{
	while (p->n_heap) {
		struct entry *top = p->heap;
		uint64_t now = p->tab.v[top->pair].count;

		if (top->count == now && now >= min_count && now)
			return p->tab.v + top->pair;
		if (now < min_count || !now) {
			*top = p->heap[--p->n_heap];
			if (p->n_heap)
				sift_down(p, 0);
			continue;
		}
		top->count = now;
		sift_down(p, 0);
	}
	return NULL;
}

/* ---- merging */

static void
meet(struct side *s, uint32_t sym, uint32_t at, uint32_t count)
{
	struct found f = { sym, { at, count } };

	if (!s->of[sym].n++)
		VEC_PUSH(s->seen, s->n_seen, s->seen_cap, sym);
	s->of[sym].count += count;
	VEC_PUSH(s->found, s->n_found, s->found_cap, f);
}

/* Joins the pair at one of its places, if it is there still. */
static void
join_at(struct pairs *p, const struct merge *m, struct place w)
{
	uint32_t *s = p->sym + w.at, wide = p->tok.v[m->a].width, all = wide + p->tok.v[m->b].width;

	if (s[0] != m->a || s[wide] != m->b)
		return;
	s[wide - 1] = s[wide] = GONE;
	s[0] = s[all - 1] = m->made;
	if (s[-1] != GAP)
		meet(&p->left, s[-1], w.at - p->tok.v[s[-1]].width, w.count);
	if (s[all] != GAP)
		meet(&p->right, s[all], w.at, w.count);
}

/* What was next to a or b is next to what they make: counts and places follow. */
static void
follow(struct pairs *p, struct side *s, const struct merge *m, int right, uint64_t min_count)
{
	for (size_t i = 0; i < s->n_seen; i++) {
		uint32_t x = s->seen[i];
		struct pair *q = right ? pairtab_of(&p->tab, m->b, x) : pairtab_of(&p->tab, x, m->a);

		q->count -= s->of[x].count;
		q = right ? pairtab_of(&p->tab, m->made, x) : pairtab_of(&p->tab, x, m->made);
		q->count += s->of[x].count;
		s->of[x].n = more_places(p, q, s->of[x].n);
		if (q->count >= min_count)
			push(p, (uint32_t)(q - p->tab.v));
	}
	for (size_t i = 0; i < s->n_found && !p->failed; i++)
		p->place[s->of[s->found[i].sym].n++] = s->found[i].place;
	for (size_t i = 0; i < s->n_seen; i++)
		s->of[s->seen[i]].count = s->of[s->seen[i]].n = 0;
	s->n_seen = s->n_found = 0;
}

static int
by_place(const void *x, const void *y)
{
	const struct place *a = x, *b = y;

	return ORDER(a->at, b->at);
}

static void
side_room(struct pairs *p, struct side *s, size_t *cap)
{
	s->of = xreallocarray(s->of, p->tok.cap, sizeof *s->of);
	memset(s->of + *cap, 0, (p->tok.cap - *cap) * sizeof *s->of);
}

static void
merge_pair(struct pairs *p, struct pair *top, uint64_t min_count)
{
	size_t cap = p->tok.cap, first = top->first, n = top->n, at = (size_t)(top - p->tab.v);
	struct merge m = { top->a, top->b, symbols_join(&p->tok, top->a, top->b), 0 };

	if (cap < p->tok.cap) {
		side_room(p, &p->left, &cap);
		side_room(p, &p->right, &cap);
	}
	if (m.a == m.b)         /* places overlap: from the left */
		qsort(p->place + first, n, sizeof *p->place, by_place);
	for (size_t i = 0; i < n; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(p->sym + p->place[first + i + AHEAD].at);
		join_at(p, &m, p->place[first + i]);
	}
	follow(p, &p->left, &m, 0, min_count);
	follow(p, &p->right, &m, 1, min_count);
	p->tab.v[at].count = p->tab.v[at].n = 0;
	VEC_PUSH(p->merge, p->n_merge, p->merge_cap, m);
}

int
pairs_merge(struct pairs *p, size_t size, uint64_t min_count, size_t *merges, struct err *err)
{
	struct pair *top;
	size_t none = 0;

	side_room(p, &p->left, &none);
	side_room(p, &p->right, &none);
	first_places(p);
	for (size_t i = 0; i < p->tab.n; i++)
		push(p, (uint32_t)i);
	while (!p->failed && p->tok.n < size && (top = best(p, min_count))) {
		progress(p->tok.n, size, "tokens", "the next occurs %llu times", (unsigned long long)top->count);
		merge_pair(p, top, min_count);
		if (p->tab.n > UINT32_MAX - 4 * MERGE_MAX)      /* the next may add two for each symbol */
			p->failed = 1, err_set(&p->why, "more than 4 G different pairs");
	}
	progress_end();
	*merges = p->n_merge;
	return failure(p, err);
}

void
pairs_tokens(const struct pairs *p, struct vocab *v)
{
	for (size_t i = p->n_first; i < p->tok.n; i++)
		table_set(v, i, p->tok.pool.p + p->tok.v[i].at, p->tok.v[i].len, 0, NULL);
}

void
pairs_merges(const struct pairs *p, struct vocab *v)
{
	for (size_t i = 0; i < p->n_merge; i++)
		table_merge(v, p->merge[i].a, p->merge[i].b);
}
