/* net-grad - the backward against finite differences of the whole objective, of models and of adapters */
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "model/adapter.h"
#include "model/model.h"
#include "net-util.h"
#include "tap.h"
#include <stdlib.h>

enum { B = 2, T = 16 };

struct problem {
	struct model m;
	struct net *n;
	struct data d;
	int    packed, kinks;   /* kinks: ReLU, which a small step crosses less often */
	float *pull;            /* (B*T,C): the objective has pull . hidden too */
	float  logp[B*T];
	struct net_teacher *teacher;
	float *none;            /* with a teacher: where gradients go that are not looked at */
};

/* sum coef logp + pull . hidden, summed in double. */
static double
objective(struct problem *q, float *g)
{
	size_t n = (size_t)(B * T) * (size_t)q->m.cfg.C;
	struct net_head h = { .target = q->d.target, .coef = g || q->teacher ? q->d.coef : NULL, .scale = q->teacher ? 1 : 0.7f,
		.all = 1, .logp = q->logp, .teacher = q->teacher };
	const float *w = q->m.w;
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

/* The slope at w, the weights that move, along u, from four points (error O(h^4)). */
static double
slope(struct problem *q, const float *w, const struct param *t, const double *u, double h)
{
	static const double at[4] = { -2, -1, 1, 2 }, by[4] = { 1, -8, 8, -1 };
	float *moved = model_moving_w(&q->m);
	double sum = 0;

	for (int i = 0; i < 4; i++) {
		for (size_t k = 0; k < t->count; k++)
			moved[t->offset+k] = (float)((double)w[t->offset+k] + at[i] * h * u[k]);
		sum += by[i] * objective(q, NULL);
	}
	memcpy(moved + t->offset, w + t->offset, t->count * sizeof *w);
	return sum / (12 * h);
}

/* The worst of |slope - g . u| / |g| over two directions for one tensor: along g, and g mixed with noise. */
static double
worst_of(struct problem *q, const float *w, const float *g, const struct param *t)
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
		off = fabs(slope(q, w, t, u, q->kinks ? 1e-3 : 1e-2) - dot) / (size + 0.02);
		worst = off > worst ? off : worst;
	}
	free(u);
	return worst;
}

/* A shape with places for virtual tokens. */
static struct config
roomier(int s)
{
	struct config c = shapes[s].c;

	c.T += 8;
	return c;
}

/* Virtual tokens begin as tokens of the vocabulary: what follows is as if these had been read. */
static void
check_virtual(int s, const struct adapter_opts *adapter, const char *what)
{
	const struct config c = roomier(s);
	struct model m;
	struct data d;
	struct err e;
	struct net *n;
	uint32_t tok[T];
	float *w, *hidden, off = 0;
	size_t C = (size_t)c.C, P = (size_t)adapter->r, n_hidden = (T - P) * C, best = 0;

	model_init(&m, &c);
	w = random_weights(&m.par, 11);
	memcpy(m.w, w, m.par.total * sizeof *w);
	random_data(&d, &c, 1, T);
	OK(!adapter_new(&m, &(struct adapter_opts){ .kind = ADAPTER_PROMPT, .r = adapter->r, .seed = 4 }, &e) && m.cfg.T == c.T - adapter->r,
	   "%s%s", shapes[s].name, what);
	for (size_t p = 0; p < P; p++) {
		for (best = 0; memcmp(m.adapter->w + p * C, w + m.par.tok + best * C, C * sizeof *w); best++)
			;
		tok[p] = (uint32_t)best;
	}
	memcpy(tok + P, d.tok, (T - P) * sizeof *tok);
	n = net_new(&c, &m.par, 1, T, NET_FORWARD);
	net_forward(n, m.w, &(struct net_batch){ 1, T, tok, NULL });
	hidden = xmalloc(n_hidden * sizeof *hidden);
	memcpy(hidden, net_hidden(n) + P * C, n_hidden * sizeof *hidden);
	net_free(n);
	if (adapter->kind == ADAPTER_PREFIX) {
		model_free(&m);
		model_init(&m, &c);
		memcpy(m.w, w, m.par.total * sizeof *w);
		adapter_new(&m, &(struct adapter_opts){ .kind = ADAPTER_PREFIX, .r = adapter->r, .seed = 4 }, &e);
	}
	n = net_of(&m, 1, T, NET_FORWARD);
	net_forward(n, m.w, &(struct net_batch){ 1, T - (int)P, d.tok, NULL });
	for (size_t i = 0; i < n_hidden; i++)
		off = fmaxf(off, fabsf(hidden[i] - net_hidden(n)[i]));
	OK(off < 2e-5f, "%s%s: as if tokens of the vocabulary had been read (%.1e)", shapes[s].name, what, (double)off);
	net_free(n);
	model_free(&m);
	free(w), free(hidden);
}

/* adapter: NULL, or what moves in place of the model.  taught: by a net of half the layers. */
static void
check(int s, float drop, int taught, const struct adapter_opts *adapter, const char *what)
{
	int kinks = adapter && adapter->kind == ADAPTER_BOTTLENECK;
	struct problem q = { .packed = shapes[s].packed, .kinks = kinks };
	const struct config roomy = roomier(s), *c = &roomy;
	const struct params *p;
	size_t hidden = (size_t)(B * T) * (size_t)c->C;
	struct err e = { "" };
	float *w, *g;
	double worst = 0;
	const char *where = "";
	struct net_teacher teacher = { .by = { 0.4f, 0.6f } };
	struct config half = *c;
	struct params half_p;
	float *half_w;

	model_init(&q.m, c);
	w = random_weights(&q.m.par, 11);
	memcpy(q.m.w, w, q.m.par.total * sizeof *w);
	if (adapter) {
		OK(!adapter_new(&q.m, adapter, &e), "%s%s is made %s", shapes[s].name, what, e.text);
		free(w);
		w = random_weights(&q.m.adapter->par, 12);
		memcpy(q.m.adapter->w, w, q.m.adapter->par.total * sizeof *w);
	}
	p = model_moving(&q.m);
	half.L = 1;
	params_init(&half_p, &half);
	half_w = random_weights(&half_p, 12);
	if (taught) {
		teacher.net = net_new(&half, &half_p, B, T, NET_FORWARD);
		teacher.w = half_w;
		q.teacher = &teacher;
		q.none = xcalloc(p->total, sizeof *q.none);
	}
	q.n = net_of(&q.m, B, T, NET_GRAD);
	net_drop(q.n, &(struct drop){ drop, 2, 3, 5 });
	random_data(&q.d, c, B, T);
	g = xcalloc(p->total, sizeof *g);
	q.pull = xcalloc(hidden, sizeof *q.pull);
	for (size_t i = 0; i < hidden; i += 3)
		q.pull[i] = (float)(0.1 * rng_normal(rng_at(5, i, 0, 0, 0)));
	objective(&q, g);
	for (int i = 0; i < p->n; i++) {
		double off = worst_of(&q, w, g, &p->v[i]);
		if (off > worst)
			worst = off, where = p->v[i].name;
	}
	OK(worst < (kinks ? 1e-2 : 2e-3), "%s%s%s, dropout %g: gradients and finite differences agree (%.1e, %s)", shapes[s].name, what,
	   taught ? ", taught" : "", (double)drop, worst, where);
	net_free(teacher.net);
	params_free(&half_p);
	free(half_w), free(q.none);
	net_free(q.n);
	model_free(&q.m);
	free(w), free(g), free(q.pull);
}

int
main(void)
{
	static const struct adapter_opts lora = { .kind = ADAPTER_LORA, .r = 3, .alpha = 2, .rslora = 1 },
		some = { .kind = ADAPTER_LORA, .r = 2, .alpha = 4, .targets = "[vq]_proj|c_proj|down|[1-9].*up_" },
		prompt = { .kind = ADAPTER_PROMPT, .r = 5 }, prefix = { .kind = ADAPTER_PREFIX, .r = 3 },
		bottleneck = { .kind = ADAPTER_BOTTLENECK, .r = 5, .alpha = 2 };

	par_set_threads(1);             /* so small that threads would only wait for each other */
	for (int s = 0; s < N_SHAPES; s++)
		check(s, s % 2 ? 0.3f : 0, 0, NULL, "");
	check(0, 0.3f, 1, NULL, "");
	for (int s = 1; s < N_SHAPES; s += 2)
		check(s, 0, 1, NULL, "");
	for (int s = 0; s < 6; s++)
		check(s, s % 2 ? 0.3f : 0, 0, &lora, ", LoRA");
	check(2, 0, 0, &some, ", LoRA of some layers");
	check(3, 0, 1, &some, ", LoRA of some layers");
	check(0, 0, 0, &bottleneck, ", bottlenecks");
	check(3, 0.3f, 0, &bottleneck, ", bottlenecks");
	for (int s = 0; s < N_SHAPES; s++) {
		if (shapes[s].c.window)
			continue;
		check(s, s % 2 ? 0.3f : 0, 0, &prompt, ", prompt");
		check(s, s % 2 ? 0.3f : 0, 0, &prefix, ", prefix");
		check_virtual(s, &prompt, ", prompt");
		check_virtual(s, &prefix, ", prefix");
	}
	return DONE();
}
