/* reader - windows packed into rows of a batch without padding, and what the model says of their targets */
#ifndef LM_READER_H
#define LM_READER_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "stream/toks.h"

/* What is told of one predicted token. */
struct reader_token {
	uint64_t item;
	uint32_t target, at;    /* the token, and its place in the item */
	int      hit;           /* it was the likeliest; of several equal ones the lowest id is */
	int      agree;         /* the other model's likeliest is this one's, 0 without one */
	float    logp, kl;      /* nats; kl: of the model's distribution from the other's, 0 without one */
};

struct reader;
/* B rows of `window` tokens; other: a second model for kl, or NULL.  `tell` gets every target, in the order in which
 * they were added; what it gets does not depend on B or on which windows share a row.  doc_mask: tokens of a record see no other document. */
struct reader *reader_new(const struct model *, const struct model *other, int B, int window,
		void (*tell)(void *ctx, const struct reader_token *), void *ctx);
void         reader_add(struct reader *, uint64_t item, const struct item *, size_t stride, int doc_mask);
/* As llama.cpp's perplexity does: windows that do not overlap, a last one that is not full left out, in each the
 * first token replaced by bos (unless -1), and targets only from the middle on: window/2 + 1 is the first. */
void         reader_add_halves(struct reader *, uint64_t item, const struct item *, int bos);
void         reader_flush(struct reader *);         /* runs what is still waiting */
void         reader_free(struct reader *);
#endif
