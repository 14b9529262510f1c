/* unigram - the likeliest way to cut a piece in tokens */
#ifndef LM_UNIGRAM_H
#define LM_UNIGRAM_H
/* SPDX-License-Identifier: MIT */
#include "vocab/table.h"

/* The tokens that have scores as a tree of bytes; -1 when one is too long. */
int  unigram_tree(struct vocab *, struct err *);
void unigram_tree_free(struct unigram_tree *);

struct unigram {                /* scratch; all zero to begin with */
	uint16_t *back;         /* of a window: bytes of the best token that ends at a place; 0: none does */
	size_t    cap;
	float    *score;        /* of the best way to a place, for the last of them: a ring */
	float     till;         /* the score of the text before this piece */
};
void unigram_free(struct unigram *);

/* Appends the ids of n > 0 bytes, at most n, by the vocabulary's scores (Kudo 2018, Viterbi).  A character that is no token is
 * its bytes, or unk, one for several in a row.  Neither: *bad is where it is.  Time is in proportion to n; so is memory, two
 * bytes a byte, only where ways that differ all along are equally likely. */
void unigram_ids(const struct vocab *, struct unigram *, const unsigned char *p, size_t n, struct ids *, const unsigned char **bad);
#endif
