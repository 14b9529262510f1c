/* head - logits, log-probabilities and their gradients, some rows at a time */
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "kern/ops.h"
#include "model/net/net_int.h"
#include <string.h>

struct gather {
	const struct net *n;
	const uint32_t *row;
	float *to;
	const float *from;
};

static void
gather_row(size_t i, void *ctx)
{
	const struct gather *g = ctx;
	size_t C = (size_t)g->n->cfg.C;

	memcpy(g->to + i * C, g->from + g->row[i] * C, C * sizeof *g->to);
}

static void
scatter_row(size_t i, void *ctx)
{
	const struct gather *g = ctx;
	size_t C = (size_t)g->n->cfg.C;
	float *to = g->to + g->row[i] * C;
	const float *from = g->from + i * C;

	for (size_t c = 0; c < C; c++)
		to[c] += from[c];
}

/* The hidden states of rows row[0..m), where they stand or gathered in x. */
static const float *
hidden_rows(struct net *n, const uint32_t *row, size_t m)
{
	if (row[m-1] - row[0] == m - 1)                 /* row ascends: no gap */
		return n->hidden + row[0] * (size_t)n->cfg.C;
	par_for(m, gather_row, &(struct gather){ n, row, n->x, n->hidden });
	return n->x;
}

/* Their logits, in n->logits. */
static const float *
logits_of(struct net *n, const float *w, const uint32_t *row, size_t m)
{
	const float *x = hidden_rows(n, row, m);

	linear_fwd(n->logits, x, m, (size_t)n->cfg.C, (size_t)n->cfg.V, w + n->par->head, NULL, NULL, n->linear);
	return x;
}

/* Rows row[0..m) of the batch; coef NULL: no gradients. */
static void
head_chunk(struct net *n, const float *w, float *g, const struct net_head *h, const uint32_t *row, size_t m,
		const float *coef)
{
	size_t C = (size_t)n->cfg.C, V = (size_t)n->cfg.V;
	const struct net_teacher *t = coef ? h->teacher : NULL;
	const float *x = logits_of(n, w, row, m);

	for (size_t i = 0; i < m; i++) {
		n->target[i] = h->target[row[i]];
		n->coef[i] = coef ? coef[row[i]] : 0;
	}
	if (t) {
		logits_of(t->net, t->w, row, m);
		op_distill(n->logits, t->net->logits, m, V, &t->by, n->target, n->coef, n->logp);
	} else {
		op_logp(n->logits, V, m, V, h->scale, n->target, coef ? n->coef : NULL, n->logp, h->entropy ? n->entropy : NULL);
	}
	for (size_t i = 0; i < m; i++) {
		if (coef && n->coef[i] == 0)
			continue;
		h->logp[row[i]] = n->logp[i];
		if (h->entropy)
			h->entropy[row[i]] = n->entropy[i];
	}
	if (!coef)
		return;
	linear_bwd(n->dx, n->adapter ? NULL : net_grad(n, g, n->par->head, 1), NULL, n->logits, x, w + n->par->head, m, C, V, n->linear);
	par_for(m, scatter_row, &(struct gather){ n, row, n->dhidden, n->dx });
}

static void
head_rows(struct net *n, const float *w, float *g, const struct net_head *h, size_t count, const float *coef)
{
	for (size_t i = 0; i < count; i += n->chunk)
		head_chunk(n, w, g, h, n->row + i, count - i < n->chunk ? count - i : n->chunk, coef);
}

void
net_head(struct net *n, const float *w, float *g, const struct net_head *h)
{
	size_t rows = (size_t)n->b * (size_t)n->t, count = 0, pair = n->linear == LINEAR_BF16;

	memset(h->logp, 0, rows * sizeof *h->logp);
	if (h->entropy)
		memset(h->entropy, 0, rows * sizeof *h->entropy);
	if (h->coef) {
		for (size_t i = 0; i < rows; i++)
			if (h->coef[i] != 0 || h->coef[i ^ pair] != 0)
				n->row[count++] = (uint32_t)i;
		head_rows(n, w, g, h, count, h->coef);
		count = 0;
	}
	if (h->coef && !h->all)
		return;
	for (size_t i = 0; i < rows; i++)
		if ((!h->coef || h->coef[i] == 0) && (!h->want || h->want[i]))
			n->row[count++] = (uint32_t)i;
	head_rows(n, w, g, h, count, NULL);
}

void
net_logits(struct net *n, const float *w, size_t first, size_t count, float *logits)
{
	size_t C = (size_t)n->cfg.C;

	linear_fwd(logits, n->hidden + first * C, count, C, (size_t)n->cfg.V, w + n->par->head, NULL, NULL,
			n->linear);
}
