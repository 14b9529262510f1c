/* shelf - documents put aside in a temporary file, and had back by their number */
/* SPDX-License-Identifier: MIT */
#include "text/same/shelf.h"
#include "base/spool.h"
#include <stdlib.h>

struct shelf {
	struct spool *docs, *places;    /* two u32 lengths, meta, text; where each begins, u64 */
};

struct shelf *
shelf_new(struct err *err)
{
	struct shelf *s = xcalloc(1, sizeof *s);

	if ((s->docs = spool_new(err)) && (s->places = spool_new(err)))
		return s;
	shelf_free(s);
	return NULL;
}

int
shelf_put(struct shelf *s, const struct doc *d, struct err *err)
{
	uint64_t at = spool_size(s->docs);
	uint32_t size[2] = { (uint32_t)d->meta_len, (uint32_t)d->text_len };

	if (spool_put(s->places, &at, sizeof at, err) || spool_put(s->docs, size, sizeof size, err) ||
	    spool_put(s->docs, d->meta, d->meta_len, err))
		return -1;
	return spool_put(s->docs, d->text, d->text_len, err);
}

uint64_t
shelf_count(const struct shelf *s)
{
	return spool_size(s->places) / sizeof(uint64_t);
}

int
shelf_flush(struct shelf *s, struct err *err)
{
	return spool_flush(s->docs, err) || spool_flush(s->places, err) ? -1 : 0;
}

int
shelf_get(const struct shelf *s, uint64_t i, struct buf *meta, struct buf *text, struct err *err)
{
	uint64_t at;
	uint32_t size[2];

	if (spool_get(s->places, i * sizeof at, &at, sizeof at, err) || spool_get(s->docs, at, size, sizeof size, err))
		return -1;
	at += sizeof size;
	for (int part = 0; part < 2; at += size[part++]) {
		struct buf *b = part ? text : meta;

		if (!b)
			continue;
		buf_need(b, size[part]);
		if (spool_get(s->docs, at, b->p + b->n, size[part], err))
			return -1;
		b->n += size[part];
		b->p[b->n] = 0;
	}
	return 0;
}

void
shelf_free(struct shelf *s)
{
	if (!s)
		return;
	spool_free(s->docs);
	spool_free(s->places);
	free(s);
}
