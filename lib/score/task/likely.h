/* likely - log-likelihoods of continuations; those of one item share the computation of what they begin with */
#ifndef LM_LIKELY_H
#define LM_LIKELY_H
/* SPDX-License-Identifier: MIT */
#include "model/decode/mats.h"

/* tok (n): what is given, n_given >= 1 of them, then the continuation, at least one token. */
struct likely {
	uint32_t *tok;
	size_t    n, n_given;
	size_t    item;         /* neighbours of one item share their common beginning */
	double    logp;         /* of the continuation, nats */
	int       greedy;       /* each of its tokens was the likeliest; of equal ones the lowest id is */
};

/* Fills logp and greedy of n continuations, of which `batch` are held at once: it changes no bit of the result, and
 * no more does the number of threads.  Each has at most the context's tokens + 1, as the last one is not read. */
void likely_run(const struct config *, const struct mats *, struct likely *, size_t n, int batch);
#endif
