/* against - texts that must not be in the training data: which documents share a run of words with them */
#ifndef LM_AGAINST_H
#define LM_AGAINST_H
/* SPDX-License-Identifier: MIT */
#include "stream/docs.h"
#include "text/same/minhash.h"

struct against;
/* Runs of ngram words (\w+, lower case) count. */
struct against *against_new(size_t ngram);
/* Adds a document: its text, or where it has none every string in its meta (questions, choices, answers ...), each by itself.
 * Whether it had a run that is long enough. */
int             against_add(struct against *, const struct doc *);
/* Whether the text has a run of words that was added.  Any threads at a time, each with shingles of its own. */
int             against_hit(const struct against *, const char *text, size_t n, struct shingles *scratch);
void            against_free(struct against *);
#endif
