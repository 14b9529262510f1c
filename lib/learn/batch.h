/* batch - records of a token stream as rows: tokens, targets and what each target counts */
#ifndef LM_BATCH_H
#define LM_BATCH_H
/* SPDX-License-Identifier: MIT */
#include "stream/toks.h"

struct batches;                 /* the records of a stream, in its order, epoch after epoch */

struct batches_opts {
	int    nfiles;
	char **files;
	int    T;               /* cut an unsharded stream into records of T+1, each beginning with the last token of
	                         * the one before; of a sharded one: 0, or what HEAD says */
	int    cut;             /* T 0: the length for an unsharded stream all the same, its last record filled up with what
	                         * does not count (for measuring on any stream); 0: such a stream is an error */
	int    epochs;          /* how often the files are read; more than once needs files */
	int    doc_mask;        /* fill in `start` */
};
/* NULL: no T to be had, or another than HEAD's. Damage in the stream ends the program. */
struct batches         *batches_open(const struct batches_opts *, struct err *);
void                    batches_close(struct batches *);
int                     batches_T(const struct batches *);
const struct toks_head *batches_info(struct batches *);
const char             *batches_meta(struct batches *); /* HEAD */

/* Rows of up to `max` records: row r at position i reads tok[r*T+i] and is to say target[r*T+i]. */
struct batch {
	int       max, rows, T;         /* max: to be read at most; it may be lowered */
	uint32_t *tok, *target; /* (max,T) */
	uint32_t *start;        /* (max,T): where in its row each token's document begins; NULL: not asked for */
	float    *coef;         /* (max,T): -1 where the target counts, else 0 */
	uint64_t  supervised;   /* targets that count */
};
void batch_init(struct batch *, const struct batches *, int max);
void batch_free(struct batch *);
/* The next records, as many as there are up to max; returns how many. */
int  batch_read(struct batch *, struct batches *);
/* The i-th of n parts of its rows, with the arrays and the `supervised` of the whole; *first: its first row. */
struct batch batch_part(const struct batch *, int n, int i, int *first);

/* Passes over records; how many there were. */
uint64_t batches_skip(struct batches *, uint64_t n);
uint64_t batches_count(const struct batches *); /* records read or passed so far, all epochs */
uint32_t batches_crc(const struct batches *);   /* CRC-32C of the tokens and masks of those records */
/* The dates of the documents read so far, "": not known. */
void     batches_dates(const struct batches *, const char **from, const char **to);
uint64_t batches_left_over(const struct batches *);     /* tokens at the ends of epochs that made no record */
#endif
