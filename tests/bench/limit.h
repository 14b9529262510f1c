/* limit - what this machine can do at most: multiply-adds from registers, reading memory; and medians */
/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/par.h"
#include "kern/kern.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { ROUNDS = 9, LIMIT_THREADS = 256, LIMIT_STEPS = 1 << 23 /* of 12 independent vectors each */ };
enum limit { LIMIT_F32, LIMIT_BF16, LIMIT_INT8 };

static int cpu_time;    /* processor time of all threads over their number, for a machine that others use */
static float sink[LIMIT_THREADS];

static inline double
now(void)
{
	struct timespec t;

	if (!cpu_time)
		return clock_seconds();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return ((double)t.tv_sec + 1e-9 * (double)t.tv_nsec) / par_threads();
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double
median(double *v)
{
	qsort(v, ROUNDS, sizeof *v, ascending);
	return v[ROUNDS / 2];
}

/* 12 sums in registers, STEP for each. */
#define LIMIT_LOOP(name, isa, vec, zero, STEP) \
	__attribute__((target(isa))) static void \
	name(int thread) \
	{ \
		vec x[12], a = zero, sum = zero; \
		__asm__ volatile("" : "+v"(a)); \
		_Pragma("GCC unroll 12") for (int i = 0; i < 12; i++) { \
			x[i] = zero; \
			__asm__ volatile("" : "+v"(x[i]));      /* 12 different ones, for all that the compiler knows */ \
		} \
		for (int s = 0; s < LIMIT_STEPS; s++) \
			_Pragma("GCC unroll 12") for (int i = 0; i < 12; i++) \
				x[i] = STEP; \
		_Pragma("GCC unroll 12") for (int i = 0; i < 12; i++) \
			__asm__ volatile("" : : "v"(x[i])); \
		memcpy(&sink[thread], &sum, sizeof *sink); \
	}
#ifdef __x86_64__
LIMIT_LOOP(loop_f32_16, "avx512f", __m512, _mm512_setzero_ps(), _mm512_fmadd_ps(a, a, x[i]))
LIMIT_LOOP(loop_f32_8, "avx2,fma", __m256, _mm256_setzero_ps(), _mm256_fmadd_ps(a, a, x[i]))
#ifdef HAVE_KERN_AVX512BF16
LIMIT_LOOP(loop_bf16, "avx512f,avx512bf16", __m512, _mm512_setzero_ps(), _mm512_dpbf16_ps(x[i], (__m512bh)a, (__m512bh)a))
#endif
LIMIT_LOOP(loop_int8, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512(), _mm512_dpbusd_epi32(x[i], a, a))
#endif

/* The loop of a kind on this processor and its operations a step; NULL: it has none. */
static void (*
limit_loop(enum limit kind, double *flop))(int)
{
	*flop = 0;
#ifdef __x86_64__
	const char *name = kern_now()->name;
	int wide = !strncmp(name, "avx512", 6);

	if (kind == LIMIT_INT8 && wide && __builtin_cpu_supports("avx512vnni"))
		return *flop = 12 * 128, loop_int8;
#ifdef HAVE_KERN_AVX512BF16
	if (kind == LIMIT_BF16 && kern_now()->per == 2)
		return *flop = 12 * 64, loop_bf16;
#endif
	if (kind == LIMIT_F32 && wide)
		return *flop = 12 * 32, loop_f32_16;
	if (kind == LIMIT_F32 && !strcmp(name, "avx2"))
		return *flop = 12 * 16, loop_f32_8;
#endif
	(void)kind;
	return NULL;
}

static void
limit_run(int thread, int threads, void *loop)
{
	(void)threads;
	(*(void (**)(int))loop)(thread);
}

/* Operations a second of all threads, in 1e9; 0: not known here. */
static inline double
limit_rate(enum limit kind)
{
	double flop, t = now();
	void (*loop)(int) = limit_loop(kind, &flop);

	if (!loop)
		return 0;
	par_run(limit_run, &loop);
	return 1e-9 * LIMIT_STEPS * flop * par_threads() / (now() - t);
}

/* What products can reach: in bf16 without such instructions, what fp32 can. */
static inline double
limit_product(int bf16)
{
	double r = bf16 ? limit_rate(LIMIT_BF16) : 0;

	return r > 0 ? r : limit_rate(LIMIT_F32);
}

/* The same once the threads have found their processors: woken ones may share one for a while. */
static inline double
limit_steady(int bf16)
{
	double v[ROUNDS], began = clock_seconds();

	while (clock_seconds() - began < 0.3)
		limit_product(bf16);
	for (int i = 0; i < ROUNDS; i++)
		v[i] = limit_product(bf16);
	return median(v);
}

static float *big;
enum { BIG = 64 << 20 };

struct limit_read {
	size_t n, times;        /* floats a thread, over and over */
};

static void
limit_read_run(int thread, int threads, void *ctx)
{
	const struct limit_read *r = ctx;
	const float *x = big + (size_t)thread * (BIG / (size_t)threads);

	for (size_t i = 0; i < r->times; i++)
		sink[thread] += kern_now()->dot(x, x + r->n / 2, r->n / 2);
}

/* GB/s of reading the same n bytes a thread again and again; 0: all of what is there, once. */
static inline double
limit_read(size_t n)
{
	struct limit_read r = { .n = BIG / (size_t)par_threads(), .times = 1 };
	double t;

	if (n) {
		r.n = n / 4;
		r.times = BIG / r.n;
		limit_read_run(0, par_threads(), &(struct limit_read){ r.n, 1 });
	}
	t = now();
	par_run(limit_read_run, &r);
	return 4e-9 * (double)(r.n * r.times) * par_threads() / (now() - t);
}
