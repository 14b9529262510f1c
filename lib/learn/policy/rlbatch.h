/* rlbatch - what the parts of a step on one batch of samples share */
#ifndef LM_RLBATCH_H
#define LM_RLBATCH_H
/* SPDX-License-Identifier: MIT */
#include "learn/policy/rlhf.h"

struct rl_batch {
	struct rl         *r;
	const struct roll *v;           /* [n] */
	size_t             n, longest;
	double            *reward;      /* [n] score less penalties */
	float             *old;         /* [tokens] log-probabilities at the time of sampling */
	/* The minibatch at hand: copies of its records, and which they are. */
	struct roll       *mini;
	size_t            *which, n_mini, mini_tokens;
	/* Sums over all updates. */
	double             loss, value_loss, ratio_max, norm;
	size_t             clipped, ratios, updates;
};

/* Response tokens of record i. */
static inline size_t
rlbatch_len(const struct rl_batch *b, size_t i)
{
	return b->r->tok.at[i + 1] - b->r->tok.at[i];
}

void rlbatch_values(struct rl_batch *);                    /* what the critic says at each token, into tok.value */
int  rlbatch_updates(struct rl_batch *, struct err *);     /* all epochs of minibatches, of policy and critic */
#endif
