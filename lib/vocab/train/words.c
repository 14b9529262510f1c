/* words - different pieces of text and how often each was met */
/* SPDX-License-Identifier: MIT */
#include "vocab/train/words.h"
#include "vocab/table.h"
#include <stdlib.h>
#include <string.h>

struct key {                    /* a piece of less than KEY_MAX bytes, its length in the last; of longer ones: */
	uint64_t lo, hi;        /* where it is in the pool; KEY_MAX in the last byte, its length in the others */
};

struct word {
	struct key key;
	uint64_t   count;
};

#define FRONT_BITS 16
#define GROUP      256          /* pieces that are looked up together, so that memory is asked ahead */

struct front {                  /* a short piece that was met before, how often since it is here, and its word */
	struct key key;
	uint64_t   count, word;
};

struct words {
	struct buf    pool;
	struct word  *word;
	size_t        n, cap;
	uint64_t     *slot;     /* half of the hash, number of the word; UINT64_MAX: empty */
	size_t        mask;
	struct front *front;    /* [1 << FRONT_BITS] by hash */
};

struct words *
words_new(void)
{
	struct words *w = xcalloc(1, sizeof *w);

	w->mask = 4095;
	w->slot = xmalloc((w->mask + 1) * sizeof *w->slot);
	memset(w->slot, 255, (w->mask + 1) * sizeof *w->slot);
	w->front = xcalloc((size_t)1 << FRONT_BITS, sizeof *w->front);
	return w;
}

void
words_clear(struct words *w)
{
	buf_clear(&w->pool);
	w->n = 0;
	memset(w->slot, 255, (w->mask + 1) * sizeof *w->slot);
	memset(w->front, 0, ((size_t)1 << FRONT_BITS) * sizeof *w->front);
}

int
words_full(const struct words *w, size_t limit)
{
	return w->n > UINT32_MAX - ((size_t)1 << 24) ||
	       w->pool.n + w->n * sizeof *w->word + 2 * w->n * sizeof *w->slot > limit / 2;     /* what grows may double */
}

void
words_free(struct words *w)
{
	if (!w)
		return;
	buf_free(&w->pool);
	free(w->word), free(w->slot), free(w->front), free(w);
}

static int
same(const struct key *a, const struct key *b)
{
	return ((a->lo ^ b->lo) | (a->hi ^ b->hi)) == 0;
}

static void
grow(struct words *w)
{
	size_t was = w->mask + 1;
	uint64_t *slot = w->slot;

	w->mask = 2 * w->mask + 1;
	w->slot = xreallocarray(NULL, w->mask + 1, sizeof *w->slot);
	memset(w->slot, 255, (w->mask + 1) * sizeof *w->slot);
	for (size_t i = 0; i < was; i++) {
		size_t h = slot[i] >> 32 & w->mask;

		if (slot[i] == UINT64_MAX)
			continue;
		while (w->slot[h] != UINT64_MAX)
			h = (h + 1) & w->mask;
		w->slot[h] = slot[i];
	}
	free(slot);
}

/* The word of a key, new or met before; of a long piece `key` has the length, and p is where it is. */
static size_t
word_of(struct words *w, struct key key, uint64_t hash, const char *p)
{
	struct word fresh = { key, 0 };
	size_t h = hash >> 32 & w->mask, n = key.hi & 0xffffffff;
	uint64_t s;

	for (; (s = w->slot[h]) != UINT64_MAX; h = (h + 1) & w->mask) {
		const struct word *x = w->word + (uint32_t)s;

		if (s >> 32 == hash >> 32 && x->key.hi == key.hi &&
		    (p ? !memcmp(w->pool.p + x->key.lo, p, n) : x->key.lo == key.lo))
			return (uint32_t)s;
	}
	w->slot[h] = hash >> 32 << 32 | w->n;
	if (p) {
		fresh.key.lo = w->pool.n;
		buf_add(&w->pool, p, n);
	}
	VEC_PUSH(w->word, w->n, w->cap, fresh);
	if (2 * w->n > w->mask)
		grow(w);
	return w->n - 1;
}

static struct front *
front_of(const struct words *w, uint64_t hash)
{
	return w->front + (hash >> (64 - FRONT_BITS));
}

static void
met_short(struct words *w, struct key key, uint64_t hash)
{
	struct front *f = front_of(w, hash);
	size_t i;

	if (!same(&f->key, &key)) {
		i = word_of(w, key, hash, NULL);
		if (f->count)
			w->word[f->word].count += f->count;
		*f = (struct front){ key, 0, i };
	}
	f->count++;
}

void
words_add(struct words *w, const char *p, size_t n, uint64_t count)
{
	struct key key;
	size_t i;

	if (n < KEY_MAX) {
		key_load((const unsigned char *)p, n, &key.lo, &key.hi);
		key.hi |= (uint64_t)n << 56;
		i = word_of(w, key, key_hash(key.lo, key.hi), NULL);
	} else {
		i = word_of(w, (struct key){ 0, (uint64_t)KEY_MAX << 56 | n }, table_hash(p, n), p);
	}
	w->word[i].count += count;
}

const char *
words_met(struct words *w, const char *p, const char *e, const uint32_t *len, size_t n)
{
	struct { struct key key; uint64_t hash; } k[GROUP];
	size_t m, short_ones, missed;

	for (; n; n -= m, len += m) {
		m = n < GROUP ? n : GROUP;
		short_ones = missed = 0;
		for (size_t i = 0; i < m; p += len[i++]) {
			struct key *key = &k[short_ones].key;

			if (len[i] >= KEY_MAX) {
				words_add(w, p, len[i], 1);
				continue;
			}
			if (e - p >= KEY_MAX)
				key_masked(p, len[i], &key->lo, &key->hi);
			else
				key_load((const unsigned char *)p, len[i], &key->lo, &key->hi);
			key->hi |= (uint64_t)len[i] << 56;
			k[short_ones].hash = key_hash(key->lo, key->hi);
			__builtin_prefetch(front_of(w, k[short_ones++].hash));
		}
		for (size_t i = 0; i < short_ones; i++) {
			struct front *f = front_of(w, k[i].hash);

			if (same(&f->key, &k[i].key)) {
				f->count++;
				continue;
			}
			__builtin_prefetch(w->slot + (k[i].hash >> 32 & w->mask));
			k[missed++] = k[i];
		}
		for (size_t i = 0; i < missed; i++) {
			uint64_t s = w->slot[k[i].hash >> 32 & w->mask];

			if (s != UINT64_MAX)
				__builtin_prefetch(w->word + (uint32_t)s);
		}
		for (size_t i = 0; i < missed; i++)
			met_short(w, k[i].key, k[i].hash);
	}
	return p;
}

size_t
words_n(struct words *w)
{
	for (size_t i = 0; i < (size_t)1 << FRONT_BITS; i++)
		if (w->front[i].count) {
			w->word[w->front[i].word].count += w->front[i].count;
			w->front[i].count = 0;
		}
	return w->n;
}

unsigned
words_part(const struct words *w, size_t i)
{
	const struct key *k = &w->word[i].key;

	if (k->hi >> 56 < KEY_MAX)
		return (unsigned)(key_hash(k->lo, k->hi) >> 56);
	return (unsigned)(table_hash(w->pool.p + k->lo, k->hi & UINT32_MAX) >> 56);
}

const char *
words_get(const struct words *w, size_t i, size_t *n, uint64_t *count)
{
	const struct key *k = &w->word[i].key;

	*n = (size_t)(k->hi >> 56);
	*count = w->word[i].count;
	if (*n < KEY_MAX)
		return (const char *)k;         /* little-endian: the bytes as they were */
	*n = k->hi & UINT32_MAX;
	return w->pool.p + k->lo;
}
