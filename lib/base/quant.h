/* quant - rows of numbers in 32, 16, 8 and 4 bits: GGUF's F32 F16 BF16 Q8_0 Q4_0 (ggml's docs/gguf.md); F64, to be read */
#ifndef LM_QUANT_H
#define LM_QUANT_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

enum { QUANT_BLOCK = 32 };      /* values of Q8_0 and Q4_0 that share a scale, an F16 in front of them */
enum quant { QUANT_F32 = 0, QUANT_F16 = 1, QUANT_Q4_0 = 2, QUANT_Q8_0 = 8, QUANT_F64 = 28, QUANT_BF16 = 30 };   /* ggml's numbers */

/* The bytes of n values; 0: n cannot be cut into blocks, or no such type. */
size_t quant_bytes(enum quant, size_t n);
void   quant_unpack(enum quant, const void *, size_t n, float *out);
int    quant_finite(enum quant, const void *, size_t n);                /* whether no value is NaN or an infinity */
void   quant_pack(enum quant, const float *, size_t n, void *out);     /* nearest; Q8_0 and Q4_0 as ggml rounds */
#endif
