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
	free(b->start);
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
	uint64_t live = ~(uint64_t)0 >> (64 - n), rest, mix_left, mix_right;
	size_t padded = (n + 3) & ~(size_t)3, m = 0;
	int32_t k;

	for (size_t i = n - 1; i < padded; i++)
		key[i] = NO_KEY;
	while ((k = least(key, padded)) < NO_KEY) {
		int at = k & 63, right, left;

		rest = live >> 1 >> at;
		right = at + 1 + __builtin_ctzll(rest);
		s[at] = table_made(v, s[at], s[right], (uint32_t)k >> 6);
		live &= ~((uint64_t)1 << right);
		key[right] = key[at] = NO_KEY;
		rest = live >> 1 >> at;
		right = rest ? at + 1 + __builtin_ctzll(rest) : at;
		rest = live & (((uint64_t)1 << at) - 1);
		left = rest ? 63 - __builtin_clzll(rest) : at;
		mix_left = table_mix(s[left], s[at]), mix_right = table_mix(s[at], s[right]);
		table_ask(v, mix_left), table_ask(v, mix_right);        /* at once: what takes time is memory */
		if (right != at)
			key[at] = (int32_t)(table_rank(v, s[at], s[right], mix_right) << 6) | at;
		if (left != at)
			key[left] = (int32_t)(table_rank(v, s[left], s[at], mix_left) << 6) | left;
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
	b->start = xreallocarray(b->start, b->cap, sizeof *b->start);
}

static void
renew(const struct vocab *v, struct bpe *b, const uint32_t *s, size_t *heap, uint32_t i)
{
	uint32_t j = b->next[i];

	b->rank[i] = j == NO_TOKEN ? NO_MERGE : table_rank(v, s[i], s[j], table_mix(s[i], s[j]));
	if (b->rank[i] != NO_MERGE)
		push(b, heap, (uint64_t)b->rank[i] << 32 | i);
}

/* b->start gets the place of each token's first symbol. */
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
	for (uint32_t i = 0; i != NO_TOKEN; m++) {
		uint32_t next = b->next[i];

		b->start[m] = i;
		s[m] = s[i];
		i = next;
	}
	return m;
}

/* The first symbols of bytes, or of a list that is in sym already. */
static size_t
window(const struct vocab *v, struct bpe *b, const unsigned char *p, const uint32_t *sym, size_t n, uint32_t *out)
{
	if (p)
		for (size_t i = 0; i < n; i++)
			out[i] = v->byte[p[i]];
	else
		memcpy(out, sym, n * sizeof *out);
	return merge_long(v, b, out, n);
}

#define WINDOW 2048
#define TRIES  16

/*
 * Pieces of any length in linear time and little memory.  A list of tokens is what merging makes of its bytes if and
 * only if that is so for each two neighbours: what is merged within two neighbours does not depend on what lies
 * around them, and neither does whether something is merged across.  So where the tokens of one window go on
 * with the token with which those of a window that begins there begin, the two are one list.
 */
static size_t
merge_windows(const struct vocab *v, struct bpe *b, const unsigned char *p, uint32_t *sym, size_t n)
{
	size_t size = WINDOW, done = 0, m = 0, k, k2 = 0, t, tries;
	uint32_t *a = NULL, *a2 = NULL, *start = NULL;

	while (n - done > size) {
		a = xreallocarray(a, size, sizeof *a), a2 = xreallocarray(a2, size, sizeof *a2);
		start = xreallocarray(start, size, sizeof *start);
		for (k = window(v, b, p ? p + done : NULL, sym + done, size, a); n - done > size; ) {
			memcpy(start, b->start, k * sizeof *start);
			for (t = k - 1; t > 0 && start[t] > size - size / 8; )
				t--;
			for (tries = 0; t > 0 && tries < TRIES; tries++, t--) {
				size_t at = done + start[t], left = n - at < size ? n - at : size;

				k2 = window(v, b, p ? p + at : NULL, sym + at, left, a2);
				if (*a2 == a[t])
					break;
			}
			if (!t || tries == TRIES)
				break;
			memcpy(sym + m, a, t * sizeof *sym);
			m += t;
			done += start[t];
			memcpy(a, a2, (k = k2) * sizeof *a);
		}
		if (n - done <= size) {         /* a is all the rest */
			memcpy(sym + m, a, k * sizeof *sym);
			m += k;
			done = n;
			break;
		}
		size *= 2;
	}
	if (done < n) {
		k = window(v, b, p ? p + done : NULL, sym + done, n - done, a = xreallocarray(a, n - done, sizeof *a));
		memcpy(sym + m, a, k * sizeof *sym);
		m += k;
	}
	free(a), free(a2), free(start);
	return m;
}

size_t
bpe_merge(const struct vocab *v, struct bpe *b, uint32_t *sym, size_t n)
{
	int32_t key[BPE_SHORT];

	if (!n)                         /* of what has no tokens */
		return 0;
	if (n > WINDOW)
		return merge_windows(v, b, NULL, sym, n);
	if (n > BPE_SHORT)
		return merge_long(v, b, sym, n);
	for (size_t i = 0; i + 1 < n; i++)
		key[i] = (int32_t)(table_rank(v, sym[i], sym[i + 1], table_mix(sym[i], sym[i + 1])) << 6 | i);
	return merge_short(v, sym, key, n);
}

size_t
bpe_bytes(const struct vocab *v, struct bpe *b, const unsigned char *p, size_t n, uint32_t *out)
{
	int32_t key[BPE_SHORT];

	if (n > WINDOW)
		return merge_windows(v, b, p, out, n);
	for (size_t i = 0; i < n; i++)
		out[i] = v->byte[p[i]];
	if (n > BPE_SHORT)
		return merge_long(v, b, out, n);
	for (size_t i = 0; i + 1 < n; i++)
		key[i] = (int32_t)(v->dense[p[i] << 8 | p[i + 1]] << 6 | i);
	return merge_short(v, out, key, n);
}
