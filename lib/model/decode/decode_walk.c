/* decode_walk - rows through the layers: each step is `count` pieces of work, which may run at the same time */
/* SPDX-License-Identifier: MIT */
#include "model/decode/decode_int.h"
#include "kern/attn.h"
#include "kern/kern.h"
#include "kern/ops.h"
#include <math.h>
#include <string.h>

struct quantizing {
	struct panels_x x;
	size_t K;
};

static void
quantize_row(size_t r, void *ctx)
{
	const struct quantizing *q = ctx;

	panels_quantize(&q->x, q->K, r);
}

static struct panels_x
input_of(const struct feed *f, const float *x, size_t rows, size_t K)
{
	return (struct panels_x){ rows, K, x, f->d->xq, f->d->xd, f->d->xs };
}

/* x (rows,K) is what the product with W is to be given. */
static void
prepare(const struct feed *f, const struct panels *W, const float *x, size_t rows)
{
	struct quantizing q = { input_of(f, x, rows, W->K), W->K };

	if (W->type == QUANT_Q8_0 || W->type == QUANT_Q4_0)
		par_for(rows, quantize_row, &q);
}

struct product {
	const struct panels *W;
	struct panels_x x;
	float *y;
	const float *bias, *residual;
};

static void
linear_task(size_t i, void *ctx)
{
	const struct product *l = ctx;

	panels_task(l->W, i, &l->x, l->y, l->W->N, l->bias, l->residual);
}

/* A thread of a team does task i; else it is all tasks. */
static void
linear(const struct feed *f, size_t i, const struct panels *W, const float *x, size_t rows, float *y, const float *bias,
		const float *residual)
{
	struct product l = { W, input_of(f, x, rows, W->K), y, bias, residual };
	int pairs = f->prefill && W->type == QUANT_BF16 && kern_now()->per == 2;        /* at any number of rows */

	if (f->team)
		linear_task(i, &l);
	else if (pairs || (rows > FEW && (W->type == QUANT_F32 || W->type == QUANT_BF16)))
		gemm(&(struct gemm){ .M = rows, .N = W->N, .K = W->K, .A = x, .lda = W->K, .panels = W, .C = y, .ldc = W->N,
			.bias = bias, .residual = residual, .bf16 = pairs });
	else
		par_for(panels_tasks(W), linear_task, &l);
}

static size_t
tasks(const struct feed *f, const struct panels *W)
{
	return f->team ? panels_tasks(W) : 1;
}

static size_t one(const struct feed *f) { (void)f; return 1; }
static size_t n_qkv(const struct feed *f) { return tasks(f, &f->m->qkv); }
static size_t n_o(const struct feed *f) { return tasks(f, &f->m->o); }
static size_t n_up(const struct feed *f) { return tasks(f, &f->m->up); }
static size_t n_down(const struct feed *f) { return tasks(f, &f->m->down); }
static size_t n_narrow(const struct feed *f) { return f->m->narrow.N ? tasks(f, &f->m->narrow) : 0; }
static size_t n_wide(const struct feed *f) { return f->m->wide.N ? tasks(f, &f->m->wide) : 0; }
static size_t n_look(const struct feed *f) { return f->team ? f->rows * (size_t)f->d->cfg.KV : 1; }
static size_t n_head(const struct feed *f) { return f->logits && f->wanted ? tasks(f, mats_head(f->d->mats)) : 0; }

static void
norm_1(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;

	(void)i;
	norm_fwd(&d->cfg, d->mats->vec, f->at->norm1, f->at->norm1_b, d->normed, d->mean, d->rstd, d->x, f->rows);
	prepare(f, &f->m->qkv, d->normed, f->rows);
}

static void
make_qkv(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;

	linear(f, i, &f->m->qkv, d->normed, f->rows, d->qkv, weights_at(d->mats->vec, f->at->qkv_b), NULL);
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
	prepare(f, &f->m->o, f->d->o, f->rows);
}

static size_t
n_ready(const struct feed *f)
{
	return f->m->o.type == QUANT_Q8_0 || f->m->o.type == QUANT_Q4_0;
}

static void
make_o(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;

	linear(f, i, &f->m->o, d->o, f->rows, d->mid, weights_at(d->mats->vec, f->at->o_b), d->x);
}

static void
norm_2(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;

	(void)i;
	norm_fwd(&d->cfg, d->mats->vec, f->at->norm2, f->at->norm2_b, d->normed, d->mean, d->rstd, d->mid, f->rows);
	prepare(f, &f->m->up, d->normed, f->rows);
}

static void
make_up(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;

	linear(f, i, &f->m->up, d->normed, f->rows, d->pre, weights_at(d->mats->vec, f->at->up_b), NULL);
}

static void
make_narrow(size_t i, void *ctx)
{
	const struct feed *f = ctx;

	linear(f, i, &f->m->narrow, f->d->normed, f->rows, f->d->narrow, NULL, NULL);
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
	prepare(f, &f->m->down, d->act, f->rows);
}

/* What the bottleneck adds, into the rows that are not needed any more. */
static void
make_wide(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;

	linear(f, i, &f->m->wide, d->narrow, f->rows, d->normed, NULL, d->mid);
}

static void
make_down(size_t i, void *ctx)
{
	const struct feed *f = ctx;
	struct decoder *d = f->d;

	linear(f, i, &f->m->down, d->act, f->rows, d->x, weights_at(d->mats->vec, f->at->down_b), f->m->wide.N ? d->normed : d->mid);
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
		prepare(f, mats_head(d->mats), f->d->hidden, n);
}

static void
make_logits(size_t i, void *ctx)
{
	const struct feed *f = ctx;

	linear(f, i, mats_head(f->d->mats), f->d->hidden, f->wanted, f->logits, NULL, NULL);
}

struct step {
	size_t (*count)(const struct feed *);
	void   (*run)(size_t, void *);
};

static void
walk(struct feed *f, int threads, const struct step *s, size_t n)
{
	for (; n--; s++) {
		size_t count = s->count(f);
		if (f->team && count)
			par_share(f->meet, threads, count, s->run, f);
		else if (count)
			s->run(0, f);
	}
}

static void
through(int thread, int threads, void *ctx)
{
	static const struct step first[] = { { one, embed } }, last[] = { { one, norm_last }, { n_head, make_logits } };
	static const struct step layer[] = {
		{ one, norm_1 }, { n_qkv, make_qkv }, { one, remember }, { n_look, look }, { n_ready, ready_o }, { n_o, make_o },
		{ one, norm_2 }, { n_up, make_up }, { n_narrow, make_narrow }, { one, activate }, { n_wide, make_wide }, { n_down, make_down },
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
