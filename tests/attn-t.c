/* attn-t - attention forward and backward of each table against a naive one, and as decoding has it */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "base/par.h"
#include "base/rng.h"
#include "kern/attn.h"
#include "kern-util.h"
#include "soft.h"
#include <stdlib.h>

struct shape {
	int B, T, H, KV, D, window, docs, drops;
};
static const struct drop third = { 1 / 3.f, 4, 3, 2 };

static struct attn
attn_new(const struct shape *s, float *qkv, uint32_t *start)
{
	size_t rows = (size_t)s->B * (size_t)s->T, ld = (size_t)((s->H + 2 * s->KV) * s->D);
	struct attn a = {
		.B = s->B, .T = s->T, .H = s->H, .KV = s->KV, .D = s->D, .ld = ld,
		.q = qkv, .k = qkv + s->H * s->D, .v = qkv + (s->H + s->KV) * s->D,
		.start = s->docs ? start : NULL, .window = s->window, .scale = 1 / sqrtf((float)s->D),
		.drop = s->drops ? &third : NULL, .site = 7,
		.o = some(rows * (size_t)(s->H * s->D)), .lse = some(rows * (size_t)s->H)
	};

	for (size_t r = 0; r < rows; r++)       /* documents of uneven length */
		start[r] = r % (size_t)s->T == 0 ? 0 : rnd() > .9f ? (uint32_t)(r % (size_t)s->T) : start[r - 1];
	return a;
}

/* What dropout multiplies a probability by. */
static double
kept(const struct attn *a, int b, int h, int t, int j)
{
	uint64_t at = (uint64_t)((h * a->T + t) * a->T + j), r = rng_at(4, 3, 2 + (uint64_t)b, 7, at / 4);
	int limit = 65536 / 3;

	if (!a->drop)
		return 1;
	return (int)(r >> at % 4 * 16 & 0xffff) < limit ? 0 : 1 / (1 - limit / 65536.0);
}

/* One head of one row in double: probabilities p, output o. */
static void
naive_row(const struct attn *a, int b, int h, int t, double *p, double *o, int *from)
{
	size_t row = (size_t)b * (size_t)a->T, kv = (size_t)(h / (a->H / a->KV) * a->D);
	const float *q = a->q + (row + (size_t)t) * a->ld + h * a->D;
	double sum = 0;

	*from = a->start ? (int)a->start[row + (size_t)t] : 0;
	if (a->window && t + 1 - a->window > *from)
		*from = t + 1 - a->window;
	memset(o, 0, (size_t)a->D * sizeof *o);
	for (int j = *from; j <= t; j++) {
		p[j] = 0;
		for (int d = 0; d < a->D; d++)
			p[j] += (double)q[d] * a->k[(row + (size_t)j) * a->ld + kv + (size_t)d];
		sum += p[j] = exp(p[j] * a->scale);
	}
	for (int j = *from; j <= t; j++) {
		p[j] /= sum;
		for (int d = 0; d < a->D; d++)
			o[d] += p[j] * kept(a, b, h, t, j) * a->v[(row + (size_t)j) * a->ld + kv + (size_t)d];
	}
}

/* Forward compared; the gradients by dP = dO V^T, dS = P (dP - P . dP), into g, laid out as qkv. */
static int
naive(const struct attn *a, const float *dout, double *g)
{
	double *p = xcalloc((size_t)a->T, sizeof *p), *o = xcalloc((size_t)a->D, sizeof *o);
	size_t KO = (size_t)(a->k - a->q), VO = (size_t)(a->v - a->q);
	int bad = 0, from;

	for (int b = 0; b < a->B; b++)
		for (int h = 0; h < a->H; h++)
			for (int t = 0; t < a->T; t++) {
				size_t row = (size_t)b * (size_t)a->T, r = row + (size_t)t, kv = (size_t)(h / (a->H / a->KV) * a->D);
				size_t at = r * (size_t)(a->H * a->D) + (size_t)(h * a->D), q = r * a->ld + (size_t)(h * a->D);
				double delta = 0;

				naive_row(a, b, h, t, p, o, &from);
				for (int d = 0; d < a->D; d++) {
					bad += off(a->o[at + (size_t)d], o[d], 2e-6);
					delta += o[d] * dout[at + (size_t)d];
				}
				for (int j = from; j <= t; j++) {
					size_t kr = (row + (size_t)j) * a->ld + kv;
					double dp = 0, ds, z = kept(a, b, h, t, j);

					for (int d = 0; d < a->D; d++) {
						dp += (double)dout[at + (size_t)d] * a->v[kr + (size_t)d];
						g[kr + VO + (size_t)d] += z * p[j] * dout[at + (size_t)d];
					}
					ds = p[j] * (z * dp - delta) * a->scale;
					for (int d = 0; d < a->D; d++) {
						g[q + (size_t)d] += ds * a->k[kr + (size_t)d];
						g[kr + KO + (size_t)d] += ds * a->q[q + (size_t)d];
					}
				}
			}
	free(p), free(o);
	return bad;
}

static int
one_attention(const struct shape *s)
{
	size_t rows = (size_t)s->B * (size_t)s->T, n = rows * (size_t)((s->H + 2 * s->KV) * s->D);
	size_t no = rows * (size_t)(s->H * s->D), nl = rows * (size_t)s->H, KO, VO;
	float *qkv = some(n), *dout = some(no), *got = some(n), *again = some(n), *o2, *lse2;
	uint32_t *start = xcalloc(rows, sizeof *start);
	double *want = xcalloc(n, sizeof *want);
	struct attn a = attn_new(s, qkv, start);
	int bad;

	KO = (size_t)(a.k - a.q);
	VO = (size_t)(a.v - a.q);
	par_set_threads(1);
	attn_fwd(&a);
	attn_bwd(&a, dout, got, got + KO, got + VO);
	bad = naive(&a, dout, want);
	for (size_t i = 0; i < n; i++)
		bad += off(got[i], want[i], 1e-5);
	o2 = copy(a.o, no);
	lse2 = copy(a.lse, nl);
	for (int threads = 2; threads <= 3; threads++) {        /* the same bits */
		par_set_threads(threads);
		attn_fwd(&a);
		attn_bwd(&a, dout, again, again + KO, again + VO);
		bad += memcmp(o2, a.o, no * sizeof *o2) || memcmp(lse2, a.lse, nl * sizeof *lse2);
		bad += memcmp(got, again, n * sizeof *got) != 0;
	}
	par_set_threads(2);
	if (s->B > 1) {                                         /* a row does not see its batch */
		a.B = 1;
		attn_fwd(&a);
		bad += memcmp(o2, a.o, no / (size_t)s->B * sizeof *o2) != 0;
	}
	if (!s->window && !s->docs && !s->drops) {                           /* the last row as decoding has it */
		size_t last = (size_t)s->T - 1;       /* in two parts */
		float *o = some((size_t)(s->H * s->D)), top[8], sum[8];

		for (int h = 0; h < s->H; h++)
			top[h] = -INFINITY, sum[h] = 0;
		memset(o, 0, (size_t)(s->H * s->D) * sizeof *o);
		attn_part(a.q + last * a.ld, a.k, a.v, a.ld, last / 2, s->H, s->KV, s->D, a.scale, o, top, sum);
		attn_part(a.q + last * a.ld, a.k + last / 2 * a.ld, a.v + last / 2 * a.ld, a.ld, last + 1 - last / 2, s->H, s->KV, s->D,
			a.scale, o, top, sum);
		attn_end(o, sum, s->H, s->D);
		bad += differ(o, o2 + last * (size_t)(s->H * s->D), (size_t)(s->H * s->D), 2e-6);
		free(o);
	}
	free(qkv), free(dout), free(got), free(again), free(o2), free(lse2), free(start), free(want), free(a.o), free(a.lse);
	return bad;
}

static void
attention(const struct kern *k)
{
	static const struct { const char *what; struct shape s; } cases[] = {
		{ "plain", { 2, 57, 2, 2, 64, 0, 0, 0 } },
		{ "several tiles", { 1, 260, 1, 1, 20, 0, 0, 0 } },
		{ "grouped queries, odd head", { 2, 120, 4, 2, 13, 0, 0, 0 } },
		{ "documents", { 2, 230, 1, 1, 8, 0, 1, 0 } },
		{ "window", { 1, 250, 1, 1, 40, 19, 0, 0 } },
		{ "window and documents, one key head", { 2, 229, 2, 1, 4, 64, 1, 0 } },
		{ "dropout, window and documents", { 2, 230, 2, 1, 8, 64, 1, 1 } },
		{ "one position", { 3, 1, 2, 2, 4, 0, 0, 0 } },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		OK(!one_attention(&cases[i].s), "%s: attention forward and backward, %s", k->name, cases[i].what);
}

int
main(void)
{
	const struct kern *k = kern_soft(), *first = kern_now();

	if (k) {
		kern_use(k);
		attention(k);
		kern_use(first);
	}
	for (size_t i = 0; (k = next_table(&i)); )
		attention(k);
	return DONE();
}
