/* ops - the element-wise and row-wise steps of a transformer, forward beside backward; parallel inside */
#ifndef LM_OPS_H
#define LM_OPS_H
/* SPDX-License-Identifier: MIT */
#include "kern/gemm.h"
#include <stddef.h>
#include <stdint.h>

/* All arrays are fp32, row-major and dense unless a leading dimension is given.  "+=" marks what is added to.
 * Sums over rows (gains, biases) are one chain in row order for each column, sums within a row have an order
 * that depends on its length alone: the same bits at any number of threads and however rows are cut into calls. */

/* RMSNorm (Zhang & Sennrich 2019): y = x * rstd * gain, rstd = 1/sqrt(mean(x^2) + eps), where bias is NULL;
 * else LayerNorm (Ba et al. 2016): y = (x - mean) * rstd * gain + bias.  x, y (rows,C). */
struct op_norm {
	const float *gain, *bias;       /* (C) */
	float *mean, *rstd;             /* (rows), set by op_norm_fwd; RMSNorm leaves mean alone */
	size_t rows, C;
	float eps;
};
void op_norm_fwd(const struct op_norm *, float *y, const float *x);
/* dx +=, dgain +=, dbias (of LayerNorm) +=, or both NULL: not wanted. */
void op_norm_bwd(const struct op_norm *, float *dx, float *dgain, float *dbias, const float *dy, const float *x);

/* Activations: GEMM_GELU is GPT-2's tanh form.  y = f(x), dx = dy * f'(x), all (rows,F); y may be x, dx may be dy.
 * Gated: x (rows, 2F) holds gate then up in each row, y = f(gate) * up, dx (rows, 2F) is set. */
void op_act_fwd(float *y, const float *x, size_t rows, size_t F, int gated, enum gemm_act);
void op_act_bwd(float *dx, const float *dy, const float *x, size_t rows, size_t F, int gated, enum gemm_act);

/* Rotary positions, halves (i, i + D/2) as Hugging Face has them: n_head heads of D floats, one after another
 * from x, in each of rows rows ld apart; pos (rows); cos, sin (positions, D/2). inverse: the transpose (backward). */
void op_rope(float *x, size_t ld, size_t rows, size_t n_head, size_t D, const uint32_t *pos,
		const float *cos, const float *sin, int inverse);

void op_blend(float *y, float a, const float *x, float b, size_t n);    /* y = a x + b y; y is not read where b is 0 */
/* x is rounded to 16 bits in place, bf16 or f16; kept (n), unless NULL, gets those, from which x may be had again. */
void op_round(uint16_t *kept, float *x, size_t n, int f16);
void op_widen(float *x, const uint16_t *kept, size_t n, int f16);

void op_colsum(float *db, const float *dy, size_t ld, size_t rows, size_t N);   /* db (N) += column sums */

/* One tile of logits (n,V), ld apart: with z = scale * logits, logp[i] = z[i][target[i]] - lse(z[i]) and
 * entropy[i] when not NULL.  scale > 0.  With coef, the tile becomes coef[i] * scale * (onehot - softmax), d(sum coef logp)/d logits. */
void op_logp(float *logits, size_t ld, size_t n, size_t V, float scale, const uint32_t *target,
		const float *coef, float *logp, float *entropy);

/* The same for a student of a teacher whose logits (n,V) are lost: logp[i] = (1 - weight) log p(target) -
 * weight / scale^2 KL(q || p'), with p, p' of the logits at scale 1 and `scale`, q of the teacher's at `scale`
 * (Hinton et al. 2015; 1 / scale is the temperature).  The tile becomes d(sum coef logp)/d logits. */
struct op_distill {
	float weight, scale;
};
void op_distill(float *logits, float *teacher, size_t n, size_t V, const struct op_distill *, const uint32_t *target,
		const float *coef, float *logp);

/* AdamW (Loshchilov & Hutter 2019), one pass: g is multiplied by gscale (1 / supervised tokens, clipping) first;
 * w = w - lr (mhat / (sqrt(vhat) + eps) + decay w).  c1 = 1 - beta1^t, c2 = 1 - beta2^t. */
struct op_adamw {
	double lr, beta1, beta2, eps, decay, c1, c2, gscale;
};
void op_adamw(float *w, const float *g, float *m, float *v, size_t n, const struct op_adamw *);
double op_sumsq(const float *x, size_t n);      /* in double, in an order that depends on n alone */
#endif
