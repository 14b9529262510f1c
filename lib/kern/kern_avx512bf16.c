/* kern_avx512bf16 - AVX-512 with products of bf16 pairs */
/* SPDX-License-Identifier: MIT */
#include "kern/vec_avx512.h"

/*
 * Over two small functions, which are one instruction each; for a compiler without them (the tests, which so run
 * the rest of this file anywhere) the same is done step by step, as Intel's manual has them (Software Developer's Manual, volume 2).
 */
#define KERN_PAIRS
#ifdef __AVX512BF16__

/* The 32 numbers x, y rounded to bf16. */
INLINE __m512i vround2(vf x, vf y) { return (__m512i)_mm512_cvtne2ps_pbh(y, x); }
INLINE vf vdot2(vf a, vf b, vf c) { return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b); }

static int
usable(void)
{
	return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw")
			&& __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

/* Intel's cores take two cycles for one, half the rate of multiply-adds in fp32 (Sapphire Rapids: 97 and 195 GFLOP/s). */
static int slow(void) { return __builtin_cpu_is("intel"); }

#else

/* A zero of x's sign where x is too small for a normal number. */
INLINE vf
flush(vf x)
{
	__m512i i = _mm512_castps_si512(x);
	__mmask16 small = _mm512_testn_epi32_mask(i, _mm512_set1_epi32(0x7f800000));

	return _mm512_castsi512_ps(_mm512_mask_and_epi32(i, small, i, _mm512_set1_epi32((int)0x80000000u)));
}

INLINE __m256i
round1(vf x)
{
	__m512i i = _mm512_castps_si512(flush(x)), odd = _mm512_and_si512(_mm512_srli_epi32(i, 16), _mm512_set1_epi32(1));
	__m512i near = _mm512_add_epi32(i, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
	__mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);

	near = _mm512_mask_or_epi32(near, nan, i, _mm512_set1_epi32(0x400000));
	return _mm512_cvtepi32_epi16(_mm512_srli_epi32(near, 16));
}

INLINE __m512i
vround2(vf x, vf y)
{
	return _mm512_inserti64x4(_mm512_castsi256_si512(round1(x)), round1(y), 1);
}

INLINE vf
vdot2(vf a, vf b, vf c)
{
	__m512i i = _mm512_castps_si512(a), j = _mm512_castps_si512(b), above = _mm512_set1_epi32((int)0xffff0000u);
	vf a1 = _mm512_castsi512_ps(_mm512_and_si512(i, above)), b1 = _mm512_castsi512_ps(_mm512_and_si512(j, above));
	vf a0 = _mm512_castsi512_ps(_mm512_slli_epi32(i, 16)), b0 = _mm512_castsi512_ps(_mm512_slli_epi32(j, 16));

	c = flush(vfma(flush(a1), flush(b1), flush(c)));
	return flush(vfma(flush(a0), flush(b0), c));
}

static int
usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
			&& __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

static int slow(void) { return 1; }

#endif

INLINE vf valong(vf x, vf y) { return _mm512_castsi512_ps(vround2(x, y)); }

INLINE vf
vpair(vf x, vf y)
{
	const __m512i turn = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,
			23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);

	return _mm512_castsi512_ps(_mm512_permutexvar_epi16(turn, vround2(x, y)));
}

#include "kern/kern.h"

const struct kern kern_avx512bf16 = {
	.name = "avx512bf16", .usable = usable, .slow = slow,
	.mr = MR, .nr = NR, .kc = 384, .mc = 6 * MR, .nc = 24 * NR,
	KERN_LOOPS
};
