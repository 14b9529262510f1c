/* grams - n-grams of words that a text repeats */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/signals.h"
#include <math.h>
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
	uint64_t h = n * GOLDEN, side = 0, x = 0;
	const char *end = p + n;

	if (n < 8) {
		memcpy(&x, p, n);
		return mix(h, x);
	}
	for (; end - p > 16; p += 16) {         /* two that do not wait for each other */
		memcpy(&x, p, 8);
		h = ((h << 23 | h >> 41) ^ x) * 0x9fb21c651e98df25u;
		memcpy(&x, p + 8, 8);
		side = ((side << 29 | side >> 35) ^ x) * 0xe9846af9b1a615du;
	}
	h ^= side;
	if (end - p > 8) {
		memcpy(&x, p, 8);
		h = mix(h, x);
	}
	memcpy(&x, end - 8, 8);
	return mix(h, x);
}

/* Zeroed slots, two for each of n. */
static void
make_room(struct signals *s, size_t n)
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

void
signals_table(struct signals *s, size_t n)
{
	make_room(s, n < 4096 ? n : 4096);      /* of many pieces most may be the same */
	s->used = 0;
}

/* Where a key is, or belongs. */
static inline struct slot *
find_slot(const struct signals *s, uint64_t key)
{
	size_t mask = ((size_t)1 << (64 - s->shift)) - 1, i = (size_t)(key * GOLDEN >> s->shift);

	while (s->slots[i].count && s->slots[i].key != key)
		i = (i + 1) & mask;
	return &s->slots[i];
}

static void
grow(struct signals *s)
{
	struct slot *old = s->slots;
	size_t n = (size_t)1 << (64 - s->shift);

	s->slots = NULL;
	s->n_slots = 0;
	make_room(s, n);
	for (size_t i = 0; i < n; i++)
		if (old[i].count)
			*find_slot(s, old[i].key) = old[i];
	free(old);
}

/* The key's slot; its count is 0 for the caller to change when the key is new.  Good until the next call. */
static inline struct slot *
table_slot(struct signals *s, uint64_t key)
{
	struct slot *at = find_slot(s, key);

	if (at->count)
		return at;
	if (s->used++ > (size_t)1 << (63 - s->shift)) {
		grow(s);
		at = find_slot(s, key);
	}
	at->key = key;
	return at;
}

uint32_t *
signals_times(struct signals *s, const char *p, size_t n)
{
	return &table_slot(s, hash(p, n))->count;
}

/*
 * Most n-grams of a text occur once.  Of n keys, each with its place, those go that do, as counters tell that several keys may
 * share: what is counted once is no other.  Those of fewer bytes than `least`, of `words` words of v, stay.  Returns how many do.
 */
static size_t
drop_single(struct signals *s, const struct word *v, uint64_t *key, uint32_t *place, size_t n, unsigned words, size_t least)
{
	unsigned char *seen;
	size_t k = 0;
	int shift;

	make_room(s, n / 4 + 1);        /* 8 to 16 bytes a key */
	seen = (unsigned char *)s->slots;
	shift = s->shift - 4;
	for (size_t i = 0; i < n; i++) {
		unsigned char *c = &seen[key[i] >> shift];

		*c = (unsigned char)(*c + (*c < 2));
	}
	for (size_t i = 0; i < n; i++) {
		const struct word *g = &v[place[i]];
		int stays = (seen[key[i] >> shift] > 1) | (g[words].at - g->at < least);

		key[k] = key[i] * GOLDEN;       /* others share next time */
		place[k] = place[i];
		k += (size_t)stays;
	}
	return k;
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

double
signals_top_bound(struct signals *s)
{
	const struct words *w = &s->words;
	unsigned most = 0, longest = 0;
	uint64_t last = 0;
	uint16_t *seen;

	make_room(s, w->n / 4 + 1);
	seen = (uint16_t *)s->slots;            /* 4 to 8 for each word */
	for (size_t i = 0; i < w->n; i++) {
		const struct word *g = &w->v[i];
		size_t n = words_len(w, i);
		uint32_t four = (i + 4 < w->n ? g[4].at : w->v[w->n].at) - g->at;
		uint64_t x, key;
		unsigned c;

		memcpy(&x, words_at(w, i), 8);
		x = (n < 8 ? x & UINT64_MAX >> (64 - 8 * n) : x) * 0x9fb21c651e98df25u;
		key = (last ^ x) * GOLDEN >> (s->shift - 3);
		last = x << 29 | x >> 35;
		c = seen[key];
		c += c < UINT16_MAX;
		seen[key] = (uint16_t)c;
		most = c > most ? c : most;
		longest = four > longest ? four : longest;
	}
	return most == UINT16_MAX ? INFINITY : s->chars ? most * (longest + 3.0) / (double)s->chars : 0;
}

void
signals_grams(struct signals *s, const struct words *w, unsigned last, struct gram grams[])
{
	size_t left = w->n;
	uint64_t *word = xreallocarray(NULL, 2 * w->n + 1, sizeof *word), *key = word + w->n;
	uint32_t *place = xreallocarray(NULL, w->n + 1, sizeof *place);

	for (size_t i = 0; i < w->n; i++) {
		key[i] = word[i] = word_hash(w, i);
		place[i] = (uint32_t)i;
	}
	for (unsigned n = 2; n <= last; n++) {
		struct slot best = { .count = w->n >= n };
		struct gram *g = &grams[n];
		size_t m = 0;

		while (m < left && place[m] + n <= w->n)
			key[m] = mix(key[m], word[place[m] + n - 1]), m++;
		left = drop_single(s, w->v, key, place, m, n, 0);     /* what goes on from one that occurs once, does too */
		signals_table(s, left);
		for (size_t i = 0; i < left; i++) {
			struct slot *slot = table_slot(s, key[i]);

			if (!slot->count++)
				slot->first = place[i];
			if (slot->count > best.count || (slot->count == best.count && slot->first < best.first))
				best = *slot;
		}
		*g = (struct gram){ .top_count = best.count };
		for (size_t i = 0; i < n && best.count; i++)
			g->top_chars += w->v[best.first + i].chars;
		for (size_t i = 0; i < left; i++) {
			int again = table_slot(s, key[i])->count > 1;

			for (unsigned j = 0; j < n && again; j++)
				g->chars += w->v[place[i] + j].chars;
		}
	}
	free(word);
	free(place);
}

/*
 * Characters in 5- to 10-grams seen before; behind one that is, the search goes on after it.  They are equal as strings
 * without blanks: "ab" "c" is "a" "bc".  Two that are equal begin with the same `prefix` bytes, or are both shorter: what
 * begins as no other does, and is longer, is no copy, and with more words neither.  A prefix is looked at twice for 5-grams.
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
	for (unsigned n = 5; n <= 10; n++) {
		size_t copied = 0, from = 0;

		while (left && place[left - 1] + n > w->n)
			left--;
		for (int k = 0; k < (n == 5 ? 2 : 1); k++, prefix += 4) {
			for (size_t i = 0; i < left; i++) {
				memcpy(&x, words_at(w, place[i]) + prefix - 4, 4);
				key[i] = mix(key[i], x);
			}
			left = drop_single(s, w->v, key, place, left, n, prefix);
		}
		signals_table(s, left);
		for (size_t i = 0; i < left; i++) {
			const struct word *g = &w->v[place[i]];

			if (place[i] < from || !(*signals_times(s, words_at(w, place[i]), g[n].at - g->at))++)
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
