/* pairs - the loop of BPE training: words of symbols, counts of their pairs, the best pair joined */
/* SPDX-License-Identifier: MIT */
#include "vocab/train/pairs.h"
#include "vocab/table.h"
#include <stdlib.h>
#include <string.h>

struct pair {
	uint32_t  a, b;
	uint64_t  count;                /* over all words, each adjacent pair counted */
	uint32_t *word;                 /* words that have or had it; a word may come twice */
	size_t    n, cap;
	uint32_t  stamp;                /* the number of the last merge that raised it, from 1 */
};

struct entry {                  /* of the heap; the count may be out of date, then it is too high */
	uint64_t count;
	uint32_t pair;
};

struct pairs {
	struct buf pool;                /* bytes of symbols */
	struct { size_t at; uint32_t len; int special; } *tok;
	size_t   n_tok, tok_cap, n_first;
	uint32_t *sym;                  /* all words, one after another */
	size_t   n_sym, sym_cap;
	struct { size_t at; uint32_t len; uint64_t count; uint32_t stamp; } *word;
	size_t   n_word, word_cap;
	struct pair *pair;
	size_t   n_pair, pair_cap;
	uint32_t *slot;                 /* (a, b) -> pair, UINT32_MAX empty */
	size_t   mask;
	struct entry *heap;
	size_t   n_heap, heap_cap;
	uint32_t *raised;               /* pairs that the current merge made more frequent */
	size_t   n_raised, raised_cap;
	struct merge *merge;
	size_t   n_merge, merge_cap;
	uint32_t *by_bytes;             /* bytes -> symbol */
	size_t   bytes_mask;
};

struct pairs *
pairs_new(void)
{
	struct pairs *p = xcalloc(1, sizeof *p);

	p->mask = 65535;
	p->slot = xmalloc((p->mask + 1) * sizeof *p->slot);
	memset(p->slot, 255, (p->mask + 1) * sizeof *p->slot);
	p->bytes_mask = 1023;
	p->by_bytes = xmalloc((p->bytes_mask + 1) * sizeof *p->by_bytes);
	memset(p->by_bytes, 255, (p->bytes_mask + 1) * sizeof *p->by_bytes);
	return p;
}

void
pairs_free(struct pairs *p)
{
	for (size_t i = 0; i < p->n_pair; i++)
		free(p->pair[i].word);
	buf_free(&p->pool);
	free(p->tok), free(p->sym), free(p->word), free(p->pair), free(p->slot), free(p->heap);
	free(p->raised), free(p->merge), free(p->by_bytes), free(p);
}

/* ---- symbols */

static size_t
bytes_slot(const struct pairs *p, const char *bytes, size_t n)
{
	uint32_t i;
	size_t s;

	for (s = (size_t)table_hash(bytes, n) & p->bytes_mask; (i = p->by_bytes[s]) != UINT32_MAX;
	     s = (s + 1) & p->bytes_mask)
		if (p->tok[i].len == n && !memcmp(p->pool.p + p->tok[i].at, bytes, n))
			break;
	return s;
}

void
pairs_token(struct pairs *p, const char *bytes, size_t n, int special)
{
	if (p->n_tok == p->tok_cap)
		p->tok = xreallocarray(p->tok, p->tok_cap = p->tok_cap ? 2 * p->tok_cap : 1024, sizeof *p->tok);
	p->tok[p->n_tok].at = p->pool.n;
	p->tok[p->n_tok].len = (uint32_t)n;
	p->tok[p->n_tok++].special = special;
	buf_add(&p->pool, bytes, n);
	if (2 * p->n_tok > p->bytes_mask) {
		p->bytes_mask = 2 * p->bytes_mask + 1;
		p->by_bytes = xreallocarray(p->by_bytes, p->bytes_mask + 1, sizeof *p->by_bytes);
		memset(p->by_bytes, 255, (p->bytes_mask + 1) * sizeof *p->by_bytes);
		for (size_t i = 0; i + 1 < p->n_tok; i++)
			if (!p->tok[i].special)
				p->by_bytes[bytes_slot(p, p->pool.p + p->tok[i].at, p->tok[i].len)] = (uint32_t)i;
	}
	if (!special)
		p->by_bytes[bytes_slot(p, bytes, n)] = (uint32_t)(p->n_tok - 1);
	p->n_first = p->n_tok;
}

/* The symbol of a's and b's bytes, made if need be. */
static uint32_t
joined(struct pairs *p, uint32_t a, uint32_t b)
{
	size_t n = (size_t)p->tok[a].len + p->tok[b].len, first = p->n_first;
	char *bytes = xmalloc(n);
	uint32_t id;

	memcpy(bytes, p->pool.p + p->tok[a].at, p->tok[a].len);
	memcpy(bytes + p->tok[a].len, p->pool.p + p->tok[b].at, p->tok[b].len);
	id = p->by_bytes[bytes_slot(p, bytes, n)];
	if (id == UINT32_MAX) {
		id = (uint32_t)p->n_tok;
		pairs_token(p, bytes, n, 0);
		p->n_first = first;
	}
	free(bytes);
	return id;
}

static int
compare_tokens(const struct pairs *p, uint32_t a, uint32_t b)
{
	uint32_t la = p->tok[a].len, lb = p->tok[b].len;
	int c = memcmp(p->pool.p + p->tok[a].at, p->pool.p + p->tok[b].at, la < lb ? la : lb);

	return c ? c : (la > lb) - (la < lb);
}

/* ---- pairs and their counts */

static struct pair *
pair_of(struct pairs *p, uint32_t a, uint32_t b)
{
	uint64_t key = (uint64_t)a << 32 | b;
	size_t s = (size_t)(key * 0x9e3779b97f4a7c15u >> 24) & p->mask;
	struct pair fresh = { .a = a, .b = b };

	for (; p->slot[s] != UINT32_MAX; s = (s + 1) & p->mask) {
		struct pair *q = p->pair + p->slot[s];

		if (q->a == a && q->b == b)
			return q;
	}
	p->slot[s] = (uint32_t)p->n_pair;
	VEC_PUSH(p->pair, p->n_pair, p->pair_cap, fresh);
	if (2 * p->n_pair > p->mask) {
		p->mask = 2 * p->mask + 1;
		p->slot = xreallocarray(p->slot, p->mask + 1, sizeof *p->slot);
		memset(p->slot, 255, (p->mask + 1) * sizeof *p->slot);
		for (size_t i = 0; i < p->n_pair; i++) {
			key = (uint64_t)p->pair[i].a << 32 | p->pair[i].b;
			for (s = (size_t)(key * 0x9e3779b97f4a7c15u >> 24) & p->mask; p->slot[s] != UINT32_MAX;)
				s = (s + 1) & p->mask;
			p->slot[s] = (uint32_t)i;
		}
	}
	return p->pair + p->n_pair - 1;
}

static struct pair *
raise(struct pairs *p, uint32_t a, uint32_t b, uint32_t word)
{
	struct pair *q = pair_of(p, a, b);

	q->count += p->word[word].count;
	if (!q->n || q->word[q->n - 1] != word)
		VEC_PUSH(q->word, q->n, q->cap, word);
	return q;
}

static void
lower(struct pairs *p, uint32_t a, uint32_t b, uint32_t word)
{
	pair_of(p, a, b)->count -= p->word[word].count;
}

void
pairs_word(struct pairs *p, const uint32_t *sym, size_t n, uint64_t count)
{
	if (p->n_word == p->word_cap)
		p->word = xreallocarray(p->word, p->word_cap = p->word_cap ? 2 * p->word_cap : 1024, sizeof *p->word);
	p->word[p->n_word].at = p->n_sym;
	p->word[p->n_word].len = (uint32_t)n;
	p->word[p->n_word].stamp = UINT32_MAX;
	p->word[p->n_word++].count = count;
	for (size_t i = 0; i < n; i++) {
		VEC_PUSH(p->sym, p->n_sym, p->sym_cap, sym[i]);
		if (i)
			raise(p, sym[i - 1], sym[i], (uint32_t)(p->n_word - 1));
	}
}

/* ---- a heap of pairs: the most frequent first, of those the greater one */

static int
before(const struct pairs *p, const struct entry *x, const struct entry *y)
{
	const struct pair *a = p->pair + x->pair, *b = p->pair + y->pair;
	int c;

	if (x->count != y->count)
		return x->count > y->count;
	c = compare_tokens(p, a->a, b->a);
	if (!c)
		c = compare_tokens(p, a->b, b->b);
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
	struct entry x = { p->pair[pair].count, pair };
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
		uint64_t now = p->pair[top->pair].count;

		if (top->count == now && now >= min_count && now)
			return p->pair + top->pair;
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

/* raise() in a merge: the pair gets a new place in the heap when that is done. */
static void
raise_new(struct pairs *p, uint32_t a, uint32_t b, uint32_t word)
{
	struct pair *q = raise(p, a, b, word);

	if (q->stamp == p->n_merge + 1)
		return;
	q->stamp = (uint32_t)p->n_merge + 1;
	VEC_PUSH(p->raised, p->n_raised, p->raised_cap, (uint32_t)(q - p->pair));
}

/* Joins a, b to made in one word, from the left; counts follow. */
static void
merge_word(struct pairs *p, uint32_t w, uint32_t a, uint32_t b, uint32_t made)
{
	uint32_t *s = p->sym + p->word[w].at, len = p->word[w].len, out = 0;

	for (uint32_t i = 0; i < len; ) {
		if (i + 1 == len || s[i] != a || s[i + 1] != b) {
			s[out++] = s[i++];
			continue;
		}
		lower(p, a, b, w);
		if (out) {
			lower(p, s[out - 1], a, w);
			raise_new(p, s[out - 1], made, w);
		}
		if (i + 2 < len) {
			lower(p, b, s[i + 2], w);
			raise_new(p, made, s[i + 2], w);
		}
		s[out++] = made;
		i += 2;
	}
	p->word[w].len = out;
}

size_t
pairs_merge(struct pairs *p, size_t size, uint64_t min_count)
{
	struct pair *top;

	for (size_t i = 0; i < p->n_pair; i++)
		push(p, (uint32_t)i);
	while (p->n_tok < size && (top = best(p, min_count))) {
		uint32_t *words = top->word;
		size_t n = top->n;
		struct merge m = { top->a, top->b, joined(p, top->a, top->b), 0 };

		top->word = NULL;
		top->n = top->cap = 0;
		p->n_raised = 0;
		for (size_t i = 0; i < n; i++) {
			if (p->word[words[i]].stamp == p->n_merge)
				continue;
			p->word[words[i]].stamp = (uint32_t)p->n_merge;
			merge_word(p, words[i], m.a, m.b, m.made);
		}
		free(words);
		for (size_t i = 0; i < p->n_raised; i++)
			push(p, p->raised[i]);
		VEC_PUSH(p->merge, p->n_merge, p->merge_cap, m);
	}
	return p->n_merge;
}

void
pairs_tokens(const struct pairs *p, struct vocab *v)
{
	for (size_t i = p->n_first; i < p->n_tok; i++)
		table_set(v, i, p->pool.p + p->tok[i].at, p->tok[i].len, 0, NULL);
}

void
pairs_merges(const struct pairs *p, struct vocab *v)
{
	for (size_t i = 0; i < p->n_merge; i++)
		table_merge(v, p->merge[i].a, p->merge[i].b, NULL);
}
