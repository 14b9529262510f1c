/* minhash - how much two texts have in common: shingles, signatures, bands, Jaccard */
#ifndef LM_MINHASH_H
#define LM_MINHASH_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

/* A text's shingles: hashes of each run of `ngram` words (\w+, lower case), in order; once sorted, each once.  A text of fewer words has
 * one shingle, one of no words none.  All zero to begin with; used again for the next text. */
struct shingles {
	uint64_t *v, *words;
	size_t    n, cap, n_words, cap_words;
	int       sketch;       /* only the least SKETCH of them are there, and of each the upper half */
};
enum { SKETCH = 256 };
void   shingles_make(struct shingles *, const char *text, size_t n, size_t ngram);
void   shingles_sort(struct shingles *);        /* wanted by those below */
double shingles_jaccard(const struct shingles *, const struct shingles *);      /* shared, of all; 1 when both are empty */
/* Where either is a sketch of a text with more shingles, J is estimated from the SKETCH least of both (bottom-k,
 * Cohen and Kaplan 2007): its standard error is .031 at most. */
void   shingles_from_sketch(struct shingles *, const uint32_t *sketch, size_t n);
size_t shingles_sketch(const struct shingles *, uint32_t sketch[SKETCH]);       /* how many */
void   shingles_free(struct shingles *);

/*
 * MinHash (Broder 1997) for locality-sensitive hashing: bands of rows values, each the least of all shingles under
 * one random function h -> a h + b mod 2^64; keys[bands] are a hash of each band's rows.  Two texts of Jaccard
 * J have a key in common with probability 1 - (1 - J^rows)^bands.  No shingles: keys are 0, which no others are.
 */
struct minhash {
	size_t    bands, rows;
	uint64_t *a, *b;        /* [bands * rows] */
};
void minhash_init(struct minhash *, size_t bands, size_t rows, uint64_t seed);
void minhash_keys(const struct minhash *, const struct shingles *, uint64_t *keys);
void minhash_free(struct minhash *);
#endif
