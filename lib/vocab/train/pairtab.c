/* pairtab - pairs of symbols, their counts, and where in all words they are */
/* SPDX-License-Identifier: MIT */
#include "vocab/train/pairtab.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

static uint32_t *
slot_of(const struct pairtab *t, uint32_t a, uint32_t b)
{
	uint64_t key = (uint64_t)a << 32 | b;
	size_t s = (size_t)(key * 0x9e3779b97f4a7c15u >> 24) & t->mask;

	while (t->slot[s] != UINT32_MAX && (t->v[t->slot[s]].a != a || t->v[t->slot[s]].b != b))
		s = (s + 1) & t->mask;
	return t->slot + s;
}

static void
grow(struct pairtab *t)
{
	t->mask = t->mask ? 2 * t->mask + 1 : 65535;
	t->slot = xreallocarray(t->slot, t->mask + 1, sizeof *t->slot);
	memset(t->slot, 255, (t->mask + 1) * sizeof *t->slot);
	for (size_t i = 0; i < t->n; i++)
		*slot_of(t, t->v[i].a, t->v[i].b) = (uint32_t)i;
}

struct pair *
pairtab_of(struct pairtab *t, uint32_t a, uint32_t b)
{
	struct pair fresh = { .a = a, .b = b };
	uint32_t *slot;

	if (2 * t->n >= t->mask)
		grow(t);
	slot = slot_of(t, a, b);
	if (*slot == UINT32_MAX) {
		*slot = (uint32_t)t->n;
		VEC_PUSH(t->v, t->n, t->cap, fresh);
	}
	return t->v + *slot;
}

void
pairtab_free(struct pairtab *t)
{
	free(t->v), free(t->slot);
}
