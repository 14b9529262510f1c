/* symbols - what BPE training joins, told by their bytes */
/* SPDX-License-Identifier: MIT */
#include "vocab/train/symbols.h"
#include "vocab/table.h"
#include <stdlib.h>
#include <string.h>

static uint32_t *
slot_of(const struct symbols *s, const char *bytes, size_t n)
{
	uint32_t i;
	size_t h;

	for (h = (size_t)table_hash(bytes, n) & s->mask; (i = s->slot[h]) != UINT32_MAX; h = (h + 1) & s->mask)
		if (s->v[i].len == n && !memcmp(s->pool.p + s->v[i].at, bytes, n))
			break;
	return s->slot + h;
}

static void
grow(struct symbols *s)
{
	s->mask = s->mask ? 2 * s->mask + 1 : 1023;
	s->slot = xreallocarray(s->slot, s->mask + 1, sizeof *s->slot);
	memset(s->slot, 255, (s->mask + 1) * sizeof *s->slot);
	for (size_t i = 0; i < s->n; i++)
		if (!s->v[i].special)
			*slot_of(s, s->pool.p + s->v[i].at, s->v[i].len) = (uint32_t)i;
}

void
symbols_add(struct symbols *s, const char *bytes, size_t n, int special)
{
	struct symbol fresh = { s->pool.n, (uint32_t)n, 1, special };

	if (2 * s->n >= s->mask)
		grow(s);
	if (!special)
		*slot_of(s, bytes, n) = (uint32_t)s->n;
	buf_add(&s->pool, bytes, n);
	VEC_PUSH(s->v, s->n, s->cap, fresh);
}

uint32_t
symbols_join(struct symbols *s, uint32_t a, uint32_t b)
{
	size_t n = (size_t)s->v[a].len + s->v[b].len;
	char *bytes = xmalloc(n);
	uint32_t id;

	memcpy(bytes, s->pool.p + s->v[a].at, s->v[a].len);
	memcpy(bytes + s->v[a].len, s->pool.p + s->v[b].at, s->v[b].len);
	id = *slot_of(s, bytes, n);
	if (id == UINT32_MAX) {
		id = (uint32_t)s->n;
		symbols_add(s, bytes, n, 0);
		s->v[id].width = s->v[a].width + s->v[b].width;
	}
	free(bytes);
	return id;
}

int
symbols_compare(const struct symbols *s, uint32_t a, uint32_t b)
{
	uint32_t la = s->v[a].len, lb = s->v[b].len;
	int c = memcmp(s->pool.p + s->v[a].at, s->pool.p + s->v[b].at, la < lb ? la : lb);

	return c ? c : (la > lb) - (la < lb);
}

void
symbols_free(struct symbols *s)
{
	buf_free(&s->pool);
	free(s->v), free(s->slot);
}
