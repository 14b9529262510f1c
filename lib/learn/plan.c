/* plan - what a shape costs before anything is made: parameters, memory, tokens, time */
/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/par.h"
#include "kern/gemm.h"
#include "learn/plan.h"
#include "model/file/card.h"
#include "model/model.h"
#include "model/law.h"
#include "model/net/net.h"
#include <math.h>
#include <stdio.h>
#include <unistd.h>

/* Resident bytes of this program now; 0: not known. */
static double
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	double all, pages = 0;

	if (f) {
		if (fscanf(f, "%lf %lf", &all, &pages) != 2)
			pages = 0;
		fclose(f);
	}
	return pages * (double)sysconf(_SC_PAGESIZE);
}

void
plan_measure(struct plan *p)
{
	enum { M = 512, N = 1024, K = 768 };
	struct arena a;
	struct gemm g = { .M = M, .N = N, .K = K, .lda = K, .ldb = K, .b_trans = 1, .ldc = N };
	double start, best = 0, from = clock_seconds();
	float *A, *B;

	arena_init(&a, (M * K + N * K + M * N) * sizeof *A + 256);
	A = arena_take(&a, M * K * sizeof *A);
	B = arena_take(&a, N * K * sizeof *B);
	g.C = arena_take(&a, M * N * sizeof *A);
	for (int i = 0; i < M * K; i++)
		A[i] = (float)(i % 13) - 6;
	for (int i = 0; i < N * K; i++)
		B[i] = (float)(i % 7) - 3;
	g.A = A;
	g.B = B;
	for (int i = 0; i < 3 || clock_seconds() - from < 0.15; i++) {
		start = clock_seconds();
		gemm(&g);
		best = fmax(best, 2.0 * M * N * K / (clock_seconds() - start));
	}
	arena_free(&a);
	p->speed = best;
	p->base = fmax(0, resident() - (double)(gemm_scratch(&g) * sizeof (float)));
}

static void
print_size(struct buf *b, const char *what, double bytes)
{
	static const char unit[] = " KMGTPE";
	int u = 0;

	while (bytes >= 1000 && unit[u + 1]) {
		bytes /= 1000;
		u++;
	}
	buf_printf(b, "%-24s%.4g %sB\n", what, bytes, u ? (const char[]){ unit[u], 0 } : "");
}

static void
print_time(struct buf *b, const char *what, double s)
{
	buf_printf(b, "%-24s", what);
	if (s < 120)
		buf_printf(b, "%.3g seconds\n", s);
	else if (s < 7200)
		buf_printf(b, "%.3g minutes\n", s / 60);
	else if (s < 172800)
		buf_printf(b, "%.3g hours\n", s / 3600);
	else if (s < 2 * 365.25 * 86400)
		buf_printf(b, "%.4g days\n", s / 86400);
	else
		buf_printf(b, "%.4g years\n", s / 86400 / 365.25);
}

/* What is held during a step, by kind. */
struct memory {
	double weights, adapter, grads, moments, ema, best, teacher, acts, rest;
	double loading;         /* while a file is read */
};

static double
in_memory(const struct params *p)
{
	return (double)p->total * sizeof (float);
}

/* The largest tensor, as that of a file is in memory while it is read. */
static double
largest(const struct params *p)
{
	size_t n = 0;

	for (int i = 0; i < p->n; i++)
		n = p->v[i].count > n ? p->v[i].count : n;
	return (double)n * sizeof (float);
}

/* A block of memory takes whole huge pages, if it is as large as one. */
static double
pages(double bytes)
{
	const double page = 2 << 20;

	return bytes < page ? bytes : ceil(bytes / page) * page;
}

static double
together(const struct memory *m)
{
	double all = pages(m->weights) + pages(m->adapter) + pages(m->grads) + pages(m->moments) + m->ema + m->best + m->teacher +
		pages(m->acts) + m->rest;

	return fmax(all, m->loading);
}

static void
add_teacher(struct memory *m, const struct plan *u)
{
	struct model t;
	double w;

	model_shape(&t, u->teacher);
	w = in_memory(&t.par);
	m->loading = fmax(m->loading, m->weights + m->adapter + w + largest(&t.par) + u->base);
	m->teacher = w + (double)net_bytes(&t, u->B, u->T, u->use & ~(NET_GRAD | NET_RECOMPUTE));
	model_free(&t);
}

/* m: a shape, with its adapter if it has one. */
static struct memory
memory_of(const struct model *m, const struct plan *u)
{
	const struct params *moving = model_moving(m);
	double rows = (double)u->B * u->T, one = in_memory(moving);
	struct memory k = { .weights = in_memory(&m->par), .adapter = m->adapter ? one : 0, .grads = one,
		.moments = (double)optim_bytes(&u->optim, moving), .ema = u->ema > 0 ? one : 0, .best = u->keep_best ? one : 0,
		.acts = (double)net_bytes(m, u->B, u->T, u->use) };

	/* of each token: itself, its target, two coefficients, a log-probability */
	k.rest = u->base + (double)net_scratch(&m->cfg, u->B, u->T, u->use) + 5 * 4 * rows;
	k.loading = k.weights + largest(&m->par) + u->base;
	if (u->teacher)
		add_teacher(&k, u);
	return k;
}

static void
print_part(struct buf *b, const char *what, double bytes)
{
	if (bytes > 0)
		print_size(b, what, bytes);
}

static void
print_memory(struct buf *b, const struct plan *u, const struct memory *m)
{
	char what[40];

	print_size(b, "memory: weights", m->weights);
	print_size(b, "  in 16 bits", m->weights / 2);
	print_part(b, "  adapter", m->adapter);
	print_size(b, "  gradients", m->grads);
	snprintf(what, sizeof what, "  moments of %s", u->optim.optimizer_name);
	print_size(b, what, m->moments);
	print_part(b, "  mean of weights", m->ema);
	print_part(b, "  best weights", m->best);
	print_part(b, "  teacher", m->teacher);
	snprintf(what, sizeof what, "  activations, %d x %d", u->B, u->T);
	print_size(b, what, m->acts);
	print_size(b, "  kernels, program", m->rest);
	print_size(b, "  peak of train-step", together(m));
}

int
plan_print(const struct config *c, const struct plan *cost, struct buf *b, struct err *e)
{
	struct model m;
	struct memory memory;
	double n, matrix, flops, tokens, hours;

	model_shape(&m, c);
	if (cost->adapt.kind && adapter_new(&m, &cost->adapt, e)) {
		model_free(&m);
		return -1;
	}
	if (cost->T > m.cfg.T) {
		err_set(e, "records of %d tokens, but virtual tokens leave %d of the context", cost->T, m.cfg.T);
		model_free(&m);
		return -1;
	}
	n = (double)params_count(&m.par);
	matrix = (double)params_matrix(&m.par, c);
	flops = params_flops(&m.par, c, cost->T);
	memory = memory_of(&m, cost);
	model_free(&m);
	tokens = law_tokens(&law_chinchilla, n);
	hours = tokens * flops / cost->speed / 3600;
	buf_printf(b, "%-24s", "shape");
	config_describe(c, b);
	buf_printf(b, ", context %d, vocabulary %d\n", c->T, c->V);
	buf_printf(b, "%-24s%.0f\n", "parameters", n);
	buf_printf(b, "%-24s%.0f\n", "  in matrices", matrix);
	buf_printf(b, "%-24s%.0f\n", "  in embeddings, head", ((double)c->V * (c->tied ? 1 : 2) +
	           (c->pos == POS_LEARNED ? c->T : 0)) * c->C);
	buf_printf(b, "%-24s%.0f (rule of thumb for the matrices and the head)\n", "  12 L C^2 + V C",
	           12.0 * c->L * c->C * c->C + (double)c->V * c->C);
	buf_printf(b, "%-24s%.4g forward and backward, in a context of %d\n", "FLOPs a token", flops, cost->T);
	print_memory(b, cost, &memory);
	buf_printf(b, "%-24s%.4g (%.3g a parameter)\n", "compute-optimal tokens", tokens, tokens / n);
	buf_printf(b, "%-24s%.3f nats a token, of web text in 32,000 tokens (Chinchilla's law)\n", "loss after them",
	    law_loss(&law_chinchilla, n, tokens));
	buf_printf(b, "%-24s%.4g\n", "FLOPs for them", tokens * flops);
	/* Kaplan et al. 2020, equation D.1, fitted up to 1.5e9: N without embeddings. */
	if (matrix < 1.5e9)
		buf_printf(b, "%-24s%.2g (Kaplan's rule)\n", "learning rate", 3.239e-3 - 1.395e-4 * log(matrix));
	buf_printf(b, "%-24s%.4g GFLOP/s in matrix products, %d threads\n", "speed here", cost->speed / 1e9, par_threads());
	print_time(b, "time for them, at least", 3600 * hours);
	if (cost->price > 0)
		buf_printf(b, "%-24s%.4g, at %g an hour\n", "cost", hours * cost->price, cost->price);
	if (cost->watts > 0)
		buf_printf(b, "%-24s%.4g kWh, at %g W\n", "energy", hours * cost->watts / 1000, cost->watts);
	return 0;
}
