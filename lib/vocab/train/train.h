/* train - byte-level BPE from counts of pieces */
#ifndef LM_TRAIN_VOCAB_H
#define LM_TRAIN_VOCAB_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "vocab/vocab.h"
#include <stddef.h>

struct trainer;                 /* counts of pieces; one a thread, joined at the end */

enum unit { UNIT_BPE, UNIT_BYTE, UNIT_CHAR, UNIT_WORD };

struct trainer_opts {
	const char  *pattern;           /* as in split_new; a character is its own piece */
	const char **special;           /* texts are cut at these, and they get the first ids, in this order */
	int          n_special;
	size_t       size;              /* of the vocabulary: specials, 256 bytes, merges */
	uint64_t     min_count;         /* a pair that occurs less often is not joined */
	enum unit    unit;              /* what tokens are: joined pairs; bytes alone; whole characters; whole pieces */
	size_t       memory;            /* for one trainer's counts: what is more waits on disk, as do the words in training; 0: no limit */
};

struct trainer_found {
	uint64_t pieces, distinct;
	size_t   merges, runs;          /* runs: how often counts went to disk */
};

/* NULL with the reason: the pattern, a special that is empty or comes twice, a size below specials + 256. */
struct trainer *trainer_new(const struct trainer_opts *, struct err *);
int             trainer_add(struct trainer *, const char *text, size_t n, struct err *);
/* The first place from `from` on where a text may be cut in two that are added apart, with the same counts; n: there is none. */
size_t          trainer_cut(const struct trainer *, const char *text, size_t n, size_t from);
/* Adds the counts of the other one, which is freed. */
int             trainer_join(struct trainer *, struct trainer *, struct err *);
void            trainer_free(struct trainer *);

/* Sennrich et al. 2016: joins the most frequent pair again and again; of equally frequent ones the pair that
 * is greater in the order of (bytes of the first, bytes of the second).  The result depends on the counts
 * alone.  Fewer merges are made than asked when no pair occurs min_count times.  UNIT_CHAR, UNIT_WORD: the most
 * frequent pieces as they are, of equally frequent ones the greater first; what is not among them is bytes.  Frees the trainer. */
struct vocab *trainer_finish(struct trainer *, struct trainer_found *, struct err *);
#endif
