/* pack - documents of any length into records of exactly T+1 tokens */
/* SPDX-License-Identifier: MIT */
#include "stream/shard/pack.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

struct record {
	uint32_t *tok, *end;
	uint8_t  *mask;
	size_t    n, n_doc, cap_doc;
};

struct pack {
	size_t         len;             /* T + 1 */
	enum pack_how  how;
	uint32_t       fill;
	pack_put      *put;
	void          *ctx;
	struct record *open;            /* oldest first */
	size_t         n_open, n_made;
	uint64_t       filled;
};

struct pack *
pack_new(size_t T, enum pack_how how, uint32_t fill, pack_put *put, void *ctx)
{
	struct pack *p = xcalloc(1, sizeof *p);

	p->len = T + 1;
	p->how = how;
	p->fill = fill;
	p->put = put;
	p->ctx = ctx;
	p->open = xcalloc(how == PACK_CONCAT ? 1 : PACK_OPEN, sizeof *p->open);
	return p;
}

/* One more open record, empty; the memory of those given out before is used again. */
static struct record *
record_open(struct pack *p)
{
	struct record *r = &p->open[p->n_open++];

	if (p->n_open > p->n_made) {
		r->tok = xmalloc(p->len * sizeof *r->tok);
		r->mask = xmalloc(p->len);
		p->n_made = p->n_open;
	}
	r->n = r->n_doc = 0;
	return r;
}

static void
record_add(struct record *r, const uint32_t *tok, const uint8_t *mask, size_t n, int begins, int ends)
{
	memcpy(r->tok + r->n, tok, n * sizeof *tok);
	if (mask)
		memcpy(r->mask + r->n, mask, n);
	else
		memset(r->mask + r->n, 1, n);
	if (begins)
		r->mask[r->n] = 0;
	r->n += n;
	if (ends)
		VEC_PUSH(r->end, r->n_doc, r->cap_doc, (uint32_t)r->n);
}

static void
record_close(struct pack *p, size_t i)
{
	struct record r = p->open[i];

	p->n_open--;
	memmove(&p->open[i], &p->open[i + 1], (p->n_open - i) * sizeof r);
	p->open[p->n_open] = r;
}

/* Fills up record i, gives it out and closes the gap. */
static void
record_out(struct pack *p, size_t i)
{
	struct record r = p->open[i];

	p->filled += p->len - r.n;
	for (size_t j = r.n; j < p->len; j++)
		r.tok[j] = p->fill;
	memset(r.mask + r.n, 0, p->len - r.n);
	p->put(p->ctx, r.tok, r.mask, r.end, r.n_doc);
	record_close(p, i);
}

static void
concat_doc(struct pack *p, const uint32_t *tok, const uint8_t *mask, size_t n)
{
	for (size_t i = 0; i < n; ) {
		struct record *r = p->n_open ? &p->open[0] : record_open(p);
		size_t take;

		if (r->n == p->len) {
			uint32_t last = r->tok[r->n - 1];
			int ended = r->n_doc && r->end[r->n_doc - 1] == r->n;

			record_out(p, 0);
			r = record_open(p);
			record_add(r, &last, NULL, 1, 1, ended);
		}
		take = n - i < p->len - r->n ? n - i : p->len - r->n;
		record_add(r, tok + i, mask ? mask + i : NULL, take, i == 0, i + take == n);
		i += take;
	}
}

/* The open record in which n tokens leave the least room, the oldest of equals; PACK_OPEN when there is none. */
static size_t
best_fit(const struct pack *p, size_t n)
{
	size_t best = PACK_OPEN, room = SIZE_MAX;

	for (size_t i = 0; i < p->n_open; i++) {
		size_t left = p->len - p->open[i].n;

		if (left >= n && left < room) {
			best = i;
			room = left;
		}
	}
	return best;
}

static void
best_fit_doc(struct pack *p, const uint32_t *tok, const uint8_t *mask, size_t n)
{
	size_t i;

	while (n > 0) {
		size_t take = n < p->len ? n : p->len;

		i = best_fit(p, take);
		if (i == PACK_OPEN) {
			if (p->n_open == PACK_OPEN)
				record_out(p, best_fit(p, 0));
			i = p->n_open;
			record_open(p);
		}
		/* no piece's first token is a target: a later one's was it at the end of the piece before */
		record_add(&p->open[i], tok, mask, take, 1, take == n);
		if (p->open[i].n == p->len)
			record_out(p, i);
		if (take == n)
			break;
		tok += take - 1;
		mask = mask ? mask + (take - 1) : NULL;
		n -= take - 1;
	}
}

void
pack_doc(struct pack *p, const uint32_t *tok, const uint8_t *mask, size_t n)
{
	if (p->how == PACK_CONCAT)
		concat_doc(p, tok, mask, n);
	else
		best_fit_doc(p, tok, mask, n);
}

void
pack_end(struct pack *p)
{
	while (p->n_open) {
		if (p->open[0].n > 1)
			record_out(p, 0);
		else
			record_close(p, 0);     /* a lone first token: nothing to predict */
	}
}

uint64_t
pack_filled(const struct pack *p)
{
	return p->filled;
}

void
pack_free(struct pack *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_made; i++) {
		free(p->open[i].tok);
		free(p->open[i].mask);
		free(p->open[i].end);
	}
	free(p->open);
	free(p);
}
