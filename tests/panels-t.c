/* panels-t - quantised matrices: each table of loops against plain C at all lengths, rows alone and in company */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "base/par.h"
#include "base/rng.h"
#include "kern/gemm.h"
#include "kern/kern.h"
#include "kern/panels.h"
#include "soft.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum quant  type;
	double      off;        /* of a product, relative to what its terms sum to */
} types[] = { { "f32", QUANT_F32, 1e-6 }, { "bf16", QUANT_BF16, 4e-3 }, { "q8", QUANT_Q8_0, 1e-2 }, { "q4", QUANT_Q4_0, 0.12 } };

static float *
random_floats(size_t n, uint64_t seed)
{
	float *x = xmalloc((n + 1) * sizeof *x);

	for (size_t i = 0; i < n; i++)
		x[i] = (float)rng_normal(rng_at(seed, i, 0, 0, 0));
	return x;
}

static void
make(struct panels *p, enum quant t, size_t N, size_t K, const float *w)
{
	float *tmp = xmalloc((K + 32) * sizeof *tmp);

	panels_init(p, t, N, K);
	for (size_t r = 0; r < N; r++)
		panels_put(p, r, QUANT_F32, w + r * K, tmp);
	free(tmp);
}

/* y (m,N); everything after is checked to be left alone. */
static float *
product(const struct panels *p, const float *x, size_t m, const float *bias, const float *residual)
{
	size_t blocks = panels_blocks(p->K);
	struct panels_x in = { m, p->K, x, xcalloc(m * blocks * 32 + 1, 1), xcalloc(m * blocks + 1, 4), xcalloc(m * blocks + 1, 4) };
	float *y = xcalloc(m * p->N + 1, sizeof *y);

	y[m * p->N] = 77;
	for (size_t r = 0; r < m; r++)
		panels_quantize(&in, p->K, r);
	for (size_t i = 0; i < panels_tasks(p); i++)
		panels_task(p, i, &in, y, p->N, bias, residual);
	free(in.q), free(in.d), free(in.s);
	return y;
}

static const struct kern *usable[8];

/* Of all tables the same bits; of plain C, the product of the matrix as panels_row gives it. */
static void
check(int t)
{
	int differ = 0, alone = 0, far = 0, spill = 0, lost = 0;

	for (size_t K = 0; K <= 100; K++) {
		size_t N = 1 + K * 7 % 300, m = 1 + K % 11;
		float *w = random_floats(N * K, 3 + K), *x = random_floats(m * K, 4), *bias = random_floats(N, 5);
		float *res = random_floats(m * N, 6), *want, *row = xmalloc((K + 1) * sizeof *row);
		struct panels p;

		make(&p, types[t].type, N, K, w);
		kern_use(&kern_ref);
		want = product(&p, x, m, bias, res);
		for (size_t i = 0; i < N; i++) {
			panels_row(&p, i, row);
			for (size_t r = 0; r < m; r++) {
				double s = 0, size = 1e-5, top = 0;
				for (size_t k = 0; k < K; k++) {
					s += (double)row[k] * (double)x[r * K + k];
					size += fabs((double)row[k]) * (t < 2 ? 1e-5 : 1.01 / 254);
					top = fmax(top, fabs((double)x[r * K + k]));
				}
				s += (double)bias[i] + (double)res[r * N + i];
				far += !(fabs(s - (double)want[r * N + i]) <= size * fmax(top, 1));
			}
			for (size_t k = 0; k < K; k++)
				lost += !(fabsf(row[k] - w[i * K + k]) <= (float)types[t].off * 4);
		}
		for (int u = 0; usable[u]; u++) {
			float *y, *one;
			kern_use(usable[u]);
			y = product(&p, x, m, bias, res);
			differ += memcmp(y, want, m * N * sizeof *y) != 0;
			spill += y[m * N] != 77;
			one = product(&p, x + (m - 1) * K, 1, bias, res + (m - 1) * N);
			alone += memcmp(one, y + (m - 1) * N, N * sizeof *y) != 0;
			free(y), free(one);
		}
		panels_free(&p);
		free(w), free(x), free(bias), free(res), free(want), free(row);
	}
	OK(!far && !lost, "%s: the products of the matrix, which is near to the one given (%d %d)", types[t].name, far, lost);
	OK(!differ, "%s: the bits of plain C in every table, at lengths 0..100 (%d)", types[t].name, differ);
	OK(!alone && !spill, "%s: a row alone has the bits that it has in company, and nothing is written beyond (%d %d)",
		types[t].name, alone, spill);
}

/* F32 and BF16: gemm over panels, with the same bits as few rows have. */
static void
check_gemm(int t)
{
	size_t N = 75, K = 131, m = 97;
	float *w = random_floats(N * K, 3), *x = random_floats(m * K, 4), *y = xmalloc(m * N * sizeof *y);
	struct panels p;
	int bad = 0;

	make(&p, types[t].type, N, K, w);
	for (int u = 0; usable[u]; u++)
		for (size_t rows = 1; rows <= m; rows += 16) {
			float *few;
			kern_use(usable[u]);
			few = product(&p, x, rows, NULL, NULL);
			gemm(&(struct gemm){ .M = rows, .N = N, .K = K, .A = x, .lda = K, .panels = &p, .C = y, .ldc = N });
			bad += memcmp(few, y, rows * N * sizeof *y) != 0;
			free(few);
		}
	OK(!bad, "%s: gemm has the same bits (%d)", types[t].name, bad);
	panels_free(&p);
	free(w), free(x), free(y);
}

/* Products in bf16: of panels the bits of the matrix by rows. */
static void
check_bf16(const struct kern *k)
{
	size_t N = 75, K = 131, m = 97;
	float *w = random_floats(N * K, 5), *x = random_floats(m * K, 6), *y = xmalloc(m * N * sizeof *y), *z = xmalloc(m * N * sizeof *z);
	struct panels p;
	int bad = 0;

	make(&p, QUANT_BF16, N, K, w);
	kern_use(k);
	for (size_t rows = 1; rows <= m; rows += 16) {
		struct gemm g = { .M = rows, .N = N, .K = K, .A = x, .lda = K, .panels = &p, .C = y, .ldc = N, .bf16 = 1 };
		gemm(&g);
		g.panels = NULL, g.B = w, g.ldb = K, g.b_trans = 1, g.C = z;
		gemm(&g);
		bad += memcmp(y, z, rows * N * sizeof *y) != 0;
	}
	OK(!bad, "%s: products in bf16 have the same bits out of panels (%d)", k->name, bad);
	panels_free(&p);
	free(w), free(x), free(y), free(z);
}

/* What comes in the matrix's own type is not rounded again. */
static void
check_raw(int t)
{
	enum { N = 20, K = 96 };
	unsigned char raw[K * 4];
	float *w = random_floats(N * K, 9), tmp[K], row[K];
	struct panels p;
	int bad = 0;

	panels_init(&p, types[t].type, N, K);
	for (size_t r = 0; r < N; r++) {
		quant_pack(types[t].type, w + r * K, K, raw);
		if (types[t].type == QUANT_Q8_0)
			raw[5] = 0x80;          /* -128: no quantiser makes it, files may have it */
		panels_put(&p, r, types[t].type, raw, tmp);
		panels_row(&p, r, row);
		quant_unpack(types[t].type, raw, K, tmp);
		bad += memcmp(row, tmp, sizeof row) != 0;
	}
	OK(!bad, "%s: rows in its own type stay as they are", types[t].name);
	kern_use(&kern_ref);
	float *want = product(&p, w, 3, NULL, NULL);
	for (int u = 0; usable[u]; u++) {
		kern_use(usable[u]);
		float *y = product(&p, w, 3, NULL, NULL);
		bad += memcmp(y, want, 3 * N * sizeof *y) != 0;
		free(y);
	}
	OK(!bad, "%s: and give the same products in every table", types[t].name);
	panels_free(&p);
	free(w), free(want);
}

int
main(void)
{
	int n = 0;

	if (kern_soft())
		check_bf16(kern_soft());
	for (size_t i = 0; kern_list(i); i++)
		if (kern_list(i)->usable())
			usable[n++] = kern_list(i);
	for (int i = 0; i < n; i++)
		check_bf16(usable[i]);
	for (int t = 0; t < 4; t++) {
		check(t);
		check_raw(t);
		if (t < 2)
			check_gemm(t);
	}
	return DONE();
}
