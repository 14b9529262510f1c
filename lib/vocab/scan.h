/* scan - hand-written pre-tokenizers, one function a pattern; equal to leftmost, first-alternative matching */
#ifndef LM_SCAN_H
#define LM_SCAN_H
/* SPDX-License-Identifier: MIT */
#include "vocab/split.h"

scan_fn scan_gpt2, scan_cl100k, scan_qwen2, scan_o200k, scan_spaces, scan_whole;
#endif
