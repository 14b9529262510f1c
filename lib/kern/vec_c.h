/* vec_c - what a compiler is asked for by the kern_*.c and their loops: to unroll, to inline */
#ifndef LM_VEC_C_H
#define LM_VEC_C_H
/* SPDX-License-Identifier: MIT */

#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif
#define INLINE static inline __attribute__((always_inline, unused))
#endif
