/* pick - N documents of a stream, each as likely as any other */
/* SPDX-License-Identifier: MIT */
#include "stream/look/pick.h"
#include "base/mem.h"
#include "base/order.h"
#include "base/rng.h"
#include <stdlib.h>

struct held {
	struct buf b;                   /* meta, then text */
	size_t     meta_len;
	uint64_t   at;                  /* its number in the stream */
};

struct pick {
	struct held *v;
	size_t       n, room, given;
	uint64_t     seen;
	struct rng   rng;
};

struct pick *
pick_new(size_t n, uint64_t seed)
{
	struct pick *p = xcalloc(1, sizeof *p);

	p->room = n;
	p->v = xcalloc(n + 1, sizeof *p->v);
	p->rng.key = rng_key(seed, 0, 0, 0x71cc);
	return p;
}

void
pick_add(struct pick *p, const struct doc *d)
{
	uint64_t place = p->n < p->room ? p->n++ : rng_below(&p->rng, p->seen + 1);
	struct held *h = p->v + place;

	p->seen++;
	if (place >= p->room)
		return;
	buf_clear(&h->b);
	buf_add(&h->b, d->meta, d->meta_len);
	buf_add(&h->b, d->text, d->text_len);
	h->meta_len = d->meta_len;
	h->at = p->seen;
}

static int
by_place(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return ORDER(x->at, y->at);
}

int
pick_next(struct pick *p, struct doc *d)
{
	const struct held *h = p->v + p->given;

	if (!p->given)
		qsort(p->v, p->n, sizeof *p->v, by_place);
	if (p->given == p->n)
		return 0;
	p->given++;
	*d = (struct doc){ .meta = h->b.p, .meta_len = h->meta_len, .text = h->b.p + h->meta_len, .text_len = h->b.n - h->meta_len };
	return 1;
}

void
pick_free(struct pick *p)
{
	for (size_t i = 0; i < p->n; i++)
		buf_free(&p->v[i].b);
	free(p->v), free(p);
}
