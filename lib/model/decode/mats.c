/* mats - a model's weights as decoding reads them */
/* SPDX-License-Identifier: MIT */
#include "model/decode/mats.h"
#include "model/adapter.h"
#include "base/par.h"
#include "base/size.h"
#include "kern/kern.h"
#include <stdlib.h>
#include <string.h>

struct maker {
	struct mats *m;
	const struct params *par;
	const struct weight_src *src;
	int quant;
	size_t n_vec;
};

/* Tensors from offset `first` on that make one matrix of N rows. */
struct group {
	const struct maker *k;
	struct panels *to;
	size_t first;
};

static const struct param *
part_of(const struct group *g, size_t row, const struct weight_src **src)
{
	size_t at = g->first + row * g->to->K;

	for (int i = 0; i < g->k->par->n; i++) {
		const struct param *p = &g->k->par->v[i];
		if (at >= p->offset && at < p->offset + p->count) {
			*src = &g->k->src[i];
			return p;
		}
	}
	return NULL;
}

static void
put_panel(size_t panel, void *ctx)
{
	const struct group *g = ctx;
	size_t K = g->to->K, end = (panel + 1) * GEMV_PANEL;
	float *tmp = xreallocarray(NULL, 2 * (K + QUANT_BLOCK), sizeof *tmp);

	for (size_t r = panel * GEMV_PANEL; r < end && r < g->to->N; r++) {
		const struct weight_src *s;
		const struct param *p = part_of(g, r, &s);
		enum quant type;
		const void *row = weights_row(p, s, r - (p->offset - g->first) / K, &type, tmp + K + QUANT_BLOCK);
		panels_put(g->to, r, type, row, tmp);
	}
	free(tmp);
}

/* The type that all parts have, if it is one of ours. */
static enum quant
type_of(const struct group *g, size_t N)
{
	const struct weight_src *s, *first;
	size_t row = 0;

	if (g->k->quant != MATS_AS_IS)
		return (enum quant)g->k->quant;
	part_of(g, 0, &first);
	while (row < N) {
		const struct param *p = part_of(g, row, &s);
		if (s->type != first->type)
			return QUANT_F32;
		row += p->shape[0];
	}
	return first->type == QUANT_F16 || first->type == QUANT_F64 ? QUANT_F32 : first->type;
}

static void
make_matrix(const struct maker *k, struct panels *to, size_t offset, size_t N, size_t K)
{
	struct group g = { k, to, offset };

	to->K = K;
	panels_init(to, type_of(&g, N), N, K);
	par_for(div_up(N, GEMV_PANEL), put_panel, &g);
	k->m->bytes += to->mem.size;
}

/* Tensors from offset on, n floats of them, to the vectors; returns where they stand. */
static size_t
take_vector(struct maker *k, size_t offset, size_t n)
{
	size_t at = round_up(k->n_vec, 16), done = 0;

	if (offset == SIZE_MAX)
		return SIZE_MAX;
	k->m->vec = xreallocarray(k->m->vec, at + n, sizeof *k->m->vec);
	for (int i = 0; i < k->par->n && done < n; i++) {
		const struct param *p = &k->par->v[i];
		if (p->offset != offset + done)
			continue;
		for (size_t r = 0; r < param_rows(p); r++, done += param_cols(p))
			weights_widen_row(p, &k->src[i], r, k->m->vec + at + done);
	}
	k->n_vec = at + n;
	return at;
}

static size_t
count_at(const struct params *par, size_t offset)
{
	for (int i = 0; i < par->n; i++)
		if (par->v[i].offset == offset)
			return par->v[i].count;
	return 0;
}

static void
make_layer(struct maker *k, const struct config *c, int l)
{
	const struct layer_offsets *from = &k->par->layer[l];
	struct layer_offsets *at = &k->m->at[l];
	struct mats_layer *m = &k->m->layer[l];
	size_t C = (size_t)c->C, D = (size_t)c->D, qkv = width_qkv(c), up = width_up(c);

	make_matrix(k, &m->qkv, from->qkv, qkv, C);
	make_matrix(k, &m->o, from->o, C, width_q(c));
	make_matrix(k, &m->up, from->up, up, C);
	make_matrix(k, &m->down, from->down, C, (size_t)c->F);
	at->norm1 = take_vector(k, from->norm1, C);
	at->norm1_b = take_vector(k, from->norm1_b, C);
	at->qkv_b = take_vector(k, from->qkv_b, qkv);
	at->q_norm = take_vector(k, from->q_norm, D);
	at->k_norm = take_vector(k, from->k_norm, D);
	at->o_b = take_vector(k, from->o_b, C);
	at->norm2 = take_vector(k, from->norm2, C);
	at->norm2_b = take_vector(k, from->norm2_b, C);
	at->up_b = take_vector(k, from->up_b, up);
	at->down_b = take_vector(k, from->down_b, C);
}

static struct mats *
make(const struct config *c, const struct params *par, const struct weight_src *src, int quant)
{
	struct mats *m = xcalloc(1, sizeof *m);
	struct maker k = { m, par, src, quant, 0 };
	size_t V = (size_t)c->V, C = (size_t)c->C;

	m->L = c->L;
	m->layer = xcalloc((size_t)c->L, sizeof *m->layer);
	m->at = xcalloc((size_t)c->L, sizeof *m->at);
	make_matrix(&k, &m->tok, par->tok, V, C);
	if (par->head != par->tok)
		make_matrix(&k, &m->head, par->head, V, C);
	m->pos = take_vector(&k, par->pos, count_at(par, par->pos));     /* virtual tokens leave c->T fewer */
	for (int l = 0; l < c->L; l++)
		make_layer(&k, c, l);
	m->norm_f = take_vector(&k, par->norm_f, C);
	m->norm_f_b = take_vector(&k, par->norm_f_b, C);
	m->bytes += k.n_vec * sizeof *m->vec;
	return m;
}

struct mats *
mats_here(const struct config *c, const struct params *par, const float *w, int quant)
{
	struct weight_src *src = xcalloc((size_t)par->n, sizeof *src);
	struct mats *m;

	weights_here(par, w, src);
	m = make(c, par, src, quant);
	free(src);
	return m;
}

/* W (N,K) times a factor, in fp32. */
static void
put_small(struct mats *m, struct panels *to, const float *W, size_t N, size_t K, double factor)
{
	float *row = xmalloc((2 * K + 2 * QUANT_BLOCK) * sizeof *row);

	panels_init(to, QUANT_F32, N, K);
	for (size_t r = 0; r < N; r++) {
		for (size_t k = 0; k < K; k++)
			row[k] = (float)factor * W[r * K + k];
		panels_put(to, r, QUANT_F32, row, row + K);
	}
	m->bytes += to->mem.size;
	free(row);
}

static void
put_bottlenecks(struct mats *m, const struct adapter *a, size_t C)
{
	for (int l = 0; l < m->L; l++) {
		const struct branch *b = &a->layer[l][BRANCH_FFN];
		put_small(m, &m->layer[l].narrow, a->w + b->A, (size_t)a->r, C, 1);
		put_small(m, &m->layer[l].wide, a->w + b->part[0].B, C, (size_t)a->r, a->scale);
	}
}

struct mats *
mats_new(const struct model *m, int quant)
{
	const struct adapter *a = m->adapter;
	struct mats *x = m->w ? mats_here(&m->cfg, &m->par, m->w, quant) : make(&m->cfg, &m->par, m->src, quant);

	if (a && a->kind == ADAPTER_BOTTLENECK) {
		put_bottlenecks(x, a, (size_t)m->cfg.C);
	} else if (a && !a->layer) {
		size_t n = (size_t)m->cfg.L * 2 * width_kv(&m->cfg) * (size_t)a->r;
		x->n_keys = a->r;
		if (a->kind == ADAPTER_PROMPT)
			x->keys = virtual_keys(m, a->r, a->w);
		else
			x->keys = memcpy(xreallocarray(NULL, n, sizeof *x->keys), a->w, n * sizeof *x->keys);
	}
	return x;
}

void
mats_free(struct mats *m)
{
	if (!m)
		return;
	panels_free(&m->tok);
	panels_free(&m->head);
	for (int l = 0; l < m->L; l++) {
		panels_free(&m->layer[l].qkv);
		panels_free(&m->layer[l].o);
		panels_free(&m->layer[l].up);
		panels_free(&m->layer[l].down);
		panels_free(&m->layer[l].narrow);
		panels_free(&m->layer[l].wide);
	}
	free(m->layer);
	free(m->at);
	free(m->vec);
	free(m->keys);
	free(m);
}

int
mats_type(const char *name)
{
	static const struct {
		const char *name;
		enum quant  type;
	} types[] = {
		{ "f32", QUANT_F32 }, { "bf16", QUANT_BF16 }, { "q8", QUANT_Q8_0 }, { "q8_0", QUANT_Q8_0 }, { "q4", QUANT_Q4_0 },
		{ "q4_0", QUANT_Q4_0 },
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(types[i].name, name))
			return (int)types[i].type;
	return -2;
}
