/* pairs - the loop of BPE training: words of symbols, counts of their pairs, the best pair joined */
#ifndef LM_PAIRS_H
#define LM_PAIRS_H
/* SPDX-License-Identifier: MIT */
#include "vocab/table.h"

struct pairs;
struct pairs *pairs_new(int disk);      /* whether the words and the places of pairs lie in temporary files */
void          pairs_free(struct pairs *);
/* The next symbol and its bytes; specials are kept apart: nothing merges to them. */
void          pairs_token(struct pairs *, const char *bytes, size_t n, int special);
/* A word that occurs count times; -1: all words together are longer than 4 G symbols, a disk is full. */
int           pairs_word(struct pairs *, const uint32_t *sym, size_t n, uint64_t count, struct err *err);
/* Joins until there are `size` symbols or no pair occurs min_count times, in so many merges; -1: a disk is full.  A pair
 * whose bytes are a symbol already makes that one. */
int           pairs_merge(struct pairs *, size_t size, uint64_t min_count, size_t *merges, struct err *err);
/* Gives the new symbols, then the merges, to a vocabulary that has the first ones. */
void          pairs_tokens(const struct pairs *, struct vocab *);
void          pairs_merges(const struct pairs *, struct vocab *);
#endif
