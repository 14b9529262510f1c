/* seen - what was there before */
/* SPDX-License-Identifier: MIT */
#include "text/same/seen.h"
#include "base/mem.h"
#include "base/rng.h"
#include <stdlib.h>

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

int
seen_put(struct seen *s, struct hash128 h)
{
	struct hash128 *slot;

	if (4 * s->n >= 3 * s->cap) {
		struct seen old = *s;

		s->cap = old.cap ? 2 * old.cap : 1024;
		s->slots = xcalloc(s->cap, sizeof *s->slots);
		for (size_t i = 0; i < old.cap; i++)
			if (old.slots[i].a)
				*slot_of(s, old.slots[i]) = old.slots[i];
		free(old.slots);
	}
	slot = slot_of(s, h);
	if (slot->a)
		return 1;
	*slot = h;
	s->n++;
	return 0;
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
}
