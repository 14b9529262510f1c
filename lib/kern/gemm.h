/* gemm - matrix products: packed panels and blocking around one micro-kernel per instruction set */
#ifndef LM_GEMM_H
#define LM_GEMM_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

enum gemm_act { GEMM_NONE, GEMM_GELU, GEMM_SILU, GEMM_RELU, GEMM_RELU2 };

/*
 * C (M,N) = [C +] op(A) (M,K) op(B) (K,N), row-major, fp32.
 *
 * The sum over K of each element of C is one chain of fused multiply-adds in the order of k, which starts from
 * C when accumulate is set (else from 0): so a product whose K is cut into several calls has the same bits as
 * one call, at any number of threads, and an element does not depend on M, or on which rows share the call.
 * In bf16 some instruction sets add k two at a time: there the pieces of such a K but the last must be even, and
 * the bits are not those of other instruction sets.
 */
struct panels;
struct gemm {
	size_t       M, N, K;
	const float *A;                 /* (M,K), or (K,M) when a_trans */
	size_t       lda;
	int          a_trans;
	const float *B;                 /* (K,N), or (N,K) when b_trans: a weight [out][in] */
	size_t       ldb;
	int          b_trans;
	const struct panels *panels;    /* an F32 or BF16 matrix (N,K; BF16 with bf16) in place of B; NULL: none */
	float       *C;
	size_t       ldc;
	int          accumulate;        /* go on from what C holds */
	int          bf16;              /* A and B are rounded to bf16 on the way; the rest stays fp32 */
	int          f16;               /* to f16; the products are those of fp32, no processor being asked for others */
	/* Epilogue, fused into the store of a tile, in this order; NULL: none.  With accumulate it comes after the sum. */
	const float *bias;              /* (N): C += bias */
	float       *pre;               /* (M,N), ld ldc: the value before the activation is kept here */
	enum gemm_act act;
	const float *residual;          /* (M,N), ld ldc: C += residual, after the activation */
};

/* Parallel over tiles of C; inside a parallel region it runs on the calling thread.  Scratch memory is kept
 * between calls, one set a thread.  With few rows (decoding) B is read once, at the speed of memory. */
void gemm(const struct gemm *);
size_t gemm_scratch(const struct gemm *);        /* floats of it that this product takes */

/* Floating-point operations of all products of this process so far: 2 M N K each. */
uint64_t gemm_work(void);
#endif
