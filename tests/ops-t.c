/* ops-t - each row loop of each table against plain C at every length */
/* SPDX-License-Identifier: MIT */
#include "kern-util.h"
#include <stdlib.h>
#include <string.h>

enum { MAX = 100, ARRAYS = 8 };

static void
fill(float *x, size_t n, float scale)
{
	for (size_t i = 0; i < n; i++)
		x[i] = rnd() * scale;
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

int
main(void)
{
	const struct kern *k;

	for (size_t i = 0; (k = next_table(&i)); ) {
		against_ref(k);
		exponential(k);
	}
	return DONE();
}
