/* net-grad - the backward against finite differences of the whole objective */
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "net-util.h"
#include "tap.h"
#include <stdlib.h>

enum { B = 2, T = 16 };

struct problem {
	struct config c;
	struct params p;
	struct net *n;
	struct data d;
	int    packed;
	float *pull;            /* (B*T,C): the objective has pull . hidden too */
	float  logp[B*T];
	struct net_teacher *teacher;
	float *none;            /* with a teacher: where gradients go that are not looked at */
};

/* sum coef logp + pull . hidden, summed in double. */
static double
objective(struct problem *q, const float *w, float *g)
{
	size_t n = (size_t)(B * T) * (size_t)q->c.C;
	struct net_head h = { .target = q->d.target, .coef = g || q->teacher ? q->d.coef : NULL, .scale = q->teacher ? 1 : 0.7f,
		.all = 1, .logp = q->logp, .teacher = q->teacher };
	struct net_batch b = { B, T, q->d.tok, q->packed ? q->d.start : NULL };
	double sum = 0;

	if (q->teacher)
		net_forward(q->teacher->net, q->teacher->w, &b);
	net_forward(q->n, w, &b);
	if (g)
		for (size_t i = 0; i < n; i++)
			net_dhidden(q->n)[i] += q->pull[i];
	net_head(q->n, w, g ? g : q->none, &h);
	for (int i = 0; i < B * T; i++)
		sum += (double)q->d.coef[i] * (double)q->logp[i];
	for (size_t i = 0; i < n; i++)
		sum += (double)q->pull[i] * (double)net_hidden(q->n)[i];
	if (g) {
		net_backward(q->n, w, g);
		net_finish(q->n, g);
	}
	return sum;
}

/* The slope at w along u, from four points (error O(h^4)). */
static double
slope(struct problem *q, const float *w, float *moved, const struct param *t, const double *u, double h)
{
	static const double at[4] = { -2, -1, 1, 2 }, by[4] = { 1, -8, 8, -1 };
	double sum = 0;

	for (int i = 0; i < 4; i++) {
		for (size_t k = 0; k < t->count; k++)
			moved[t->offset+k] = (float)((double)w[t->offset+k] + at[i] * h * u[k]);
		sum += by[i] * objective(q, moved, NULL);
	}
	memcpy(moved + t->offset, w + t->offset, t->count * sizeof *w);
	return sum / (12 * h);
}

/* The worst of |slope - g . u| / |g| over two directions for one tensor: along g, and g mixed with noise. */
static double
worst_of(struct problem *q, const float *w, float *moved, const float *g, const struct param *t)
{
	double *u = xmalloc(t->count * sizeof *u), worst = 0, size = 0;

	for (size_t k = 0; k < t->count; k++)
		size += (double)g[t->offset+k] * (double)g[t->offset+k];
	size = sqrt(size);
	for (int dir = 0; dir < 2; dir++) {
		double norm = 0, dot = 0, off;
		for (size_t k = 0; k < t->count; k++) {
			u[k] = (double)g[t->offset+k] / (size + 1e-30);
			if (dir)
				u[k] += rng_normal(rng_at(3, k, 0, 0, 0)) / sqrt((double)t->count);
			norm += u[k] * u[k];
		}
		for (size_t k = 0; k < t->count; k++) {
			u[k] /= sqrt(norm) + 1e-30;
			dot += u[k] * (double)g[t->offset+k];
		}
		off = fabs(slope(q, w, moved, t, u, 1e-2) - dot) / (size + 0.02);
		worst = off > worst ? off : worst;
	}
	free(u);
	return worst;
}

/* taught: by a net of half the layers. */
static void
check(int s, float drop, int taught)
{
	struct problem q = { .c = shapes[s].c, .packed = shapes[s].packed };
	float *w, *g, *moved;
	double worst = 0;
	const char *where = "";

	struct net_teacher teacher = { .by = { 0.4f, 0.6f } };
	struct config half = q.c;
	struct params half_p;
	float *half_w;

	half.L = 1;
	params_init(&half_p, &half);
	half_w = random_weights(&half_p, 12);
	params_init(&q.p, &q.c);
	if (taught) {
		teacher.net = net_new(&half, &half_p, B, T, NET_FORWARD);
		teacher.w = half_w;
		q.teacher = &teacher;
		q.none = xcalloc(q.p.total, sizeof *q.none);
	}
	q.n = net_new(&q.c, &q.p, B, T, 1);
	net_drop(q.n, &(struct drop){ drop, 2, 3, 5 });
	random_data(&q.d, &q.c, B, T);
	w = random_weights(&q.p, 11);
	moved = xmalloc(q.p.total * sizeof *moved);
	memcpy(moved, w, q.p.total * sizeof *moved);
	g = xcalloc(q.p.total, sizeof *g);
	q.pull = xcalloc((size_t)(B * T) * (size_t)q.c.C, sizeof *q.pull);
	for (size_t i = 0; i < (size_t)(B * T) * (size_t)q.c.C; i += 3)
		q.pull[i] = (float)(0.1 * rng_normal(rng_at(5, i, 0, 0, 0)));
	objective(&q, w, g);
	for (int i = 0; i < q.p.n; i++) {
		double off = worst_of(&q, w, moved, g, &q.p.v[i]);
		if (off > worst)
			worst = off, where = q.p.v[i].name;
	}
	OK(worst < 2e-3, "%s, dropout %g%s: gradients and finite differences agree to 2e-3 (%.1e, %s)", shapes[s].name, (double)drop, taught ? ", taught" : "", worst, where);
	net_free(teacher.net);
	params_free(&half_p);
	free(half_w), free(q.none);
	net_free(q.n);
	params_free(&q.p);
	free(w), free(g), free(moved), free(q.pull);
}

int
main(void)
{
	par_set_threads(1);             /* so small that threads would only wait for each other */
	for (int s = 0; s < N_SHAPES; s++)
		check(s, s % 2 ? 0.3f : 0, 0);
	check(0, 0.3f, 1);
	for (int s = 1; s < N_SHAPES; s += 2)
		check(s, 0, 1);
	return DONE();
}
