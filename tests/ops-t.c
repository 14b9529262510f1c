/* ops-t - each row loop of each table against plain C at every length, gradients against differences */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/par.h"
#include "kern/kern.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = 100, ARRAYS = 8 };

static uint64_t seed = 1;

/* Uniform in [-1, 1). */
static float
rnd(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (float)(int32_t)(seed >> 32) / 2147483648.f;
}

static void
fill(float *x, size_t n, float scale)
{
	for (size_t i = 0; i < n; i++)
		x[i] = rnd() * scale;
}

/* Not within tol of each other, absolutely for small numbers and relatively for large. */
static int
off(double a, double b, double tol)
{
	return !(a == b || fabs(a - b) <= tol * (1 + fabs(b)));
}

/* Arrays exactly n long on the heap, so that the sanitizer sees every step beyond. */
struct rows {
	float *x[ARRAYS];
	float out[4];                   /* numbers that the loop returns */
	size_t n;
};

static void
rows_new(struct rows *r, size_t n)
{
	memset(r, 0, sizeof *r);
	r->n = n;
	for (int a = 0; a < ARRAYS; a++) {
		r->x[a] = malloc(n ? n * sizeof (float) : 1);
		fill(r->x[a], n, 3);
	}
}

static void
rows_copy(struct rows *r, const struct rows *from)
{
	*r = *from;
	for (int a = 0; a < ARRAYS; a++) {
		r->x[a] = malloc(r->n ? r->n * sizeof (float) : 1);
		memcpy(r->x[a], from->x[a], r->n * sizeof (float));
	}
}

static void
rows_free(struct rows *r)
{
	for (int a = 0; a < ARRAYS; a++)
		free(r->x[a]);
}

static enum gemm_act act_now;

static void do_dot(const struct kern *k, struct rows *r) { r->out[0] = k->dot(r->x[0], r->x[1], r->n); }
static void do_axpy(const struct kern *k, struct rows *r) { k->axpy(r->x[0], .3f, r->x[1], r->n); }
static void do_scale(const struct kern *k, struct rows *r) { k->scale(r->x[0], .3f, r->n); }
static void do_max(const struct kern *k, struct rows *r) { r->out[0] = k->max(r->x[0], r->n); }
static void do_sumsq(const struct kern *k, struct rows *r) { r->out[0] = (float)k->sumsq(r->x[0], r->n); }
static void do_act(const struct kern *k, struct rows *r) { k->act(r->x[0], r->x[1], r->n, act_now); }
static void do_act_bwd(const struct kern *k, struct rows *r) { k->act_bwd(r->x[0], r->x[1], r->x[2], r->n, act_now); }
static void do_glu(const struct kern *k, struct rows *r) { k->glu(r->x[0], r->x[1], r->x[2], r->n, act_now); }

static void
do_expsum(const struct kern *k, struct rows *r)
{
	r->out[0] = k->expsum(r->x[1], r->x[0], .7f, .5f, r->n, &r->out[1]);
	r->out[2] = k->expsum(NULL, r->x[0], 3, 2, r->n, NULL);
	k->expsum(r->x[0], r->x[0], 3, 2, r->n, NULL);
}

static void
do_glu_bwd(const struct kern *k, struct rows *r)
{
	k->glu_bwd(r->x[0], r->x[1], r->x[2], r->x[3], r->x[4], r->n, act_now);
}

static void
do_rmsnorm(const struct kern *k, struct rows *r)
{
	if (r->n)
		r->out[0] = k->rmsnorm(r->x[0], r->x[1], r->x[2], r->n, 1e-5f);
}

static void
do_rmsnorm_bwd(const struct kern *k, struct rows *r)
{
	if (r->n)
		k->rmsnorm_bwd(r->x[0], r->x[1], r->x[2], .7f, r->x[3], r->n);
}

static void
do_layernorm(const struct kern *k, struct rows *r)
{
	if (r->n)
		r->out[0] = k->layernorm(r->x[0], &r->out[1], r->x[1], r->x[2], r->x[3], r->n, 1e-2f);
}

static void
do_layernorm_bwd(const struct kern *k, struct rows *r)
{
	if (r->n)
		k->layernorm_bwd(r->x[0], r->x[1], r->x[2], .1f, .7f, r->x[3], r->n);
}

static void
do_norm_cols(const struct kern *k, struct rows *r)
{
	k->norm_cols(r->x[0], r->x[1], r->x[2], r->x[3], .1f, .7f, r->n);
	k->norm_cols(r->x[4], NULL, r->x[2], r->x[3], 0, .7f, r->n);
}

static void
do_rope(const struct kern *k, struct rows *r)
{
	k->rope(r->x[0], r->x[1], r->x[2], 1, r->n / 2);
	k->rope(r->x[3], r->x[1], r->x[2], -1, r->n / 2);
}

static void
do_softmax_bwd(const struct kern *k, struct rows *r)
{
	k->softmax_bwd(r->x[0], r->x[1], .5f, .9f, .2f, r->n);
}

static void
do_adamw(const struct kern *k, struct rows *r)
{
	struct op_adamw o = {
		.lr = .01, .beta1 = .9, .beta2 = .999, .eps = 1e-8, .decay = .1, .c1 = .1, .c2 = .001, .gscale = .25
	};

	for (size_t i = 0; i < r->n; i++)
		r->x[3][i] = fabsf(r->x[3][i]);
	k->adamw(r->x[0], r->x[1], r->x[2], r->x[3], r->n, &o);
}

/* A tile of one row: the shape of an epilogue. */
static void
do_epilogue(const struct kern *k, struct rows *r)
{
	struct kern_epi e = { .bias = r->x[1], .pre = r->x[2], .residual = r->x[3], .act = act_now };

	k->epilogue(r->x[0], r->n, 1, r->n, &e);
}

static void
do_pack(const struct kern *k, struct rows *r)
{
	size_t lanes = k->nr, steps = r->n / lanes;
	float *dst = kern_scratch(SCRATCH_ATTN, 2 * MAX * 64);

	/* Every way of packing what is there, read back in one order: element (i,k) of lane i. */
	k->pack(dst, lanes, r->x[0], steps, 1, steps ? r->n / steps < lanes ? r->n / steps : lanes : 0, steps);
	for (size_t i = 0; i < lanes * steps; i++)
		r->x[1][i % lanes * steps + i / lanes] = dst[i];
	for (size_t i = 0; i < lanes * steps; i++)      /* what came back is what was there */
		r->out[0] += r->x[1][i] != r->x[0][i];
	for (size_t w = k->mr, deep = 1; deep <= r->n; deep++) {        /* several panels: lanes that are neighbours, then apart */
		size_t n = r->n / deep, panels = (n + w - 1) / w;

		for (int along = 0; along < 2; along++) {
			k->pack(dst, w, r->x[0], along ? deep : n, along, n, deep);
			for (size_t i = 0; i < panels * w; i++)
				for (size_t p = 0; p < deep; p++)
					r->out[1] += dst[i / w * w * deep + p * w + i % w] !=
							(i >= n ? 0 : r->x[0][along ? i * deep + p : p * n + i]);
		}
	}
	memcpy(r->x[1], r->x[0], r->n * sizeof (float));
}

static const struct {
	const char *name;
	void (*run)(const struct kern *, struct rows *);
	double tol;                     /* 0: equal bits */
	int acts;
} loops[] = {
	{ "dot", do_dot, 1e-5, 0 },
	{ "axpy", do_axpy, 0, 0 },
	{ "scale", do_scale, 0, 0 },
	{ "max", do_max, 0, 0 },
	{ "expsum", do_expsum, 1e-6, 0 },
	{ "sumsq", do_sumsq, 1e-7, 0 },
	{ "act", do_act, 1e-6, 1 },
	{ "act_bwd", do_act_bwd, 2e-6, 1 },
	{ "glu", do_glu, 1e-6, 1 },
	{ "glu_bwd", do_glu_bwd, 2e-6, 1 },
	{ "epilogue", do_epilogue, 1e-6, 1 },
	{ "rmsnorm", do_rmsnorm, 1e-6, 0 },
	{ "rmsnorm_bwd", do_rmsnorm_bwd, 5e-6, 0 },
	{ "layernorm", do_layernorm, 5e-6, 0 },
	{ "layernorm_bwd", do_layernorm_bwd, 5e-6, 0 },
	{ "norm_cols", do_norm_cols, 0, 0 },
	{ "rope", do_rope, 0, 0 },
	{ "softmax_bwd", do_softmax_bwd, 1e-6, 0 },
	{ "adamw", do_adamw, 1e-6, 0 },
	{ "pack", do_pack, 0, 0 },
};

static int
compare(const struct rows *a, const struct rows *b, double tol)
{
	int bad = 0;

	for (int i = 0; i < 4; i++)
		bad += off(a->out[i], b->out[i], tol);
	for (int i = 0; i < ARRAYS; i++)
		for (size_t j = 0; j < a->n; j++)
			bad += off(a->x[i][j], b->x[i][j], tol);
	return bad;
}

static void
against_ref(const struct kern *k)
{
	for (size_t l = 0; l < sizeof loops / sizeof *loops; l++) {
		int bad = 0;

		for (size_t n = 0; n <= MAX; n++)
			for (int a = GEMM_NONE; a <= (loops[l].acts ? GEMM_RELU2 : GEMM_NONE); a++) {
				struct rows x, y;

				act_now = (enum gemm_act)a;
				rows_new(&x, n);
				rows_copy(&y, &x);
				loops[l].run(k, &x);
				loops[l].run(&kern_ref, &y);
				bad += compare(&x, &y, loops[l].tol);
				rows_free(&x);
				rows_free(&y);
			}
		OK(!bad, "%s: %s agrees with plain C at every length to %d", k->name, loops[l].name, MAX);
	}
}

/* exp over its whole range, its ends, and what is not a number. */
static void
exponential(const struct kern *k)
{
	double worst = 0;
	float x, y, edge[4] = { -1000, -INFINITY, -88, 1000 }, out[4];

	for (x = -87; x < 88; x += .0037f) {
		k->expsum(&y, &x, 1, 0, 1, NULL);
		worst = fmax(worst, fabs(y / exp((double)x) - 1));
	}
	OK(worst < 3e-7, "%s: exp within 3e-7 from -87 to 88 (%.1e)", k->name, worst);
	k->expsum(out, edge, 1, 0, 4, NULL);
	OK(out[0] == 0 && out[1] == 0 && out[2] < 1e-37f && out[3] > 1e38f, "%s: exp of what is far out", k->name);
	x = NAN;
	k->expsum(&y, &x, 1, 0, 1, NULL);
	OK(isnan(y), "%s: exp keeps what is not a number", k->name);
}

/* ---- gradients: L = sum of r y for a fixed r, dL/dx by central differences */

struct grad {
	size_t rows, C;
	float *x, *gain, *bias, *r, *y, *dx, *dgain, *dbias, *mean, *rstd;
	enum gemm_act act;
	int kind;
};
enum { RMS, LAYER, ACT, GLU, ROPE, LOGP };

static double
loss(struct grad *g)
{
	size_t n = g->rows * g->C, out = g->kind == GLU ? n / 2 : n;
	uint32_t pos[8] = { 0, 1, 2, 3, 0, 1, 2, 3 };
	double s = 0;

	switch (g->kind) {
	case RMS:   op_rmsnorm_fwd(g->y, g->rstd, g->x, g->gain, g->rows, g->C, 1e-5f); break;
	case LAYER: op_layernorm_fwd(g->y, g->mean, g->rstd, g->x, g->gain, g->bias, g->rows, g->C, 1e-5f); break;
	case ACT:   op_act_fwd(g->y, g->x, n, g->act); break;
	case GLU:   op_glu_fwd(g->y, g->x, g->rows, g->C / 2, g->act); break;
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

	memset(g->dx, 0, n * sizeof (float));
	memset(g->dgain, 0, n * sizeof (float));
	memset(g->dbias, 0, n * sizeof (float));
	loss(g);
	switch (g->kind) {
	case RMS:   op_rmsnorm_bwd(g->dx, g->dgain, g->r, g->x, g->rstd, g->gain, g->rows, g->C); break;
	case LAYER: op_layernorm_bwd(g->dx, g->dgain, g->dbias, g->r, g->x, g->mean, g->rstd, g->gain, g->rows, g->C); break;
	case ACT:   op_act_bwd(g->dx, g->r, g->x, n, g->act); break;
	case GLU:   op_glu_bwd(g->dx, g->r, g->x, g->rows, g->C / 2, g->act); break;
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
		op_layernorm_fwd(dx, mean, rstd, x, gain, bias, ROWS, C, 1e-5f);
		for (size_t from = 0, to = cut; from < ROWS; from = to, to = ROWS) {
			size_t at = from * C;

			op_layernorm_bwd(dx + at, sums[t], sums[t] + C, y + at, x + at, mean + from, rstd + from, gain,
					to - from, C);
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
	const struct kern *k, *first = kern_now();
	int open = 0;

	for (size_t i = 0; (k = kern_list(i)); i++) {
		open |= k == first;             /* none better than LM_CPU allows */
		if (!open || !k->usable()) {
			OK(1, "%s # SKIP not on this processor, or capped by LM_CPU", k->name);
			continue;
		}
		kern_use(k);
		against_ref(k);
		exponential(k);
		one_gradient(k, "RMSNorm", RMS, GEMM_NONE);
		one_gradient(k, "LayerNorm", LAYER, GEMM_NONE);
		one_gradient(k, "GELU", ACT, GEMM_GELU);
		one_gradient(k, "SiLU", ACT, GEMM_SILU);
		one_gradient(k, "ReLU", ACT, GEMM_RELU);
		one_gradient(k, "squared ReLU", ACT, GEMM_RELU2);
		one_gradient(k, "gated SiLU", GLU, GEMM_SILU);
		one_gradient(k, "gated GELU", GLU, GEMM_GELU);
		one_gradient(k, "rotary positions", ROPE, GEMM_NONE);
		one_gradient(k, "log-probability", LOGP, GEMM_NONE);
		logp(k);
		distill(k);
		threads(k);
	}
	return DONE();
}
