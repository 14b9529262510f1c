/* dedup - documents that are there already, exactly or nearly, left out */
#ifndef LM_DEDUP_H
#define LM_DEDUP_H
/* SPDX-License-Identifier: MIT */
#include "stream/docs.h"
#include "text/against.h"
#include "text/near.h"

/* PARAGRAPH and LINE take parts out of documents, and those left blank go.  AGAINST is on when there is something against. */
enum dedup_by { DEDUP_URL, DEDUP_PARAGRAPH, DEDUP_LINE, DEDUP_TEXT, DEDUP_MINHASH, DEDUP_AGAINST, DEDUP_METHODS };
extern const char *const dedup_names[DEDUP_METHODS];

struct dedup_opts {
	unsigned         by;            /* bits 1 << DEDUP_... */
	struct near_opts near;
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
 * Without minhash documents pass on at once; with it, or with clusters wanted, they wait in a temporary file until all are there.
 * Memory a document: 24 to 96 bytes for each of url and text (of a paragraph or line likewise), 32 for minhash
 * beside 16 a pair that is tried, 8 for names.
 */
struct dedup;
struct dedup *dedup_new(const struct dedup_opts *, const struct dedup_sink *, struct err *);
int           dedup_put(struct dedup *, const struct doc *, struct err *);
int           dedup_end(struct dedup *, struct err *);
uint64_t      dedup_kept(const struct dedup *);
uint64_t      dedup_dropped(const struct dedup *, enum dedup_by);       /* documents; of PARAGRAPH and LINE: parts */
const struct near *dedup_near(const struct dedup *);                    /* NULL without minhash */
void          dedup_free(struct dedup *);
#endif
