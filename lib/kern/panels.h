/* panels - a weight matrix as decoding reads it, in 32, 16, 8 or 4 bits: each byte once, in the order of memory */
#ifndef LM_PANELS_H
#define LM_PANELS_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/quant.h"

/*
 * W (N,K), a panel for each 16 rows, which are its lanes:
 *   F32   float [K][16]                    BF16  [K/2][16][2]
 *   Q8_0  bytes q + 128 [K/32][8][16][4]   Q4_0  bytes [K/32][4][16][4], low nibbles k, high ones k + 16
 * and for the last two F16 scales [K/32][16] behind them.  K and N are filled up with zeros.
 */
struct panels {
	enum quant    type;             /* F32, BF16, Q8_0 or Q4_0 */
	size_t        N, K;
	size_t        panel;            /* bytes */
	struct arena  mem;
	unsigned char *data;
};
void   panels_init(struct panels *, enum quant, size_t N, size_t K);
void   panels_free(struct panels *);
/* Row r from K values of type `from`: kept as they are when that is the matrix's own type, else converted.
 * tmp: K rounded up to 32 floats.  Rows of different panels may be put at the same time. */
void   panels_put(struct panels *, size_t r, enum quant from, const void *row, float *tmp);
void   panels_row(const struct panels *, size_t r, float *out);         /* (K): row r as floats */
/* Columns [col, col+n) of W^T at depth [k0, k0+kn) of an F32 or BF16 matrix: dst[k*nr + i], 0 from n to nr. */
void   panels_unpack(const struct panels *, float *dst, size_t nr, size_t col, size_t n, size_t k0, size_t kn);

/* The same of a BF16 matrix as it is kept, pairs of k in cells of 32 bits: cells [k0, k0+kn), dst[k*nr + i]. */
void   panels_cells(const struct panels *, uint32_t *dst, size_t nr, size_t col, size_t n, size_t k0, size_t kn);

/* Some rows of x, as products with Q8_0 and Q4_0 want them: int8 in blocks of 32 with a scale and a sum. */
struct panels_x {
	size_t   rows, ld;              /* x (rows, K), ld apart */
	const float *x;
	int8_t  *q;                     /* (rows, blocks * 32) */
	float   *d;                     /* (rows, blocks) */
	int32_t *s;
};
static inline size_t panels_blocks(size_t K) { return (K + QUANT_BLOCK - 1) / QUANT_BLOCK; }
void   panels_quantize(const struct panels_x *, size_t K, size_t row);   /* one row: fills q, d, s */

/* out (n) of an fp32 scale and n int8 behind it. */
void   panels_widen_q8(float *out, const void *q8, size_t n);

/* Task i of panels_tasks(): y (rows,N), ldy apart = x W^T + bias + residual (NULL: none; like y), for some columns.
 * An element does not depend on the other rows of the call, on the number of tasks at once, or on the instruction set. */
size_t panels_tasks(const struct panels *);
void   panels_task(const struct panels *, size_t i, const struct panels_x *, float *y, size_t ldy, const float *bias,
		const float *residual);
#endif
