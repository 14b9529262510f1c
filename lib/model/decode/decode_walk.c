/* decode_walk - rows through the layers: each step is `count` pieces of work, which may run at the same time */
/* SPDX-License-Identifier: MIT */
#include "model/decode/decode_int.h"
#include "kern/attn.h"
#include "kern/kern.h"
#include "kern/ops.h"
#include <math.h>
#include <string.h>

/* y (rows,N) = x (rows,K) W^T + bias + residual. */
struct product {
	const struct panels *W;
	struct panels_x x;
	float *y;
	const float *bias, *residual;
};

static struct product
product(const struct feed *f, const struct panels *W, const float *x, float *y, const float *bias, const float *residual)
{
	return (struct product){ W, { f->rows, W->K, x, f->d->xq, f->d->xd, f->d->xs }, y, bias, residual };
}

static struct product
product_of(const struct feed *f, enum product_kind kind)
{
	const struct decoder *d = f->d;
	const struct mats_layer *m = f->m;
	const float *vec = d->mats->vec;
	struct product logits;

	switch (kind) {
	case MAKE_QKV:    return product(f, &m->qkv, d->normed, d->qkv, weights_at(vec, f->at->qkv_b), NULL);
	case MAKE_O:      return product(f, &m->o, d->o, d->mid, weights_at(vec, f->at->o_b), d->x);
	case MAKE_UP:     return product(f, &m->up, d->normed, d->pre, weights_at(vec, f->at->up_b), NULL);
	case MAKE_NARROW: return product(f, &m->narrow, d->normed, d->narrow, NULL, NULL);
	case MAKE_WIDE:   return product(f, &m->wide, d->narrow, d->normed, NULL, d->mid); /* its rows are not needed any more */
	case MAKE_DOWN:   return product(f, &m->down, d->act, d->x, weights_at(vec, f->at->down_b), m->wide.N ? d->normed : d->mid);
	case MAKE_LOGITS: break;
	}
	logits = product(f, mats_head(d->mats), d->hidden, f->logits, NULL, NULL);
	logits.x.rows = f->logits ? f->wanted : 0;
	return logits;
}

static int
in_blocks(const struct panels *W)
{
	return W->type == QUANT_Q8_0 || W->type == QUANT_Q4_0;
}

static void
quantize_row(size_t r, void *ctx)
{
	const struct product *p = ctx;

	panels_quantize(&p->x, p->W->K, r);
}

/* The input of a product is there. */
static void
prepare(const struct feed *f, enum product_kind kind)
{
	struct product p = product_of(f, kind);

	if (in_blocks(p.W))
		par_for(p.x.rows, quantize_row, &p);
}

static void
product_task(size_t i, void *ctx)
{
	const struct product *p = ctx;

	panels_task(p->W, i, &p->x, p->y, p->W->N, p->bias, p->residual);
}

/* A thread of a team does task i; else it is all tasks. */
static void
multiply(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct product p = product_of(f, f->product);
	int pairs = f->prefill && p.W->type == QUANT_BF16 && kern_now()->per == 2;      /* at any number of rows */

	if (f->team)
		product_task(i, &p);
	else if (pairs || (p.x.rows > FEW && !in_blocks(p.W)))
		gemm(&(struct gemm){ .M = p.x.rows, .N = p.W->N, .K = p.W->K, .A = p.x.x, .lda = p.W->K, .panels = p.W, .C = p.y,
			.ldc = p.W->N, .bias = p.bias, .residual = p.residual, .bf16 = pairs });
	else
		par_for(panels_tasks(p.W), product_task, &p);
}

static size_t
n_multiply(const struct feed *f)
{
	struct product p = product_of(f, f->product);

	return !p.W->N || !p.x.rows ? 0 : f->team ? panels_tasks(p.W) : 1;
}

static size_t one(const struct feed *f) { (void)f; return 1; }
static size_t n_look(const struct feed *f) { return f->team ? f->rows * (size_t)f->d->cfg.KV : 1; }
static size_t n_ready(const struct feed *f) { return in_blocks(&f->m->o); }

static void
norm_1(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;

	(void)i;
	norm_fwd(&d->cfg, d->mats->vec, f->at->norm1, f->at->norm1_b, d->normed, d->mean, d->rstd, d->x, f->rows);
	prepare(f, MAKE_QKV);
}

/* Norms of heads, rotation, and into the cache. */
static void
remember(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;
	const struct config *c = &d->cfg;
	size_t ld = width_qkv(c);

	(void)i;
	if (c->qk_norm)
		qk_norm_fwd(c, d->mats->vec, f->at, d->qkv, f->rows, &d->qk, d->tmp);
	if (c->pos == POS_ROPE)
		op_rope(d->qkv, ld, f->rows, (size_t)(c->H + c->KV), (size_t)c->D, d->pos, d->cosine, d->sine, 0);
	for (size_t r = 0; r < f->rows; r++) {
		const float *k = d->qkv + r * ld + width_q(c);
		cache_put(d->cache, f->l, f->seq[r], d->pos[r], k, k + width_kv(c));
	}
}

/* The query heads of one row that share a key/value head. */
static void
look_row(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	const struct decoder *d = f->d;
	const struct config *c = &d->cfg;
	size_t kv = i % (size_t)c->KV, r = i / (size_t)c->KV, n = (size_t)d->pos[r] + 1;
	size_t q = kv * (size_t)(c->H / c->KV) * (size_t)c->D;

	if (f->prefill && n > BY_ROW)
		return;
	cache_look(d->cache, f->l, f->seq[r], (int)kv, c->window && n > (size_t)c->window ? n - (size_t)c->window : 0, n,
		d->qkv + r * width_qkv(c) + q, 1 / sqrtf((float)c->D), d->o + r * width_q(c) + q);
}

/* Rows [a, b), of one sequence, beyond the first positions. */
static void
look_tile(const struct feed *f, size_t a, size_t b)
{
	struct decoder *d = f->d;
	const struct config *c = &d->cfg;
	size_t past = d->pos[a], n = past + b - a;

	cache_read(d->cache, f->l, f->seq[a], n, d->all_k, d->all_v);
	attn_fwd(&(struct attn){ .B = 1, .T = (int)(b - a), .H = c->H, .KV = c->KV, .D = c->D, .q = d->qkv + a * width_qkv(c),
		.k = d->all_k, .v = d->all_v, .ld = width_qkv(c), .past = past, .ld_kv = width_kv(c), .window = c->window,
		.scale = 1 / sqrtf((float)c->D), .o = d->o + a * width_q(c) });
}

static void
look(size_t i, void *ctx)
{
	struct feed *f = ctx;
	const struct decoder *d = f->d;
	size_t kv = (size_t)d->cfg.KV;

	if (f->team) {
		look_row(i, ctx);
		return;
	}
	par_for(f->rows * kv, look_row, f);
	for (size_t a = 0, b; f->prefill && a < f->rows; a = b) {
		for (b = a + 1; b < f->rows && f->seq[b] == f->seq[a] && d->pos[b] == d->pos[b - 1] + 1; b++)
			;
		for (; a < b && d->pos[a] < BY_ROW; a++)
			;
		if (a < b)
			look_tile(f, a, b);
	}
}

static void
ready_o(size_t i, void *ctx)
{
	const struct feed *f = ctx;

	(void)i;
	prepare(f, MAKE_O);
}

static void
norm_2(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;

	(void)i;
	norm_fwd(&d->cfg, d->mats->vec, f->at->norm2, f->at->norm2_b, d->normed, d->mean, d->rstd, d->mid, f->rows);
	prepare(f, MAKE_UP);
}

static void
activate(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;

	(void)i;
	act_again(&d->cfg, d->act, d->pre, f->rows);
	for (size_t k = 0; k < f->rows * f->m->narrow.N; k++)
		if (!(d->narrow[k] > 0))
			d->narrow[k] = 0;
	prepare(f, MAKE_DOWN);
}

static void
embed(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;
	size_t C = (size_t)d->cfg.C;

	(void)i;
	for (size_t r = 0; r < f->rows; r++) {
		float *x = d->x + r * C;
		panels_row(&d->mats->tok, f->tok[r], x);
		for (size_t k = 0; d->mats->pos != SIZE_MAX && k < C; k++)
			x[k] += d->mats->vec[d->mats->pos + d->pos[r] * C + k];
	}
}

static void
norm_last(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;
	size_t C = (size_t)d->cfg.C, n = 0;

	(void)i;
	for (size_t r = 0; r < f->rows; r++)
		if (!f->want || f->want[r])
			memcpy(d->mid + n++ * C, d->x + r * C, C * sizeof *d->x);
	if (!n)
		return;
	norm_fwd(&d->cfg, d->mats->vec, d->mats->norm_f, d->mats->norm_f_b, f->d->hidden, d->mean, d->rstd, d->mid, n);
	if (f->logits)
		prepare(f, MAKE_LOGITS);
}

struct step {
	size_t (*count)(const struct feed *);
	void   (*run)(size_t, void *);
	enum product_kind product;      /* of multiply */
};

static void
walk(struct feed *f, int threads, const struct step *s, size_t n)
{
	for (; n--; s++) {
		size_t count;
		f->product = s->product;
		count = s->count(f);
		if (f->team && count)
			par_share(f->meet, threads, count, s->run, f);
		else if (count)
			s->run(0, f);
	}
}

static void
through(int thread, int threads, void *ctx)
{
	static const struct step first[] = { { one, embed, 0 } }, last[] = { { one, norm_last, 0 }, { n_multiply, multiply, MAKE_LOGITS } };
	static const struct step layer[] = {
		{ one, norm_1, 0 }, { n_multiply, multiply, MAKE_QKV }, { one, remember, 0 }, { n_look, look, 0 },
		{ n_ready, ready_o, 0 }, { n_multiply, multiply, MAKE_O }, { one, norm_2, 0 }, { n_multiply, multiply, MAKE_UP },
		{ n_multiply, multiply, MAKE_NARROW }, { one, activate, 0 }, { n_multiply, multiply, MAKE_WIDE },
		{ n_multiply, multiply, MAKE_DOWN },
	};
	enum { REMEMBERED = 3 };        /* of these, all that a prompt's last layer is for */
	struct feed f = *(const struct feed *)ctx;
	const struct mats *m = f.d->mats;

	(void)thread;
	walk(&f, threads, first, 1);
	for (f.l = 0; f.l < f.d->cfg.L; f.l++) {
		f.m = &m->layer[f.l];
		f.at = &m->at[f.l];
		walk(&f, threads, layer, f.prefill && f.l == m->L - 1 ? REMEMBERED : sizeof layer / sizeof *layer);
	}
	if (!f.prefill)
		walk(&f, threads, last, 2);
}

/* At most FEED_ROWS tokens. */
void
decode_walk(struct feed *f)
{
	struct par_team meet = { 0 };

	f->meet = &meet;
	f->team = f->rows <= FEW && !f->prefill && !par_inside();
	if (f->team && f->rows * f->d->mats->bytes >= WAKE)
		par_run(through, f);
	else
		through(0, 1, f);
}
