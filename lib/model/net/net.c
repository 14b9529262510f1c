/* net - the arena of a step: sized from the configuration, laid out once */
/* SPDX-License-Identifier: MIT */
#include "base/size.h"
#include "model/model.h"
#include "model/net/net_int.h"
#include <stdlib.h>
#include <string.h>

/* Logits held at once, in floats: enough rows for the products to run at full speed, whatever the vocabulary. */
enum { HEAD_FLOATS = 32 << 20, HEAD_ROWS = 64 };

static size_t
head_chunk(const struct config *c, size_t rows)
{
	size_t n = (size_t)HEAD_FLOATS / (size_t)c->V / HEAD_ROWS * HEAD_ROWS;

	n = n < HEAD_ROWS ? HEAD_ROWS : n;
	return n < rows ? n : rows;
}

/* The next elements of 4 bytes. */
static void *
take(struct net *n, size_t count)
{
	return arena_plan(&n->arena, 4 * count);
}

static void
layout_acts(struct net *n, struct acts *a, size_t rows, int first)
{
	const struct config *c = &n->cfg;
	int half = n->half && n->grad == NET_GRAD;
	size_t C = (size_t)c->C;

	a->mid = take(n, rows * C);
	if (c->norm == NORM_LAYER) {
		a->mean1 = take(n, rows);
		a->mean2 = take(n, rows);
	}
	a->rstd1 = take(n, rows);
	a->rstd2 = take(n, rows);
	if (c->qk_norm) {
		a->qk.q_raw = take(n, rows * width_q(c));
		a->qk.k_raw = take(n, rows * width_kv(c));
		a->qk.q_rstd = take(n, rows * (size_t)c->H);
		a->qk.k_rstd = take(n, rows * (size_t)c->KV);
	}
	a->lse = take(n, rows * (size_t)c->H);
	if (first || !half) {
		a->qkv = take(n, rows * width_qkv(c));
		a->o = take(n, rows * width_q(c));
		a->pre = take(n, rows * width_up(c));
	}
	if (half) {
		a->qkv16 = take(n, (rows * width_qkv(c) + 1) / 2);
		a->o16 = take(n, (rows * width_q(c) + 1) / 2);
		a->pre16 = take(n, (rows * width_up(c) + 1) / 2);
	}
}

static void
layout_layers(struct net *n, size_t rows)
{
	size_t C = (size_t)n->cfg.C;
	struct acts a = { 0 };

	/* A layer's output is the next one's input; without a backward all use one buffer, for a layer's input is
	 * no longer read when its output is written. */
	for (int l = 0; l < n->cfg.L; l++) {
		if (!l || n->grad)
			a.x = take(n, rows * C);
		if (!l || n->grad == NET_GRAD)
			layout_acts(n, &a, rows, !l);
		if (n->layer)
			n->layer[l] = a;
	}
	n->last = n->grad ? take(n, rows * C) : a.x;
}

static void
layout_head(struct net *n, size_t rows)
{
	size_t C = (size_t)n->cfg.C, V = (size_t)n->cfg.V;

	n->chunk = head_chunk(&n->cfg, rows);
	n->row = take(n, rows);
	n->target = take(n, n->chunk);
	n->logits = take(n, n->chunk * V);
	n->x = take(n, n->chunk * C);
	n->coef = take(n, n->chunk);
	n->logp = take(n, n->chunk);
	n->entropy = take(n, n->chunk);
	if (n->grad)
		n->dx = take(n, n->chunk * C);
}

static void
layout(struct net *n)
{
	const struct config *c = &n->cfg;
	size_t rows = (size_t)n->B * (size_t)n->T, C = (size_t)c->C, P = virtual_count(n);

	if (c->pos == POS_ROPE) {
		n->cosine = take(n, ((size_t)n->T + P) * (size_t)c->D / 2);
		n->sine = take(n, ((size_t)n->T + P) * (size_t)c->D / 2);
	}
	n->tok = take(n, rows);
	n->pos = take(n, rows);
	n->start = take(n, rows);
	layout_layers(n, rows);
	if (c->norm == NORM_LAYER)
		n->mean_f = take(n, rows);
	n->rstd_f = take(n, rows);
	n->hidden = take(n, rows * C);
	n->normed = take(n, rows * C);
	n->act = take(n, rows * (size_t)c->F);
	if (c->qk_norm)
		n->tmp = take(n, rows * width_q(c));
	if (n->adapter && n->adapter->layer)
		n->u = take(n, rows * 3 * (size_t)n->adapter->r);
	n->seen = take(n, rows * P);
	if (!n->inner)
		layout_head(n, rows);
	if (!n->grad)
		return;
	n->dhidden = take(n, rows * C);
	n->dact = take(n, rows * (size_t)c->F);
	n->dpre = c->gated ? take(n, rows * width_up(c)) : n->dact;
	n->dres = take(n, rows * C);
	n->dnormed = take(n, rows * C);
	n->dqkv = take(n, rows * width_qkv(c));
	n->dout = take(n, rows * width_q(c));
	if (c->qk_norm)
		n->tmp2 = take(n, rows * width_q(c));
	n->dseen = take(n, rows * P);
	n->held_k = take(n, (size_t)c->L * P * width_q(c));
	n->held_v = take(n, (size_t)c->L * P * width_q(c));
	if (n->adapter && n->adapter->layer)
		n->du = take(n, rows * 3 * (size_t)n->adapter->r);
	if (c->tied && !n->adapter && !n->inner) {
		n->held = take(n, (size_t)c->V * C);
		n->touched = take(n, ((size_t)c->V + 3) / 4);
	}
}

int
net_half(const char *dtype)
{
	return !strcmp(dtype, "f32") ? 0 : !strcmp(dtype, "bf16") ? NET_BF16 : !strcmp(dtype, "f16") ? NET_F16 : -1;
}

static void
shape(struct net *n, const struct config *cfg, const struct adapter *a, int B, int T, int use)
{
	*n = (struct net){ .cfg = *cfg, .adapter = a, .B = B, .T = T, .grad = use & (NET_GRAD | NET_RECOMPUTE),
		.half = use & (NET_BF16 | NET_F16), .inner = use & NET_PROMPT };
	layout(n);
}

size_t
net_bytes(const struct model *m, int B, int T, int use)
{
	const struct adapter *a = m->adapter;
	size_t own = sizeof (struct net) + (size_t)m->cfg.L * sizeof (struct acts);
	struct net n;

	shape(&n, &m->cfg, a, B, T, use);
	own += n.arena.size;
	if (a && a->kind == ADAPTER_PROMPT) {
		shape(&n, &m->cfg, NULL, 1, a->r, NET_GRAD | NET_PROMPT);
		own += n.arena.size;
	}
	return own;
}

/* Of y (rows,N) = x (rows,K) W^T and its two gradients. */
static size_t
linear_scratch(size_t rows, size_t K, size_t N, int bf16)
{
	struct gemm fwd = { .M = rows, .N = N, .K = K, .bf16 = bf16 }, dx = { .M = rows, .N = K, .K = N, .bf16 = bf16 };
	struct gemm dw = { .M = N, .N = K, .K = rows, .bf16 = bf16 };

	return most(gemm_scratch(&fwd), most(gemm_scratch(&dx), gemm_scratch(&dw)));
}

size_t
net_scratch(const struct config *c, int B, int T, int use)
{
	size_t rows = (size_t)B * (size_t)T, C = (size_t)c->C, gemm;
	int bf16 = use & NET_BF16;

	gemm = most(linear_scratch(rows, C, width_qkv(c), bf16), linear_scratch(rows, width_q(c), C, bf16));
	gemm = most(gemm, most(linear_scratch(rows, C, width_up(c), bf16), linear_scratch(rows, (size_t)c->F, C, bf16)));
	gemm = most(gemm, linear_scratch(head_chunk(c, rows), C, (size_t)c->V, bf16));
	return (gemm + attn_scratch(&(struct attn){ .B = B, .T = T, .H = c->H, .KV = c->KV, .D = c->D })) * sizeof (float);
}

static struct net *
new(const struct config *cfg, const struct params *par, const struct adapter *a, int B, int T, int use)
{
	struct net *n = xmalloc(sizeof *n);
	size_t size;

	shape(n, cfg, a, B, T, use);
	size = n->arena.size;
	n->layer = xcalloc((size_t)cfg->L, sizeof *n->layer);
	n->par = par;
	arena_init(&n->arena, size);
	layout(n);
	if (n->cosine)
		rope_tables(cfg, T + (int)virtual_count(n), n->cosine, n->sine);
	if (a && a->kind == ADAPTER_PROMPT) {
		n->prompt = new(cfg, par, NULL, 1, a->r, NET_GRAD | NET_PROMPT);
		n->prompt->of = n;
	}
	return n;
}

struct net *
net_new(const struct config *cfg, const struct params *par, int B, int T, int use)
{
	return new(cfg, par, NULL, B, T, use);
}

struct net *
net_of(const struct model *m, int B, int T, int use)
{
	return new(&m->cfg, &m->par, m->adapter, B, T, use);
}

void
net_free(struct net *n)
{
	if (!n)
		return;
	arena_free(&n->arena);
	net_free(n->prompt);
	free(n->layer);
	free(n);
}

void
net_drop(struct net *n, const struct drop *d)
{
	n->drop = d ? *d : (struct drop){ 0 };
}

void
net_freeze(struct net *n, const uint8_t *frozen)
{
	n->frozen = n->adapter ? NULL : frozen;
}

const float *
net_hidden(const struct net *n)
{
	return n->hidden;
}

float *
net_dhidden(struct net *n)
{
	return n->dhidden;
}
