/* scaling: laws found again in what they made; the published points of Chinchilla; the minimizer */
/* SPDX-License-Identifier: MIT */
#include "base/rng.h"
#include "score/scaling/minimize.h"
#include "score/scaling/scaling.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double
banana(const double *x, double *g, void *ctx)
{
	double a = 1 - x[0], b = x[1] - x[0] * x[0];

	(void)ctx;
	g[0] = -2 * a - 400 * b * x[0];
	g[1] = 200 * b;
	return a * a + 100 * b * b;
}

static double
edges(const double *x, double *g, void *ctx)
{
	double f = 0;

	(void)ctx;
	for (int i = 0; i < 4; i++) {
		g[i] = (x[i] > i ? 1 : -1) * (i + 1);
		f += fabs(x[i] - i) * (i + 1);
	}
	return f;
}

static void
minima(void)
{
	double x[2] = { -1.2, 1 }, y[4] = { 9, 9, -9, 0.5 };
	double f = minimize(banana, NULL, x, 2, 200);

	OK(f < 1e-20 && fabs(x[0] - 1) < 1e-9 && fabs(x[1] - 1) < 1e-9, "Rosenbrock's valley: %.3g", f);
	f = minimize(edges, NULL, y, 4, 400);
	OK(f < 1e-6, "edges: %.3g", f);
}

static void
optimum(const struct law *l, const char *name)
{
	double C = 1e21, N = law_params(l, C), at = law_loss(l, N, C / 6 / N);

	OK(fabs(law_tokens(l, N) / (C / 6 / N) - 1) < 1e-9, "%s: tokens of the best model spend the budget", name);
	OK(law_loss(l, N * 1.01, C / 6 / N / 1.01) > at && law_loss(l, N / 1.01, C / 6 / N * 1.01) > at, "%s: the best model is the best", name);
}

/* Runs of a law on equal budgets, with noise of the loss. */
static void
make(struct scaling_runs *r, const struct law *l, double noise)
{
	memset(r, 0, sizeof *r);
	for (int c = 0; c < 5; c++)
		for (int k = 0; k < 7; k++) {
			double C = 1e15 * pow(4, c), N = law_params(l, C) * pow(1.5, k - 3);
			struct scaling_point p = { N, C / 6 / N, 0 };
			p.loss = law_loss(l, p.N, p.D) * exp(noise * rng_normal(rng_at(3, (uint64_t)c, (uint64_t)k, 0, 0)));
			scaling_add(r, &p, 1);
		}
}

static void
found_again(void)
{
	const struct law h = { .E = 1.5, .A = 60, .alpha = 0.3, .B = 300, .beta = 0.35 };
	const struct law k = { .kaplan = 1, .A = 8.8e13, .alpha = 0.076, .B = 5.4e13, .beta = 0.095 };
	const struct scaling_opts o = { 1e-3, 20 };
	const double budget[1] = { 1e19 }, N = law_params(&h, 1e19);
	const struct scaling_ask ask = { .budget = budget, .budgets = 1 };
	struct scaling_spread spread[64];
	struct scaling_runs r;
	struct scaling s;

	make(&r, &h, 0);
	scaling_fit(&s, &r, NULL, &o, NULL);
	OK(fabs(s.chinchilla.E - 1.5) < 1e-5 && fabs(s.chinchilla.alpha - 0.3) < 1e-5 && fabs(s.chinchilla.beta - 0.35) < 1e-5 &&
	   fabs(s.chinchilla.A - 60) < 0.01 && fabs(s.chinchilla.B - 300) < 0.05, "Chinchilla's law: E %.6f, A %.4f, B %.3f", s.chinchilla.E, s.chinchilla.A, s.chinchilla.B);
	OK(fabs(s.one.slope - 0.35 / 0.65) < 1e-6 && fabs(power_at(&s.one, 1e19) / N - 1) < 1e-4, "approach 1: the lowest of each budget");
	OK(fabs(s.two.slope - 0.35 / 0.65) < 0.01 && s.two.n == 5 && fabs(power_at(&s.two, 1e19) / N - 1) < 0.1, "approach 2: a parabola each, exponent %.4f", s.two.slope);
	scaling_free(&r);
	make(&r, &h, 0.002);
	scaling_fit(&s, &r, NULL, &o, NULL);
	scaling_bootstrap(&r, &o, &s, &ask, 100, 1, spread);
	OK(spread[SC_BUDGET + 2].low < N && spread[SC_BUDGET + 2].high > N, "with noise the truth is in the interval: %.3g < %.3g < %.3g",
	   spread[SC_BUDGET + 2].low, N, spread[SC_BUDGET + 2].high);
	scaling_free(&r);
	make(&r, &k, 0);
	scaling_fit(&s, &r, NULL, &o, NULL);
	OK(fabs(s.kaplan.alpha - 0.076) < 1e-5 && fabs(s.kaplan.beta - 0.095) < 1e-5 && fabs(s.kaplan.A / 8.8e13 - 1) < 1e-3 &&
	   fabs(s.kaplan.B / 5.4e13 - 1) < 1e-3, "Kaplan's law: Nc %.4g, Dc %.4g", s.kaplan.A, s.kaplan.B);
	OK(fabs(s.frontier.slope + 0.076 * 0.095 / (0.076 + 0.095)) < 1e-6, "its frontier falls by the exponent of equation 6.4");
	scaling_drop(&r, 33);
	OK(r.n == 2 && scaling_end(&r, 0)->loss < 0.99 * law_loss(&k, law_params(&k, 1e15), 1e15 / 6 / law_params(&k, 1e15)), "the highest are dropped");
	scaling_fit(&s, &r, NULL, &o, NULL);
	OK(isnan(s.chinchilla.E) && isnan(s.one.slope) && isnan(s.two.slope), "two runs tell nothing");
	scaling_free(&r);
}

/* Epoch AI's reading of the figure of Hoffmann et al., and what it must give. */
static void
published(void)
{
	const char *dir = getenv("LM_TESTDATA");
	const struct scaling_opts o = { 1e-3, 20 };
	const double budget[1] = { 5.76e23 };
	const struct scaling_ask ask = { .budget = budget, .budgets = 1 };
	struct scaling_runs r = { 0 };
	struct scaling_spread spread[64];
	struct scaling s;
	char path[4096], line[1024];
	double N, C, loss, ratio;
	FILE *f;

	snprintf(path, sizeof path, "%s/golden/chinchilla/points.csv", dir ? dir : "");
	if (!dir || !(f = fopen(path, "r"))) {
		printf("ok %d - the points of Chinchilla # SKIP they are not here\n", ++tap_n);
		return;
	}
	while (fgets(line, sizeof line, f))
		if (sscanf(line, "%*[^,],%*[^,],%*[^,],%lf,%lf,%*[^,],%lf", &N, &C, &loss) == 3) {
			struct scaling_point p = { N, C / 6 / N, loss };
			scaling_add(&r, &p, 1);
		}
	fclose(f);
	OK(r.n == 245, "%zu points", r.n);
	scaling_drop(&r, 5);
	scaling_fit(&s, &r, NULL, &o, NULL);
	OK(fabs(s.chinchilla.A - 477.83) < 0.05 && fabs(s.chinchilla.B - 2143.4) < 0.5 && fabs(s.chinchilla.E - 1.8172) < 5e-5, "A %.3f, B %.2f, E %.5f",
	   s.chinchilla.A, s.chinchilla.B, s.chinchilla.E);
	OK(fabs(s.chinchilla.alpha - 0.34731) < 5e-6 && fabs(s.chinchilla.beta - 0.36717) < 5e-6, "alpha %.6f, beta %.6f", s.chinchilla.alpha, s.chinchilla.beta);
	OK(fabs(s.objective - 1.01827e-3) < 5e-9, "objective %.9g", s.objective);
	ratio = 5.76e23 / 6 / pow(law_params(&s.chinchilla, 5.76e23), 2);
	OK(ratio > 17.5 && ratio < 26, "%.2f tokens a parameter at the budget of Chinchilla", ratio);
	OK(fabs(s.one.slope - 0.5) < 0.06 && fabs(s.two.slope - 0.5) < 0.03, "approaches 1 and 2: %.3f, %.3f", s.one.slope, s.two.slope);
	scaling_bootstrap(&r, &o, &s, &ask, 100, 0, spread);
	OK(fabs(spread[SC_A].se / 124.58 - 1) < 0.35 && fabs(spread[SC_B].se / 1293 - 1) < 0.5 && fabs(spread[SC_E].se - 0.03) < 0.01 &&
	   fabs(spread[SC_ALPHA].se - 0.02) < 0.007 && fabs(spread[SC_BETA].se - 0.02) < 0.007, "errors as published: A %.0f, B %.0f, E %.3f, %.3f, %.3f",
	   spread[SC_A].se, spread[SC_B].se, spread[SC_E].se, spread[SC_ALPHA].se, spread[SC_BETA].se);
	scaling_free(&r);
}

int
main(void)
{
	const struct law kaplan = { .kaplan = 1, .A = 8.8e13, .alpha = 0.076, .B = 5.4e13, .beta = 0.095 };

	minima();
	optimum(&law_chinchilla, "Chinchilla");
	optimum(&kaplan, "Kaplan");
	found_again();
	published();
	return DONE();
}
