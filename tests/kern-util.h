/* kern-util - numbers, comparisons and the tables that can be tested here, for the tests of the inner loops */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "kern/kern.h"
#include "tap.h"
#include <math.h>
#include <string.h>

static uint64_t seed = 1;

/* Uniform in [-1, 1). */
static inline float
rnd(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (float)(int32_t)(seed >> 32) / 2147483648.f;
}

/* To be freed. */
static inline float *
some(size_t n)
{
	float *x = xmalloc((n + 1) * sizeof *x);

	for (size_t i = 0; i < n; i++)
		x[i] = rnd();
	return x;
}

static inline float *
copy(const float *x, size_t n)
{
	float *y = xmalloc((n + 1) * sizeof *y);

	memcpy(y, x, n * sizeof *y);
	return y;
}

/* Not within tol of each other, absolutely for small numbers and relatively for large. */
static inline int
off(double a, double b, double tol)
{
	return !(a == b || fabs(a - b) <= tol * (1 + fabs(b)));
}

static inline int
differ(const float *a, const float *b, size_t n, double tol)
{
	int bad = 0;

	for (size_t i = 0; i < n; i++)
		bad += off(a[i], b[i], tol);
	return bad;
}

/* The next table that this processor can run and that LM_CPU allows, in use; what is passed over is said. NULL: no more. */
static inline const struct kern *
next_table(size_t *i)
{
	static const struct kern *best;
	static int open;
	const struct kern *k;

	if (!best)
		best = kern_now();
	while ((k = kern_list((*i)++))) {
		open |= k == best;
		if (open && k->usable()) {
			kern_use(k);
			return k;
		}
		OK(1, "%s # SKIP not on this processor, or capped by LM_CPU", k->name);
	}
	return NULL;
}
