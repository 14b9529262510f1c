/* reader - windows packed into rows of a batch without padding, and what the model says of their targets */
/* SPDX-License-Identifier: MIT */
#include "score/reader.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/size.h"
#include "kern/ops.h"
#include "kern/row.h"
#include "model/net/net.h"
#include "score/window.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LOGITS ((size_t)1 << 20)        /* floats of logits that are held at once */

struct reader {
	const struct model *model, *other;
	struct net *net, *net2;
	size_t      B, T, used, chunk;  /* used: positions of the B*T that are taken; chunk: rows of logits held */
	uint32_t   *tok, *start, *target, *at;
	uint64_t   *item;
	uint8_t    *wanted;
	float      *logp, *kl, *logits, *logits2;
	uint32_t   *best;
	uint8_t    *agree;
	size_t      first;              /* of the chunk at hand */
	void      (*tell)(void *, const struct reader_token *);
	void       *ctx;
};

struct reader *
reader_new(const struct model *m, const struct model *other, int B, int window,
    void (*tell)(void *, const struct reader_token *), void *ctx)
{
	struct reader *r = xcalloc(1, sizeof *r);
	size_t n = (size_t)B * (size_t)window, V = (size_t)m->cfg.V;

	*r = (struct reader){ .model = m, .other = other, .B = (size_t)B, .T = (size_t)window, .tell = tell, .ctx = ctx };
	r->net = net_of(m, B, window, NET_FORWARD);
	r->net2 = other ? net_of(other, B, window, NET_FORWARD) : NULL;
	r->chunk = LOGITS / V < 32 ? 32 : LOGITS / V;
	if (r->chunk > n)
		r->chunk = n;
	r->tok = xcalloc(n, sizeof *r->tok);
	r->start = xcalloc(n, sizeof *r->start);
	r->target = xcalloc(n, sizeof *r->target);
	r->item = xcalloc(n, sizeof *r->item);
	r->wanted = xcalloc(n, 1);
	r->logp = xcalloc(n, sizeof *r->logp);
	r->kl = xcalloc(n, sizeof *r->kl);
	r->best = xcalloc(n, sizeof *r->best);
	r->at = xcalloc(n, sizeof *r->at);
	r->agree = xcalloc(n, 1);
	r->logits = xreallocarray(NULL, r->chunk * V, sizeof *r->logits);
	r->logits2 = other ? xreallocarray(NULL, r->chunk * V, sizeof *r->logits2) : NULL;
	return r;
}

void
reader_free(struct reader *r)
{
	if (!r)
		return;
	net_free(r->net);
	if (r->net2)
		net_free(r->net2);
	free(r->tok);
	free(r->start);
	free(r->target);
	free(r->item);
	free(r->wanted);
	free(r->logp);
	free(r->kl);
	free(r->best);
	free(r->at);
	free(r->agree);
	free(r->logits);
	free(r->logits2);
	free(r);
}

/* Sum over the vocabulary of p (log p - log q), exactly. */
static float
divergence(const float *z, const float *y, size_t V)
{
	double kl = 0, p, q;

	p = row_log_sum(z, V, 1, row_largest(z, V));
	q = row_log_sum(y, V, 1, row_largest(y, V));
	for (size_t i = 0; i < V; i++)
		kl += exp(z[i] - p) * ((z[i] - p) - (y[i] - q));
	return (float)kl;
}

/* One row of the chunk: its likeliest token, and the divergence. */
static void
look(size_t i, void *ctx)
{
	struct reader *r = ctx;
	size_t V = (size_t)r->model->cfg.V, at = r->first + i;
	const float *z = r->logits + i * V, *y = r->other ? r->logits2 + i * V : NULL;

	if (!r->wanted[at])
		return;
	r->best[at] = row_likeliest(z, V, row_largest(z, V));
	if (y) {
		r->kl[at] = divergence(z, y, V);
		r->agree[at] = row_likeliest(y, V, row_largest(y, V)) == r->best[at];
	}
}

/* Rows [first, first + n): logits, and what is wanted of them. */
static void
chunk(struct reader *r, size_t first, size_t n)
{
	size_t V = (size_t)r->model->cfg.V;

	if (!memchr(r->wanted + first, 1, n))
		return;
	r->first = first;
	net_logits(r->net, r->model->w, first, n, r->logits);
	if (r->other)
		net_logits(r->net2, r->other->w, first, n, r->logits2);
	par_for(n, look, r);
	op_logp(r->logits, V, n, V, 1, r->target + first, NULL, r->logp + first, NULL);
}

void
reader_flush(struct reader *r)
{
	struct net_batch b = { (int)div_up(r->used, r->T), (int)r->T, r->tok, r->start };
	size_t n = (size_t)b.B * r->T;

	if (!r->used)
		return;
	for (size_t i = r->used; i < n; i++) {          /* what is left of the last row: each token alone */
		r->tok[i] = r->target[i] = 0;
		r->start[i] = (uint32_t)(i % r->T);
		r->wanted[i] = 0;
	}
	net_forward(r->net, r->model->w, &b);
	if (r->other)
		net_forward(r->net2, r->other->w, &b);
	for (size_t i = 0; i < n; i += r->chunk)
		chunk(r, i, n - i < r->chunk ? n - i : r->chunk);
	for (size_t i = 0; i < r->used; i++)
		if (r->wanted[i])
			r->tell(r->ctx, &(struct reader_token){ .item = r->item[i], .target = r->target[i], .at = r->at[i],
				.hit = r->best[i] == r->target[i], .agree = r->agree[i], .logp = r->logp[i], .kl = r->kl[i] });
	r->used = 0;
}

/* Room for a window of len tokens: in this row, or the next one, or in a new batch. */
static size_t
room(struct reader *r, size_t len)
{
	size_t left = r->T - r->used % r->T;

	if (left < len) {
		for (; left; left--, r->used++) {
			r->tok[r->used] = r->target[r->used] = 0;
			r->start[r->used] = (uint32_t)(r->used % r->T);
			r->wanted[r->used] = 0;
		}
	}
	if (r->used + len > r->B * r->T)
		reader_flush(r);
	r->used += len;
	return r->used - len;
}

void
reader_add(struct reader *r, uint64_t item, const struct item *it, size_t stride, int doc_mask)
{
	struct window w = { 0 };

	while (window_next(&w, it->n_tok, r->T, stride)) {
		size_t at = room(r, w.len), start = at % r->T, doc = 0;
		memcpy(r->tok + at, it->tok + w.first, w.len * sizeof *r->tok);
		memcpy(r->target + at, it->tok + w.first + 1, w.len * sizeof *r->tok);
		for (size_t i = 0; i < w.len; i++) {
			size_t t = w.first + i + 1;
			for (; doc_mask && doc < it->n_doc && it->end[doc] < t; doc++)
				if (it->end[doc] > w.first)
					start = at % r->T + it->end[doc] - w.first;
			r->start[at + i] = (uint32_t)start;
			r->item[at + i] = item;
			r->at[at + i] = (uint32_t)t;
			r->wanted[at + i] = (uint8_t)(t >= w.from && (!it->mask || it->mask[t]));
		}
	}
}

void
reader_add_halves(struct reader *r, uint64_t item, const struct item *it, int bos)
{
	size_t T = r->T;

	for (size_t first = 0; first + T <= it->n_tok; first += T) {
		size_t at = room(r, T), start = at % T;
		memcpy(r->tok + at, it->tok + first, T * sizeof *r->tok);
		if (bos >= 0)
			r->tok[at] = (uint32_t)bos;
		for (size_t i = 0; i < T; i++) {
			r->start[at + i] = (uint32_t)start;
			r->item[at + i] = item;
			r->at[at + i] = (uint32_t)(first + i + 1);
			r->wanted[at + i] = (uint8_t)(i >= T / 2 && i + 1 < T);
			r->target[at + i] = i + 1 < T ? it->tok[first + i + 1] : 0;
		}
	}
}
