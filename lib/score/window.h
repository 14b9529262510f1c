/* window - a long document in windows: each token is predicted once, with what context fits */
#ifndef LM_WINDOW_H
#define LM_WINDOW_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>

/* Rolling windows of up to L tokens over a document of n, whose first token is not predicted: the first window
 * predicts L tokens, each later one the next `stride` (1 <= stride <= L) and is right-aligned: it reads the L
 * tokens before its last target (as lm-eval's rolling log-likelihood). */
struct window {
	size_t first, len;      /* tokens [first, first + len) are read ... */
	size_t from, to;        /* ... and targets [from, to) predicted: target t at row t - 1 - first */
};
/* All zero to begin with; the next one: 1, or 0 at the end. */
int window_next(struct window *, size_t n, size_t L, size_t stride);
#endif
