/* charsmap - SentencePiece's normalization: strings to strings by a trie that the vocabulary's file carries */
#ifndef LM_CHARSMAP_H
#define LM_CHARSMAP_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"

/* The map is as in the file: u32 bytes of a double array (darts-clone), the array, NUL-terminated strings.
 * -1 when it cannot be one; all else is checked as it is read. */
int charsmap_check(const void *map, size_t n, struct err *);

/* Appends the text with the longest strings that the map knows replaced (no map: none), ill-formed bytes as U+FFFD and
 * U+2581 as a space.  squeeze: spaces at both ends go, and of several in a row all but one. */
void charsmap_apply(const void *map, size_t n, int squeeze, const char *text, size_t len, struct buf *out);
#endif
