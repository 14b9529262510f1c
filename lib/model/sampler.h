/* sampler - from logits to the next token: penalty, temperature, top-k, top-p, min-p, in this order */
#ifndef LM_SAMPLER_H
#define LM_SAMPLER_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

struct sampler {
	double   temperature;           /* > 0 */
	int      top_k;                 /* only the k likeliest; 0: all.  1 is greedy: ties go to the lower id */
	double   top_p;                 /* only the likeliest that together reach p (Holtzman et al. 2020); 1: all */
	double   min_p;                 /* only those at least this much of the likeliest; 0: all */
	double   repeat_penalty;        /* logits of seen tokens: / when positive, * when negative (Keskar et al. 2019); 1: none */
	uint64_t seed;
};

/* What is chosen from: room for V of them is the caller's scratch. */
struct choice {
	float    p;
	uint32_t id;
};

/* The next token of sample `sample` of prompt `prompt` at position `at`: it depends on these, the seed and the
 * logits (V) alone.  seen: the n_seen tokens that the penalty is about.  *logp: of the token
 * in softmax(logits / temperature), before penalty and truncation, nats. */
uint32_t sampler_next(const struct sampler *, const float *logits, size_t V, const uint32_t *seen, size_t n_seen,
		uint64_t prompt, uint64_t sample, uint64_t at, struct choice *scratch, float *logp);

/* The n likeliest in softmax(logits / temperature), in order, to out; returns how many (at most V). */
size_t sampler_table(const struct sampler *, const float *logits, size_t V, struct choice *scratch, size_t n);
#endif
