/* near - texts that are nearly the same, found among many: locality-sensitive hashing, verified, joined in clusters */
#ifndef LM_NEAR_H
#define LM_NEAR_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include "text/same/minhash.h"

struct near_opts {
	size_t ngram, bands, rows;
	double min_jaccard;
};

/* Where a document's shingles are had from to verify a candidate, by any thread (scratch: an emptied buffer, the thread's own);
 * and what is told of each pair that holds. */
typedef int near_fetch(void *ctx, uint32_t doc, struct shingles *, struct buf *scratch, struct err *);
typedef int near_edge(void *ctx, uint32_t a, uint32_t b, double jaccard, struct err *);        /* a < b */

/* Documents are numbered from 0 in the order of near_put.  Memory: 4 bytes a document, and `memory` at most to sort;
 * keys wait in a temporary file. */
struct near;
struct near *near_new(size_t bands, size_t memory, struct err *);
/* The next document, with its keys [bands]; NULL: one that takes part in clusters only. */
int          near_put(struct near *, const uint64_t *keys, struct err *);
void         near_join(struct near *, uint32_t a, uint32_t b);
/* A pair to be verified and told of whatever its keys; only when near_find gets an edge. */
int          near_pair(struct near *, uint32_t a, uint32_t b, struct err *);

struct near_counts {
	uint64_t tried, held;           /* pairs verified; those that held */
};
struct near_find {
	double         min_jaccard;
	const uint8_t *mark;            /* [documents]: those with the mark `skip` take part in clusters only; NULL: none such */
	uint8_t        skip;
	near_fetch    *fetch;
	near_edge     *edge;            /* NULL: not wanted */
	void          *ctx;
	struct near_counts *counts;     /* added to */
};
/*
 * Verifies each pair of documents that share a key: those with at most NEAR_BEFORE others between them among the documents of
 * one key, and each with the first.  Pairs of Jaccard min_jaccard and more are joined.  With edge set, every such pair
 * is told of, in order, else pairs that are joined already are not tried.  The result does not depend on threads.
 */
enum { NEAR_BEFORE = 32 };
int          near_find(struct near *, const struct near_find *, struct err *);
uint32_t     near_first(struct near *, uint32_t doc);   /* the first document of its cluster */
void         near_free(struct near *);
#endif
