/* dedup - documents that are there already, exactly or nearly, left out */
#ifndef LM_DEDUP_H
#define LM_DEDUP_H
/* SPDX-License-Identifier: MIT */
#include "stream/docs.h"
#include "text/same/against.h"
#include "text/same/near.h"

/* PARAGRAPH, LINE and SUBSTRING take parts out of documents, and those left blank go.  AGAINST is on when there is something against. */
enum dedup_by { DEDUP_URL, DEDUP_PARAGRAPH, DEDUP_LINE, DEDUP_TEXT, DEDUP_MINHASH, DEDUP_SUBSTRING, DEDUP_AGAINST, DEDUP_METHODS };
extern const char *const dedup_names[DEDUP_METHODS];
enum dedup_keep { DEDUP_FIRST, DEDUP_LONGEST, DEDUP_MOST };     /* of documents that are alike; MOST: of a number in their meta */

struct dedup_opts {
	unsigned         by;            /* bits 1 << DEDUP_... */
	struct near_opts near;
	enum dedup_keep  keep;
	const char      *keep_key;      /* of DEDUP_MOST */
	size_t           min_substring; /* bytes, or words */
	int              words;
	const char      *index;         /* what earlier runs saw, read and extended; NULL: none */
	int              wait;          /* even for what could pass on at once: so memory is bounded */
	size_t           memory;        /* bytes to sort with */
	const struct against *against;  /* NULL: nothing; must stay */
};

/* What is told, all in the order of the stream.  Names are the documents' ids as JSON; a document without one is called by
 * its number from 0. */
struct dedup_sink {
	void *ctx;
	void (*doc)(void *, const struct doc *);                                /* stays */
	void (*edge)(void *, const char *a, const char *b, double jaccard);     /* a near or equal pair; NULL: not wanted */
	void (*cluster)(void *, const char *names);                             /* a JSON array; NULL: not wanted */
};

/*
 * By url, text, paragraph and line alone documents pass on at once, with 20 to 40 bytes of memory for each different one, paragraphs and
 * lines within half of opts.memory (see dedup_error); with
 * minhash, substring, an index, clusters or another choice of who stays they wait in temporary files until all are there: 5 to
 * 13 bytes a document, and fixed buffers.
 */
struct dedup;
struct dedup *dedup_new(const struct dedup_opts *, const struct dedup_sink *, struct err *);
int           dedup_put(struct dedup *, const struct doc *, struct err *);
int           dedup_end(struct dedup *, struct err *);
void          dedup_commit(struct dedup *);             /* the index is extended: when all else is written */
uint64_t      dedup_kept(const struct dedup *);
uint64_t      dedup_dropped(const struct dedup *, enum dedup_by);       /* documents; of PARAGRAPH, LINE, SUBSTRING: parts */
/* The chance that a new paragraph or line is taken for one that was there: above 0 once they filled their memory. */
double        dedup_error(const struct dedup *);
struct near_counts dedup_pairs(const struct dedup *);                   /* near ones, once dedup_end is done */
void          dedup_free(struct dedup *);
#endif
