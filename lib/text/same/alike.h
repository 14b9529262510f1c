/* alike - documents that wait until all are there: which are alike, exactly or nearly, and which one of them stays */
#ifndef LM_ALIKE_H
#define LM_ALIKE_H
/* SPDX-License-Identifier: MIT */
#include "text/same/dedup.h"
#include "text/same/seen.h"

/* What is known of a document beside itself; all zero: nothing. */
struct traits {
	struct hash128   text, url;     /* .a 0: by this it is like no other */
	const uint64_t  *keys;          /* [bands] of minhash, or NULL */
	struct shingles *shingles;      /* with keys */
	int              barred;        /* goes, whatever it is like */
};

/*
 * Documents lie in a temporary file.  Memory: 4 bytes a document for its cluster, 1 for how it was found, 8 more to choose which
 * one stays unless that is the first, and what `memory` allows to sort with.
 */
struct alike;
struct alike *alike_new(const struct dedup_opts *, const struct dedup_sink *, struct err *);
int           alike_put(struct alike *, const struct doc *, const struct traits *, struct err *);
/* A document of an earlier run, by its id as JSON: what is like it goes.  Before any alike_put.  `shingles` is a sketch. */
int           alike_known(struct alike *, const char *id, size_t n, const struct traits *, struct err *);
int           alike_end(struct alike *, uint64_t dropped[DEDUP_METHODS], struct near_counts *, struct err *);
void          alike_free(struct alike *);
#endif
