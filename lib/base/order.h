/* order - ascending, for qsort and bsearch */
#ifndef LM_ORDER_H
#define LM_ORDER_H
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#define ORDER(x, y) (((x) > (y)) - ((x) < (y)))

static inline int order_double(const void *a, const void *b) { return ORDER(*(const double *)a, *(const double *)b); }
static inline int order_u64(const void *a, const void *b)    { return ORDER(*(const uint64_t *)a, *(const uint64_t *)b); }
static inline int order_u32(const void *a, const void *b)    { return ORDER(*(const uint32_t *)a, *(const uint32_t *)b); }
static inline int order_int(const void *a, const void *b)    { return ORDER(*(const int *)a, *(const int *)b); }
static inline int order_float(const void *a, const void *b)  { return ORDER(*(const float *)a, *(const float *)b); }
static inline int order_text(const void *a, const void *b)   { return strcmp(*(char *const *)a, *(char *const *)b); }
#endif
