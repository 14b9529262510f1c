/* pairtab - pairs of symbols, their counts, and where in all words they are */
#ifndef LM_PAIRTAB_H
#define LM_PAIRTAB_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

struct pair {
	uint32_t a, b;
	uint64_t count;         /* over all words, each adjacent pair counted */
	size_t   first, n;      /* its places; some may be gone */
};

struct pairtab {                /* all zero: none */
	struct pair *v;
	size_t       n, cap;
	uint32_t    *slot;      /* (a, b) -> pair, UINT32_MAX empty */
	size_t       mask;
};

/* Made if need be; all move when one is made, and there must be fewer than UINT32_MAX. */
struct pair *pairtab_of(struct pairtab *, uint32_t a, uint32_t b);
void         pairtab_free(struct pairtab *);
#endif
