/* bench - rates of the kernels beside the limits of this machine, measured in turns: medians of ratios */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/par.h"
#include "kern/attn.h"
#include "kern/kern.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { ROUNDS = 9, MOST = 64 };

static int cpu_time;    /* processor time of all threads over their number, for a machine that others use */

static double
now(void)
{
	struct timespec t;

	clock_gettime(cpu_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
	if (cpu_time)
		return ((double)t.tv_sec + 1e-9 * (double)t.tv_nsec) / par_threads();
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v)
{
	qsort(v, ROUNDS, sizeof *v, ascending);
	return v[ROUNDS / 2];
}

/* ---- limits: multiply-adds from registers, reading memory */

static float sink[MOST];
enum { STEPS = 1 << 21 };               /* of 12 independent vectors each */

#ifdef __x86_64__
__attribute__((target("avx512f"))) static void
fma_avx512(int thread)
{
	__m512 x[12], a = _mm512_set1_ps(.999f), b = _mm512_set1_ps(.001f);

#pragma GCC unroll 12
	for (int i = 0; i < 12; i++)
		x[i] = _mm512_set1_ps((float)i);
	for (int s = 0; s < STEPS; s++)
#pragma GCC unroll 12
		for (int i = 0; i < 12; i++)
			x[i] = _mm512_fmadd_ps(x[i], a, b);
#pragma GCC unroll 12
	for (int i = 1; i < 12; i++)
		x[0] = _mm512_add_ps(x[0], x[i]);
	sink[thread] = _mm512_reduce_add_ps(x[0]);
}

__attribute__((target("avx2,fma"))) static void
fma_avx2(int thread)
{
	__m256 x[12], a = _mm256_set1_ps(.999f), b = _mm256_set1_ps(.001f);
	float out[8];

#pragma GCC unroll 12
	for (int i = 0; i < 12; i++)
		x[i] = _mm256_set1_ps((float)i);
	for (int s = 0; s < STEPS; s++)
#pragma GCC unroll 12
		for (int i = 0; i < 12; i++)
			x[i] = _mm256_fmadd_ps(x[i], a, b);
#pragma GCC unroll 12
	for (int i = 1; i < 12; i++)
		x[0] = _mm256_add_ps(x[0], x[i]);
	_mm256_storeu_ps(out, x[0]);
	sink[thread] = out[0];
}
#endif

static void
fma_run(int thread, int threads, void *lanes)
{
	(void)threads;
	switch (*(int *)lanes) {
#ifdef __x86_64__
	case 16: fma_avx512(thread); return;
	case 8:  fma_avx2(thread); return;
#endif
	}
	for (volatile int s = 0; s < STEPS; s++)
		sink[thread] = sink[thread] * .999f + .001f;
}

/* GFLOP/s of all threads. */
static double
peak(void)
{
	int lanes = strcmp(kern_now()->name, "avx512") == 0 ? 16 : strcmp(kern_now()->name, "avx2") == 0 ? 8 : 0;
	double t = now();

	par_run(fma_run, &lanes);
	return 2e-9 * STEPS * (lanes ? 12 * lanes : 1) * par_threads() / (now() - t);
}

static float *big;
enum { BIG = 64 << 20 };

static void
read_run(int thread, int threads, void *ctx)
{
	size_t n = BIG / (size_t)threads;

	(void)ctx;
	sink[thread] = kern_now()->dot(big + (size_t)thread * n, big + (size_t)thread * n + n / 2, n / 2);
}

/* GB/s of reading. */
static double
bandwidth(void)
{
	double t = now();

	par_run(read_run, NULL);
	return 4e-9 * BIG / (now() - t);
}

/* ---- the work: each is run until it has taken a while */

struct work {
	const char *name;
	void (*run)(const struct work *);
	size_t n[6];
	double flop, byte, item;        /* of a run: operations, or bytes moved, or elements */
};
static float *mem[6];

static void
measure(const struct work *w)
{
	double rate[ROUNDS], ratio[ROUNDS], limit[ROUNDS], amount = w->flop + w->byte + w->item;

	for (int r = -1; r < ROUNDS; r++) {
		double t, top = w->flop > 0 ? peak() : w->byte > 0 ? bandwidth() : 1;
		int k = 0;

		t = now();
		do
			w->run(w);
		while (k++, now() - t < .05);
		t = now() - t;
		if (r < 0)
			continue;
		rate[r] = 1e-9 * amount * k / t;
		limit[r] = top;
		ratio[r] = rate[r] / top;
	}
	printf("%-44s %8.2f %s", w->name, median(rate), w->flop > 0 ? "GFLOP/s" : w->byte > 0 ? "GB/s" : "G/s");
	if (w->item <= 0)
		printf("  %5.1f %% of %.0f", 100 * median(ratio), median(limit));
	putchar('\n');
	fflush(stdout);
}

/* n: M N K a_trans b_trans accumulate */
static void
run_gemm(const struct work *w)
{
	struct gemm g = {
		.M = w->n[0], .N = w->n[1], .K = w->n[2], .a_trans = (int)w->n[3], .b_trans = (int)w->n[4],
		.accumulate = (int)w->n[5], .A = mem[0], .B = mem[1], .C = mem[2],
		.lda = w->n[3] ? w->n[0] : w->n[2], .ldb = w->n[4] ? w->n[2] : w->n[1], .ldc = w->n[1]
	};

	gemm(&g);
}

static void
one_gemm(const char *what, size_t M, size_t N, size_t K, int at, int bt, int acc)
{
	char name[64];
	struct work w = { name, run_gemm, { M, N, K, (size_t)at, (size_t)bt, (size_t)acc }, 0, 0, 0 };

	snprintf(name, sizeof name, "gemm %s %zu x %zu x %zu", what, M, N, K);
	w.flop = 2. * (double)M * (double)N * (double)K;
	if (M <= 2) {                   /* bound by reading the weights */
		w.byte = 4. * (double)N * (double)K;
		w.flop = 0;
	}
	measure(&w);
}

/* A linear layer of N outputs and K inputs: forward, gradient of the input, gradient of the weight. */
static void
layer(size_t rows, size_t N, size_t K)
{
	one_gemm("forward", rows, N, K, 0, 1, 0);
	one_gemm("dX", rows, K, N, 0, 0, 0);
	one_gemm("dW", N, K, rows, 1, 0, 1);
}

/* n: B T H D */
static struct attn
attn_of(const struct work *w)
{
	int B = (int)w->n[0], T = (int)w->n[1], H = (int)w->n[2], D = (int)w->n[3];

	return (struct attn){
		.B = B, .T = T, .H = H, .KV = H, .D = D, .ld = (size_t)(3 * H * D), .q = mem[0], .k = mem[0] + H * D,
		.v = mem[0] + 2 * H * D, .scale = .1f, .o = mem[1], .lse = mem[2]
	};
}

static void
run_attn_fwd(const struct work *w)
{
	struct attn a = attn_of(w);

	attn_fwd(&a);
}

static void
run_attn_bwd(const struct work *w)
{
	struct attn a = attn_of(w);

	attn_bwd(&a, mem[3], mem[4], mem[4] + a.H * a.D, mem[4] + 2 * a.H * a.D);
}

/* Causal: half of T x T. */
static void
one_attn(size_t B, size_t T, size_t H, size_t D)
{
	char name[64];
	double half = .5 * (double)(B * H * T) * (double)T * (double)D;
	struct work w = { name, run_attn_fwd, { B, T, H, D, 0, 0 }, 4 * half, 0, 0 };

	snprintf(name, sizeof name, "attention forward B %zu T %zu H %zu D %zu", B, T, H, D);
	measure(&w);
	w.run = run_attn_bwd;
	w.flop = 10 * half;
	snprintf(name, sizeof name, "attention backward");
	measure(&w);
}

enum { ROWS = 1024, C = 768, F = 3072, V = 50304 };
static const size_t N = (size_t)ROWS * F;

static void run_rms(const struct work *w) { (void)w; op_rmsnorm_fwd(mem[1], mem[2], mem[0], mem[3], ROWS, C, 1e-5f); }
static void run_rms_bwd(const struct work *w) { (void)w; op_rmsnorm_bwd(mem[1], mem[4], mem[0], mem[0] + N, mem[2], mem[3], ROWS, C); }
static void run_ln(const struct work *w) { (void)w; op_layernorm_fwd(mem[1], mem[2] + ROWS, mem[2], mem[0], mem[3], mem[3] + C, ROWS, C, 1e-5f); }
static void run_ln_bwd(const struct work *w) { (void)w; op_layernorm_bwd(mem[1], mem[4], mem[4] + C, mem[0], mem[0] + N, mem[2] + ROWS, mem[2], mem[3], ROWS, C); }
static void run_gelu(const struct work *w) { (void)w; op_act_fwd(mem[1], mem[0], N, GEMM_GELU); }
static void run_gelu_bwd(const struct work *w) { (void)w; op_act_bwd(mem[1], mem[0], mem[3], N, GEMM_GELU); }
static void run_glu(const struct work *w) { (void)w; op_glu_fwd(mem[1], mem[0], ROWS, F / 2, GEMM_SILU); }
static void run_colsum(const struct work *w) { (void)w; op_colsum(mem[4], mem[0], F, ROWS, F); }
static void run_sumsq(const struct work *w) { (void)w; sink[0] = (float)op_sumsq(mem[0], N); }

static void
run_logp(const struct work *w)
{
	static uint32_t target[256];
	static float coef[256], logp[256];

	(void)w;
	op_logp(mem[1], V, 256, V, 1, target, coef, logp, NULL);
}

static void
run_adamw(const struct work *w)
{
	struct op_adamw o = {
		.lr = 1e-4, .beta1 = .9, .beta2 = .999, .eps = 1e-8, .decay = .1, .c1 = 1, .c2 = 1, .gscale = 1
	};

	op_adamw(mem[0], mem[1], mem[2], mem[3], w->n[0], &o);
}

static void
rows(void)
{
	double rc = (double)ROWS * C, rf = (double)ROWS * F;
	struct work all[] = {
		{ "RMSNorm forward, 1024 x 768", run_rms, { 0 }, 0, 0, rc },
		{ "RMSNorm backward", run_rms_bwd, { 0 }, 0, 0, rc },
		{ "LayerNorm forward", run_ln, { 0 }, 0, 0, rc },
		{ "LayerNorm backward", run_ln_bwd, { 0 }, 0, 0, rc },
		{ "GELU forward, 1024 x 3072", run_gelu, { 0 }, 0, 0, rf },
		{ "GELU backward", run_gelu_bwd, { 0 }, 0, 0, rf },
		{ "gated SiLU forward", run_glu, { 0 }, 0, 0, rf / 2 },
		{ "sums of columns", run_colsum, { 0 }, 0, 0, rf },
		{ "sum of squares", run_sumsq, { 0 }, 0, 0, rf },
		{ "logp and gradient, 256 x 50304", run_logp, { 0 }, 0, 0, 256. * V },
		{ "AdamW, 12 M parameters", run_adamw, { 12 << 20 }, 0, 28. * (12 << 20), 0 },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		measure(&all[i]);
}

int
main(int argc, char **argv)
{
	static const size_t gpt2[][2] = { { 2304, 768 }, { 768, 768 }, { 3072, 768 }, { 768, 3072 }, { V, 768 } };
	static const struct opt opts[] = {
		{ 0, "cpu", OPT_FLAG, &cpu_time, NULL, "measure processor time: for a machine that others use", OPT_QUIET },
		{ 0 }
	};
	static const struct tool tool = { "bench", "measure the kernels beside the limits of this machine", "[WHAT ...]", opts };
	struct arena all_mem;
	struct err err;
	size_t size = (size_t)V * 1024 + 4096;
	int from = cli_parse(argc, argv, &tool), all = from == argc;
	const char *what = all ? "" : argv[from];

	if (kern_init(&err) < 0)
		die_err(&err);
	arena_init(&all_mem, (BIG + 5 * (size + 16)) * sizeof (float));
	big = arena_take(&all_mem, BIG * sizeof *big);
	for (size_t i = 0; i < BIG; i++)
		big[i] = (float)(i % 17);
	for (int m = 0; m < 5; m++) {
		mem[m] = arena_take(&all_mem, size * sizeof (float));
		for (size_t i = 0; i < size; i++)
			mem[m][i] = (float)((i * 7 + i / 100) % 1000) * .001f;
	}
	printf("kernels %s, %d threads: %.0f GFLOP/s, reading %.1f GB/s\n", kern_now()->name, par_threads(), peak(),
			bandwidth());
	if (all || !strcmp(what, "gpt2"))
		for (size_t i = 0; i < 5; i++)
			layer(1024, gpt2[i][0], gpt2[i][1]);
	for (size_t c = 128; (all || !strcmp(what, "small")) && c <= 384; c += 64) {
		layer(2048, 3 * c, c);
		layer(2048, c, c);
	}
	if (all || !strcmp(what, "decode"))
		for (size_t m = 1; m <= 64; m *= m < 4 ? 2 : 4)
			one_gemm("decode", m, 3072, 768, 0, 1, 0);
	if (all || !strcmp(what, "decode"))
		one_gemm("decode", 1, V, 768, 0, 1, 0);
	if (all || !strcmp(what, "attn")) {
		one_attn(4, 1024, 12, 64);
		one_attn(16, 256, 6, 64);
		one_attn(16, 256, 4, 48);
	}
	if (all || !strcmp(what, "rows"))
		rows();
	return EXIT_OK;
}
