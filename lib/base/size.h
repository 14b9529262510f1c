/* size - arithmetic of sizes */
#ifndef LM_SIZE_H
#define LM_SIZE_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>

static inline size_t least(size_t a, size_t b)    { return a < b ? a : b; }
static inline size_t most(size_t a, size_t b)     { return a > b ? a : b; }
static inline size_t div_up(size_t a, size_t b)   { return (a + b - 1) / b; }
static inline size_t round_up(size_t a, size_t b) { return div_up(a, b) * b; }    /* to a multiple of b */
#endif
