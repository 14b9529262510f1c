/* act - activations of the configuration; GELU by erf is here, the others are kernels */
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "kern/ops.h"
#include "model/net/layers.h"
#include <math.h>

static enum gemm_act
kernel_of(enum act_kind a)
{
	switch (a) {
	case ACT_GELU_TANH: return GEMM_GELU;
	case ACT_SILU:      return GEMM_SILU;
	case ACT_RELU:      return GEMM_RELU;
	case ACT_RELU2:     return GEMM_RELU2;
	case ACT_GELU:      break;
	}
	return GEMM_NONE;
}

/* GELU (Hendrycks & Gimpel 2016): x Phi(x). */
static float
gelu(float x)
{
	return 0.5f * x * (1 + erff(x * 0.70710678f));
}

static float
gelu_slope(float x)
{
	return 0.5f * (1 + erff(x * 0.70710678f)) + x * 0.39894228f * expf(-0.5f * x * x);
}

struct act {
	const struct config *c;
	float *out;
	const float *pre, *dy;
};

static void
gelu_row(size_t r, void *ctx)
{
	const struct act *a = ctx;
	size_t F = (size_t)a->c->F, N = width_up(a->c);
	const float *x = a->pre + r * N;
	float *y = a->out + r * F;

	for (size_t i = 0; i < F; i++)
		y[i] = a->c->gated ? gelu(x[i]) * x[F+i] : gelu(x[i]);
}

static void
gelu_row_back(size_t r, void *ctx)
{
	const struct act *a = ctx;
	size_t F = (size_t)a->c->F, N = width_up(a->c);
	const float *x = a->pre + r * N, *dy = a->dy + r * F;
	float *dx = a->out + r * N;

	for (size_t i = 0; i < F; i++) {
		float d = dy[i];
		if (a->c->gated) {
			dx[i] = d * x[F+i] * gelu_slope(x[i]);
			dx[F+i] = d * gelu(x[i]);
		} else {
			dx[i] = d * gelu_slope(x[i]);
		}
	}
}

void
act_again(const struct config *c, float *y, const float *pre, size_t rows)
{
	if (c->act == ACT_GELU)
		par_for(rows, gelu_row, &(struct act){ c, y, pre, NULL });
	else
		op_act_fwd(y, pre, rows, (size_t)c->F, c->gated, kernel_of(c->act));
}

void
act_back(const struct config *c, float *dpre, const float *dy, const float *pre, size_t rows)
{
	if (c->act == ACT_GELU)
		par_for(rows, gelu_row_back, &(struct act){ c, dpre, pre, dy });
	else
		op_act_bwd(dpre, dy, pre, rows, (size_t)c->F, c->gated, kernel_of(c->act));
}

void
up_fwd(const struct config *c, const float *W, const float *bias, float *y, float *pre,
		const float *x, size_t rows, enum linear how)
{
	size_t K = (size_t)c->C, N = width_up(c);

	if (c->gated || c->act == ACT_GELU) {
		linear_fwd(pre, x, rows, K, N, W, bias, NULL, how);
		act_again(c, y, pre, rows);
	} else {
		gemm(&(struct gemm){ .M = rows, .N = N, .K = K, .A = x, .lda = K, .B = W, .ldb = K, .b_trans = 1,
			.C = y, .ldc = N, .bf16 = how >= LINEAR_BF16_DX, .f16 = how == LINEAR_F16, .bias = bias, .pre = pre, .act = kernel_of(c->act) });
	}
}
