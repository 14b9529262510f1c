/* pieces - the ids of a text that is cut into pieces: a cache of pieces, look-ups, merges */
#ifndef LM_PIECES_H
#define LM_PIECES_H
/* SPDX-License-Identifier: MIT */
#include "vocab/vocab.h"

struct pieces;                  /* one thread's cache and scratch */

struct pieces *pieces_new(const struct vocab *);
void           pieces_free(struct pieces *);
/* Appends the ids of n > 0 bytes without specials; base: their offset, for messages.  front: as if a space were in front,
 * for SentencePiece's BPE alone.  -1: a byte that no token has, or PCRE2 gave up. */
int pieces_encode(struct pieces *, const unsigned char *text, size_t n, int front, size_t base, struct ids *, struct err *);
/* Room for more ids. */
void ids_need(struct ids *, size_t more);
#endif
