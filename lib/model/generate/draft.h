/* draft - a small model that guesses the next tokens of many sequences, for a larger one to check at once */
#ifndef LM_DRAFT_H
#define LM_DRAFT_H
/* SPDX-License-Identifier: MIT */
#include "model/decode/mats.h"
#include "model/generate/sampler.h"

/*
 * Speculative decoding (Leviathan et al. 2023) in the form that numbers drawn by place allow: the draft draws with the
 * random number that the larger model will use at that position, and a guess counts only if the larger model, from its
 * own logits, then draws the same token.  So a draft changes no token at all, whatever it guesses.
 */
struct draft;

struct draft *draft_new(const struct config *, const struct mats *, const struct sampler *, int n_seq, int T);
void draft_free(struct draft *);
void draft_begin(struct draft *, int seq);              /* another text in this sequence */

/* In the next draft_guess: up to `most` tokens after tok[0..n), which are written behind them. */
struct draft_want {
	uint32_t *tok;
	size_t    n;
	int       most;
	uint64_t  prompt, sample;       /* where random numbers come from */
};
void draft_want(struct draft *, int seq, const struct draft_want *);
void draft_guess(struct draft *);
int  draft_guessed(const struct draft *, int seq);      /* how many it was */
void draft_keep(struct draft *, int seq, size_t n);     /* of what it has seen, the first n tokens are right */
#endif
