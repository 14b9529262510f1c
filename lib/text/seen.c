/* seen - what was there before */
/* SPDX-License-Identifier: MIT */
#include "text/seen.h"
#include "base/mem.h"
#include "base/rng.h"
#include <stdlib.h>

struct seen_slot {
	struct hash128 h;
	uint32_t       id, used;
};

struct hash128
hash128(const void *p, size_t n)
{
	return (struct hash128){ rng_hash(p, n, 0x6c6d), rng_hash(p, n, 0x646f63) };
}

static struct seen_slot *
slot_of(const struct seen *s, struct hash128 h)
{
	size_t i = (size_t)(h.a ^ h.b >> 32) & (s->cap - 1);

	while (s->slots[i].used && (s->slots[i].h.a != h.a || s->slots[i].h.b != h.b))
		i = (i + 1) & (s->cap - 1);
	return &s->slots[i];
}

int
seen_put(struct seen *s, struct hash128 h, uint32_t *id)
{
	struct seen_slot *slot;

	if (2 * s->n >= s->cap) {
		struct seen old = *s;

		s->cap = old.cap ? 2 * old.cap : 1024;
		s->slots = xcalloc(s->cap, sizeof *s->slots);
		for (size_t i = 0; i < old.cap; i++)
			if (old.slots[i].used)
				*slot_of(s, old.slots[i].h) = old.slots[i];
		free(old.slots);
	}
	slot = slot_of(s, h);
	if (slot->used) {
		*id = slot->id;
		return 1;
	}
	*slot = (struct seen_slot){ h, *id, 1 };
	s->n++;
	return 0;
}

void
seen_free(struct seen *s)
{
	free(s->slots);
}
