/* beam - the likeliest continuations, by beam search */
#ifndef LM_BEAM_H
#define LM_BEAM_H
/* SPDX-License-Identifier: MIT */
#include "model/generate/generate.h"

/* As generate(), but the k continuations of a prompt are the best that a beam of `beams` finds, best first: by the mean
 * of their tokens' log-probabilities in softmax(logits / temperature).  Of the sampler nothing else counts.  k <= beams. */
void beam_search(const struct model *, const struct vocab *, const struct gen_opts *, int beams, int T,
		const struct gen_prompt *, size_t n_prompts, void (*out)(void *ctx, const struct gen_out *), void *ctx);
#endif
