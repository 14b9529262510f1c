/* drop - dropout (Srivastava et al. 2014) whose mask is a function of place, so that nothing of it is kept */
/* SPDX-License-Identifier: MIT */
#include "kern/drop.h"
#include "base/par.h"
#include "base/rng.h"

enum { LANES = 4, BITS = 16 };  /* elements of one random number */

void
drop_part(float *x, size_t n, const struct drop *d, uint64_t b, uint64_t site, uint64_t first)
{
	uint64_t key = rng_key(d->seed, d->step, d->record + b, site), bits = 0;
	uint32_t limit = (uint32_t)(d->p * (1 << BITS));
	float keep = 1 / (1 - (float)limit / (1 << BITS));

	for (size_t i = 0; i < n; i++) {
		uint64_t at = (first + i) % LANES;

		if (!i || !at)
			bits = rng_last(key, (first + i) / LANES) >> at * BITS;
		x[i] = (bits & ((1 << BITS) - 1)) < limit ? 0 : x[i] * keep;
		bits >>= BITS;
	}
}

struct rows {
	float *y;
	const float *x, *residual;
	size_t T, C;
	const struct drop *d;
	uint64_t site;
};

static void
one_row(size_t r, void *ctx)
{
	const struct rows *s = ctx;
	size_t at = r * s->C;

	for (size_t c = 0; s->y != s->x && c < s->C; c++)
		s->y[at + c] = s->x[at + c];
	drop_part(s->y + at, s->C, s->d, r / s->T, s->site, r % s->T * s->C);
	for (size_t c = 0; s->residual && c < s->C; c++)
		s->y[at + c] += s->residual[at + c];
}

void
op_drop(float *y, const float *x, const float *residual, size_t B, size_t T, size_t C, const struct drop *d, uint64_t site)
{
	par_for(B * T, one_row, &(struct rows){ y, x, residual, T, C, d, site });
}
