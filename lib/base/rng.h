/* rng - random numbers from where they are used, never from when: a counter-based generator */
#ifndef LM_RNG_H
#define LM_RNG_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

/* A well-mixed 64-bit function of five numbers: (seed, step, record, layer, element) or what takes their
 * place.  Equal arguments give equal bits in any order, thread or run. */
uint64_t rng_at(uint64_t seed, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
/* The same in two parts, for loops over the last: rng_at(seed, a, b, c, d) = rng_last(rng_key(seed, a, b, c), d). */
uint64_t rng_key(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);
uint64_t rng_last(uint64_t key, uint64_t d);
double   rng_unit(uint64_t bits);        /* [0, 1), 53 bits */
/* A standard normal deviate from one 64-bit value (Box-Muller on its two halves, mixed again). */
double   rng_normal(uint64_t bits);
uint64_t rng_hash(const void *, size_t n, uint64_t seed);        /* of bytes; for splits and shuffles, not for security */

/* A sequence, for code that is a sequence itself (a shuffle): state is the key and a counter. */
struct rng {
	uint64_t key, n;
};
uint64_t rng_next(struct rng *);
uint64_t rng_below(struct rng *, uint64_t n);    /* uniform in [0, n), unbiased; n > 0 */
void     rng_order(struct rng *, size_t *order, size_t n);       /* 0 .. n-1, any order as likely as any other (Fisher and Yates) */
#endif
