/* shuffle - records or documents of tokens put aside, and given back in an order drawn from a seed */
/* SPDX-License-Identifier: MIT */
#include "stream/shard/shuffle.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/spool.h"
#include <stdlib.h>

/* In the file an item is: u32 n_tok, n_doc, whether there is a mask, 0 | tokens | ends | mask. */
struct shuffle {
	struct spool *spool;
	uint64_t     *at;
	size_t        n, cap;
};

struct shuffle *
shuffle_new(struct err *err)
{
	struct spool *spool = spool_new(err);
	struct shuffle *s;

	if (!spool)
		return NULL;
	s = xcalloc(1, sizeof *s);
	s->spool = spool;
	return s;
}

int
shuffle_put(struct shuffle *s, const struct item *it, struct err *err)
{
	uint32_t h[4] = { (uint32_t)it->n_tok, (uint32_t)it->n_doc, it->mask != NULL, 0 };

	VEC_PUSH(s->at, s->n, s->cap, spool_size(s->spool));
	if (spool_put(s->spool, h, sizeof h, err) || spool_put(s->spool, it->tok, 4 * it->n_tok, err) ||
	    spool_put(s->spool, it->end, 4 * it->n_doc, err))
		return -1;
	return it->mask ? spool_put(s->spool, it->mask, it->n_tok, err) : 0;
}

/* Item at `at`, its parts within *b. */
static int
item_get(const struct shuffle *s, uint64_t at, struct buf *b, struct item *it, struct err *err)
{
	uint32_t h[4];
	size_t n;

	if (spool_get(s->spool, at, h, sizeof h, err))
		return -1;
	n = 4 * ((size_t)h[0] + h[1]) + (h[2] ? h[0] : 0);
	buf_clear(b);
	buf_need(b, n + 1);
	if (spool_get(s->spool, at + sizeof h, b->p, n, err))
		return -1;
	it->n_tok = h[0];
	it->n_doc = h[1];
	it->tok = (const uint32_t *)(const void *)b->p;
	it->end = it->tok + h[0];
	it->mask = h[2] ? (const uint8_t *)(it->end + h[1]) : NULL;
	return 0;
}

int
shuffle_out(struct shuffle *s, uint64_t seed, void (*put)(void *, const struct item *), void *ctx, struct err *err)
{
	struct rng rng = { .key = seed, .n = 0 };
	struct buf b = { 0 };
	struct item it;
	int rc = 0;

	for (size_t i = s->n; i > 1; i--) {
		size_t j = (size_t)rng_below(&rng, i);
		uint64_t t = s->at[i - 1];

		s->at[i - 1] = s->at[j];
		s->at[j] = t;
	}
	for (size_t i = 0; i < s->n && !(rc = item_get(s, s->at[i], &b, &it, err)); i++)
		put(ctx, &it);
	buf_free(&b);
	return rc;
}

void
shuffle_free(struct shuffle *s)
{
	if (!s)
		return;
	spool_free(s->spool);
	free(s->at);
	free(s);
}
