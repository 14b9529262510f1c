/* rng - random numbers from where they are used: a counter-based generator */
/* SPDX-License-Identifier: MIT */
#include "base/rng.h"
#include <math.h>
#include <string.h>

#define GOLDEN 0x9e3779b97f4a7c15u

/* The finalizer of splitmix64 (Steele, Lea & Flood 2014; constants of Stafford's variant 13). */
static uint64_t
mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Each argument is folded in and mixed before the next, so that neighbours in any of them are unrelated. */
uint64_t
rng_key(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t h = mix(seed + GOLDEN);

	h = mix(h ^ (a + 1) * GOLDEN);
	h = mix(h ^ (b + 2) * GOLDEN);
	return mix(h ^ (c + 3) * GOLDEN);
}

uint64_t rng_last(uint64_t key, uint64_t d) { return mix(key ^ (d + 4) * GOLDEN); }

uint64_t
rng_at(uint64_t seed, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	return rng_last(rng_key(seed, a, b, c), d);
}

double rng_unit(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }

double
rng_normal(uint64_t bits)
{
	/* u in (0, 1], so that its logarithm is finite. */
	double u = ((double)(mix(bits + GOLDEN) >> 11) + 1) * 0x1p-53;
	double v = rng_unit(mix(bits ^ GOLDEN));

	return sqrt(-2 * log(u)) * cos(6.283185307179586476925 * v);
}

uint64_t
rng_hash(const void *data, size_t n, uint64_t seed)
{
	const unsigned char *p = data;
	uint64_t h = mix(seed ^ n * GOLDEN), x;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&x, p, 8);
		h = mix(h ^ x * GOLDEN);
	}
	x = 0;
	memcpy(&x, p, n);
	return mix(h ^ x * GOLDEN);
}

uint64_t rng_next(struct rng *r) { return rng_at(r->key, r->n++, 0, 0, 0); }

uint64_t
rng_below(struct rng *r, uint64_t n)
{
	uint64_t limit = -n % n, x;     /* values below it would make small results likelier */

	do
		x = rng_next(r);
	while (x < limit);
	return x % n;
}

void
rng_order(struct rng *r, size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t j = (size_t)rng_below(r, i + 1);

		order[i] = order[j];
		order[j] = i;
	}
}
