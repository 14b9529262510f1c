/* seen - what was there before: a set of 128-bit hashes */
#ifndef LM_SEEN_H
#define LM_SEEN_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

struct hash128 {
	uint64_t a, b;
};
struct hash128 hash128(const void *, size_t n);

/*
 * All zero to begin with, but for max.  16 bytes a slot, three to six eighths of them in use.  A set that may not grow any
 * further goes on as a Bloom filter of a third of max to two: what was there is always told, what was not is taken for something
 * that was with the probability of seen_error.
 */
struct seen {
	size_t          max;            /* bytes; 0: any number */
	struct hash128 *slots;
	size_t          n, cap;
	uint64_t       *bits;           /* of the filter, if it is one by now */
	size_t          n_bits, n_set;
};
int    seen_put(struct seen *, struct hash128); /* whether it was there; it is now */
int    seen_has(const struct seen *, struct hash128);   /* not of a filter */
double seen_error(const struct seen *);
void   seen_free(struct seen *);
#endif
