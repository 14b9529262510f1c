/* ops - shares out the element-wise and row-wise steps: pieces of rows, of elements or of columns */
/* SPDX-License-Identifier: MIT */
#include "kern/kern.h"
#include "base/par.h"
#include <math.h>

enum { PIECE = 1 << 15 };       /* elements that a thread takes at a time */

/* What an op works on; each uses the fields that it needs. */
struct op {
	const struct kern *k;
	size_t n, width, per;           /* items (rows or elements), floats of an item, items of a piece */
	float *y, *y2, *y3;
	const float *x, *x2;
	size_t ld, heads;               /* heads of a row, or the rows that a slice of columns sums */
	float num, num2;
	enum gemm_act act;
	int inverse, gated, f16;
	const uint32_t *index;
	uint16_t *half;
	const void *arg;
	void (*piece)(const struct op *, size_t from, size_t to);
};

static void
one_piece(size_t i, void *ctx)
{
	const struct op *o = ctx;
	size_t from = i * o->per, to = from + o->per < o->n ? from + o->per : o->n;

	o->piece(o, from, to);
}

/* Pieces of about PIECE floats; one that is all there is stays on this thread. */
static void
share(struct op *o, void (*piece)(const struct op *, size_t, size_t))
{
	o->k = kern_now();
	o->piece = piece;
	o->per = o->width >= PIECE ? 1 : PIECE / (o->width ? o->width : 1);
	if (o->n)
		par_for((o->n + o->per - 1) / o->per, one_piece, o);
}

/* The same over columns, for what sums over rows: every thread gets a slice of the width. */
static void
share_cols(struct op *o, size_t rows, void (*piece)(const struct op *, size_t, size_t))
{
	size_t t = rows * o->n < PIECE ? 1 : (size_t)par_threads();

	o->k = kern_now();
	o->piece = piece;
	o->per = ((o->n + t - 1) / t + 31) & ~(size_t)31;
	if (o->n)
		par_for((o->n + o->per - 1) / o->per, one_piece, o);
}

static void
norm_rows(const struct op *o, size_t from, size_t to)
{
	const struct op_norm *n = o->arg;

	for (size_t i = from; i < to; i++) {
		float *y = o->y + i * n->C;
		const float *x = o->x + i * n->C;

		n->rstd[i] = n->bias ? o->k->layernorm(y, n->mean + i, x, n->gain, n->bias, n->C, n->eps)
		                     : o->k->rmsnorm(y, x, n->gain, n->C, n->eps);
	}
}

void
op_norm_fwd(const struct op_norm *n, float *y, const float *x)
{
	struct op o = { .n = n->rows, .width = n->C, .y = y, .x = x, .arg = n };

	share(&o, norm_rows);
}

static void
norm_bwd_rows(const struct op *o, size_t from, size_t to)
{
	const struct op_norm *n = o->arg;

	for (size_t i = from, at; i < to; i++) {
		at = i * n->C;
		if (n->bias)
			o->k->layernorm_bwd(o->y + at, o->x + at, o->x2 + at, n->mean[i], n->rstd[i], n->gain, n->C);
		else
			o->k->rmsnorm_bwd(o->y + at, o->x + at, o->x2 + at, n->rstd[i], n->gain, n->C);
	}
}

/* Slices of the gradients of gain and bias. */
static void
norm_cols(const struct op *o, size_t from, size_t to)
{
	const struct op_norm *n = o->arg;

	for (size_t i = 0, at; i < n->rows; i++) {
		at = i * n->C + from;
		o->k->norm_cols(o->y2 + from, n->bias ? o->y3 + from : NULL, o->x + at, o->x2 + at,
				n->bias ? n->mean[i] : 0, n->rstd[i], to - from);
	}
}

void
op_norm_bwd(const struct op_norm *n, float *dx, float *dgain, float *dbias, const float *dy, const float *x)
{
	struct op o = { .n = n->rows, .width = n->C, .y = dx, .y2 = dgain, .y3 = dbias, .x = dy, .x2 = x, .arg = n };

	share(&o, norm_bwd_rows);
	o.n = n->C;
	if (dgain)
		share_cols(&o, n->rows, norm_cols);
}

static void
act_rows(const struct op *o, size_t from, size_t to)
{
	size_t F = o->width;

	if (!o->gated)
		o->k->act(o->y + from * F, o->x + from * F, (to - from) * F, o->act);
	for (size_t i = from; o->gated && i < to; i++)
		o->k->glu(o->y + i * F, o->x + i * 2 * F, o->x + i * 2 * F + F, F, o->act);
}

void
op_act_fwd(float *y, const float *x, size_t rows, size_t F, int gated, enum gemm_act act)
{
	struct op o = { .n = rows, .width = F, .y = y, .x = x, .gated = gated, .act = act };

	share(&o, act_rows);
}

static void
act_bwd_rows(const struct op *o, size_t from, size_t to)
{
	size_t F = o->width;

	if (!o->gated)
		o->k->act_bwd(o->y + from * F, o->x + from * F, o->x2 + from * F, (to - from) * F, o->act);
	for (size_t i = from; o->gated && i < to; i++) {
		const float *g = o->x2 + i * 2 * F;
		float *d = o->y + i * 2 * F;

		o->k->glu_bwd(d, d + F, o->x + i * F, g, g + F, F, o->act);
	}
}

void
op_act_bwd(float *dx, const float *dy, const float *x, size_t rows, size_t F, int gated, enum gemm_act act)
{
	struct op o = { .n = rows, .width = F, .y = dx, .x = dy, .x2 = x, .gated = gated, .act = act };

	share(&o, act_bwd_rows);
}

static void
rope_rows(const struct op *o, size_t from, size_t to)
{
	size_t D = o->width, half = D / 2;

	for (size_t i = from; i < to; i++)
		for (size_t h = 0; h < o->heads; h++)
			o->k->rope(o->y + i * o->ld + h * D, o->x + o->index[i] * half, o->x2 + o->index[i] * half,
					o->inverse ? -1.f : 1.f, half);
}

void
op_rope(float *x, size_t ld, size_t rows, size_t n_head, size_t D, const uint32_t *pos,
		const float *cos, const float *sin, int inverse)
{
	struct op o = {
		.n = rows, .width = D, .heads = n_head, .ld = ld, .y = x, .x = cos, .x2 = sin,
		.index = pos, .inverse = inverse
	};

	share(&o, rope_rows);
}

static void
round_piece(const struct op *o, size_t from, size_t to)
{
	uint16_t tmp[1024];

	for (size_t n; from < to; from += n) {
		uint16_t *half = o->half ? o->half + from : tmp;

		n = to - from < 1024 ? to - from : 1024;
		(o->f16 ? o->k->to_f16 : o->k->to_bf16)(half, o->y + from, n);
		(o->f16 ? o->k->from_f16 : o->k->from_bf16)(o->y + from, half, n);
	}
}

void
op_round(uint16_t *kept, float *x, size_t n, int f16)
{
	struct op o = { .n = n, .width = 1, .y = x, .half = kept, .f16 = f16 };

	share(&o, round_piece);
}

static void
widen_piece(const struct op *o, size_t from, size_t to)
{
	(o->f16 ? o->k->from_f16 : o->k->from_bf16)(o->y + from, (const uint16_t *)o->arg + from, to - from);
}

void
op_widen(float *x, const uint16_t *kept, size_t n, int f16)
{
	struct op o = { .n = n, .width = 1, .y = x, .arg = kept, .f16 = f16 };

	share(&o, widen_piece);
}

static void
blend_piece(const struct op *o, size_t from, size_t to)
{
	float a = o->num, b = o->num2;

	for (size_t i = from; i < to; i++)
		o->y[i] = b != 0 ? a * o->x[i] + b * o->y[i] : a * o->x[i];
}

void
op_blend(float *y, float a, const float *x, float b, size_t n)
{
	struct op o = { .n = n, .width = 1, .y = y, .x = x, .num = a, .num2 = b };

	share(&o, blend_piece);
}

static void
colsum_slice(const struct op *o, size_t from, size_t to)
{
	for (size_t i = 0; i < o->heads; i++)
		o->k->axpy(o->y + from, 1, o->x + i * o->ld + from, to - from);
}

void
op_colsum(float *db, const float *dy, size_t ld, size_t rows, size_t N)
{
	struct op o = { .n = N, .y = db, .x = dy, .ld = ld, .heads = rows };

	share_cols(&o, rows, colsum_slice);
}

static void
logp_rows(const struct op *o, size_t from, size_t to)
{
	size_t V = o->width;

	for (size_t i = from; i < to; i++) {
		float *z = o->y + i * o->ld, a = o->num, top = o->k->max(z, V) * a, hit = z[o->index[i]] * a, ez;
		float sum = o->k->expsum(o->x ? z : NULL, z, a, top, V, o->y3 ? &ez : NULL);

		o->y2[i] = hit - top - logf(sum);
		if (o->y3)
			o->y3[i] = logf(sum) - ez / sum;
		if (o->x) {
			o->k->scale(z, -o->x[i] * a / sum, V);
			z[o->index[i]] += o->x[i] * a;
		}
	}
}

void
op_logp(float *logits, size_t ld, size_t n, size_t V, float scale, const uint32_t *target,
		const float *coef, float *logp, float *entropy)
{
	struct op o = {
		.n = n, .width = V, .y = logits, .ld = ld, .num = scale, .index = target,
		.x = coef, .y2 = logp, .y3 = entropy
	};

	share(&o, logp_rows);
}

static void
adamw_piece(const struct op *o, size_t from, size_t to)
{
	o->k->adamw(o->y + from, o->x + from, o->y2 + from, o->y3 + from, to - from, o->arg);
}

void
op_adamw(float *w, const float *g, float *m, float *v, size_t n, const struct op_adamw *arg)
{
	struct op o = { .n = n, .width = 1, .y = w, .x = g, .y2 = m, .y3 = v, .arg = arg };

	share(&o, adamw_piece);
}

enum { PARTS = 256 };
struct sumsq {
	const struct kern *k;
	const float *x;
	size_t n, per;
	double part[PARTS];
};

static void
sumsq_part(size_t i, void *ctx)
{
	struct sumsq *s = ctx;
	size_t from = i * s->per, n = s->n - from < s->per ? s->n - from : s->per;

	s->part[i] = s->k->sumsq(s->x + from, n);
}

double
op_sumsq(const float *x, size_t n)
{
	struct sumsq s = { .k = kern_now(), .x = x, .n = n, .per = (n + PARTS - 1) / PARTS };
	double sum = 0;
	size_t parts;

	s.per = s.per < PIECE ? PIECE : s.per;
	parts = (n + s.per - 1) / s.per;
	par_for(parts, sumsq_part, &s);
	for (size_t i = 0; i < parts; i++)
		sum += s.part[i];
	return sum;
}
