/* net_bwd - from the hidden states' gradient back to every weight */
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "base/size.h"
#include "kern/ops.h"
#include "model/net/net_int.h"
#include <string.h>

/* dx (rows,K) += the way through the adapter's part there, if it has one. */
static void
branch(struct net *n, int l, enum branch_at at, float *dx, const float *dy, size_t ld, const float *x, size_t K)
{
	const struct branch *b = branch_of(n, l, at);

	if (b)
		branch_bwd(n->adapter, b, n->ga, dx, dy, ld, x, (size_t)n->b * (size_t)n->t, K, n->u, n->du);
}

float *
net_grad(const struct net *n, float *g, size_t offset, size_t count)
{
	int wanted = !n->frozen;

	for (int i = 0; !wanted && i < n->par->n; i++)
		wanted = n->par->v[i].offset >= offset && n->par->v[i].offset < offset + count && !n->frozen[i];
	return g && wanted ? g + offset : NULL;
}

/* The gradient of what a part of layer l added to the residual stream: dres itself, or what dropout leaves of it. */
static const float *
dadded(struct net *n, enum drop_site place, int l)
{
	if (n->drop.p <= 0)
		return n->dres;
	net_dropped(n, n->dnormed, n->dres, NULL, place, l);
	return n->dnormed;
}

/* dres += the way through the feed-forward part; g NULL: the model's weights have no gradients. */
static void
ffn_bwd(struct net *n, const float *w, float *g, int l)
{
	const struct config *c = &n->cfg;
	const struct layer_offsets *lo = &n->par->layer[l];
	const struct acts *a = &n->layer[l];
	size_t rows = (size_t)n->b * (size_t)n->t, C = (size_t)c->C;
	const float *dy = dadded(n, DROP_FFN, l);

	act_again(c, n->act, a->pre, rows);
	linear_bwd(n->dact, net_grad(n, g, lo->down, C * (size_t)c->F), grad_at(g, lo->down_b), dy, n->act, w + lo->down, rows, (size_t)c->F, C, n->linear);
	branch(n, l, BRANCH_DOWN, n->dact, dy, C, n->act, (size_t)c->F);
	act_back(c, n->dpre, n->dact, a->pre, rows);
	norm_fwd(c, w, lo->norm2, lo->norm2_b, n->normed, a->mean2, a->rstd2, a->mid, rows);
	linear_bwd(n->dnormed, net_grad(n, g, lo->up, C * width_up(c)), grad_at(g, lo->up_b), n->dpre, n->normed, w + lo->up, rows, C, width_up(c), n->linear);
	branch(n, l, BRANCH_UP, n->dnormed, n->dpre, width_up(c), n->normed, C);
	branch(n, l, BRANCH_FFN, n->dnormed, n->dres, C, n->normed, C);
	norm_bwd(c, w, g, lo->norm2, lo->norm2_b, n->dres, n->dnormed, a->mid, a->mean2, a->rstd2, rows);
}

/* dres += the way through attention. */
static void
attention_bwd(struct net *n, const float *w, float *g, int l)
{
	const struct config *c = &n->cfg;
	const struct layer_offsets *lo = &n->par->layer[l];
	const struct acts *a = &n->layer[l];
	size_t rows = (size_t)n->b * (size_t)n->t, C = (size_t)c->C, ld = width_qkv(c);
	size_t k = width_q(c), v = k + width_kv(c);
	struct attn at = net_attention(n, l);
	const float *dy = dadded(n, DROP_ATTN, l);

	linear_bwd(n->dout, net_grad(n, g, lo->o, C * width_q(c)), grad_at(g, lo->o_b), dy, a->o, w + lo->o, rows, width_q(c), C, n->linear);
	branch(n, l, BRANCH_O, n->dout, dy, C, a->o, width_q(c));
	attn_bwd(&at, n->dout, n->dqkv, n->dqkv + k, n->dqkv + v);
	if (virtual_count(n))
		virtual_bwd(n, l);
	if (n->of)
		virtual_take(n->of, l, n->dqkv + k, n->dqkv + v, ld);
	if (c->pos == POS_ROPE)
		op_rope(n->dqkv, ld, rows, (size_t)(c->H + c->KV), (size_t)c->D, n->pos, n->cosine, n->sine, 1);
	if (c->qk_norm)
		qk_norm_bwd(c, w, g, lo, n->dqkv, rows, &a->qk, n->tmp, n->tmp2);
	norm_fwd(c, w, lo->norm1, lo->norm1_b, n->normed, a->mean1, a->rstd1, a->x, rows);
	linear_bwd(n->dnormed, net_grad(n, g, lo->qkv, C * ld), grad_at(g, lo->qkv_b), n->dqkv, n->normed, w + lo->qkv, rows, C, ld, n->linear);
	branch(n, l, BRANCH_QKV, n->dnormed, n->dqkv, ld, n->normed, C);
	norm_bwd(c, w, g, lo->norm1, lo->norm1_b, n->dres, n->dnormed, a->x, a->mean1, a->rstd1, rows);
}

/* What all layers share becomes again what it was for one. */
static void
restore(const struct net *n, const struct acts *a, size_t rows)
{
	const struct config *c = &n->cfg;
	int f16 = n->half == NET_F16;

	op_widen(a->qkv, a->qkv16, rows * width_qkv(c), f16);
	op_widen(a->o, a->o16, rows * width_q(c), f16);
	op_widen(a->pre, a->pre16, rows * width_up(c), f16);
}

void
net_backward(struct net *n, const float *w, float *g)
{
	const struct config *c = &n->cfg;
	const struct params *p = n->par;
	size_t rows = (size_t)n->b * (size_t)n->t, C = (size_t)c->C;

	n->ga = n->adapter ? g : NULL;
	g = n->adapter ? NULL : g;
	memset(n->dres, 0, rows * C * sizeof *n->dres);
	norm_bwd(c, w, g, p->norm_f, p->norm_f_b, n->dres, n->dhidden, n->last, n->mean_f, n->rstd_f, rows);
	for (int l = c->L; l-- > 0; ) {
		if (n->grad == NET_RECOMPUTE && l + 1 < c->L)   /* those of the last layer are still there */
			net_layer(n, w, l, NULL);
		else if (n->layer[l].qkv16 && l + 1 < c->L)
			restore(n, &n->layer[l], rows);
		ffn_bwd(n, w, g, l);
		attention_bwd(n, w, g, l);
	}
	if (!g)
		return;
	if (n->drop.p > 0)
		net_dropped(n, n->dres, n->dres, NULL, DROP_EMBED, 0);
	if (c->pos == POS_LEARNED && net_grad(n, g, p->pos, 1))
		embed_bwd(g + p->pos, n->pos, n->dres, rows, C);
	if (!net_grad(n, g, p->tok, 1))
		return;
	embed_bwd(n->held ? n->held : g + p->tok, n->tok, n->dres, rows, C);
	if (n->held)
		for (size_t i = 0; i < rows; i++)
			n->touched[n->tok[i]] = 1;
}

enum { HELD_ROWS = 1024 };

struct held {
	struct net *n;
	float *g;
};

static void
hand_over(size_t block, void *ctx)
{
	const struct held *h = ctx;
	size_t C = (size_t)h->n->cfg.C, V = (size_t)h->n->cfg.V;
	size_t end = (block + 1) * HELD_ROWS < V ? (block + 1) * HELD_ROWS : V;

	for (size_t v = block * HELD_ROWS; v < end; v++) {
		float *from = h->n->held + v * C, *to = h->g + v * C;
		if (!h->n->touched[v])
			continue;
		for (size_t c = 0; c < C; c++)
			to[c] += from[c];
		memset(from, 0, C * sizeof *from);
		h->n->touched[v] = 0;
	}
}

/* What all sequences of the step want of a prompt, back to its rows. */
static void
prompt_bwd(struct net *n, float *g)
{
	size_t C = (size_t)n->cfg.C;

	memset(n->dres, 0, (size_t)n->T * C * sizeof *n->dres);
	for (int l = n->cfg.L; l-- > 0; ) {
		ffn_bwd(n, n->of->w, NULL, l);
		attention_bwd(n, n->of->w, NULL, l);
	}
	op_blend(g, 1, n->dres, 1, (size_t)n->T * C);
}

void
net_finish(struct net *n, float *g)
{
	size_t kv = width_kv(&n->cfg), L = (size_t)n->cfg.L;

	if (n->prompt)
		prompt_bwd(n->prompt, g);
	else if (virtual_count(n))
		for (size_t l = 0; l < L; l++)
			virtual_take(n, (int)l, g + 2 * l * kv, g + 2 * l * kv + kv, 2 * L * kv);
	if (n->held)
		par_for(div_up((size_t)n->cfg.V, HELD_ROWS), hand_over, &(struct held){ n, g + n->par->tok });
}
