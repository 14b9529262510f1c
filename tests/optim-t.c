/* optim-t - schedules, and optimizers beside their formulas in double */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "learn/muon.h"
#include "learn/optim.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
near(double a, double b, double rel)
{
	return fabs(a - b) <= rel * (fabs(a) + fabs(b)) + 1e-12;
}

static struct optim_opts
options(const char *schedule, const char *optimizer, double clip)
{
	struct optim_opts o = OPTIM_DEFAULTS(1e-3, schedule);

	o.optimizer_name = optimizer;
	o.clip = clip;
	return o;
}

static void
schedules(void)
{
	struct optim_opts o = options("cosine", "adamw", 1);
	struct err e;

	OK(optim_check(&o, 0, &e) < 0, "cosine without an end is refused");
	o.warmup = 10;
	o.lr_end = 1e-4;
	OK(optim_check(&o, 110, &e) == 0 && o.total == 110, "-n gives the schedule its end");
	OK(near(optim_lr(&o, 0), 1e-4, 1e-12) && near(optim_lr(&o, 9), 1e-3, 1e-12), "warm-up: lr (step+1) / warmup");
	OK(near(optim_lr(&o, 10), 1e-3, 1e-12) && near(optim_lr(&o, 60), 5.5e-4, 1e-12) && near(optim_lr(&o, 110), 1e-4, 1e-12) &&
	    near(optim_lr(&o, 5000), 1e-4, 1e-12), "cosine: peak, half-way, end, past it");
	OK(near(optim_lr(&o, 35), 1e-4 + 0.5 * (1 + sqrt(0.5)) * 9e-4, 1e-12), "cosine: a quarter");
	o.schedule = SCHED_LINEAR;
	OK(near(optim_lr(&o, 60), 5.5e-4, 1e-12) && near(optim_lr(&o, 35), 7.75e-4, 1e-12), "linear");
	o.schedule = SCHED_WSD;
	OK(near(optim_lr(&o, 87), 1e-3, 1e-12) && near(optim_lr(&o, 88), 1e-3, 1e-12) &&
	    near(optim_lr(&o, 99), 1e-4 + (1 - sqrt(0.5)) * 9e-4, 1e-12), "wsd: holds for four fifths, then 1 - sqrt");
	o.schedule = SCHED_CONSTANT;
	OK(optim_lr(&o, 4) == 5e-4 && optim_lr(&o, 1000) == 1e-3, "constant");
	o = options("cosine", "lion", 1);
	OK(optim_check(&o, 5, &e) < 0 && strstr(e.text, "lion"), "an optimizer that there is not is named");
	o = options("wsd", "adamw", 1);
	o.beta1 = 1;
	OK(optim_check(&o, 5, &e) < 0, "beta1 = 1 is refused");
}

/* A table of a matrix and a gain, with a gap between them. */
static struct param two[2] = {
	{ .name = "a.weight", .ndim = 2, .shape = { 3, 5 }, .offset = 0, .count = 15 },
	{ .name = "b.weight", .ndim = 1, .shape = { 4, 0 }, .offset = 16, .count = 4 },
};
static struct params par = { .v = two, .n = 2, .total = 32, .tok = SIZE_MAX, .pos = SIZE_MAX, .head = SIZE_MAX };

static float
value(uint64_t seed, size_t i)
{
	return (float)rng_normal(rng_at(seed, 1, 2, 3, i));
}

/* `n` steps beside the formulas in double (Loshchilov & Hutter 2019; global clipping). The largest difference. */
static double
against_formula(const char *name, double clip, int n)
{
	struct optim_opts o = options("constant", name, clip);
	struct optim opt;
	struct err e;
	_Alignas(64) float w[32] = { 0 }, g[32] = { 0 };
	double W[32] = { 0 }, M[32] = { 0 }, V[32] = { 0 }, worst = 0, count = 7;

	optim_check(&o, 0, &e);
	optim_init(&opt, &o, &par);
	for (int p = 0; p < 2; p++)
		for (size_t i = two[p].offset; i < two[p].offset + two[p].count; i++)
			W[i] = w[i] = value(0, i);
	for (int t = 1; t <= n; t++) {
		double sum = 0, norm, want, scale = 1 / count;
		for (int p = 0; p < 2; p++)
			for (size_t i = two[p].offset; i < two[p].offset + two[p].count; i++) {
				g[i] = value((uint64_t)t, i);
				sum += (double)g[i] * g[i];
			}
		want = sqrt(sum) / count;
		if (optim_step(&opt, w, g, count, &norm, &e) || !near(norm, want, 1e-6))
			worst = INFINITY;
		if (clip > 0 && want > clip)
			scale *= clip / want;
		for (int p = 0; p < 2; p++)
			for (size_t i = two[p].offset; i < two[p].offset + two[p].count; i++) {
				double decay = p == 0 && strcmp(name, "adam") ? o.decay : 0, x = g[i] * scale;
				if (!strcmp(name, "sgd")) {
					M[i] = o.beta1 * M[i] + x;
					W[i] -= o.lr * (M[i] + decay * W[i]);
				} else {
					M[i] = o.beta1 * M[i] + (1 - o.beta1) * x;
					V[i] = o.beta2 * V[i] + (1 - o.beta2) * x * x;
					W[i] -= o.lr * (M[i] / (1 - pow(o.beta1, t)) / (sqrt(V[i] / (1 - pow(o.beta2, t))) + o.eps) + decay * W[i]);
				}
				worst = fmax(worst, fabs(W[i] - w[i]));
			}
	}
	for (size_t i = 0; i < 32; i++)
		if ((i == 15 || i >= 20) && w[i] != 0)
			worst = INFINITY;
	optim_free(&opt);
	return worst;
}

/* x (r,c) by the published iteration, plainly and in double. */
static void
orthogonal(double *x, size_t r, size_t c)
{
	double A[64], B[64], y[64], sum = 0;

	for (size_t i = 0; i < r * c; i++)
		sum += x[i] * x[i];
	for (size_t i = 0; i < r * c; i++)
		x[i] /= sqrt(sum) + 1e-7;
	for (int n = 0; n < 5; n++) {
		for (size_t i = 0; i < r * r; i++) {
			A[i] = 0;
			for (size_t k = 0; k < c; k++)
				A[i] += x[i / r * c + k] * x[i % r * c + k];
		}
		for (size_t i = 0; i < r * r; i++) {
			B[i] = -4.7750 * A[i];
			for (size_t k = 0; k < r; k++)
				B[i] += 2.0315 * A[i / r * r + k] * A[k * r + i % r];
		}
		for (size_t i = 0; i < r * c; i++) {
			y[i] = 3.4445 * x[i];
			for (size_t k = 0; k < r; k++)
				y[i] += B[i / c * r + k] * x[k * c + i % c];
		}
		memcpy(x, y, r * c * sizeof *x);
	}
}

/* Ten steps on the matrix and the gain, the first by Muon, the second by AdamW. */
static double
muon_against_formula(int turned)
{
	struct optim_opts o = options("constant", "muon", 0);
	struct param was = two[0];
	struct optim opt;
	struct err e;
	_Alignas(64) float w[32] = { 0 }, g[32] = { 0 };
	double W[19], M[19] = { 0 }, V[19] = { 0 }, u[15], worst = 0, norm, rms = 0.2 * sqrt(5);

	if (turned)
		two[0].shape[0] = 5, two[0].shape[1] = 3;
	optim_check(&o, 0, &e);
	optim_init(&opt, &o, &par);
	for (size_t i = 0; i < 19; i++)
		W[i] = w[i < 15 ? i : i + 1] = value(0, i);
	for (int t = 1; t <= 10; t++) {
		for (size_t i = 0; i < 19; i++)
			g[i < 15 ? i : i + 1] = value((uint64_t)t, i);
		optim_step(&opt, w, g, 7, &norm, &e);
		for (size_t i = 0; i < 15; i++) {
			double x = (double)g[i] / 7;
			M[i] = 0.95 * M[i] + 0.05 * x;
			u[turned ? i % 3 * 5 + i / 3 : i] = 0.05 * x + 0.95 * M[i];
		}
		orthogonal(u, 3, 5);
		for (size_t i = 0; i < 15; i++)
			W[i] -= o.lr * (rms * u[turned ? i % 3 * 5 + i / 3 : i] + o.decay * W[i]);
		for (size_t i = 15; i < 19; i++) {
			double x = (double)g[i + 1] / 7;
			M[i] = o.beta1 * M[i] + (1 - o.beta1) * x;
			V[i] = o.beta2 * V[i] + (1 - o.beta2) * x * x;
			W[i] -= o.lr * M[i] / (1 - pow(o.beta1, t)) / (sqrt(V[i] / (1 - pow(o.beta2, t))) + o.eps);
		}
	}
	for (size_t i = 0; i < 19; i++)
		worst = fmax(worst, fabs(W[i] - w[i < 15 ? i : i + 1]));
	optim_free(&opt);
	two[0] = was;
	return worst;
}

/* A matrix of known singular values, turned on both sides: each goes through the polynomial by itself. */
static double
singular_values(void)
{
	static const double s[3] = { 3, 1, 0.5 };
	static _Alignas(64) float x[3 * 4], scratch[1024];
	double want[12] = { 0 }, worst = 0, a = 0.3, b = 1.1, left[9] = { cos(a), -sin(a), 0, sin(a), cos(a), 0, 0, 0, 1 },
	    right[16] = { cos(b), 0, 0, sin(b), 0, 1, 0, 0, 0, 0, 1, 0, -sin(b), 0, 0, cos(b) };

	for (int i = 0; i < 12; i++)
		x[i] = 0;
	for (int k = 0; k < 3; k++) {
		double v = s[k] / sqrt(10.25);
		for (int n = 0; n < 5; n++)
			v = 3.4445 * v - 4.7750 * pow(v, 3) + 2.0315 * pow(v, 5);
		worst = fmax(worst, fabs(v - 1) > 0.5);
		for (int i = 0; i < 12; i++) {
			want[i] += left[i / 4 * 3 + k] * v * right[k * 4 + i % 4];
			x[i] = (float)((double)x[i] + left[i / 4 * 3 + k] * s[k] * right[k * 4 + i % 4]);
		}
	}
	muon_orthogonal(x, 3, 4, scratch);
	for (int i = 0; i < 12; i++)
		worst = fmax(worst, fabs(x[i] - want[i]));
	return worst;
}

static void
optimizers(void)
{
	struct optim_opts o = options("constant", "adamw", 1);
	struct optim opt;
	struct err e;
	float w[32] = { 1, 1 }, g[32] = { 1, NAN };
	double norm;

	OK(against_formula("adamw", 0, 20) < 3e-6, "adamw, 20 steps, no clipping");
	OK(against_formula("adamw", 0.05, 20) < 3e-6, "adamw, clipped at each step");
	OK(against_formula("adam", 1, 20) < 3e-6, "adam does not decay");
	OK(against_formula("sgd", 0.1, 20) < 3e-6, "sgd with momentum");
	OK(singular_values() < 1e-4, "muon: singular values go through the polynomial (%.1e)", singular_values());
	OK(muon_against_formula(0) < 3e-6, "muon: matrices by the published rule, gains by AdamW");
	OK(muon_against_formula(1) < 3e-6, "muon: matrices of more rows than columns");
	optim_check(&o, 0, &e);
	optim_init(&opt, &o, &par);
	OK(optim_step(&opt, w, g, 1, &norm, &e) < 0 && w[0] == 1 && opt.step == 0, "a gradient that is no number changes nothing");
	g[1] = 1;
	OK(optim_freeze(&opt, "^a\\.", &e) == 1 && !optim_step(&opt, w, g, 1, &norm, &e) && w[0] == 1 && norm == 0,
	    "frozen weights stay, and do not count in the norm");
	OK(optim_freeze(&opt, "(", &e) < 0, "a pattern that is none");
	optim_free(&opt);
}

/* The same bits at any number of threads, over many chunks. */
static void
threads(const char *optimizer)
{
	struct param one = { .name = "x", .ndim = 2, .shape = { 500, 200 }, .offset = 0, .count = 100000 };
	struct params big = { .v = &one, .n = 1, .total = 100032, .tok = SIZE_MAX };
	struct optim_opts o = options("constant", optimizer, 0.01);
	float *w[2], *g = xcalloc(big.total, sizeof *g);
	double norm[2];
	struct err e;
	int n = par_threads();

	optim_check(&o, 0, &e);
	for (size_t i = 0; i < one.count; i++)
		g[i] = value(9, i);
	for (int k = 0; k < 2; k++) {
		struct optim opt;
		w[k] = xcalloc(big.total, sizeof *g);
		par_set_threads(k ? 3 : 1);
		optim_init(&opt, &o, &big);
		optim_step(&opt, w[k], g, 3, &norm[k], &e);
		optim_step(&opt, w[k], g, 3, &norm[k], &e);
		optim_free(&opt);
	}
	par_set_threads(n);
	OK(norm[0] == norm[1] && !memcmp(w[0], w[1], big.total * sizeof *g), "%s on one thread and three: the same bits", optimizer);
	free(w[0]);
	free(w[1]);
	free(g);
}

int
main(void)
{
	schedules();
	optimizers();
	threads("adamw");
	threads("muon");
	return DONE();
}
