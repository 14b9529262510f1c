/* drop - dropout (Srivastava et al. 2014) whose mask is a function of place, so that nothing of it is kept */
#ifndef LM_DROP_H
#define LM_DROP_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

/* An element is dropped when 16 bits of the random number at (seed, step, record, site, element) are below
 * p 65536; what stays is divided by the part that stays. */
struct drop {
	float    p;             /* [0, 1); 0: none */
	uint64_t seed, step;
	uint64_t record;        /* of the first row */
};

/* y = dropped x (+ residual, unless NULL), (B,T,C); row b is record + b, element t C + c.  y may be x. */
void op_drop(float *y, const float *x, const float *residual, size_t B, size_t T, size_t C, const struct drop *,
		uint64_t site);

/* In place: n elements from `first` of row b.  Pure, for one thread. */
void drop_part(float *x, size_t n, const struct drop *, uint64_t b, uint64_t site, uint64_t first);
#endif
