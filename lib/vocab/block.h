/* block - where pieces begin in 64 bytes of ASCII, one function a pattern; what scan.h does byte by byte */
#ifndef LM_BLOCK_H
#define LM_BLOCK_H
/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#define BLOCK_NEEDS 66          /* bytes at p that may be read */

/* A piece begins at p.  Bits of the positions, from 1 on, where others begin for sure: up to the last of them the cuts are
 * the scanner's.  0: ask that. */
typedef uint64_t block_fn(const unsigned char *p);
block_fn block_gpt2, block_cl100k, block_qwen2, block_o200k;
#endif
