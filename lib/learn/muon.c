/* muon - momentum whose step is made orthogonal (Jordan et al. 2024), for the matrices of hidden layers */
/* SPDX-License-Identifier: MIT */
#include "learn/muon.h"
#include "base/size.h"
#include "kern/gemm.h"
#include <math.h>

enum { ROUNDS = 5 };
#define MOMENTUM 0.95f

/* Two matrices of the step's shape and two squares of its shorter side. */
size_t
muon_scratch(size_t rows, size_t cols)
{
	size_t k = least(rows, cols);

	return 2 * round_up(rows * cols, 16) + 2 * round_up(k * k, 16);
}

void
muon_orthogonal(float *x, size_t rows, size_t cols, float *scratch)
{
	size_t n = rows * cols, k = least(rows, cols), tall = rows > cols;
	float *next = scratch + round_up(n, 16), *A = next + round_up(n, 16), *S = A + round_up(k * k, 16);

	op_blend(x, 1 / ((float)sqrt(op_sumsq(x, n)) + 1e-7f), x, 0, n);
	for (int i = 0; i < ROUNDS; i++) {
		/* A = X X^T, or X^T X where that is smaller: then X is multiplied from the right. */
		gemm(&(struct gemm){ .M = k, .N = k, .K = n / k, .A = x, .lda = cols, .a_trans = (int)tall, .B = x,
			.ldb = cols, .b_trans = !tall, .C = A, .ldc = k });
		gemm(&(struct gemm){ .M = k, .N = k, .K = k, .A = A, .lda = k, .B = A, .ldb = k, .C = S, .ldc = k });
		op_blend(S, -4.7750f, A, 2.0315f, k * k);
		op_blend(next, 3.4445f, x, 0, n);
		gemm(&(struct gemm){ .M = rows, .N = cols, .K = k, .A = tall ? x : S, .lda = k, .B = tall ? S : x,
			.ldb = cols, .C = next, .ldc = cols, .accumulate = 1 });
		op_blend(x, 1, next, 0, n);
	}
}

void
muon_step(float *w, const float *g, float *m, size_t rows, size_t cols, const struct op_adamw *a, float *scratch)
{
	size_t n = rows * cols;
	float *u = scratch, by = 0.2f * sqrtf((float)most(rows, cols));

	op_blend(m, (1 - MOMENTUM) * (float)a->gscale, g, MOMENTUM, n);
	op_blend(u, (1 - MOMENTUM) * (float)a->gscale, g, 0, n);
	op_blend(u, MOMENTUM, m, 1, n);
	muon_orthogonal(u, rows, cols, scratch);
	op_blend(w, (float)-a->lr * by, u, (float)(1 - a->lr * a->decay), n);
}
