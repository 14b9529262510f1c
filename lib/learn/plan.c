/* plan - what a shape costs before anything is made: parameters, memory, tokens, time */
/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/par.h"
#include "kern/gemm.h"
#include "learn/plan.h"
#include "model/file/card.h"
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

/* What is held during a step, by kind: weights and gradients are one kind each. */
struct memory {
	double weights, moments, acts, rest;
};

static struct memory
memory_of(const struct config *c, const struct plan *u, const struct params *p)
{
	double batch = 4.0 * u->B * u->T;       /* of tokens, targets, coefficients, log-probabilities */

	return (struct memory){ (double)p->total * sizeof (float), (double)optim_bytes(&u->optim, p),
		(double)net_bytes(c, u->B, u->T, u->use), u->base + (double)net_scratch(c, u->B, u->T, u->use) + 4 * batch };
}

static double
together(const struct memory *m)
{
	return 2 * m->weights + m->moments + m->acts + m->rest;
}

double
plan_peak(const struct config *c, const struct plan *u)
{
	struct params p;
	struct memory m;

	params_init(&p, c);
	m = memory_of(c, u, &p);
	params_free(&p);
	return together(&m);
}

static void
print_memory(struct buf *b, const struct plan *u, const struct memory *m)
{
	char what[40];

	print_size(b, "memory: weights", m->weights);
	print_size(b, "  in 16 bits", m->weights / 2);
	print_size(b, "  gradients", m->weights);
	snprintf(what, sizeof what, "  moments of %s", u->optim.optimizer_name);
	print_size(b, what, m->moments);
	snprintf(what, sizeof what, "  activations, %d x %d", u->B, u->T);
	print_size(b, what, m->acts);
	print_size(b, "  kernels, program", m->rest);
	print_size(b, "  peak of train-step", together(m));
}

void
plan_print(const struct config *c, const struct plan *cost, struct buf *b)
{
	struct params p;
	struct memory memory;
	double n, matrix, flops, tokens, hours;

	params_init(&p, c);
	n = (double)params_count(&p);
	matrix = (double)params_matrix(&p, c);
	flops = params_flops(&p, c, cost->T);
	memory = memory_of(c, cost, &p);
	params_free(&p);
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
}
