/* grow - a model that begins with what a smaller one knows */
/* SPDX-License-Identifier: MIT */
#include "model/net/grow.h"
#include "base/rng.h"
#include <string.h>

/* What is repeated: index j of the larger is index j % old of the smaller. */
struct axis {
	size_t new, old;
};

struct grow {
	float       *to;
	const float *from;
	uint64_t     seed;
};

/* What copy j of an input has of the weight that row r gives it; the shares of all its copies add up to 1. */
static double
share(const struct grow *g, struct axis a, size_t r, size_t j)
{
	size_t i = j % a.old;
	double sum = 0, mine = 0;

	for (size_t k = i; k < a.new; k += a.old) {
		double u = 0.5 + rng_unit(rng_at(g->seed, r, k, a.old, a.new));
		sum += u;
		if (k == j)
			mine = u;
	}
	return mine / sum;
}

/* A matrix at an offset of each; read: its columns are inputs that the copies of a unit share. */
static void
matrix(const struct grow *g, size_t to, size_t from, struct axis rows, struct axis cols, int read)
{
	for (size_t r = 0; r < rows.new; r++)
		for (size_t c = 0; c < cols.new; c++) {
			double part = read && cols.new > cols.old ? share(g, cols, r, c) : 1;
			g->to[to + r * cols.new + c] = (float)(part * (double)g->from[from + r % rows.old * cols.old + c % cols.old]);
		}
}

static void
vector(const struct grow *g, size_t to, size_t from, struct axis a)
{
	if (to != SIZE_MAX)
		matrix(g, to, from, a, (struct axis){ 1, 1 }, 0);
}

/* Blocks of rows one after another (q, k and v; gate and up), of a matrix or its bias. */
static void
blocks(const struct grow *g, size_t to, size_t from, const struct axis *rows, int n, struct axis cols)
{
	for (int i = 0; i < n && to != SIZE_MAX; i++) {
		matrix(g, to, from, rows[i], cols, 1);
		to += rows[i].new * cols.new;
		from += rows[i].old * cols.old;
	}
}

static void
layer(const struct grow *g, const struct config *a, const struct config *b, const struct layer_offsets *to,
		const struct layer_offsets *from, int adds)
{
	struct axis one = { 1, 1 }, C = { (size_t)a->C, (size_t)b->C }, F = { (size_t)a->F, (size_t)b->F };
	struct axis q = { width_q(a), width_q(b) }, kv = { width_kv(a), width_kv(b) }, D = { (size_t)a->D, (size_t)b->D };
	struct axis qkv[] = { q, kv, kv }, up[] = { F, F };

	vector(g, to->norm1, from->norm1, C);
	vector(g, to->norm1_b, from->norm1_b, C);
	blocks(g, to->qkv, from->qkv, qkv, 3, C);
	blocks(g, to->qkv_b, from->qkv_b, qkv, 3, one);
	vector(g, to->q_norm, from->q_norm, D);
	vector(g, to->k_norm, from->k_norm, D);
	vector(g, to->norm2, from->norm2, C);
	vector(g, to->norm2_b, from->norm2_b, C);
	blocks(g, to->up, from->up, up, a->gated ? 2 : 1, C);
	blocks(g, to->up_b, from->up_b, up, a->gated ? 2 : 1, one);
	if (!adds)
		return;
	matrix(g, to->o, from->o, C, q, 1);
	vector(g, to->o_b, from->o_b, C);
	matrix(g, to->down, from->down, C, F, 1);
	vector(g, to->down_b, from->down_b, C);
}

static int
check(const struct config *a, const struct config *b, struct err *e)
{
	struct config x = *b;

	x.T = a->T;
	x.C = a->C;
	x.L = a->L;
	x.H = a->H;
	x.KV = a->KV;
	x.F = a->F;
	if (!config_same(a, &x))
		return err_set(e, "the two shapes differ in more than layers, width, heads and context");
	if (a->C % b->C || a->L < b->L || a->H < b->H || a->F < b->F || a->H / a->KV != b->H / b->KV)
		return err_set(e, "%d layers, width %d, %d heads, %d key heads, feed-forward %d cannot grow out of %d, %d, %d, %d, %d "
		    "(width a multiple, groups of heads as large, nothing smaller)", a->L, a->C, a->H, a->KV, a->F,
		    b->L, b->C, b->H, b->KV, b->F);
	return 0;
}

int
model_grow(struct model *m, const struct model *from, uint64_t seed, struct err *e)
{
	const struct config *a = &m->cfg, *b = &from->cfg;
	const struct params *p = &m->par, *s = &from->par;
	struct grow g = { m->w, from->w, seed };
	struct axis C = { (size_t)a->C, (size_t)b->C }, V = { (size_t)a->V, (size_t)b->V };
	int before = -1;

	if (check(a, b, e))
		return -1;
	matrix(&g, p->tok, s->tok, V, C, 0);
	if (p->pos != SIZE_MAX)
		matrix(&g, p->pos, s->pos, (struct axis){ (size_t)a->T, (size_t)b->T }, C, 0);
	for (int l = 0; l < a->L; l++) {
		int of = (int)((long long)l * b->L / a->L);
		layer(&g, a, b, &p->layer[l], &s->layer[of], of != before);
		before = of;
	}
	vector(&g, p->norm_f, s->norm_f, C);
	vector(&g, p->norm_f_b, s->norm_f_b, C);
	if (p->head != p->tok)
		matrix(&g, p->head, s->head, V, C, 0);
	/* The head reads each channel as often as it was repeated: a tied one cannot be divided, so the norm before it is. */
	for (size_t i = 0; i < C.new; i++) {
		m->w[p->norm_f + i] /= (float)(a->C / b->C);
		if (p->norm_f_b != SIZE_MAX)
			m->w[p->norm_f_b + i] /= (float)(a->C / b->C);
	}
	buf_add(&m->tokenizer, from->tokenizer.p, from->tokenizer.n);
	memcpy(m->vocab, from->vocab, sizeof m->vocab);
	m->prog = xstrdup(from->prog);
	m->data = xstrdup(from->data);
	m->chat = xstrdup(from->chat);
	return 0;
}
