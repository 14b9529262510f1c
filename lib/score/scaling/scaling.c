/* scaling - best sizes by compute: Chinchilla's first two approaches; all fits, and their spread over resamples */
/* SPDX-License-Identifier: MIT */
#include "score/scaling/scaling.h"
#include "base/order.h"
#include "base/par.h"
#include "base/rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

double
power_at(const struct power *p, double x)
{
	return exp(p->at + p->slope * log(x));
}

static struct power
power_fit(const double *x, const double *y, size_t n)
{
	double mx = 0, my = 0, xx = 0, xy = 0, slope;

	for (size_t i = 0; i < n; i++) {
		mx += x[i] / (double)n;
		my += y[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		xy += (x[i] - mx) * (y[i] - my);
	}
	slope = n > 1 && xx > 1e-9 ? xy / xx : NAN;
	return (struct power){ my - slope * mx, slope, n };
}

static double
ln_compute(const struct scaling_point *p)
{
	return log(6 * p->N * p->D);
}

/* Approach 1: of each interval of ln C the lowest point of all curves, where it is lower than those of less compute. */
static void
fit_lowest(struct scaling *s, const struct scaling_runs *r, const size_t *pick, int bins)
{
	const struct scaling_point **low = xcalloc((size_t)bins, sizeof *low);
	double from = INFINITY, to = -INFINITY, best = INFINITY;
	double *x = xmalloc(3 * (size_t)bins * sizeof *x), *y = x + bins, *z = y + bins;
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		to = fmax(to, ln_compute(scaling_end(r, pick ? pick[i] : i)));
		from = fmin(from, ln_compute(scaling_end(r, pick ? pick[i] : i)));
	}
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = r->first[pick ? pick[i] : i]; &r->v[k] <= scaling_end(r, pick ? pick[i] : i); k++) {
			double at = (ln_compute(&r->v[k]) - from) / (to - from);
			int b = (int)(at * bins);
			if (!(at >= -1e-9 && at <= 1 + 1e-9))
				continue;
			b = b < 0 ? 0 : b >= bins ? bins - 1 : b;
			if (!low[b] || r->v[k].loss < low[b]->loss)
				low[b] = &r->v[k];
		}
	for (int b = 0; b < bins; b++)
		if (low[b] && low[b]->loss < best) {
			best = low[b]->loss;
			x[n] = ln_compute(low[b]);
			y[n] = log(low[b]->N);
			z[n++] = log(best);
		}
	s->one = n > 2 ? power_fit(x, y, n) : (struct power){ NAN, NAN, n };
	s->frontier = n > 2 ? power_fit(x, z, n) : (struct power){ NAN, NAN, n };
	free(low);
	free(x);
}

/* Solves A x = b in place for n <= 4 unknowns; 0, or -1 when they are not determined. */
static int
solve(double A[4][4], double *b, int n)
{
	for (int k = 0; k < n; k++) {
		double swap;
		int top = k;
		for (int i = k + 1; i < n; i++)
			if (fabs(A[i][k]) > fabs(A[top][k]))
				top = i;
		if (!(fabs(A[top][k]) > 1e-9))
			return -1;
		for (int j = 0; j < n; j++) {
			swap = A[k][j];
			A[k][j] = A[top][j], A[top][j] = swap;
		}
		swap = b[k];
		b[k] = b[top], b[top] = swap;
		for (int i = 0; i < n; i++) {
			double f = i == k ? 0 : A[i][k] / A[k][k];
			for (int j = 0; j < n; j++)
				A[i][j] -= f * A[k][j];
			b[i] -= f * b[k];
		}
	}
	for (int k = 0; k < n; k++)
		b[k] /= A[k][k];
	return 0;
}

struct group {
	size_t run;             /* which, in the order of pick */
	double c;               /* ln C */
};

static int
by_compute(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->c != y->c ? ORDER(x->c, y->c) : ORDER(x->run, y->run);
}

/* The lowest point of a parabola of loss by ln N through n runs of about equal compute, near the lowest of them; what their
 * compute differs by goes into a term of its own.  0: *c and *x are ln C and ln N of it; -1: there is none between them. */
static int
parabola(const struct scaling_runs *r, const size_t *pick, const struct group *g, size_t n, double *c, double *x)
{
	enum { NEAR = 8 };      /* times smaller or larger than the lowest */
	const struct scaling_point *p, *low = NULL;
	double A[4][4] = { { 0 } }, b[4] = { 0 }, v[4], from = INFINITY, to = -INFINITY, spread = g[n - 1].c - g[0].c;
	int used = 0, terms = spread > 0.02 && n >= 6 ? 4 : 3;

	*c = (g[0].c + g[n - 1].c) / 2;
	for (size_t i = 0; i < n; i++) {
		p = scaling_end(r, pick ? pick[g[i].run] : g[i].run);
		if (!low || p->loss < low->loss)
			low = p;
	}
	for (size_t i = 0; i < n; i++) {
		p = scaling_end(r, pick ? pick[g[i].run] : g[i].run);
		v[0] = 1, v[1] = log(p->N / low->N), v[2] = v[1] * v[1], v[3] = g[i].c - *c;
		if (fabs(v[1]) > log(NEAR))
			continue;
		from = fmin(from, v[1]), to = fmax(to, v[1]);
		used++;
		for (int j = 0; j < terms; j++) {
			b[j] += v[j] * p->loss;
			for (int k = 0; k < terms; k++)
				A[j][k] += v[j] * v[k];
		}
	}
	if (used < terms || solve(A, b, terms) || b[2] <= 0)
		return -1;
	*x = -b[1] / 2 / b[2];
	if (*x < from || *x > to)
		return -1;
	*x += log(low->N);
	return 0;
}

/* Approach 2: groups of runs within 20 % of compute, the largest first. */
static void
fit_parabolas(struct scaling *s, const struct scaling_runs *r, const size_t *pick)
{
	const double width = log(1.2);
	struct group *g = xmalloc((r->n + 1) * sizeof *g);
	double *x = xmalloc(2 * (r->n + 1) * sizeof *x), *y = x + r->n;
	size_t n = 0, left = r->n, from, most;

	for (size_t i = 0; i < r->n; i++)
		g[i] = (struct group){ i, ln_compute(scaling_end(r, pick ? pick[i] : i)) };
	qsort(g, r->n, sizeof *g, by_compute);
	for (;;) {
		from = most = 0;
		for (size_t i = 0, j = 0; i < left; i++) {
			while (j < left && g[j].c <= g[i].c + width)
				j++;
			if (j - i > most)
				most = j - i, from = i;
		}
		if (most < 4)
			break;
		n += !parabola(r, pick, g + from, most, &x[n], &y[n]);
		memmove(g + from, g + from + most, (left - from - most) * sizeof *g);
		left -= most;
	}
	s->two = n > 1 ? power_fit(x, y, n) : (struct power){ NAN, NAN, n };
	free(g);
	free(x);
}

void
scaling_fit(struct scaling *s, const struct scaling_runs *r, const size_t *pick, const struct scaling_opts *o, const struct scaling *near)
{
	scaling_fit_laws(s, r, pick, o->delta, near);
	fit_lowest(s, r, pick, o->bins);
	fit_parabolas(s, r, pick);
}

size_t
scaling_count(const struct scaling_ask *a)
{
	return (size_t)(SC_BUDGET + a->budgets * SC_BUDGET_N + a->predicts * SC_PREDICT_N);
}

void
scaling_numbers(const struct scaling *s, const struct scaling_ask *a, double *out)
{
	const struct law *h = &s->chinchilla, *k = &s->kaplan;
	const double fixed[SC_BUDGET] = {
		h->E, h->A, h->alpha, h->B, h->beta, h->beta / (h->alpha + h->beta),
		k->A, k->alpha, k->B, k->beta, k->beta / (k->alpha + k->beta),
		s->frontier.at, s->frontier.slope, s->one.slope, s->two.slope,
	};

	memcpy(out, fixed, sizeof fixed);
	out += SC_BUDGET;
	for (int i = 0; i < a->budgets; i++, out += SC_BUDGET_N) {
		double C = a->budget[i];
		out[0] = power_at(&s->one, C);
		out[1] = power_at(&s->two, C);
		out[2] = law_params(h, C);
		out[3] = law_params(k, C);
		out[4] = law_loss(h, out[2], C / 6 / out[2]);
		out[5] = law_loss(k, out[3], C / 6 / out[3]);
	}
	for (int i = 0; i < a->predicts; i++, out += SC_PREDICT_N) {
		out[0] = law_loss(h, a->predict[i][0], a->predict[i][1]);
		out[1] = law_loss(k, a->predict[i][0], a->predict[i][1]);
	}
}

struct boot {
	const struct scaling_runs *r;
	const struct scaling_opts *o;
	const struct scaling      *near;
	const struct scaling_ask  *ask;
	uint64_t seed;
	size_t   count;
	double  *row;           /* (samples, count) */
};

static void
resample(size_t k, void *ctx)
{
	struct boot *b = ctx;
	size_t *pick = xmalloc((b->r->n + 1) * sizeof *pick);
	struct scaling s;

	for (size_t i = 0; i < b->r->n; i++)
		pick[i] = (size_t)(rng_unit(rng_at(b->seed, k, i, 0, 0)) * (double)b->r->n);
	scaling_fit(&s, b->r, pick, b->o, b->near);
	scaling_numbers(&s, b->ask, b->row + k * b->count);
	free(pick);
}

/* Of the n numbers that are numbers; fewer than half of them say nothing. */
static struct scaling_spread
spread_of(double *v, size_t n)
{
	double mean = 0, sum = 0;
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (isfinite(v[i]))
			v[m++] = v[i];
	if (m < 2 || m < n / 2)
		return (struct scaling_spread){ NAN, NAN, NAN };
	qsort(v, m, sizeof *v, order_double);
	for (size_t i = 0; i < m; i++)
		mean += v[i] / (double)m;
	for (size_t i = 0; i < m; i++)
		sum += (v[i] - mean) * (v[i] - mean);
	return (struct scaling_spread){ sqrt(sum / (double)(m - 1)), v[m / 40], v[m - 1 - m / 40] };
}

void
scaling_bootstrap(const struct scaling_runs *r, const struct scaling_opts *o, const struct scaling *near, const struct scaling_ask *ask,
    int samples, uint64_t seed, struct scaling_spread *out)
{
	struct boot b = { r, o, near, ask, seed, scaling_count(ask), NULL };
	double *v = xmalloc(((size_t)samples + 1) * sizeof *v);

	b.row = xmalloc(((size_t)samples * b.count + 1) * sizeof *b.row);
	par_for((size_t)samples, resample, &b);
	for (size_t j = 0; j < b.count; j++) {
		for (int k = 0; k < samples; k++)
			v[k] = b.row[(size_t)k * b.count + j];
		out[j] = spread_of(v, (size_t)samples);
	}
	free(b.row);
	free(v);
}
