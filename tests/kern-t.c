/* kern-t - each table of inner loops: products against chains of multiply-adds, what is stored with a tile, numbers of 16 bits */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "base/par.h"
#include "kern/ops.h"
#include "kern-util.h"
#include "soft.h"
#include <stdlib.h>

static const size_t shapes[][3] = {     /* M N K */
	{ 1, 1, 1 }, { 1, 33, 17 }, { 3, 5, 0 }, { 2, 40, 800 }, { 13, 31, 15 }, { 14, 32, 16 }, { 15, 33, 17 },
	{ 29, 45, 40 }, { 84, 33, 17 }, { 90, 5, 801 }, { 14, 70, 400 },
	{ 150, 40, 20 }, { 97, 3100, 2 },
};

/* Below the least normal number: 0. */
static float
flush(float x)
{
	return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x;
}

/* The nearest number of 8 significant bits, ties to even. */
static float
bf16(float x)
{
	int e;
	double m = frexp((double)flush(x), &e);

	return (float)ldexp(nearbyint(m * 256), e - 8);
}

/* The nearest number of 11 significant bits, the last of them not below 2^-24, ties to even; past 65504 none. */
static float
f16(float x)
{
	int e;
	double m = frexp((double)x, &e), y;

	e = e < -13 ? -13 : e;
	y = ldexp(nearbyint(ldexp((double)x, 11 - e)), e - 11);
	return (float)(fabs(y) >= 65536 && m != 0 ? copysign(INFINITY, y) : copysign(y, (double)x));
}

static float
element(const struct gemm *g, int b, size_t i, size_t k)
{
	const float *x = b ? g->B : g->A;
	size_t ld = b ? g->ldb : g->lda;
	float v = (b ? g->b_trans : !g->a_trans) ? x[i * ld + k] : x[k * ld + i];

	return g->bf16 ? bf16(v) : g->f16 ? f16(v) : v;
}

/* C as gemm promises it: one chain of fused multiply-adds for each element, or with pairs as kern.h has it. */
static void
chain(const struct gemm *g, int pairs, float *c)
{
	for (size_t i = 0; i < g->M; i++)
		for (size_t j = 0; j < g->N; j++) {
			float s = g->accumulate ? c[i * g->ldc + j] : 0;

			for (size_t k = 0; k < g->K; k += 1 + (size_t)pairs) {
				if (pairs)
					s = k + 1 < g->K ? flush(fmaf(element(g, 0, i, k + 1), element(g, 1, j, k + 1), flush(s))) : flush(s);
				s = fmaf(element(g, 0, i, k), element(g, 1, j, k), s);
				if (pairs)
					s = flush(s);
			}
			c[i * g->ldc + j] = s;
		}
}

static const struct kern *usable[8];    /* ends in NULL */

/* Some numbers that 16 bits or the sum of products cannot tell from 0. */
static void
make_small(float *x, size_t n)
{
	for (size_t i = 0; i < n; i += 3)
		x[i] *= i % 2 ? 1e-20f : 1e-39f;
}

/* The same product from K in uneven pieces that go on from C. */
static void
in_pieces(const struct gemm *whole)
{
	struct gemm g = *whole;

	for (size_t k = 0; k < whole->K; k += g.K) {
		g.K = 90 + k < whole->K - k ? 90 + k : whole->K - k;
		g.A = g.a_trans ? whole->A + k * g.lda : whole->A + k;
		g.B = g.b_trans ? whole->B + k : whole->B + k * g.ldb;
		g.accumulate = whole->accumulate || k;
		gemm(&g);
	}
}

static int
one_product(const size_t *s, int at, int bt, int acc, int half)
{
	size_t M = s[0], N = s[1], K = s[2], ldc = N + 3, size = M * ldc * sizeof (float);
	float *a = some(M * K + 7 * (M + K)), *b = some(N * K + 5 * (N + K));
	float *c0 = some(M * ldc), *want1 = copy(c0, M * ldc), *want2 = copy(c0, M * ldc), *c = copy(c0, M * ldc);
	struct gemm g = {
		.M = M, .N = N, .K = K, .A = a, .lda = (at ? M : K) + 7, .a_trans = at,
		.B = b, .ldb = (bt ? K : N) + 5, .b_trans = bt, .C = c, .ldc = ldc, .accumulate = acc, .bf16 = half == 1, .f16 = half == 2
	};
	int bad = 0;

	if (half)
		make_small(a, M * K), make_small(b, N * K);
	chain(&g, 0, want1);
	if (g.bf16)
		chain(&g, 1, want2);
	for (size_t k = 0; usable[k]; k++)
		for (int threads = 1; threads <= 3; threads += 2) {
			const float *want = g.bf16 && usable[k]->per == 2 ? want2 : want1;

			par_set_threads(threads);
			if (threads > par_threads())
				continue;
			kern_use(usable[k]);
			memcpy(c, c0, size);
			gemm(&g);
			bad += memcmp(c, want, size) != 0;
			if (threads > 1)
				continue;
			memcpy(c, c0, size);
			in_pieces(&g);
			bad += K && memcmp(c, want, size) != 0;
		}
	par_set_threads(2);
	free(a), free(b), free(c0), free(want1), free(want2), free(c);
	return bad;
}

/* The same product by few rows at a time, which takes another way through the loops. */
static void
in_slices(const struct gemm *whole)
{
	struct gemm g = *whole;

	for (size_t i = 0; i < whole->M; i += g.M) {
		g.M = whole->M - i < 23 ? whole->M - i : 23;
		g.A = g.a_trans ? whole->A + i : whole->A + i * g.lda;
		g.C = whole->C + i * g.ldc;
		gemm(&g);
	}
}

/* Products with several blocks of columns and of depth, and what comes behind the last of these. */
static void
large(size_t M, size_t N, size_t K)
{
	float *a = some(M * K), *b = some(N * K), *want = some(M * N), *c = copy(want, M * N);
	int bad = 0;

	for (int mode = 0; mode < 8; mode++)
		for (size_t k = 0; usable[k]; k++) {
			struct gemm g = { .M = M, .N = N, .K = K, .A = a, .lda = mode & 1 ? M : K, .a_trans = mode & 1,
				.B = b, .ldb = mode & 2 ? K : N, .b_trans = mode >> 1 & 1, .C = want, .ldc = N, .bf16 = mode >> 2, .bias = b };
			if (usable[k] == &kern_ref || !strcmp(usable[k]->name, "neon"))
				continue;       /* minutes, the latter under qemu; the loops are the same */
			kern_use(usable[k]);
			in_slices(&g);
			g.C = c;
			for (int threads = 1; threads <= 3; threads++) {
				par_set_threads(threads);
				memset(c, 1, M * N * sizeof *c);
				gemm(&g);
				bad += memcmp(c, want, M * N * sizeof *c) != 0;
			}
		}
	par_set_threads(2);
	OK(!bad, "%zu x %zu x %zu has the bits of its slices (%d)", M, N, K, bad);
	free(a), free(b), free(want), free(c);
}

/* All tables give the bits of the chain. */
static void
products(void)
{
	static const char *const half[] = { "fp32", "bf16", "f16" };

	for (int mode = 0; mode < 24; mode++) {
		int bad = 0;

		for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
			bad += one_product(shapes[i], mode & 1, mode >> 1 & 1, mode >> 2 & 1, mode >> 3);
		OK(!bad, "products are chains of fused multiply-adds (a_trans %d, b_trans %d, accumulate %d, %s)",
				mode & 1, mode >> 1 & 1, mode >> 2 & 1, half[mode >> 3]);
	}
}

/* The epilogue against the op of the same name: equal bits. */
static void
epilogues(const struct kern *k)
{
	size_t M = 37, N = 45, K = 400, bad = 0;
	float *a = some(M * K), *b = some(N * K), *bias = some(N), *res = some(M * N);
	float *c = some(M * N), *pre = some(M * N), *want = some(M * N), *out = some(M * N);

	for (int act = GEMM_NONE; act <= GEMM_RELU2; act++) {
		struct gemm g = { .M = M, .N = N, .K = K, .A = a, .lda = K, .B = b, .ldb = N, .C = want, .ldc = N };

		gemm(&g);
		for (size_t i = 0; i < M * N; i++)
			want[i] += bias[i % N];
		op_act_fwd(out, want, M, N, 0, (enum gemm_act)act);
		op_blend(out, 1, res, 1, M * N);
		g.C = c;
		g.bias = bias;
		g.pre = pre;
		g.act = (enum gemm_act)act;
		g.residual = res;
		gemm(&g);
		bad += memcmp(pre, want, M * N * sizeof *c) != 0;
		bad += (size_t)differ(c, out, M * N, 1e-6);
	}
	OK(!bad, "%s: bias, activation and residual in the store of a tile", k->name);
	free(a), free(b), free(bias), free(res), free(c), free(pre), free(want), free(out);
}

/* Every upper half with lower halves around the middle, infinities and what is not a number; all lengths. */
static void
halves(const struct kern *k, int f)
{
	void (*to)(uint16_t *, const float *, size_t) = f ? k->to_f16 : k->to_bf16;
	void (*from)(float *, const uint16_t *, size_t) = f ? k->from_f16 : k->from_bf16;
	float (*nearest)(float) = f ? f16 : bf16;
	const char *name = f ? "f16" : "bf16";
	static const uint32_t low[] = { 0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0xfff, 0x1000, 0x1001, 0x1fff, 0x2fff, 0x3000 };
	float x[128], y[128];
	uint16_t h[128];
	int bad = 0;

	for (uint32_t i = 0; i < 1 << 16; i++) {
		for (size_t j = 0; j < 12; j++)
			memcpy(&x[j], &(uint32_t){ i << 16 | low[j] }, sizeof *x);
		to(h, x, 12);
		from(y, h, 12);
		for (size_t j = 0; j < 12; j++) {
			float want = isfinite(x[j]) ? nearest(x[j]) : x[j];

			bad += isnan(want) ? !isnan(y[j]) : memcmp(&y[j], &want, sizeof want) != 0;
		}
	}
	OK(!bad, "%s: every bf16 and its neighbours are rounded to %s", k->name, name);
	bad = 0;
	for (size_t n = 0; n <= 100; n++) {
		for (size_t i = 0; i < 128; i++)
			x[i] = rnd(), y[i] = 7, h[i] = 7;
		to(h, x, n);
		from(y, h, n);
		for (size_t i = 0; i < 128; i++)
			bad += i < n ? y[i] != nearest(x[i]) : y[i] != 7 || h[i] != 7;
	}
	OK(!bad, "%s: %s at every length", k->name, name);
	bad = 0;
	for (int kept = 0; kept < 2; kept++) {
		enum { N = 70001 };             /* several threads' pieces */
		float *a = some(N), *b = copy(a, N), *c = some(N);
		uint16_t *half = xcalloc(N, sizeof *half);

		op_round(kept ? half : NULL, a, N, f);
		op_widen(c, half, N, f);
		for (size_t i = 0; i < N; i++)
			bad += a[i] != nearest(b[i]) || (kept && c[i] != a[i]);
		free(a), free(b), free(c), free(half);
	}
	OK(!bad, "%s: arrays rounded in place to %s, and kept", k->name, name);
}

/* What LM_CPU may name, and that what it may not is an error. */
static void
choice(void)
{
	const char *was = getenv("LM_CPU");
	char *keep = was ? xstrdup(was) : NULL;
	struct err err;
	int bad = 0;

	setenv("LM_CPU", "z80", 1);
	OK(kern_init(&err) == -1 && strstr(err.text, "z80"), "an unknown LM_CPU is an error");
	for (size_t i = 0; kern_list(i); i++) {
		setenv("LM_CPU", kern_list(i)->name, 1);
		if (kern_list(i)->usable())
			bad += kern_init(&err) < 0 || kern_now() != kern_list(i);
		else
			bad += kern_init(&err) != -1;
	}
	OK(!bad, "LM_CPU picks each table that this processor can run, and no other");
	unsetenv("LM_CPU");
	OK(kern_init(&err) == 0 && (!kern_now()->slow || !kern_now()->slow()), "without LM_CPU the best is taken, no slow one");
	if (keep)
		setenv("LM_CPU", keep, 1);
	free(keep);
}

int
main(void)
{
	const struct kern *k;
	size_t n = 0;

	if ((k = kern_soft()))
		usable[n++] = k;
	for (size_t i = 0; (k = next_table(&i)); )
		usable[n++] = k;
	choice();
	products();
	large(530, 801, 801);   /* A is packed for all */
	large(801, 130, 801);   /* B is */
	large(90, 90, 100000);  /* in two turns */
	for (size_t i = 0; i < n; i++) {
		kern_use(usable[i]);
		halves(usable[i], 0);
		halves(usable[i], 1);
		epilogues(usable[i]);
	}
	return DONE();
}
