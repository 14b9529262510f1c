/* row - one row of logits: the largest, who has it, and the logarithm of the sum of exponentials */
#ifndef LM_ROW_H
#define LM_ROW_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

float    row_largest(const float *z, size_t n);
uint32_t row_likeliest(const float *z, size_t n, float top);    /* whose it is; of several the first */
double   row_log_sum(const float *z, size_t n, float scale, float top);  /* log of the sum of exp(scale z); top: the largest */
#endif
