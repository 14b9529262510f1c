/* row - one row of logits */
/* SPDX-License-Identifier: MIT */
#include "kern/row.h"
#include "kern/kern.h"
#include <math.h>

enum { PIECE = 1024 };          /* summed in fp32, and these sums in double */

float
row_largest(const float *z, size_t n)
{
	return kern_now()->max(z, n);
}

uint32_t
row_likeliest(const float *z, size_t n, float top)
{
	uint32_t best = 0;

	while (best < n - 1 && z[best] < top)
		best++;
	return best;
}

double
row_log_sum(const float *z, size_t n, float scale, float top)
{
	double sum = 0;

	for (size_t i = 0; i < n; i += PIECE)
		sum += (double)kern_now()->expsum(NULL, z + i, scale, scale * top, n - i < PIECE ? n - i : PIECE, NULL);
	return log(sum) + (double)(scale * top);
}
