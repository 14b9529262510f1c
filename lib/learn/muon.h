/* muon - momentum whose step is made orthogonal (Jordan et al. 2024), for the matrices of hidden layers */
#ifndef LM_MUON_H
#define LM_MUON_H
/* SPDX-License-Identifier: MIT */
#include "kern/ops.h"

/* x (rows,cols) becomes near the orthogonal matrix nearest to it: X / |X|, then five times
 * X <- a X + (b A + c A^2) X, A = X X^T, with a, b, c = 3.4445, -4.7750, 2.0315, which brings singular values
 * to about 0.7 .. 1.2.  scratch: muon_scratch floats, aligned to 64. */
void   muon_orthogonal(float *x, size_t rows, size_t cols, float *scratch);
size_t muon_scratch(size_t rows, size_t cols);

/* One step: m = mu m + (1 - mu) g, u = orthogonal((1 - mu) g + mu m) (Nesterov), mu = 0.95, and
 * w = w - lr (0.2 sqrt(max(rows, cols)) u + decay w): steps as large as AdamW's, so one rate serves both
 * (Liu et al. 2025).  Of the numbers lr, decay and gscale are read. */
void muon_step(float *w, const float *g, float *m, size_t rows, size_t cols, const struct op_adamw *, float *scratch);
#endif
