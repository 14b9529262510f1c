/* net_fwd - from tokens to the hidden states after the final norm */
/* SPDX-License-Identifier: MIT */
#include "kern/ops.h"
#include "model/net/net_int.h"
#include <math.h>
#include <string.h>

static void
take_batch(struct net *n, const struct net_batch *b)
{
	size_t rows = (size_t)b->B * (size_t)b->T;

	n->b = b->B;
	n->t = b->T;
	n->packed = b->start != NULL;
	n->linear = !n->half ? LINEAR_F32 : n->half == NET_F16 ? LINEAR_F16 : b->T % 2 ? LINEAR_BF16_DX : LINEAR_BF16;
	memcpy(n->tok, b->tok, rows * sizeof *n->tok);
	for (size_t i = 0; i < rows; i++) {
		n->start[i] = b->start ? b->start[i] : 0;
		n->pos[i] = (uint32_t)(i % (size_t)b->T) - n->start[i] + (uint32_t)virtual_count(n);
	}
}

void
net_dropped(const struct net *n, float *y, const float *x, const float *residual, enum drop_site place, int l)
{
	op_drop(y, x, residual, (size_t)n->b, (size_t)n->t, (size_t)n->cfg.C, &n->drop, (uint64_t)(place + l * DROP_LAYER));
}

struct attn
net_attention(const struct net *n, int l)
{
	const struct config *c = &n->cfg;
	const struct acts *a = &n->layer[l];

	return (struct attn){ .B = n->b, .T = n->t, .H = c->H, .KV = c->KV, .D = c->D,
		.q = a->qkv, .k = a->qkv + width_q(c), .v = a->qkv + width_q(c) + width_kv(c), .ld = width_qkv(c),
		.start = n->packed ? n->start : NULL, .window = c->window, .scale = 1 / sqrtf((float)c->D),
		.drop = n->drop.p > 0 ? &n->drop : NULL, .site = (uint64_t)(DROP_PROB + l * DROP_LAYER), .o = a->o, .lse = a->lse };
}

/* y (rows,ld) += the adapter's part there, if it has one. */
static void
branch(struct net *n, int l, enum branch_at at, float *y, size_t ld, const float *x, size_t K)
{
	const struct branch *b = branch_of(n, l, at);

	if (b)
		branch_fwd(n->adapter, b, y, ld, x, (size_t)n->b * (size_t)n->t, K, n->u);
}

/* The up projection and activation, with the branch between them. */
static void
up(struct net *n, const float *w, int l, size_t rows)
{
	const struct config *c = &n->cfg;
	const struct layer_offsets *lo = &n->par->layer[l];
	float *pre = n->layer[l].pre;
	size_t C = (size_t)c->C, N = width_up(c);

	if (!branch_of(n, l, BRANCH_UP)) {
		up_fwd(c, w + lo->up, weights_at(w, lo->up_b), n->act, pre, n->normed, rows, n->linear);
		return;
	}
	linear_fwd(pre, n->normed, rows, C, N, w + lo->up, weights_at(w, lo->up_b), NULL, n->linear);
	branch(n, l, BRANCH_UP, pre, N, n->normed, C);
	act_again(c, n->act, pre, rows);
}

void
net_layer(struct net *n, const float *w, int l, float *out)
{
	const struct config *c = &n->cfg;
	const struct layer_offsets *lo = &n->par->layer[l];
	const struct acts *a = &n->layer[l];
	size_t rows = (size_t)n->b * (size_t)n->t, C = (size_t)c->C;
	struct attn at = net_attention(n, l);
	int drop = n->drop.p > 0;

	norm_fwd(c, w, lo->norm1, lo->norm1_b, n->normed, a->mean1, a->rstd1, a->x, rows);
	linear_fwd(a->qkv, n->normed, rows, C, width_qkv(c), w + lo->qkv, weights_at(w, lo->qkv_b), NULL, n->linear);
	branch(n, l, BRANCH_QKV, a->qkv, width_qkv(c), n->normed, C);
	if (c->qk_norm)
		qk_norm_fwd(c, w, lo, a->qkv, rows, &a->qk, n->tmp);
	if (c->pos == POS_ROPE)
		op_rope(a->qkv, width_qkv(c), rows, (size_t)(c->H + c->KV), (size_t)c->D, n->pos, n->cosine, n->sine, 0);
	if (n->half)
		op_round(a->qkv16, a->qkv, rows * width_qkv(c), n->half == NET_F16);
	attn_fwd(&at);
	if (virtual_count(n))
		virtual_fwd(n, l);
	if (n->half)
		op_round(a->o16, a->o, rows * width_q(c), n->half == NET_F16);
	linear_fwd(a->mid, a->o, rows, width_q(c), C, w + lo->o, weights_at(w, lo->o_b), drop ? NULL : a->x, n->linear);
	branch(n, l, BRANCH_O, a->mid, C, a->o, width_q(c));
	if (drop)
		net_dropped(n, a->mid, a->mid, a->x, DROP_ATTN, l);

	norm_fwd(c, w, lo->norm2, lo->norm2_b, n->normed, a->mean2, a->rstd2, a->mid, rows);
	up(n, w, l, rows);
	if (n->half)
		op_round(a->pre16, a->pre, rows * width_up(c), n->half == NET_F16);
	if (!out)
		return;
	linear_fwd(out, n->act, rows, (size_t)c->F, C, w + lo->down, weights_at(w, lo->down_b), drop ? NULL : a->mid,
			n->linear);
	branch(n, l, BRANCH_DOWN, out, C, n->act, (size_t)c->F);
	if (drop)
		net_dropped(n, out, out, a->mid, DROP_FFN, l);
	branch(n, l, BRANCH_FFN, out, C, n->normed, C);
}

void
net_forward(struct net *n, const float *w, const struct net_batch *b)
{
	const struct config *c = &n->cfg;
	const struct params *p = n->par;
	size_t rows = (size_t)b->B * (size_t)b->T;

	take_batch(n, b);
	n->w = w;
	if (n->prompt)
		virtual_run(n->prompt, w, n->adapter->w);
	embed_fwd(n->layer[0].x, w + p->tok, n->tok, c->pos == POS_LEARNED ? w + p->pos : NULL, n->pos, rows, (size_t)c->C);
	if (n->drop.p > 0)
		net_dropped(n, n->layer[0].x, n->layer[0].x, NULL, DROP_EMBED, 0);
	for (int l = 0; l < c->L; l++)
		net_layer(n, w, l, l + 1 < c->L ? n->layer[l+1].x : n->last);
	norm_fwd(c, w, p->norm_f, p->norm_f_b, n->hidden, n->mean_f, n->rstd_f, n->last, rows);
	if (n->grad)
		memset(n->dhidden, 0, rows * (size_t)c->C * sizeof *n->dhidden);
}
