/* virtual - tokens that are but keys and values before every sequence: prompt and prefix tuning */
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "kern/ops.h"
#include "model/model.h"
#include "model/net/net_int.h"
#include <math.h>
#include <string.h>

/* A prompt (Lester et al. 2021) stands before all that it acts on, so that what a layer makes of it does not depend on
 * the sequences: it runs through the layers once for all of them, and its gradient goes back once a step, from the
 * sums over all that looked at it.  A prefix (Li & Liang 2021) is such keys and values themselves. */

/* Of layer l: token p's keys and values (KV*D) are p * ld further on. */
struct keys {
	const float *k, *v;
	size_t       ld;
};

static struct keys
keys_of(const struct net *n, int l)
{
	const struct config *c = &n->cfg;
	size_t kv = width_kv(c), q = width_q(c);
	const float *at;

	if (n->prompt) {
		at = n->prompt->layer[l].qkv;
		return (struct keys){ at + q, at + q + kv, width_qkv(c) };
	}
	at = n->adapter->w + (size_t)l * 2 * kv;
	return (struct keys){ at, at + kv, 2 * (size_t)c->L * kv };
}

/* One head's rows. */
struct look {
	const struct net  *n;
	const struct acts *a;
	size_t       h;
	float       *s, *ds;            /* (rows,P) */
	const float *dout;
};

static float *
lse_of(const struct look *k, size_t row)
{
	size_t t = (size_t)k->n->t;

	return k->a->lse + (row / t * (size_t)k->n->cfg.H + k->h) * t + row % t;
}

/* s becomes probabilities, what the row has from its own sequence loses as much, and lse is that of both. */
static void
merge_row(size_t r, void *ctx)
{
	const struct look *k = ctx;
	size_t P = (size_t)k->n->adapter->r, D = (size_t)k->n->cfg.D;
	float *s = k->s + r * P, *o = k->a->o + r * width_q(&k->n->cfg) + k->h * D, *lse = lse_of(k, r);
	float scale = 1 / sqrtf((float)D), top = *lse, sum, own = *lse;

	for (size_t i = 0; i < P; i++) {
		s[i] *= scale;
		top = s[i] > top ? s[i] : top;
	}
	sum = expf(own - top);
	for (size_t i = 0; i < P; i++)
		sum += expf(s[i] - top);
	*lse = top + logf(sum);
	for (size_t i = 0; i < P; i++)
		s[i] = expf(s[i] - *lse);
	own = expf(own - *lse);
	for (size_t i = 0; i < D; i++)
		o[i] *= own;
}

/* s (rows,P) = x (rows,D, ld apart) y^T, y (P,D, ldy apart). */
static void
dots(float *s, const float *x, size_t ld, const float *y, size_t ldy, size_t rows, size_t P, size_t D)
{
	gemm(&(struct gemm){ .M = rows, .N = P, .K = D, .A = x, .lda = ld, .B = y, .ldb = ldy, .b_trans = 1, .C = s, .ldc = P });
}

/* y (rows,D, ld apart) += s z, z (P,D). */
static void
weigh(float *y, size_t ld, const float *s, const float *z, size_t ldz, size_t rows, size_t P, size_t D)
{
	gemm(&(struct gemm){ .M = rows, .N = D, .K = P, .A = s, .lda = P, .B = z, .ldb = ldz, .C = y, .ldc = ld, .accumulate = 1 });
}

/* z (P,D, ldz apart) += s^T x: one chain over the rows. */
static void
gather(float *z, size_t ldz, const float *s, const float *x, size_t ld, size_t rows, size_t P, size_t D)
{
	gemm(&(struct gemm){ .M = P, .N = D, .K = rows, .A = s, .lda = P, .a_trans = 1, .B = x, .ldb = ld, .C = z, .ldc = ldz,
		.accumulate = 1 });
}

void
virtual_fwd(struct net *n, int l)
{
	const struct config *c = &n->cfg;
	struct look k = { .n = n, .a = &n->layer[l], .s = n->seen };
	struct keys y = keys_of(n, l);
	size_t rows = (size_t)n->b * (size_t)n->t, P = (size_t)n->adapter->r, D = (size_t)c->D;

	for (k.h = 0; k.h < (size_t)c->H; k.h++) {
		size_t at = k.h / (size_t)(c->H / c->KV) * D;
		dots(k.s, k.a->qkv + k.h * D, width_qkv(c), y.k + at, y.ld, rows, P, D);
		par_for(rows, merge_row, &k);
		weigh(k.a->o + k.h * D, width_q(c), k.s, y.v + at, y.ld, rows, P, D);
	}
}

/* From scores and d probabilities to probabilities and d scores. */
static void
back_row(size_t r, void *ctx)
{
	const struct look *k = ctx;
	size_t P = (size_t)k->n->adapter->r, D = (size_t)k->n->cfg.D, at = r * width_q(&k->n->cfg) + k->h * D;
	float *s = k->s + r * P, *ds = k->ds + r * P, lse = *lse_of(k, r), delta = 0, scale = 1 / sqrtf((float)D);

	for (size_t i = 0; i < D; i++)
		delta += k->dout[at + i] * k->a->o[at + i];
	for (size_t i = 0; i < P; i++) {
		s[i] = expf(s[i] * scale - lse);
		ds[i] = s[i] * (ds[i] - delta) * scale;
	}
}

void
virtual_bwd(struct net *n, int l)
{
	const struct config *c = &n->cfg;
	struct look k = { .n = n, .a = &n->layer[l], .s = n->seen, .ds = n->dseen, .dout = n->dout };
	struct keys y = keys_of(n, l);
	size_t rows = (size_t)n->b * (size_t)n->t, P = (size_t)n->adapter->r, D = (size_t)c->D, ld = width_qkv(c), q = width_q(c);

	for (k.h = 0; k.h < (size_t)c->H; k.h++) {
		size_t at = k.h / (size_t)(c->H / c->KV) * D, held = (size_t)l * P * q + k.h * D;
		dots(k.s, k.a->qkv + k.h * D, ld, y.k + at, y.ld, rows, P, D);
		dots(k.ds, n->dout + k.h * D, q, y.v + at, y.ld, rows, P, D);
		par_for(rows, back_row, &k);
		weigh(n->dqkv + k.h * D, ld, k.ds, y.k + at, y.ld, rows, P, D);
		gather(n->held_k + held, q, k.ds, k.a->qkv + k.h * D, ld, rows, P, D);
		gather(n->held_v + held, q, k.s, n->dout + k.h * D, q, rows, P, D);
	}
}

/* to (P, KV*D, ld apart) += the sums of layer l, heads of a group in order; they are forgotten. */
static void
take_held(const struct net *n, float *held, int l, float *to, size_t ld)
{
	const struct config *c = &n->cfg;
	size_t P = (size_t)n->adapter->r, D = (size_t)c->D, q = width_q(c), group = (size_t)(c->H / c->KV);

	held += (size_t)l * P * q;
	for (size_t p = 0; p < P; p++)
		for (size_t i = 0; i < q; i++)
			to[p * ld + i / (group * D) * D + i % D] += held[p * q + i];
	memset(held, 0, P * q * sizeof *held);
}

void
virtual_take(struct net *n, int l, float *dk, float *dv, size_t ld)
{
	take_held(n, n->held_k, l, dk, ld);
	take_held(n, n->held_v, l, dv, ld);
}

void
virtual_run(struct net *n, const float *w, const float *rows)
{
	const struct config *c = &n->cfg;

	n->b = 1;
	n->t = n->T;
	n->linear = LINEAR_F32;
	for (int i = 0; i < n->T; i++) {
		n->tok[i] = n->pos[i] = (uint32_t)i;
		n->start[i] = 0;
	}
	embed_fwd(n->layer[0].x, rows, n->tok, c->pos == POS_LEARNED ? w + n->par->pos : NULL, n->pos, (size_t)n->T, (size_t)c->C);
	for (int l = 0; l < c->L; l++)
		net_layer(n, w, l, l + 1 < c->L ? n->layer[l+1].x : n->last);
}

float *
virtual_keys(const struct model *m, int P, const float *rows)
{
	const struct config *c = &m->cfg;
	struct net *n = net_new(c, &m->par, 1, P, NET_GRAD);
	size_t kv = 2 * width_kv(c), ld = (size_t)c->L * kv;
	float *keys = xreallocarray(NULL, (size_t)P, ld * sizeof *keys);

	virtual_run(n, m->w, rows);
	for (int l = 0; l < c->L; l++)
		for (size_t p = 0; p < (size_t)P; p++)
			memcpy(keys + p * ld + (size_t)l * kv, n->layer[l].qkv + p * width_qkv(c) + width_q(c), kv * sizeof *keys);
	net_free(n);
	return keys;
}
