/* seen - what was there before */
/* SPDX-License-Identifier: MIT */
#include "text/same/seen.h"
#include "base/mem.h"
#include "base/rng.h"
#include <math.h>
#include <stdlib.h>

enum { PROBES = 8 };    /* bits of the filter for each that is in it */

/* Never all zero: that is an empty slot. */
struct hash128
hash128(const void *p, size_t n)
{
	return (struct hash128){ rng_hash(p, n, 0x6c6d) | 1, rng_hash(p, n, 0x646f63) };
}

static struct hash128 *
slot_of(const struct seen *s, struct hash128 h)
{
	size_t i = (size_t)(h.a >> 1 ^ h.b >> 32) & (s->cap - 1);

	while (s->slots[i].a && (s->slots[i].a != h.a || s->slots[i].b != h.b))
		i = (i + 1) & (s->cap - 1);
	return &s->slots[i];
}

/* In the filter: whether all of its bits were set; they are now. */
static int
set_bits(struct seen *s, struct hash128 h)
{
	int was = 1;

	for (uint64_t i = 0; i < PROBES; i++) {
		uint64_t at = (h.a + i * h.b + i * i * i) & (s->n_bits - 1), bit = 1ull << at % 64;

		if (!(s->bits[at / 64] & bit)) {
			s->bits[at / 64] |= bit;
			s->n_set++;
			was = 0;
		}
	}
	return was;
}

/* What the set holds goes into a filter that fits beside it. */
static void
to_filter(struct seen *s)
{
	for (s->n_bits = 1 << 16; 2 * s->n_bits / 8 + 16 * s->cap <= s->max; )
		s->n_bits *= 2;
	s->bits = xcalloc(s->n_bits / 64, sizeof *s->bits);
	for (size_t i = 0; i < s->cap; i++)
		if (s->slots[i].a)
			set_bits(s, s->slots[i]);
	free(s->slots);
	s->slots = NULL;
	s->cap = 0;
}

static void
grow(struct seen *s)
{
	struct seen old = *s;

	s->cap = old.cap ? 2 * old.cap : 1024;
	s->slots = xcalloc(s->cap, sizeof *s->slots);
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].a)
			*slot_of(s, old.slots[i]) = old.slots[i];
	free(old.slots);
}

int
seen_put(struct seen *s, struct hash128 h)
{
	struct hash128 *slot;

	if (!s->bits && 4 * s->n >= 3 * s->cap) {
		if (s->max && s->cap && 3 * s->cap * sizeof *s->slots > s->max)
			to_filter(s);
		else
			grow(s);
	}
	if (s->bits)
		return set_bits(s, h);
	slot = slot_of(s, h);
	if (slot->a)
		return 1;
	*slot = h;
	s->n++;
	return 0;
}

double
seen_error(const struct seen *s)
{
	return s->bits ? pow((double)s->n_set / (double)s->n_bits, PROBES) : 0;
}

int
seen_has(const struct seen *s, struct hash128 h)
{
	return s->n && slot_of(s, h)->a;
}

void
seen_free(struct seen *s)
{
	free(s->slots);
	free(s->bits);
}
