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

typedef int32_t lanes __attribute__((vector_size(16)));

/* The least of n keys, n a multiple of 4. */
static inline int32_t
least(const int32_t *key, size_t n)
{
	lanes a, b, m;
	int32_t x, y;

	memcpy(&a, key, sizeof a);
	for (size_t i = 4; i < n; i += 4) {
		memcpy(&b, key + i, sizeof b);
		m = a < b;
		a = (a & m) | (b & ~m);
	}
	x = a[0] < a[1] ? a[0] : a[1];
	y = a[2] < a[3] ? a[2] : a[3];
	return x < y ? x : y;
}

#define NO_KEY ((int32_t)(NO_MERGE << 6))       /* and all above it */

/* key[i]: rank << 6 | i of the symbol at i and the next one that is left; n <= BPE_SHORT. */
static size_t
merge_short(const struct vocab *v, uint32_t *s, int32_t *key, size_t n)
{
	uint64_t live = ~(uint64_t)0 >> (64 - n), rest;
	size_t padded = (n + 3) & ~(size_t)3, m = 0;
	int32_t k;

	for (size_t i = n - 1; i < padded; i++)
		key[i] = NO_KEY;
	while ((k = least(key, padded)) < NO_KEY) {
		int at = k & 63, right;

		rest = live >> 1 >> at;
		right = at + 1 + __builtin_ctzll(rest);
		s[at] = table_made(v, s[at], s[right], (uint32_t)k >> 6);
		live &= ~((uint64_t)1 << right);
		key[right] = key[at] = NO_KEY;
		if ((rest = live >> 1 >> at))
			key[at] = (int32_t)(table_rank(v, s[at], s[at + 1 + __builtin_ctzll(rest)]) << 6) | at;
		if ((rest = live & (((uint64_t)1 << at) - 1))) {
			int left = 63 - __builtin_clzll(rest);

			key[left] = (int32_t)(table_rank(v, s[left], s[at]) << 6) | left;
		}
	}
	for (; live; live &= live - 1)
		s[m++] = s[__builtin_ctzll(live)];
	return m;
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

	b->rank[i] = j == NO_TOKEN ? NO_MERGE : table_rank(v, s[i], s[j]);
	if (b->rank[i] != NO_MERGE)
		push(b, heap, (uint64_t)b->rank[i] << 32 | i);
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

		if (b->rank[i] != top >> 32)
			continue;       /* of a pair that is no more */
		j = b->next[i];
		s[i] = table_made(v, s[i], s[j], b->rank[i]);
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
	int32_t key[BPE_SHORT];

	if (n > BPE_SHORT)
		return merge_long(v, b, sym, n);
	for (size_t i = 0; i + 1 < n; i++)
		key[i] = (int32_t)(table_rank(v, sym[i], sym[i + 1]) << 6 | i);
	return merge_short(v, sym, key, n);
}

size_t
bpe_bytes(const struct vocab *v, struct bpe *b, const unsigned char *p, size_t n, uint32_t *out)
{
	int32_t key[BPE_SHORT];

	for (size_t i = 0; i < n; i++)
		out[i] = v->byte[p[i]];
	if (n > BPE_SHORT)
		return merge_long(v, b, out, n);
	for (size_t i = 0; i + 1 < n; i++)
		key[i] = (int32_t)(v->dense[p[i] << 8 | p[i + 1]] << 6 | i);
	return merge_short(v, out, key, n);
}
