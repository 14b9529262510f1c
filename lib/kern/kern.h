/* kern - the inner loops, one table of them per instruction set */
#ifndef LM_KERN_H
#define LM_KERN_H
/* SPDX-License-Identifier: MIT */
#include "kern/ops.h"
#include "base/quant.h"

/*
 * kern_*.c include this header, vec_*.h and the compiler's, nothing else, and define one table each: they are built
 * with flags the rest of the program must not depend on, so no function of theirs may be shared with it.
 * All of them run on the calling thread; gemm.c, ops.c and attn.c share out the work.
 */

/* What happens to a tile of C before it is left; every pointer is at the tile's first element. */
struct kern_epi {
	const float  *bias;     /* (n) or NULL */
	float        *pre;      /* like C, or NULL */
	const float  *residual; /* like C, or NULL */
	enum gemm_act act;
};

enum { KERN_ROW = 272 };         /* floats of a row of attention's tiles: a constant, so that no address is computed */

struct kern {
	const char *name;
	int       (*usable)(void);              /* does this CPU have it? */
	int       (*slow)(void);                /* unless NULL: has it, but does better with the next table */

	/* Products.  A panel holds w lanes of an operand for k steps: dst[k*w + i].  Panel follows on panel until all
	 * lanes are packed, the last is filled up with lanes of 0.
	 * Element (i,k) is src[i*ld + k] when along_k, else src[k*ld + i].  dst is aligned to 64 where w is nr. */
	size_t mr, nr;                          /* rows and columns of a tile */
	size_t kc, mc, nc;                      /* of a block about: depth, rows of A, columns of B */
	void (*pack)(float *dst, size_t w, const float *src, size_t ld, int along_k, size_t lanes, size_t k);
	/* c (m,n) = [c +] a b for a packed panel of b, m <= mr, n <= nr: for each element one chain of fused
	 * multiply-adds in the order of k, from c when `load`, else from 0.  Element (i,k) of a is a[k*lda + i] (a
	 * packed panel: lda is mr), for tile_rows a[i*KERN_ROW + k]. */
	void (*tile)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, float *c, size_t ldc,
			int load);
	void (*tile_rows)(size_t m, size_t n, size_t k, const float *a, const float *b, float *c, size_t ldc, int load);
	/* Products of numbers rounded to bf16 (to the nearest, ties to even; too small for a normal number: 0), summed
	 * in fp32.  A panel holds per numbers of k in a cell of 32 bits, an odd last one beside 0: k is counted in
	 * numbers by pack_bf16, in cells by tile_bf16.  per is 1: the chain of tile.  2: each cell adds the product of
	 * its second numbers, then that of its first; numbers and sums too small for a normal number count as 0. */
	size_t per;
	void (*pack_bf16)(float *dst, size_t w, const float *src, size_t ld, int along_k, size_t lanes, size_t k);
	void (*tile_bf16)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, float *c, size_t ldc,
			int load);
	void (*epilogue)(float *c, size_t ldc, size_t m, size_t n, const struct kern_epi *);

	/* Rows.  Sums have an order that depends on n alone. */
	float  (*dot)(const float *x, const float *y, size_t n);
	void   (*axpy)(float *y, float a, const float *x, size_t n);            /* y += a x */
	void   (*scale)(float *y, float a, size_t n);                           /* y *= a */
	float  (*max)(const float *x, size_t n);                                /* -inf when n is 0 */
	/* y = exp(a x - b), the sum is returned; y may be x, or NULL.  ez, if not NULL: sum of y (a x - b). */
	float  (*expsum)(float *y, const float *x, float a, float b, size_t n, float *ez);
	double (*sumsq)(const float *x, size_t n);

	void (*act)(float *y, const float *x, size_t n, enum gemm_act);
	void (*act_bwd)(float *dx, const float *dy, const float *x, size_t n, enum gemm_act);
	void (*glu)(float *y, const float *g, const float *u, size_t n, enum gemm_act);
	void (*glu_bwd)(float *dg, float *du, const float *dy, const float *g, const float *u, size_t n, enum gemm_act);

	float (*rmsnorm)(float *y, const float *x, const float *gain, size_t n, float eps);     /* rstd */
	void  (*rmsnorm_bwd)(float *dx, const float *dy, const float *x, float rstd, const float *gain, size_t n);
	float (*layernorm)(float *y, float *mean, const float *x, const float *gain, const float *bias, size_t n,
			float eps);                                                     /* rstd */
	void  (*layernorm_bwd)(float *dx, const float *dy, const float *x, float mean, float rstd, const float *gain,
			size_t n);
	/* One row's share of the gradients of gain and (unless NULL) bias: dgain += dy (x - mean) rstd, dbias += dy. */
	void  (*norm_cols)(float *dgain, float *dbias, const float *dy, const float *x, float mean, float rstd, size_t n);

	void (*rope)(float *x, const float *cos, const float *sin, float sign, size_t half);    /* one head */
	/* s: scores in, probabilities p = exp(scale s - lse) out; dp in, scale p (dp - delta) out. */
	void (*softmax_bwd)(float *s, float *dp, float scale, float lse, float delta, size_t n);
	void (*to_bf16)(uint16_t *y, const float *x, size_t n);         /* rounds, as above */
	void (*from_bf16)(float *y, const uint16_t *x, size_t n);
	void (*to_f16)(uint16_t *y, const float *x, size_t n);          /* the nearest, ties to even, subnormal ones too */
	void (*from_f16)(float *y, const uint16_t *x, size_t n);
	void (*adamw)(float *w, const float *g, float *m, float *v, size_t n, const struct op_adamw *);
};

extern const struct kern kern_ref, kern_avx2, kern_avx512, kern_avx512bf16, kern_neon;

/*
 * Few rows of x against a matrix that is read once: m rows (m, K) against np panels of GEMV_PANEL outputs, laid out
 * as panels.h says.  y (m, np * GEMV_PANEL), ldy apart, is set.  Each element is one chain in the order of k,
 * of fused multiply-adds (F32, BF16), or over blocks of 32 of fma(sum of integer products, dw * dx, chain): the
 * same bits in every table, for any m and np.
 */
enum { GEMV_PANEL = 16 };
struct kern_rows {
	size_t m, np, K;
	const unsigned char *w;         /* the first panel, aligned to 64; `panel` bytes to the next */
	size_t panel;
	const float   *x;               /* F32, BF16 */
	size_t ldx;
	const int8_t  *xq;              /* Q8_0, Q4_0: (m, blocks*32), their scales and sums (m, blocks) */
	const float   *xd;
	const int32_t *xs;
	size_t blocks;
	float *y;
	size_t ldy;
};
struct kern_gemv {
	const char *name;               /* that of the table it goes with */
	int  (*usable)(void);
	void (*f32)(const struct kern_rows *), (*bf16)(const struct kern_rows *);
	void (*q8)(const struct kern_rows *), (*q4)(const struct kern_rows *);
	/* Blocks of 32 floats: d = max |x| / 127, q the nearest to x (127 / max |x|), s the sum of q. */
	void (*quantize)(const float *x, size_t blocks, int8_t *q, float *d, int32_t *s);
	void (*widen_q8)(float *out, const void *q8, size_t n);        /* a float scale, then n int8 */
};

extern const struct kern_gemv kern_gemv_ref, kern_gemv_avx2, kern_gemv_avx512;

#ifdef KERN_W   /* a kern_*.c that has defined its vectors: the loops over them, the same at every width */
#include "kern/loops.h"
#endif
#ifdef KERN_GEMV
#include "kern/gemv_loops.h"
#endif

/* What follows is for those who call the tables. */
struct err;

/* Picks the table that LM_CPU names (ref, avx2, avx512, avx512bf16, neon), else the best usable one that is not slow; -1: LM_CPU
 * names none that works here.  Programs call it at start; without that, the first use picks. */
int kern_init(struct err *);
const struct kern *kern_now(void);              /* the one in use */
void kern_use(const struct kern *);             /* for tests and benchmarks */
const struct kern *kern_list(size_t i);         /* those built in, best first; NULL at the end */

/* At least that many floats, aligned to 64, of the calling thread: kept and reused between calls, as threads are.  A slot
 * is one use that may be open at a time. */
enum { SCRATCH_GEMM, SCRATCH_ATTN, SCRATCH_CACHE, SCRATCH_N };
float *kern_scratch(int slot, size_t floats);
#endif
