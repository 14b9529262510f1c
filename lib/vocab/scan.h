/* scan - hand-written pre-tokenizers, one function a pattern; equal to leftmost, first-alternative matching */
#ifndef LM_SCAN_H
#define LM_SCAN_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>

/* The end of the piece that begins at p < e; cls: ucd_classes(). */
typedef const unsigned char *scan_fn(const unsigned char *cls, const unsigned char *p, const unsigned char *e);
scan_fn scan_gpt2, scan_cl100k, scan_qwen2, scan_o200k, scan_digit, scan_digits, scan_char, scan_spaces, scan_whole;
#endif
