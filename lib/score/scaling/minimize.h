/* minimize - the lowest point of a function of a few numbers */
#ifndef LM_MINIMIZE_H
#define LM_MINIMIZE_H
/* SPDX-License-Identifier: MIT */

enum { MINIMIZE_MOST = 16 };

/* f(x) and its gradient; not a number where there is no value. */
typedef double minimize_fn(const double *x, double *grad, void *ctx);

/* Goes down from x, of n <= MINIMIZE_MOST numbers, and leaves the lowest point found there; returns f of it.
 * BFGS with the line search of Lewis and Overton (2013), which also suits what has edges. */
double minimize(minimize_fn *, void *ctx, double *x, int n, int steps);
#endif
