/* bpe - joining the symbols of one piece (Sennrich et al. 2016; ranks as in GPT-2) */
/* SPDX-License-Identifier: MIT */
#include "vocab/bpe.h"
#include <stdlib.h>
#include <string.h>

void
bpe_free(struct bpe *b)
{
	free(b->next);
	free(b->prev);
	free(b->rank);
	free(b->heap);
	memset(b, 0, sizeof *b);
}

/* r[i]: of the pair i, i + 1; NO_MERGE has the highest rank. */
static size_t
merge_short(const struct vocab *v, uint32_t *s, uint64_t *r, size_t n)
{
	while (n > 1) {
		uint64_t best = r[0];
		size_t at = 0, right;

		for (size_t i = 1; i + 1 < n; i++)
			if (r[i] >> 32 < best >> 32)
				best = r[i], at = i;
		if (best == NO_MERGE)
			break;
		s[at] = (uint32_t)best;
		n--;
		memmove(s + at + 1, s + at + 2, (n - at - 1) * sizeof *s);
		memmove(r + at, r + at + 1, (n - at - 1) * sizeof *r);
		right = at + 1 < n ? table_slot(v, s[at], s[at + 1]) : 0;
		__builtin_prefetch(v->pair + right);    /* the two look-ups wait for memory at once */
		if (at)
			r[at - 1] = table_pair(v, s[at - 1], s[at]);
		if (at + 1 < n)
			r[at] = table_pair_at(v, s[at], s[at + 1], right);
	}
	return n;
}

/* A heap of rank << 32 | position, four children a node. */
static void
push(struct bpe *b, size_t *n, uint64_t key)
{
	size_t i = (*n)++;

	if (*n > b->heap_cap)
		b->heap = xreallocarray(b->heap, b->heap_cap = 2 * *n, sizeof *b->heap);
	while (i) {
		size_t up = (i - 1) / 4;

		if (b->heap[up] <= key)
			break;
		b->heap[i] = b->heap[up];
		i = up;
	}
	b->heap[i] = key;
}

static uint64_t
pop(struct bpe *b, size_t *n)
{
	uint64_t *h = b->heap, top = h[0], key = h[--*n];
	size_t i = 0, m = *n;

	for (;;) {
		size_t c = 4 * i + 1, e = c + 4 < m ? c + 4 : m, least = c;

		if (c >= m)
			break;
		for (size_t k = c + 1; k < e; k++)
			if (h[k] < h[least])
				least = k;
		if (h[least] >= key)
			break;
		h[i] = h[least];
		i = least;
	}
	h[i] = key;
	return top;
}

static void
room(struct bpe *b, size_t n)
{
	if (n <= b->cap)
		return;
	b->cap = 2 * n;
	b->next = xreallocarray(b->next, b->cap, sizeof *b->next);
	b->prev = xreallocarray(b->prev, b->cap, sizeof *b->prev);
	b->rank = xreallocarray(b->rank, b->cap, sizeof *b->rank);
}

static void
renew(const struct vocab *v, struct bpe *b, const uint32_t *s, size_t *heap, uint32_t i)
{
	uint32_t j = b->next[i];

	b->rank[i] = j == NO_TOKEN ? NO_MERGE : table_pair(v, s[i], s[j]);
	if (b->rank[i] != NO_MERGE)
		push(b, heap, (b->rank[i] & ~(uint64_t)UINT32_MAX) | i);
}

static size_t
merge_long(const struct vocab *v, struct bpe *b, uint32_t *s, size_t n)
{
	size_t heap = 0, m = 0;

	room(b, n);
	for (size_t i = 0; i < n; i++) {
		b->next[i] = i + 1 < n ? (uint32_t)i + 1 : NO_TOKEN;
		b->prev[i] = i ? (uint32_t)i - 1 : NO_TOKEN;
	}
	for (size_t i = 0; i < n; i++)
		renew(v, b, s, &heap, (uint32_t)i);
	while (heap) {
		uint64_t top = pop(b, &heap);
		uint32_t i = (uint32_t)top, j;

		if (b->rank[i] >> 32 != top >> 32 || b->rank[i] == NO_MERGE)
			continue;       /* of a pair that is no more */
		j = b->next[i];
		s[i] = (uint32_t)b->rank[i];
		b->rank[j] = NO_MERGE;
		b->next[i] = b->next[j];
		if (b->next[i] != NO_TOKEN)
			b->prev[b->next[i]] = i;
		renew(v, b, s, &heap, i);
		if (b->prev[i] != NO_TOKEN)
			renew(v, b, s, &heap, b->prev[i]);
	}
	for (uint32_t i = 0; i != NO_TOKEN; i = b->next[i])
		s[m++] = s[i];
	return m;
}

size_t
bpe_merge(const struct vocab *v, struct bpe *b, uint32_t *sym, size_t n)
{
	uint64_t r[BPE_SHORT];

	if (n > BPE_SHORT)
		return merge_long(v, b, sym, n);
	for (size_t i = 0; i + 1 < n; i++)
		r[i] = table_pair(v, sym[i], sym[i + 1]);
	return merge_short(v, sym, r, n);
}

size_t
bpe_bytes(const struct vocab *v, struct bpe *b, const unsigned char *p, size_t n, uint32_t *out)
{
	uint64_t r[BPE_SHORT];

	for (size_t i = 0; i < n; i++)
		out[i] = v->byte[p[i]];
	if (n > BPE_SHORT)
		return merge_long(v, b, out, n);
	for (size_t i = 0; i + 1 < n; i++)
		r[i] = v->dense[p[i] << 8 | p[i + 1]];
	return merge_short(v, out, r, n);
}
