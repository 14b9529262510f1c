/* scaling_law - laws fitted to runs: Chinchilla's third approach, and Kaplan's */
/* SPDX-License-Identifier: MIT */
#include "score/scaling/scaling.h"
#include "base/par.h"
#include "score/scaling/minimize.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Logarithms of the points that a law is fitted to; x and y around their means, so that the numbers of a law hardly
 * depend on each other. */
struct logs {
	double *x, *y, *loss;   /* ln N - mean_x, ln D - mean_y, ln loss */
	double  mean_x, mean_y, delta;
	size_t  n;
};

static void
logs_take(struct logs *l, const struct scaling_runs *r, const size_t *pick, double delta)
{
	l->n = r->n;
	l->delta = delta;
	l->x = xmalloc(3 * (l->n + 1) * sizeof *l->x);
	l->y = l->x + l->n;
	l->loss = l->y + l->n;
	l->mean_x = l->mean_y = 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct scaling_point *p = scaling_end(r, pick ? pick[i] : i);
		l->mean_x += (l->x[i] = log(p->N)) / (double)l->n;
		l->mean_y += (l->y[i] = log(p->D)) / (double)l->n;
		l->loss[i] = log(p->loss);
	}
	for (size_t i = 0; i < l->n; i++) {
		l->x[i] -= l->mean_x;
		l->y[i] -= l->mean_y;
	}
}

static double
huber(double r, double delta, double *slope)
{
	if (fabs(r) <= delta) {
		*slope = r;
		return r * r / 2;
	}
	*slope = r > 0 ? delta : -delta;
	return delta * (fabs(r) - delta / 2);
}

/* p: ln E; ln of A's term at the mean, alpha; the same of B. */
static double
chinchilla_loss(const double *p, double *grad, void *ctx)
{
	const struct logs *l = ctx;
	double sum = 0, slope, top, e, a, b, all;

	memset(grad, 0, 5 * sizeof *grad);
	for (size_t i = 0; i < l->n; i++) {
		e = p[0];
		a = p[1] - p[2] * l->x[i];
		b = p[3] - p[4] * l->y[i];
		top = fmax(e, fmax(a, b));
		e = exp(e - top), a = exp(a - top), b = exp(b - top);
		all = e + a + b;
		sum += huber(top + log(all) - l->loss[i], l->delta, &slope);
		slope /= all;
		grad[0] += slope * e;
		grad[1] += slope * a;
		grad[2] -= slope * a * l->x[i];
		grad[3] += slope * b;
		grad[4] -= slope * b * l->y[i];
	}
	return sum;
}

/* p: alpha ln A and beta ln B around the means; alpha, beta. */
static double
kaplan_loss(const double *p, double *grad, void *ctx)
{
	const struct logs *l = ctx;
	double sum = 0, slope, top, z, w, s, share;

	memset(grad, 0, 4 * sizeof *grad);
	for (size_t i = 0; i < l->n; i++) {
		z = (p[0] - p[2] * l->x[i]) / p[3];
		w = p[1] / p[3] - l->y[i];
		top = fmax(z, w);
		s = top + log(exp(z - top) + exp(w - top));
		share = exp(z - s);
		sum += huber(p[3] * s - l->loss[i], l->delta, &slope);
		grad[0] += slope * share;
		grad[1] += slope * (1 - share);
		grad[2] -= slope * share * l->x[i];
		grad[3] += slope * (s - share * z - (1 - share) * p[1] / p[3]);
	}
	return sum;
}

static void
chinchilla_out(const struct logs *l, const double *p, struct law *law)
{
	*law = (struct law){ 0, exp(p[0]), exp(p[1] + p[2] * l->mean_x), p[2], exp(p[3] + p[4] * l->mean_y), p[4] };
}

static void
chinchilla_in(const struct logs *l, const struct law *law, double *p)
{
	p[0] = log(law->E);
	p[1] = log(law->A) - law->alpha * l->mean_x;
	p[2] = law->alpha;
	p[3] = log(law->B) - law->beta * l->mean_y;
	p[4] = law->beta;
}

static void
kaplan_out(const struct logs *l, const double *p, struct law *law)
{
	*law = (struct law){ 1, 0, exp(p[0] / p[2] + l->mean_x), p[2], exp(p[1] / p[3] + l->mean_y), p[3] };
}

static void
kaplan_in(const struct logs *l, const struct law *law, double *p)
{
	p[0] = law->alpha * (log(law->A) - l->mean_x);
	p[1] = law->beta * (log(law->B) - l->mean_y);
	p[2] = law->alpha;
	p[3] = law->beta;
}

/* Where descents begin: the two exponents, and which share of a middling loss is due to each term. */
enum { EXPONENTS = 4, SHARES = 4, STARTS = EXPONENTS * EXPONENTS * SHARES * SHARES, STEPS = 400 };
struct starts {
	struct logs *l;
	int    kaplan;
	double mean;            /* ln loss */
	double p[STARTS][5], f[STARTS];
};

static void
descend(size_t k, void *ctx)
{
	static const double exponent[EXPONENTS] = { 0.1, 0.3, 0.6, 1.2 }, share[SHARES] = { 0.02, 0.08, 0.2, 0.4 };
	struct starts *s = ctx;
	double alpha = exponent[k % EXPONENTS], beta = exponent[k / EXPONENTS % EXPONENTS], *p = s->p[k];
	double a = share[k / EXPONENTS / EXPONENTS % SHARES], b = share[k / EXPONENTS / EXPONENTS / SHARES];

	if (s->kaplan) {
		p[2] = alpha / 2;
		p[3] = beta / 2;
		p[0] = s->mean + p[3] * log(a / (a + b));
		p[1] = s->mean + p[3] * log(b / (a + b));
	} else {
		p[0] = s->mean + log(1 - a - b);
		p[1] = s->mean + log(a);
		p[2] = alpha;
		p[3] = s->mean + log(b);
		p[4] = beta;
	}
	s->f[k] = minimize(s->kaplan ? kaplan_loss : chinchilla_loss, s->l, p, s->kaplan ? 4 : 5, STEPS);
}

/* The lowest of all descents: p of it. */
static double
best_descent(struct logs *l, int kaplan, double *p)
{
	struct starts *s = xcalloc(1, sizeof *s);
	size_t best = 0;
	double f;

	s->l = l;
	s->kaplan = kaplan;
	for (size_t i = 0; i < l->n; i++)
		s->mean += l->loss[i] / (double)l->n;
	par_for(STARTS, descend, s);
	for (size_t k = 1; k < STARTS; k++)
		if (s->f[k] < s->f[best] || !isfinite(s->f[best]))
			best = k;
	memcpy(p, s->p[best], sizeof s->p[best]);
	f = s->f[best];
	free(s);
	return f;
}

static int
distinct(const double *v, size_t n, int enough)
{
	double seen[3];
	int found = 0, old;

	for (size_t i = 0; i < n && found < enough; i++) {
		old = 0;
		for (int j = 0; j < found; j++)
			old |= fabs(v[i] - seen[j]) < 1e-6;
		if (!old)
			seen[found++] = v[i];
	}
	return found == enough;
}

/* Both laws: a number for each of theirs needs at least one run more, at three N and three D. */
void
scaling_fit_laws(struct scaling *s, const struct scaling_runs *r, const size_t *pick, double delta, const struct scaling *near)
{
	struct logs l;
	double p[5];

	s->chinchilla = (struct law){ 0, NAN, NAN, NAN, NAN, NAN };
	s->kaplan = (struct law){ 1, NAN, NAN, NAN, NAN, NAN };
	s->objective = s->kaplan_objective = NAN;
	logs_take(&l, r, pick, delta);
	if (l.n >= 6 && distinct(l.x, l.n, 3) && distinct(l.y, l.n, 3)) {
		if (near)
			chinchilla_in(&l, &near->chinchilla, p);
		s->objective = near ? minimize(chinchilla_loss, &l, p, 5, STEPS) : best_descent(&l, 0, p);
		chinchilla_out(&l, p, &s->chinchilla);
		if (near)
			kaplan_in(&l, &near->kaplan, p);
		s->kaplan_objective = near ? minimize(kaplan_loss, &l, p, 4, STEPS) : best_descent(&l, 1, p);
		kaplan_out(&l, p, &s->kaplan);
	}
	free(l.x);
}
