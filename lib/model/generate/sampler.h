/* sampler - from logits to the next token: penalty, bias, temperature, top-k, typical, top-p, min-p, in this order */
#ifndef LM_SAMPLER_H
#define LM_SAMPLER_H
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include <stddef.h>
#include <stdint.h>

#define SAMPLER_COLDEST 1e-5    /* lower temperatures are greedy: fp32 cannot hold their logits */

struct sampler_bias {
	uint32_t id;
	float    add;                   /* to its logit; -inf: never */
};
struct sampler {
	double   temperature;           /* > 0 */
	int      top_k;                 /* only the k likeliest; 0: all.  1 is greedy: ties go to the lower id */
	double   top_p;                 /* only the likeliest that together reach p (Holtzman et al. 2020); 1: all */
	double   typical;               /* only the likeliest to surprise as much as is usual, that together reach it (Meister et al. 2023); 1: all */
	double   min_p;                 /* only those at least this much of the likeliest; 0: all */
	double   repeat_penalty;        /* logits of seen tokens: / when positive, * when negative (Keskar et al. 2019); 1: none */
	double   presence, frequency;   /* taken from logits of tokens drawn before: once, and for each time; 0: none */
	uint64_t seed;
	struct sampler_bias *bias;
	int      n_bias;
};
/* 0, or -1 with which number is out of range. */
int sampler_check(const struct sampler *, struct err *);
/* "ID=X" each: allocates s->bias; -1: not that, or no id below V. */
int sampler_set_bias(struct sampler *, const struct strs *, size_t V, struct err *);

/* What is chosen from: room for so many of them is the caller's scratch. */
struct choice {
	float    p;
	uint32_t id;
};
size_t sampler_room(const struct sampler *, size_t V);

/* Where the next token is drawn: position `at` of sample `sample` of prompt `prompt`. */
struct sampling {
	const float    *logits;         /* (V) */
	size_t          V;
	const uint32_t *seen;           /* (n_seen): what the penalty is about */
	size_t          n_seen;
	uint64_t        prompt, sample, at;
	const uint8_t  *allowed;        /* (V): 0 is never drawn; NULL: all may be */
	size_t          n_prompt;       /* the first of those seen were not drawn */
};
/* It depends on these and the seed alone.  *logp: of the token in softmax(logits / temperature), before bias, penalty
 * and truncation, nats. */
uint32_t sampler_next(const struct sampler *, const struct sampling *, struct choice *scratch, float *logp);

/* The n likeliest in softmax(logits / temperature), in order, to the front of scratch (V); returns how many. */
size_t sampler_table(const struct sampler *, const float *logits, size_t V, struct choice *scratch, size_t n);
#endif
