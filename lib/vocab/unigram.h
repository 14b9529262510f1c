/* unigram - the likeliest way to cut a piece in tokens */
#ifndef LM_UNIGRAM_H
#define LM_UNIGRAM_H
/* SPDX-License-Identifier: MIT */
#include "vocab/table.h"

struct unigram {                /* scratch; all zero to begin with */
	struct unigram_node {
		float    score;
		uint32_t from, id;      /* of the token that ends here */
	} *node;
	size_t cap;
	float  till;                    /* the score of the text before this piece */
};
void unigram_free(struct unigram *);

/* The ids of n > 0 bytes, at most n, by the vocabulary's scores (Kudo 2018, Viterbi).  A character that is no token is
 * its bytes, or unk, one for several in a row.  Neither: *bad is where it is. */
size_t unigram_ids(const struct vocab *, struct unigram *, const unsigned char *p, size_t n, uint32_t *out, const unsigned char **bad);
#endif
