/* ops-grad-t - gradients of operations against differences, logits against double, the same bits at any number of threads */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/par.h"
#include "kern-util.h"
#include <stdlib.h>
#include <string.h>

static void
fill(float *x, size_t n, float scale)
{
	for (size_t i = 0; i < n; i++)
		x[i] = rnd() * scale;
}

/* ---- gradients: L = sum of r y for a fixed r, dL/dx by central differences */
struct grad {
	size_t rows, C;
	float *x, *gain, *bias, *r, *y, *dx, *dgain, *dbias, *mean, *rstd;
	enum gemm_act act;
	int kind;
};
enum { RMS, LAYER, ACT, GLU, ROPE, LOGP };

static struct op_norm
norm_of(const struct grad *g)
{
	return (struct op_norm){ g->gain, g->kind == LAYER ? g->bias : NULL, g->mean, g->rstd, g->rows, g->C, 1e-5f };
}

static double
loss(struct grad *g)
{
	size_t n = g->rows * g->C, out = g->kind == GLU ? n / 2 : n;
	uint32_t pos[8] = { 0, 1, 2, 3, 0, 1, 2, 3 };
	struct op_norm norm = norm_of(g);
	double s = 0;

	switch (g->kind) {
	case RMS:
	case LAYER: op_norm_fwd(&norm, g->y, g->x); break;
	case ACT:   op_act_fwd(g->y, g->x, g->rows, g->C, 0, g->act); break;
	case GLU:   op_act_fwd(g->y, g->x, g->rows, g->C / 2, 1, g->act); break;
	case ROPE:
		memcpy(g->y, g->x, n * sizeof (float));
		op_rope(g->y, g->C, g->rows, 2, g->C / 2, pos, g->gain, g->bias, 0);
		break;
	case LOGP:
		memcpy(g->y, g->x, n * sizeof (float));
		op_logp(g->y, g->C, g->rows, g->C, .8f, pos, NULL, g->mean, NULL);
		for (size_t i = 0; i < g->rows; i++)
			s += (double)g->mean[i] * g->r[i];
		return s;
	}
	for (size_t i = 0; i < out; i++)
		s += (double)g->y[i] * g->r[i];
	return s;
}

static void
gradient(struct grad *g)
{
	size_t n = g->rows * g->C;
	uint32_t pos[8] = { 0, 1, 2, 3, 0, 1, 2, 3 };
	struct op_norm norm = norm_of(g);

	memset(g->dx, 0, n * sizeof (float));
	memset(g->dgain, 0, n * sizeof (float));
	memset(g->dbias, 0, n * sizeof (float));
	loss(g);
	switch (g->kind) {
	case RMS:
	case LAYER: op_norm_bwd(&norm, g->dx, g->dgain, g->dbias, g->r, g->x); break;
	case ACT:   op_act_bwd(g->dx, g->r, g->x, g->rows, g->C, 0, g->act); break;
	case GLU:   op_act_bwd(g->dx, g->r, g->x, g->rows, g->C / 2, 1, g->act); break;
	case ROPE:
		memcpy(g->dx, g->r, n * sizeof (float));
		op_rope(g->dx, g->C, g->rows, 2, g->C / 2, pos, g->gain, g->bias, 1);
		break;
	case LOGP:
		memcpy(g->dx, g->x, n * sizeof (float));
		op_logp(g->dx, g->C, g->rows, g->C, .8f, pos, g->r, g->mean, NULL);
		break;
	}
}

/* Where the slope of the loss in v[0..n) is not d. */
static int
slopes(struct grad *g, float *v, const float *d, size_t n)
{
	int bad = 0;

	for (size_t i = 0; i < n; i++) {
		float keep = v[i];
		double up, down;

		v[i] = keep + 4e-3f;
		up = loss(g);
		v[i] = keep - 4e-3f;
		down = loss(g);
		up = (up - down) / ((double)(keep + 4e-3f) - (double)(keep - 4e-3f));
		v[i] = keep;
		bad += off(d[i], up, 2e-3);
	}
	return bad;
}

static void
one_gradient(const struct kern *k, const char *what, int kind, enum gemm_act act)
{
	struct grad g = { .rows = 5, .C = 36, .kind = kind, .act = act };
	size_t n = g.rows * g.C;
	float **all[] = { &g.x, &g.gain, &g.bias, &g.r, &g.y, &g.dx, &g.dgain, &g.dbias, &g.mean, &g.rstd };
	int bad = 0;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		*all[i] = xmalloc(n * sizeof (float));
		fill(*all[i], n, 1.5f);
	}
	for (size_t i = 0; i < n; i++)          /* away from the kink of ReLU */
		g.x[i] += g.x[i] < 0 ? -.01f : .01f;
	gradient(&g);
	bad += slopes(&g, g.x, g.dx, n);
	if (kind == RMS || kind == LAYER)
		bad += slopes(&g, g.gain, g.dgain, g.C);
	if (kind == LAYER)
		bad += slopes(&g, g.bias, g.dbias, g.C);
	OK(!bad, "%s: gradient of %s", k->name, what);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(*all[i]);
}

/* logp and entropy against double; the gradient of the tile sums to 0. */
static void
logp(const struct kern *k)
{
	enum { N = 3, V = 1037 };
	static float z[N * V], keep[N * V];
	float lp[N], ent[N], coef[N] = { 1, -.5f, 2 };
	uint32_t target[N] = { 0, 500, V - 1 };
	int bad = 0;

	fill(z, N * V, 6);
	memcpy(keep, z, sizeof z);
	op_logp(z, V, N, V, .9f, target, coef, lp, ent);
	for (int i = 0; i < N; i++) {
		double sum = 0, h = 0, flat = 0;

		for (int j = 0; j < V; j++)
			sum += exp(.9 * keep[i * V + j]);
		for (int j = 0; j < V; j++) {
			double p = exp(.9 * keep[i * V + j]) / sum;

			h -= p * log(p);
			flat += z[i * V + j];
			bad += off(z[i * V + j], coef[i] * .9 * ((j == (int)target[i]) - p), 1e-6);
		}
		bad += off(lp[i], .9 * keep[i * V + (int)target[i]] - log(sum), 1e-6);
		bad += off(ent[i], h, 2e-6) + off(flat, 0, 1e-5);
	}
	OK(!bad, "%s: log-probability, entropy and gradient of a row of logits", k->name);
}

/* A student's objective and its gradient, by Hinton's formula in double. */
static void
distill(const struct kern *k)
{
	enum { N = 3, V = 1537 };
	static float z[N * V], teacher[N * V], keep[N * V], keep_t[N * V];
	float lp[N], coef[N] = { -1, -.5f, 2 };
	uint32_t target[N] = { 0, 1024, V - 1 };
	struct op_distill d = { .3f, 1 / 1.7f };
	int bad = 0;

	fill(z, N * V, 6);
	fill(teacher, N * V, 5);
	memcpy(keep, z, sizeof z);
	memcpy(keep_t, teacher, sizeof z);
	op_distill(z, teacher, N, V, &d, target, coef, lp);
	for (int i = 0; i < N; i++) {
		const float *a = keep + i * V, *b = keep_t + i * V;
		double sum = 0, soft = 0, sum_q = 0, kl = 0, T = 1.7, w = .3;

		for (int j = 0; j < V; j++) {
			sum += exp(a[j]);
			soft += exp(a[j] / T);
			sum_q += exp(b[j] / T);
		}
		for (int j = 0; j < V; j++) {
			double q = exp(b[j] / T) / sum_q, p = exp(a[j] / T) / soft;

			kl += q * log(q / p);
			bad += off(z[i * V + j], coef[i] * ((1 - w) * ((j == (int)target[i]) - exp(a[j]) / sum) + w * T * (q - p)), 1e-6);
		}
		bad += off(lp[i], (1 - w) * (a[target[i]] - log(sum)) - w * T * T * kl, 3e-6);
	}
	OK(!bad, "%s: a student's objective and gradient", k->name);
}

/* The same bits at 1, 2 and 3 threads, and when rows come in two calls. */
static void
threads(const struct kern *k)
{
	enum { ROWS = 700, C = 130, N = ROWS * C };
	float *x = xmalloc(N * sizeof *x), *y = xmalloc(N * sizeof *y), *mean = xmalloc(ROWS * sizeof *x);
	float *rstd = xmalloc(ROWS * sizeof *x), *dx = xmalloc(N * sizeof *x), sums[4][3 * C], gain[C], bias[C];
	double sq[3];
	int bad = 0;

	fill(x, N, 1);
	fill(y, N, 1);
	fill(gain, C, 1);
	fill(bias, C, 1);
	memset(sums, 0, sizeof sums);
	for (int t = 0; t < 4; t++) {
		size_t cut = t == 3 ? 201 : ROWS;

		par_set_threads(t < 3 ? t + 1 : 2);
		memset(dx, 0, N * sizeof *dx);
		op_norm_fwd(&(struct op_norm){ gain, bias, mean, rstd, ROWS, C, 1e-5f }, dx, x);
		for (size_t from = 0, to = cut; from < ROWS; from = to, to = ROWS) {
			size_t at = from * C;

			op_norm_bwd(&(struct op_norm){ gain, bias, mean + from, rstd + from, to - from, C, 1e-5f },
					dx + at, sums[t], sums[t] + C, y + at, x + at);
			op_colsum(sums[t] + 2 * C, dx + at, C, to - from, C);
		}
		bad += memcmp(sums[t], sums[0], sizeof sums[0]) != 0;
		if (t < 3)
			sq[t] = op_sumsq(x, N);
	}
	bad += sq[0] != sq[1] || sq[0] != sq[2];
	OK(!bad, "%s: sums over rows have the same bits at 1, 2, 3 threads and in two calls", k->name);
	par_set_threads(2);
	free(x), free(y), free(mean), free(rstd), free(dx);
}

int
main(void)
{
	static const struct {
		const char *what;
		int kind;
		enum gemm_act act;
	} cases[] = {
		{ "RMSNorm", RMS, GEMM_NONE }, { "LayerNorm", LAYER, GEMM_NONE },
		{ "GELU", ACT, GEMM_GELU }, { "SiLU", ACT, GEMM_SILU }, { "ReLU", ACT, GEMM_RELU },
		{ "squared ReLU", ACT, GEMM_RELU2 }, { "gated SiLU", GLU, GEMM_SILU }, { "gated GELU", GLU, GEMM_GELU },
		{ "rotary positions", ROPE, GEMM_NONE }, { "log-probability", LOGP, GEMM_NONE },
	};
	const struct kern *k;

	for (size_t i = 0; (k = next_table(&i)); ) {
		for (size_t j = 0; j < sizeof cases / sizeof *cases; j++)
			one_gradient(k, cases[j].what, cases[j].kind, cases[j].act);
		logp(k);
		distill(k);
		threads(k);
	}
	return DONE();
}
