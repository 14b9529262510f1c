/* minimize - BFGS */
/* SPDX-License-Identifier: MIT */
#include "score/scaling/minimize.h"
#include <math.h>
#include <string.h>

enum { M = MINIMIZE_MOST };

static double
dot(const double *a, const double *b, int n)
{
	double s = 0;

	for (int i = 0; i < n; i++)
		s += a[i] * b[i];
	return s;
}

struct search {
	minimize_fn *f;
	void        *ctx;
	int          n;
	double       x[M], g[M], fx;    /* where it stands */
	double       to[M], tg[M], ft;  /* where it would go */
};

/* A step along d that goes down enough and past the steepest part (weak Wolfe); 0 when there is none. */
static double
step_along(struct search *s, const double *d)
{
	double slope = dot(s->g, d, s->n), low = 0, high = INFINITY, t = 1;

	for (int i = 0; i < 60; i++) {
		for (int k = 0; k < s->n; k++)
			s->to[k] = s->x[k] + t * d[k];
		s->ft = s->f(s->to, s->tg, s->ctx);
		if (!(s->ft <= s->fx + 1e-4 * t * slope))
			high = t;
		else if (dot(s->tg, d, s->n) < 0.9 * slope)
			low = t;
		else
			return t;
		t = isinf(high) ? 2 * low : (low + high) / 2;
	}
	return s->ft < s->fx ? t : 0;
}

static void
identity(double H[M][M], int n)
{
	memset(H, 0, M * sizeof *H);
	for (int i = 0; i < n; i++)
		H[i][i] = 1;
}

/* H, the inverse of the second derivatives, learns from a step and how the gradient changed (Nocedal and Wright, 6.17). */
static void
learn(double H[M][M], const double *step, const double *change, int n, int first)
{
	double sy = dot(step, change, n), Hy[M], yHy;

	if (!(sy > 1e-300))
		return;
	for (int i = 0; i < n && first; i++)
		H[i][i] = sy / dot(change, change, n);
	for (int i = 0; i < n; i++)
		Hy[i] = dot(H[i], change, n);
	yHy = dot(change, Hy, n);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			H[i][j] += (1 + yHy / sy) * step[i] * step[j] / sy - (Hy[i] * step[j] + step[i] * Hy[j]) / sy;
}

double
minimize(minimize_fn *f, void *ctx, double *x, int n, int steps)
{
	struct search s = { .f = f, .ctx = ctx, .n = n };
	double H[M][M], d[M], moved[M], change[M];
	int fresh = 1;

	memcpy(s.x, x, (size_t)n * sizeof *x);
	s.fx = f(s.x, s.g, ctx);
	identity(H, n);
	for (int k = 0; k < steps && isfinite(s.fx); k++) {
		for (int i = 0; i < n; i++)
			d[i] = -dot(H[i], s.g, n);
		if (!(dot(d, s.g, n) < 0) || step_along(&s, d) <= 0) {
			if (fresh)
				break;
			identity(H, n);         /* what was learned misleads: the steepest way once more */
			fresh = 1;
			continue;
		}
		for (int i = 0; i < n; i++) {
			moved[i] = s.to[i] - s.x[i];
			change[i] = s.tg[i] - s.g[i];
		}
		learn(H, moved, change, n, fresh);
		fresh = 0;
		memcpy(s.x, s.to, sizeof s.x);
		memcpy(s.g, s.tg, sizeof s.g);
		s.fx = s.ft;
	}
	memcpy(x, s.x, (size_t)n * sizeof *x);
	return s.fx;
}
