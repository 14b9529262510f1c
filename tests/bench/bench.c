/* bench - rates of the kernels beside the limits of this machine, measured in turns: medians of ratios */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "base/cli.h"
#include "kern/attn.h"
#include "limit.h"
#include <dlfcn.h>
#include <stdio.h>

/* ---- the work: each is run until it has taken a while */

struct work {
	const char *name;
	void (*run)(const struct work *);
	size_t n[6];
	double flop, byte, item;        /* of a run: operations, or bytes moved, or elements */
	int bf16;
};
static float *mem[6];

static void
measure(const struct work *w)
{
	double rate[ROUNDS], ratio[ROUNDS], limit[ROUNDS], amount = w->flop + w->byte + w->item;

	for (int r = -1; r < ROUNDS; r++) {
		double t, top = w->flop > 0 ? limit_product(w->bf16) : w->byte > 0 ? limit_read(0) : 1;
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
	printf("%-52s %8.2f %s", w->name, median(rate), w->flop > 0 ? "GFLOP/s" : w->byte > 0 ? "GB/s" : "G/s");
	if (w->item <= 0)
		printf("  %5.1f %% of %.0f", 100 * median(ratio), median(limit));
	putchar('\n');
	fflush(stdout);
}

/* ---- products */

/* cblas_sgemm of the library that $BENCH_BLAS names; NULL: none. */
static void (*blas)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);

static void
rival(void)
{
	const char *path = getenv("BENCH_BLAS");
	void *lib = path && *path ? dlopen(path, RTLD_NOW) : NULL, *f = lib ? dlsym(lib, "cblas_sgemm") : NULL;

	if (path && *path && !f)
		note(0, "BENCH_BLAS: %s", dlerror());
	memcpy(&blas, &f, sizeof f);
}

static int theirs;

/* n: M N K a_trans b_trans accumulate */
static void
run_gemm(const struct work *w)
{
	struct gemm g = {
		.M = w->n[0], .N = w->n[1], .K = w->n[2], .a_trans = (int)w->n[3], .b_trans = (int)w->n[4],
		.accumulate = (int)w->n[5], .A = mem[0], .B = mem[1], .C = mem[2],
		.lda = w->n[3] ? w->n[0] : w->n[2], .ldb = w->n[4] ? w->n[2] : w->n[1], .ldc = w->n[1], .bf16 = w->bf16
	};

	if (theirs)     /* row-major 101, as it is 111, transposed 112 */
		blas(101, g.a_trans ? 112 : 111, g.b_trans ? 112 : 111, (int)g.M, (int)g.N, (int)g.K, 1, g.A, (int)g.lda,
				g.B, (int)g.ldb, (float)g.accumulate, g.C, (int)g.ldc);
	else
		gemm(&g);
}

/* Forward, gradient of the input, gradient of the weight of layers (N, K), all of them one after another. */
struct sum {
	const size_t (*layer)[2];
	size_t n, rows;
};
static struct sum sum;

static void
run_sum(const struct work *w)
{
	for (size_t i = 0; i < sum.n; i++) {
		size_t N = sum.layer[i][0], K = sum.layer[i][1], most = N > 1 << 14 ? 1024 : sum.rows;

		for (size_t at = 0; at < sum.rows; at += most) {        /* the head by parts, as training has it */
			size_t rows = sum.rows - at < most ? sum.rows - at : most;
			run_gemm(&(struct work){ .n = { rows, N, K, 0, 1, 0 }, .bf16 = w->bf16 });
			run_gemm(&(struct work){ .n = { rows, K, N, 0, 0, 0 }, .bf16 = w->bf16 });
			run_gemm(&(struct work){ .n = { N, K, rows, 1, 0, 1 }, .bf16 = w->bf16 });
		}
	}
}

static void
one_sum(const char *what, size_t rows, const size_t (*layer)[2], size_t n)
{
	static const char *const who[] = { "fp32", "bf16", "fp32, the rival's" };

	sum = (struct sum){ layer, n, rows };
	for (int i = 0; i < 2 + (blas != NULL); i++) {
		char name[64];
		struct work w = { .name = name, .run = run_sum, .bf16 = i == 1 };

		snprintf(name, sizeof name, "products of %s, %zu rows, %s", what, rows, who[i]);
		for (size_t k = 0; k < n; k++)
			w.flop += 6. * (double)rows * (double)layer[k][0] * (double)layer[k][1];
		theirs = i == 2;
		measure(&w);
	}
	theirs = 0;
}

static void
one_gemm(const char *what, size_t M, size_t N, size_t K, int at, int bt, int acc)
{
	char name[64];
	struct work w = { name, run_gemm, { M, N, K, (size_t)at, (size_t)bt, (size_t)acc }, 0, 0, 0, 0 };

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
	struct work w = { name, run_attn_fwd, { B, T, H, D, 0, 0 }, 4 * half, 0, 0, 0 };

	snprintf(name, sizeof name, "attention forward B %zu T %zu H %zu D %zu", B, T, H, D);
	measure(&w);
	w.run = run_attn_bwd;
	w.flop = 10 * half;
	snprintf(name, sizeof name, "attention backward");
	measure(&w);
}

enum { ROWS = 1024, C = 768, F = 3072, V = 50304 };
static const size_t N = (size_t)ROWS * F;

static struct op_norm
norm_of(int layer)
{
	return (struct op_norm){ mem[3], layer ? mem[3] + C : NULL, mem[2] + ROWS, mem[2], ROWS, C, 1e-5f };
}

static void run_rms(const struct work *w) { struct op_norm n = norm_of(0); (void)w; op_norm_fwd(&n, mem[1], mem[0]); }
static void run_rms_bwd(const struct work *w) { struct op_norm n = norm_of(0); (void)w; op_norm_bwd(&n, mem[1], mem[4], NULL, mem[0], mem[0] + N); }
static void run_ln(const struct work *w) { struct op_norm n = norm_of(1); (void)w; op_norm_fwd(&n, mem[1], mem[0]); }
static void run_ln_bwd(const struct work *w) { struct op_norm n = norm_of(1); (void)w; op_norm_bwd(&n, mem[1], mem[4], mem[4] + C, mem[0], mem[0] + N); }
static void run_gelu(const struct work *w) { (void)w; op_act_fwd(mem[1], mem[0], ROWS, F, 0, GEMM_GELU); }
static void run_gelu_bwd(const struct work *w) { (void)w; op_act_bwd(mem[1], mem[0], mem[3], ROWS, F, 0, GEMM_GELU); }
static void run_glu(const struct work *w) { (void)w; op_act_fwd(mem[1], mem[0], ROWS, F / 2, 1, GEMM_SILU); }
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
		{ "RMSNorm forward, 1024 x 768", run_rms, { 0 }, 0, 0, rc, 0 },
		{ "RMSNorm backward", run_rms_bwd, { 0 }, 0, 0, rc, 0 },
		{ "LayerNorm forward", run_ln, { 0 }, 0, 0, rc, 0 },
		{ "LayerNorm backward", run_ln_bwd, { 0 }, 0, 0, rc, 0 },
		{ "GELU forward, 1024 x 3072", run_gelu, { 0 }, 0, 0, rf, 0 },
		{ "GELU backward", run_gelu_bwd, { 0 }, 0, 0, rf, 0 },
		{ "gated SiLU forward", run_glu, { 0 }, 0, 0, rf / 2, 0 },
		{ "sums of columns", run_colsum, { 0 }, 0, 0, rf, 0 },
		{ "sum of squares", run_sumsq, { 0 }, 0, 0, rf, 0 },
		{ "logp and gradient, 256 x 50304", run_logp, { 0 }, 0, 0, 256. * V, 0 },
		{ "AdamW, 12 M parameters", run_adamw, { 12 << 20 }, 0, 28. * (12 << 20), 0, 0 },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		measure(&all[i]);
}

static void run_expsum(const struct work *w) { for (size_t i = 0; i < w->n[0]; i++) sink[0] = kern_now()->expsum(mem[1], mem[0], 1, 5, 2048, NULL); }
static void run_gelu_l2(const struct work *w) { for (size_t i = 0; i < w->n[0]; i++) kern_now()->act(mem[1], mem[0], 16384, GEMM_GELU); }
static void run_gelu_bwd_l2(const struct work *w) { for (size_t i = 0; i < w->n[0]; i++) kern_now()->act_bwd(mem[1], mem[0], mem[3], 16384, GEMM_GELU); }
static void run_tile(const struct work *w) { const struct kern *k = kern_now(); for (size_t i = 0; i < w->n[0]; i++) k->tile(k->mr, k->nr, 256, mem[0], k->mr, mem[1], mem[2], k->nr, 1); }

/* One line for each limit, then what loops of ours reach within the caches, on one thread. */
static void
limits(void)
{
	static const char *const names[] = { "fp32 multiply-adds, from registers", "bf16 pairs, from registers", "int8 products, from registers" };
	static const struct { const char *name; size_t n; } reads[] = {
		{ "reading, memory", 0 }, { "reading, 512 KiB a thread", 512 << 10 }, { "reading, 8 MiB a thread", 8 << 20 }
	};
	double v[ROUNDS], tile = 512. * (double)(kern_now()->mr * kern_now()->nr);
	struct work all[] = {
		{ "tile from L1, one thread", run_tile, { 1 << 13 }, (1 << 13) * tile, 0, 0, 0 },
		{ "exp and sum, 2048 in L1, one thread", run_expsum, { 2048 }, 0, 0, 2048. * 2048, 0 },
		{ "GELU forward, 16384 in L2, one thread", run_gelu_l2, { 256 }, 0, 0, 16384. * 256, 0 },
		{ "GELU backward", run_gelu_bwd_l2, { 256 }, 0, 0, 16384. * 256, 0 },
	};
	int threads = par_threads();

	for (int i = 0; i < 3; i++) {
		for (int r = 0; r < ROUNDS; r++)
			v[r] = limit_rate((enum limit)i);
		if (v[0] > 0)
			printf("%-52s %8.2f GFLOP/s\n", names[i], median(v));
		else
			printf("%-52s        - (not on this processor)\n", names[i]);
	}
	for (int i = 0; i < 3; i++) {
		for (int r = 0; r < ROUNDS; r++)
			v[r] = limit_read(reads[i].n);
		printf("%-52s %8.2f GB/s\n", reads[i].name, median(v));
	}
	par_set_threads(1);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		measure(&all[i]);
	par_set_threads(threads);
}

int
main(int argc, char **argv)
{
	static const size_t gpt2[][2] = { { 2304, 768 }, { 768, 768 }, { 3072, 768 }, { 768, 3072 }, { V, 768 } };
	static const struct opt opts[] = {
		{ 0, "cpu", OPT_FLAG, &cpu_time, NULL, "measure processor time: for a machine that others use", OPT_QUIET },
		{ 0 }
	};
	static const struct tool tool = { "bench", "measure the kernels beside the limits of this machine", "[limits|products|gpt2|small|decode|attn|rows|peak-f32|peak-bf16]", opts };
	static const size_t small[][2] = { { 384, 128 }, { 128, 128 }, { 576, 192 }, { 192, 192 }, { 768, 256 }, { 256, 256 },
		{ 960, 320 }, { 320, 320 }, { 1152, 384 }, { 384, 384 } };
	struct arena all_mem;
	struct err err;
	size_t size = (size_t)V * 1024 + 4096;
	int from = cli_parse(argc, argv, &tool), all = from == argc;
	const char *what = all ? "" : argv[from];

	if (kern_init(&err) < 0)
		die_err(&err);
	if (!strncmp(what, "peak-", 5)) {       /* peak-f32, peak-bf16: the number alone */
		printf("%.0f\n", limit_steady(!strcmp(what, "peak-bf16")));
		return EXIT_OK;
	}
	arena_init(&all_mem, (BIG + 5 * (size + 16)) * sizeof (float));
	big = arena_take(&all_mem, BIG * sizeof *big);
	for (size_t i = 0; i < BIG; i++)
		big[i] = (float)(i % 17);
	for (int m = 0; m < 5; m++) {
		mem[m] = arena_take(&all_mem, size * sizeof (float));
		for (size_t i = 0; i < size; i++)
			mem[m][i] = (float)((i * 7 + i / 100) % 1000) * .001f;
	}
	printf("kernels %s, %d threads: %.0f GFLOP/s, reading %.1f GB/s\n", kern_now()->name, par_threads(),
			limit_rate(LIMIT_F32), limit_read(0));
	rival();
	if (all || !strcmp(what, "limits"))
		limits();
	if (all || !strcmp(what, "products")) {
		one_sum("GPT-2 124M", 4096, gpt2, 5);
		one_sum("GPT-2 124M", 1024, gpt2, 5);
		one_sum("C = 128 ... 384", 2048, small, 10);
	}
	if (!strcmp(what, "gpt2"))
		for (size_t i = 0; i < 5; i++)
			layer(1024, gpt2[i][0], gpt2[i][1]);
	for (size_t c = 128; !strcmp(what, "small") && c <= 384; c += 64) {
		layer(2048, 3 * c, c);
		layer(2048, c, c);
	}
	if (!strcmp(what, "decode"))
		for (size_t m = 1; m <= 64; m *= m < 4 ? 2 : 4)
			one_gemm("decode", m, 3072, 768, 0, 1, 0);
	if (!strcmp(what, "decode"))
		one_gemm("decode", 1, V, 768, 0, 1, 0);
	if (all || !strcmp(what, "attn")) {
		one_attn(4, 1024, 12, 64);
		one_attn(16, 256, 6, 64);
		one_attn(16, 256, 4, 48);
		one_attn(1, 8192, 2, 64);
	}
	if (all || !strcmp(what, "rows"))
		rows();
	return EXIT_OK;
}
