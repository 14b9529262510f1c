/* layers - norms, linear layers and embeddings: the configuration's choice of kernels */
/* SPDX-License-Identifier: MIT */
#include "model/net/layers.h"
#include "base/par.h"
#include "base/size.h"
#include "kern/ops.h"
#include <math.h>
#include <string.h>

static struct op_norm
norm_of(const struct config *c, const float *w, size_t gain, size_t bias, float *mean, float *rstd, size_t rows)
{
	return (struct op_norm){ w + gain, c->norm == NORM_LAYER ? w + bias : NULL, mean, rstd, rows, (size_t)c->C, (float)c->norm_eps };
}

void
norm_fwd(const struct config *c, const float *w, size_t gain, size_t bias, float *y, float *mean, float *rstd,
		const float *x, size_t rows)
{
	struct op_norm n = norm_of(c, w, gain, bias, mean, rstd, rows);

	op_norm_fwd(&n, y, x);
}

void
norm_bwd(const struct config *c, const float *w, float *g, size_t gain, size_t bias, float *dx, const float *dy,
		const float *x, float *mean, float *rstd, size_t rows)
{
	struct op_norm n = norm_of(c, w, gain, bias, mean, rstd, rows);

	op_norm_bwd(&n, dx, grad_at(g, gain), n.bias ? grad_at(g, bias) : NULL, dy, x);
}

void
linear_fwd(float *y, const float *x, size_t rows, size_t K, size_t N, const float *W,
		const float *bias, const float *residual, enum linear how)
{
	gemm(&(struct gemm){ .M = rows, .N = N, .K = K, .A = x, .lda = K, .B = W, .ldb = K, .b_trans = 1,
		.C = y, .ldc = N, .bf16 = how >= LINEAR_BF16_DX, .f16 = how == LINEAR_F16, .bias = bias, .residual = residual });
}

void
linear_bwd(float *dx, float *dW, float *db, const float *dy, const float *x, const float *W, size_t rows,
		size_t K, size_t N, enum linear how)
{
	gemm(&(struct gemm){ .M = rows, .N = K, .K = N, .A = dy, .lda = N, .B = W, .ldb = K, .C = dx, .ldc = K,
		.bf16 = how >= LINEAR_BF16_DX, .f16 = how == LINEAR_F16 });
	if (dW)
		gemm(&(struct gemm){ .M = N, .N = K, .K = rows, .A = dy, .lda = N, .a_trans = 1, .B = x, .ldb = K,
			.C = dW, .ldc = K, .accumulate = 1, .bf16 = how == LINEAR_BF16, .f16 = how == LINEAR_F16 });
	if (db)
		op_colsum(db, dy, N, rows, N);
}

struct embed {
	float *out;
	const float *tok, *pos;
	const uint32_t *id, *position;
	size_t rows, C;
};

enum { EMBED_ROWS = 64, EMBED_COLS = 32 };

static void
embed_rows(size_t i, void *ctx)
{
	const struct embed *e = ctx;
	size_t end = (i + 1) * EMBED_ROWS < e->rows ? (i + 1) * EMBED_ROWS : e->rows;

	for (size_t r = i * EMBED_ROWS; r < end; r++) {
		float *x = e->out + r * e->C;
		memcpy(x, e->tok + e->id[r] * e->C, e->C * sizeof *x);
		if (e->pos) {
			const float *p = e->pos + e->position[r] * e->C;
			for (size_t c = 0; c < e->C; c++)
				x[c] += p[c];
		}
	}
}

void
embed_fwd(float *x, const float *tok, const uint32_t *id, const float *pos, const uint32_t *position, size_t rows,
		size_t C)
{
	struct embed e = { x, tok, pos, id, position, rows, C };

	par_for(div_up(rows, EMBED_ROWS), embed_rows, &e);
}

static void
embed_cols(size_t i, void *ctx)
{
	const struct embed *e = ctx;
	size_t c0 = i * EMBED_COLS, n = e->C - c0 < EMBED_COLS ? e->C - c0 : EMBED_COLS;

	for (size_t r = 0; r < e->rows; r++) {
		float *to = e->out + e->id[r] * e->C + c0;
		const float *from = e->tok + r * e->C + c0;
		for (size_t c = 0; c < n; c++)
			to[c] += from[c];
	}
}

void
embed_bwd(float *table, const uint32_t *id, const float *dx, size_t rows, size_t C)
{
	struct embed e = { .out = table, .tok = dx, .id = id, .rows = rows, .C = C };

	par_for(div_up(C, EMBED_COLS), embed_cols, &e);
}

void
rope_tables(const struct config *c, int T, float *cosine, float *sine)
{
	int half = c->D / 2;
	const double turn = 6.283185307179586476925;

	for (int i = 0; i < half; i++) {
		double freq = pow(c->rope_theta, -2.0 * i / c->D);
		if (c->rope_scaling == ROPE_LINEAR)
			freq /= c->rope_factor;
		if (c->rope_scaling == ROPE_LLAMA3) {
			double ratio = c->rope_orig_T * freq / turn;    /* turns within the original context */
			double keep = (ratio - c->rope_low) / (c->rope_high - c->rope_low);
			keep = keep < 0 ? 0 : keep > 1 ? 1 : keep;
			freq = freq * keep + freq / c->rope_factor * (1 - keep);
		}
		for (int t = 0; t < T; t++) {
			cosine[(size_t)t * (size_t)half + (size_t)i] = (float)cos(t * freq);
			sine[(size_t)t * (size_t)half + (size_t)i] = (float)sin(t * freq);
		}
	}
}

struct copy {
	float *to;
	const float *from;
	size_t ld_to, ld_from, n, rows;
};

static void
copy_rows(size_t i, void *ctx)
{
	const struct copy *c = ctx;
	size_t end = (i + 1) * EMBED_ROWS < c->rows ? (i + 1) * EMBED_ROWS : c->rows;

	for (size_t r = i * EMBED_ROWS; r < end; r++)
		memcpy(c->to + r * c->ld_to, c->from + r * c->ld_from, c->n * sizeof *c->to);
}

static void
copy_cols(float *to, size_t ld_to, const float *from, size_t ld_from, size_t rows, size_t n)
{
	struct copy c = { to, from, ld_to, ld_from, n, rows };

	par_for(div_up(rows, EMBED_ROWS), copy_rows, &c);
}

static struct op_norm
head_norm(const struct config *c, const float *gain, float *rstd, size_t heads)
{
	return (struct op_norm){ gain, NULL, NULL, rstd, heads, (size_t)c->D, (float)c->norm_eps };
}

void
qk_norm_fwd(const struct config *c, const float *w, const struct layer_offsets *lo, float *qkv, size_t rows,
		const struct qk_norm *n, float *tmp)
{
	size_t ld = width_qkv(c), nq = width_q(c), nk = width_kv(c);
	struct op_norm q = head_norm(c, w + lo->q_norm, n->q_rstd, rows * (size_t)c->H);
	struct op_norm k = head_norm(c, w + lo->k_norm, n->k_rstd, rows * (size_t)c->KV);

	copy_cols(n->q_raw, nq, qkv, ld, rows, nq);
	op_norm_fwd(&q, tmp, n->q_raw);
	copy_cols(qkv, ld, tmp, nq, rows, nq);
	copy_cols(n->k_raw, nk, qkv + nq, ld, rows, nk);
	op_norm_fwd(&k, tmp, n->k_raw);
	copy_cols(qkv + nq, ld, tmp, nk, rows, nk);
}

void
qk_norm_bwd(const struct config *c, const float *w, float *g, const struct layer_offsets *lo, float *dqkv,
		size_t rows, const struct qk_norm *n, float *tmp, float *tmp2)
{
	size_t ld = width_qkv(c), nq = width_q(c), nk = width_kv(c);
	struct op_norm q = head_norm(c, w + lo->q_norm, n->q_rstd, rows * (size_t)c->H);
	struct op_norm k = head_norm(c, w + lo->k_norm, n->k_rstd, rows * (size_t)c->KV);

	copy_cols(tmp, nq, dqkv, ld, rows, nq);
	memset(tmp2, 0, rows * nq * sizeof *tmp2);
	op_norm_bwd(&q, tmp2, grad_at(g, lo->q_norm), NULL, tmp, n->q_raw);
	copy_cols(dqkv, ld, tmp2, nq, rows, nq);
	copy_cols(tmp, nk, dqkv + nq, ld, rows, nk);
	memset(tmp2, 0, rows * nk * sizeof *tmp2);
	op_norm_bwd(&k, tmp2, grad_at(g, lo->k_norm), NULL, tmp, n->k_raw);
	copy_cols(dqkv + nq, ld, tmp2, nk, rows, nk);
}
