/* layers - the steps of a block that training and decoding share; internal to model */
#ifndef LM_LAYERS_H
#define LM_LAYERS_H
/* SPDX-License-Identifier: MIT */
#include "kern/gemm.h"
#include "model/params.h"

/* The weights at an offset, or NULL where the family has none. */
static inline const float *
weights_at(const float *w, size_t offset)
{
	return offset == SIZE_MAX ? NULL : w + offset;
}

/* The gradients at an offset; NULL where none are wanted or the family has no such weights. */
static inline float *
grad_at(float *g, size_t offset)
{
	return !g || offset == SIZE_MAX ? NULL : g + offset;
}

/* The configuration's norm over rows of C.  mean is not used by RMSNorm.  bwd: dx +=, gradients +=; g NULL: none. */
void norm_fwd(const struct config *, const float *w, size_t gain, size_t bias,
		float *y, float *mean, float *rstd, const float *x, size_t rows);
void norm_bwd(const struct config *, const float *w, float *g, size_t gain, size_t bias,
		float *dx, const float *dy, const float *x, float *mean, float *rstd, size_t rows);

/* What the products of a step multiply: fp32, f16, or bf16; LINEAR_BF16_DX: the gradients of weights, whose sums run over
 * rows, are left in fp32, because the rows do not go two by two (gemm.h). */
enum linear { LINEAR_F32, LINEAR_F16, LINEAR_BF16_DX, LINEAR_BF16 };

/* y (rows,N) = x (rows,K) W^T + bias + residual, W (N,K).  bias, residual: NULL for none. */
void linear_fwd(float *y, const float *x, size_t rows, size_t K, size_t N, const float *W,
		const float *bias, const float *residual, enum linear);
/* dx (rows,K) is set; dW and db (NULL: not wanted) are added to. */
void linear_bwd(float *dx, float *dW, float *db, const float *dy, const float *x, const float *W,
		size_t rows, size_t K, size_t N, enum linear);

/* The up projection and activation: y (rows,F); pre (rows, width_up) keeps what the activation was given. */
void up_fwd(const struct config *, const float *W, const float *bias, float *y, float *pre,
		const float *x, size_t rows, enum linear);
/* From pre again: y (rows,F). */
void act_again(const struct config *, float *y, const float *pre, size_t rows);
/* dpre (rows, width_up) from dy (rows,F); they may be the same where nothing is gated. */
void act_back(const struct config *, float *dpre, const float *dy, const float *pre, size_t rows);

/* Rotary tables for positions [0, T): cosine and sine (T, D/2), in double and then rounded (Su et al. 2021;
 * scaling as Llama 3.1 does it). */
void rope_tables(const struct config *, int T, float *cosine, float *sine);

/* RMSNorm of each q and k head within qkv (rows, width_qkv), in place.  q_raw (rows,H*D) and k_raw (rows,KV*D)
 * keep what was there, q_rstd (rows,H) and k_rstd (rows,KV) the factors; tmp (rows,H*D) is scratch. */
struct qk_norm {
	float *q_raw, *k_raw, *q_rstd, *k_rstd;
};
void qk_norm_fwd(const struct config *, const float *w, const struct layer_offsets *, float *qkv, size_t rows,
		const struct qk_norm *, float *tmp);
/* dqkv in place; g NULL: no gradients of gains; tmp, tmp2 (rows,H*D). */
void qk_norm_bwd(const struct config *, const float *w, float *g, const struct layer_offsets *, float *dqkv,
		size_t rows, const struct qk_norm *, float *tmp, float *tmp2);

/* x (rows,C) = tok[id] + pos[position] (pos NULL: none). */
void embed_fwd(float *x, const float *tok, const uint32_t *id, const float *pos, const uint32_t *position,
		size_t rows, size_t C);
/* table[id[i]] += dx[i], rows in order for each column: the same bits at any number of threads. */
void embed_bwd(float *table, const uint32_t *id, const float *dx, size_t rows, size_t C);
#endif
