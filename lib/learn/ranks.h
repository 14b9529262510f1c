/* ranks - the processes that mpirun started side by side; ranks.c is the only file that names MPI */
#ifndef LM_RANKS_H
#define LM_RANKS_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include <stddef.h>

/* Finds the others, if mpirun started this process; else, and until then, it is the only one.  -1: there are others, and
 * this program was built without MPI.  All ranks are to call the same functions in the same order from then on. */
int    ranks_start(struct err *);
void   ranks_end(void);                 /* call it before a good end: mpirun takes any other for a failure */
int    ranks_n(void);
int    ranks_me(void);                  /* 0 .. ranks_n() - 1 */

/* An array in parts: rank r's is [at[r], at[r+1]).  Sums have the order of ranks, so that equal numbers of ranks have
 * equal bits. */
void   ranks_sum_parts(float *x, const size_t *at);     /* a rank's own part becomes the sum of all ranks' */
void   ranks_share_parts(float *x, const size_t *at);   /* all get all parts from their owners */
void   ranks_gather_parts(float *x, const size_t *at);  /* rank 0 does */
double ranks_sum(double);
int    ranks_any(int);                  /* the largest */
#endif
