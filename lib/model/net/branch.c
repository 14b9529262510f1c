/* branch - low-rank branches beside linear layers, forward and backward; and into the weights */
/* SPDX-License-Identifier: MIT */
#include "base/rng.h"
#include "kern/gemm.h"
#include "model/adapter.h"
#include "model/model.h"
#include "model/net/net.h"
#include <math.h>
#include <stdlib.h>

static void
scale(float *x, size_t n, double by)
{
	for (size_t i = 0; i < n; i++)
		x[i] *= (float)by;
}

/* u (rows, n r) = scale * f(x A^T). */
static void
inner(const struct adapter *a, const struct branch *b, float *u, const float *x, size_t rows, size_t K)
{
	size_t N = (size_t)b->n * (size_t)a->r;

	gemm(&(struct gemm){ .M = rows, .N = N, .K = K, .A = x, .lda = K, .B = a->w + b->A, .ldb = K, .b_trans = 1,
		.C = u, .ldc = N, .act = b->relu ? GEMM_RELU : GEMM_NONE });
	scale(u, rows * N, a->scale);
}

void
branch_fwd(const struct adapter *a, const struct branch *b, float *y, size_t ld, const float *x, size_t rows, size_t K, float *u)
{
	size_t r = (size_t)a->r, N = (size_t)b->n * r;

	inner(a, b, u, x, rows, K);
	for (int i = 0; i < b->n; i++)
		gemm(&(struct gemm){ .M = rows, .N = b->part[i].out, .K = r, .A = u + (size_t)i * r, .lda = N,
			.B = a->w + b->part[i].B, .ldb = r, .b_trans = 1, .C = y + b->part[i].col, .ldc = ld, .accumulate = 1 });
}

void
branch_bwd(const struct adapter *a, const struct branch *b, float *g, float *dx, const float *dy, size_t ld, const float *x,
		size_t rows, size_t K, float *u, float *du)
{
	size_t r = (size_t)a->r, N = (size_t)b->n * r;

	inner(a, b, u, x, rows, K);
	for (int i = 0; i < b->n; i++) {
		const struct branch_part *p = &b->part[i];
		gemm(&(struct gemm){ .M = rows, .N = r, .K = p->out, .A = dy + p->col, .lda = ld, .B = a->w + p->B, .ldb = r,
			.C = du + (size_t)i * r, .ldc = N });
		gemm(&(struct gemm){ .M = p->out, .N = r, .K = rows, .A = dy + p->col, .lda = ld, .a_trans = 1,
			.B = u + (size_t)i * r, .ldb = N, .C = g + p->B, .ldc = r, .accumulate = 1 });
	}
	scale(du, rows * N, a->scale);
	for (size_t i = 0; b->relu && i < rows * N; i++)
		if (!(u[i] > 0))
			du[i] = 0;
	gemm(&(struct gemm){ .M = N, .N = K, .K = rows, .A = du, .lda = N, .a_trans = 1, .B = x, .ldb = K, .C = g + b->A,
		.ldc = K, .accumulate = 1 });
	gemm(&(struct gemm){ .M = rows, .N = K, .K = N, .A = du, .lda = N, .B = a->w + b->A, .ldb = K, .C = dx, .ldc = K,
		.accumulate = 1 });
}

/* W (N,K) += scale * B A for the rows that each part stands beside. */
static void
merge(const struct adapter *a, const struct branch *b, float *W, size_t K)
{
	size_t r = (size_t)a->r;

	for (int i = 0; i < b->n; i++) {
		const struct branch_part *p = &b->part[i];
		float *B = xmalloc(p->out * r * sizeof *B);
		for (size_t k = 0; k < p->out * r; k++)
			B[k] = (float)a->scale * a->w[p->B + k];
		gemm(&(struct gemm){ .M = p->out, .N = K, .K = r, .A = B, .lda = r, .B = a->w + b->A + (size_t)i * r * K, .ldb = K,
			.C = W + p->col * K, .ldc = K, .accumulate = 1 });
		free(B);
	}
}

int
adapter_merge(struct model *m, struct err *e)
{
	const struct adapter *a = m->adapter;
	const struct config *c = &m->cfg;
	size_t C = (size_t)c->C;

	if (a->kind != ADAPTER_LORA)
		return err_set(e, "of its adapters, only LoRA can be added to the weights of a model");
	for (int l = 0; l < c->L; l++) {
		const struct layer_offsets *o = &m->par.layer[l];
		merge(a, &a->layer[l][BRANCH_QKV], m->w + o->qkv, C);
		merge(a, &a->layer[l][BRANCH_O], m->w + o->o, width_q(c));
		merge(a, &a->layer[l][BRANCH_UP], m->w + o->up, C);
		merge(a, &a->layer[l][BRANCH_DOWN], m->w + o->down, (size_t)c->F);
	}
	adapter_free(m->adapter);
	m->adapter = NULL;
	return 0;
}

/* Logits (T,V) of the model as it is now on tokens drawn at random, to be freed. */
static float *
logits_of(const struct model *m, int T)
{
	struct net *n = net_of(m, 1, T, NET_FORWARD);
	uint32_t *tok = xreallocarray(NULL, (size_t)T, sizeof *tok);
	float *z = xreallocarray(NULL, (size_t)T * (size_t)m->cfg.V, sizeof *z);

	for (int i = 0; i < T; i++)
		tok[i] = (uint32_t)(rng_at(1, (uint64_t)i, 0, 0, 0) % (uint64_t)m->cfg.V);
	net_forward(n, m->w, &(struct net_batch){ 1, T, tok, NULL });
	net_logits(n, m->w, 0, (size_t)T, z);
	net_free(n);
	free(tok);
	return z;
}

int
adapter_merge_measured(struct model *m, int rows, double *delta, struct err *e)
{
	int T = rows < m->cfg.T ? rows : m->cfg.T, bad;
	float *apart = logits_of(m, T), *merged;

	*delta = 0;
	if (!(bad = adapter_merge(m, e))) {
		merged = logits_of(m, T);
		for (size_t i = 0; i < (size_t)T * (size_t)m->cfg.V; i++)
			*delta = fmax(*delta, fabs((double)merged[i] - (double)apart[i]));
		free(merged);
	}
	free(apart);
	return bad;
}
