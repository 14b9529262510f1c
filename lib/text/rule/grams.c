/* grams - n-grams of words that a text repeats */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/signals.h"
#include <stdlib.h>
#include <string.h>

struct slot {
	uint64_t key;
	uint32_t count, first;
};

#define GOLDEN 0x9e3779b97f4a7c15u
static uint64_t
mix(uint64_t h, uint64_t x)
{
	h = ((h << 23 | h >> 41) ^ x) * 0x9fb21c651e98df25u;
	return h ^ h >> 32;
}

/* Well mixed in its upper bits. */
static uint64_t
hash(const char *p, size_t n)
{
	uint64_t h = n * GOLDEN, x = 0;
	const char *end = p + n;

	if (n < 8) {
		memcpy(&x, p, n);
		return mix(h, x);
	}
	for (; end - p > 8; p += 8) {
		memcpy(&x, p, 8);
		h = mix(h, x);
	}
	memcpy(&x, end - 8, 8);
	return mix(h, x);
}

void
signals_table(struct signals *s, size_t n)
{
	size_t want = 16;

	for (s->shift = 60; want < 2 * n; s->shift--)
		want *= 2;
	if (want > s->n_slots) {
		free(s->slots);
		s->slots = xreallocarray(NULL, want, sizeof *s->slots);
		s->n_slots = want;
	}
	memset(s->slots, 0, want * sizeof *s->slots);
}

/* The key's slot; its count is 0 for the caller to change when the key is new. */
static struct slot *
table_slot(struct signals *s, uint64_t key)
{
	size_t mask = ((size_t)1 << (64 - s->shift)) - 1, i = (size_t)(key * GOLDEN >> s->shift);

	while (s->slots[i].count && s->slots[i].key != key)
		i = (i + 1) & mask;
	s->slots[i].key = key;
	return &s->slots[i];
}

int
signals_is_copy(struct signals *s, const char *p, size_t n)
{
	return table_slot(s, hash(p, n))->count++ > 0;
}

/*
 * Most n-grams of a text occur once.  Of n keys those are told, by counters that several keys may share: what is counted
 * once is no other.  Returns the counters, one for each value of key >> *shift.
 */
static unsigned char *
count_keys(struct signals *s, const uint64_t *key, size_t n, int *shift)
{
	unsigned char *seen;

	signals_table(s, n / 4 + 1);              /* 8 to 16 bytes a key */
	seen = (unsigned char *)s->slots;
	*shift = s->shift - 4;
	for (size_t i = 0; i < n; i++) {
		unsigned char *c = &seen[key[i] >> *shift];

		*c = (unsigned char)(*c + (*c < 2));
	}
	return seen;
}

static uint64_t
word_hash(const struct words *w, size_t i)
{
	size_t n = words_len(w, i);
	uint64_t x;

	if (n > 8)
		return hash(words_at(w, i), n);
	memcpy(&x, words_at(w, i), 8);
	return mix(n * GOLDEN, x & UINT64_MAX >> (64 - 8 * n));
}

/* The most frequent n-gram, of equals the first, joined by spaces. */
void
signals_top(struct signals *s)
{
	const struct words *w = &s->words;
	size_t left = w->n;
	uint64_t *word = xreallocarray(NULL, 2 * w->n + 1, sizeof *word), *key = word + w->n;
	uint32_t *place = xreallocarray(NULL, w->n + 1, sizeof *place);

	for (size_t i = 0; i < w->n; i++) {
		key[i] = word[i] = word_hash(w, i);
		place[i] = (uint32_t)i;
	}
	for (unsigned n = 2; n <= 4; n++) {
		struct slot best = { .count = w->n >= n };
		size_t chars = n - 1, k = 0, m = 0;
		unsigned char *seen;
		int shift;

		while (m < left && place[m] + n <= w->n)
			key[m] = mix(key[m], word[place[m] + n - 1]), m++;
		seen = count_keys(s, key, m, &shift);
		for (size_t i = 0; i < m; i++) {        /* what goes on from one that occurs once, does too */
			int again = seen[key[i] >> shift] > 1;

			key[k] = key[i];
			place[k] = place[i];
			k += (size_t)again;
		}
		left = k;
		signals_table(s, left);
		for (size_t i = 0; i < left; i++) {
			struct slot *slot = table_slot(s, key[i]);

			if (!slot->count++)
				slot->first = place[i];
			if (slot->count > best.count || (slot->count == best.count && slot->first < best.first))
				best = *slot;
		}
		for (size_t i = 0; i < n && best.count; i++)
			chars += w->v[best.first + i].chars;
		signals_put(s, (enum signal)(SIG_TOP_2 + n - 2), (double)best.count * (double)chars, (double)s->chars);
	}
	free(word);
	free(place);
}

/*
 * Characters in 5- to 10-grams seen before; behind one that is, the search goes on after it.  They are equal as strings
 * without blanks: "ab" "c" is "a" "bc".  Two that are equal begin with the same `prefix` bytes, or are both shorter: what
 * begins as no other does, and is longer, is no copy, and with more words neither.
 */
void
signals_repeated(struct signals *s)
{
	const struct words *w = &s->words;
	size_t left = w->n, prefix = 12;
	uint64_t *key = xreallocarray(NULL, left + 1, sizeof *key);
	uint32_t *place = xreallocarray(NULL, left + 1, sizeof *place), x;

	for (size_t i = 0; i < left; i++) {
		memcpy(&key[i], words_at(w, i), 8);
		place[i] = (uint32_t)i;
	}
	for (unsigned n = 5; n <= 10; n++, prefix += 4) {
		size_t copied = 0, from = 0, m = 0, k = 0;
		unsigned char *seen;
		int shift;

		for (; m < left && place[m] + n <= w->n; m++) {
			memcpy(&x, words_at(w, place[m]) + prefix - 4, 4);
			key[m] = mix(key[m], x);
		}
		seen = count_keys(s, key, m, &shift);
		for (size_t i = 0; i < m; i++) {
			const struct word *g = &w->v[place[i]];
			int again = (seen[key[i] >> shift] > 1) | (g[n].at - g->at < prefix);

			key[k] = key[i];
			place[k] = place[i];
			k += (size_t)again;
		}
		left = k;
		signals_table(s, left);
		for (size_t i = 0; i < left; i++) {
			const struct word *g = &w->v[place[i]];

			if (place[i] < from || !signals_is_copy(s, words_at(w, place[i]), g[n].at - g->at))
				continue;
			for (size_t j = 0; j < n; j++)
				copied += g[j].chars;
			from = place[i] + n;
		}
		signals_put(s, (enum signal)(SIG_DUP_5 + n - 5), (double)copied, (double)s->chars);
	}
	free(key);
	free(place);
}
