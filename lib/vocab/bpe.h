/* bpe - joining the symbols of one piece, the pair of lowest rank first, leftmost first */
#ifndef LM_BPE_H
#define LM_BPE_H
/* SPDX-License-Identifier: MIT */
#include "vocab/table.h"

#define BPE_SHORT 64            /* symbols up to which the lowest rank is looked for by a scan */

struct bpe {                    /* scratch for long pieces; all zero to begin with */
	uint32_t *next, *prev, *rank, *start;
	uint64_t *heap;
	size_t    cap, heap_cap;
};
void bpe_free(struct bpe *);

/* sym[n], n > 0, becomes the merged tokens; returns how many.  Time is in proportion to n, memory beside sym
 * nearly constant, at any n < 2^32. */
size_t bpe_merge(const struct vocab *, struct bpe *, uint32_t *sym, size_t n);
/* The same for the bytes of a piece in a byte-level vocabulary: at most n ids to out. */
size_t bpe_bytes(const struct vocab *, struct bpe *, const unsigned char *p, size_t n, uint32_t *out);
#endif
