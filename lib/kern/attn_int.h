/* attn_int - what attention forward and backward share: tiles of queries against keys */
#ifndef LM_ATTN_INT_H
#define LM_ATTN_INT_H
/* SPDX-License-Identifier: MIT */
#include "base/size.h"
#include "kern/attn.h"
#include "kern/kern.h"

/*
 * A tile is some rows of queries against KT keys, at boundaries that are the same for every row: what a row sums,
 * and in which order, depends on its own keys alone.  Keys that no row of a panel sees are left out of a product,
 * those that only this row does not see have probability 0.  A row is longer than KT, so that rows do not meet in the
 * same places of a cache, and what is set to 0 beyond a row's last key needs no end.
 */
enum { ATTN_KT = 256, ATTN_QT = 266 };  /* QT: at most; a multiple of the micro-tile's rows */

struct attn_run {
	const struct attn *a;
	const struct kern *k;
	size_t qt, nq;                  /* rows of a tile, tiles of a sequence */
	size_t dp;                      /* D, rounded up to whole panels */
	float *mem;                     /* scratch, per floats a thread */
	size_t per;
	const float *dout;
	float *dq, *dk, *dv;
};
void attn_run_init(struct attn_run *, const struct attn *);
size_t attn_threads(void);

/* The rows of a tile and the keys [lo, hi) that each sees. */
struct attn_rows {
	size_t row, q0, n;              /* row of position 0 of this sequence, first position, how many */
	size_t lo[ATTN_QT], hi[ATTN_QT];
	size_t kmin, kmax;              /* of the whole tile; kmin is a boundary */
};
void attn_rows_init(struct attn_rows *, const struct attn_run *, size_t b, size_t tile);

/* Panels of n rows of D floats, lane by lane for a product over D; of D columns for a product over n rows. */
void attn_pack_rows(const struct attn_run *, float *dst, size_t w, const float *src, size_t ld, size_t n);
void attn_pack_cols(const struct attn_run *, float *dst, const float *src, size_t ld, size_t n);

/* s (rows, KERN_ROW) = x y^T over D where some row of a panel sees some key of a panel. */
void attn_scores(const struct attn_run *, const struct attn_rows *, float *s, const float *x, const float *y, size_t j0, size_t kn);
/* o (rows, D) = p (rows, keys) v, += where j0 is not the first key: panels of v hold vn keys. */
void attn_weigh(const struct attn_run *, const struct attn_rows *, float *o, size_t ldo, const float *p, const float *v,
		size_t j0, size_t kn, size_t vn);

/* Where the part of row i that tile [j0, j0+kn) holds begins and ends; what products read of the rest is set to 0.
 * Returns 0 when there is none. */
int attn_part_of_row(const struct attn_rows *, size_t i, float *s, size_t j0, size_t kn, size_t *from, size_t *to);

/* Probabilities (or their gradients) of row i of head h and keys [j, j+n): some are dropped. */
void attn_drop(const struct attn_run *, const struct attn_rows *, size_t h, size_t i, float *p, size_t j, size_t n);
#endif
