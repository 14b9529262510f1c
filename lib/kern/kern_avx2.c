/* kern_avx2 - vectors of 8 floats, and a tile of 6 x 16 */
/* SPDX-License-Identifier: MIT */
#include "kern/vec_c.h"
#include <immintrin.h>

#define KERN_W 8
#define MR 6
#define NR 16
#define EACH_TILE(F) F(1) F(2) F(3) F(4) F(5) F(6)
typedef __m256 vf;
typedef __m256d vd;
typedef __m128i vh16;

INLINE __m256i
first(unsigned long n)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

INLINE vf vset(float x) { return _mm256_set1_ps(x); }
INLINE vf vload(const float *p) { return _mm256_loadu_ps(p); }
INLINE vf vloadn(const float *p, unsigned long n) { return _mm256_maskload_ps(p, first(n)); }
INLINE void vstore(float *p, vf x) { _mm256_storeu_ps(p, x); }
INLINE void vstoren(float *p, vf x, unsigned long n) { _mm256_maskstore_ps(p, first(n), x); }
INLINE vf vfma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vf vmax(vf a, vf b) { return _mm256_max_ps(a, b); }
INLINE vf vsqrt(vf x) { return _mm256_sqrt_ps(x); }
INLINE vf vround(vf x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE vh16 vtohalf(vf x) { return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE vf vfromhalf(vh16 x) { return _mm256_cvtph_ps(x); }
INLINE vf vfirst(vf x, unsigned long n) { return _mm256_and_ps(x, _mm256_castsi256_ps(first(n))); }
INLINE vf vabove(vf x, vf y, vf z) { return _mm256_and_ps(_mm256_cmp_ps(x, y, _CMP_GT_OQ), z); }
INLINE vf vnotbelow(vf x, vf y, vf z) { return _mm256_and_ps(_mm256_cmp_ps(x, y, _CMP_NLT_UQ), z); }

INLINE float
vsum(vf x)
{
	__m128 a = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));

	a = _mm_add_ps(a, _mm_movehl_ps(a, a));
	return _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)));
}

INLINE float
vtop(vf x)
{
	__m128 a = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));

	a = _mm_max_ps(a, _mm_movehl_ps(a, a));
	return _mm_cvtss_f32(_mm_max_ss(a, _mm_movehdup_ps(a)));
}

/* n from -126 to 128, in two halves because 2^128 is not a float. */
INLINE vf
vpow2(vf x, vf n)
{
	__m256i i = _mm256_cvtps_epi32(n), h = _mm256_srai_epi32(i, 1), bias = _mm256_set1_epi32(127);
	__m256i a = _mm256_slli_epi32(_mm256_add_epi32(h, bias), 23);
	__m256i b = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(i, h), bias), 23);

	return x * _mm256_castsi256_ps(a) * _mm256_castsi256_ps(b);
}

INLINE void
vsumsq(vf x, vd s[2])
{
	vd a = _mm256_cvtps_pd(_mm256_castps256_ps128(x)), b = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));

	s[0] = _mm256_fmadd_pd(a, a, s[0]);
	s[1] = _mm256_fmadd_pd(b, b, s[1]);
}

INLINE double
vdsum(const vd s[2])
{
	vd t = s[0] + s[1];
	__m128d a = _mm_add_pd(_mm256_castpd256_pd128(t), _mm256_extractf128_pd(t, 1));

	return _mm_cvtsd_f64(_mm_add_sd(a, _mm_unpackhi_pd(a, a)));
}

INLINE void
vtranspose(vf r[8])
{
	vf t[8];

	UNROLL for (int i = 0; i < 4; i++) {
		t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
		t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
	}
	UNROLL for (int i = 0; i < 2; i++) {
		r[4 * i] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0x44);
		r[4 * i + 1] = _mm256_shuffle_ps(t[4 * i], t[4 * i + 2], 0xee);
		r[4 * i + 2] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0x44);
		r[4 * i + 3] = _mm256_shuffle_ps(t[4 * i + 1], t[4 * i + 3], 0xee);
	}
	UNROLL for (int i = 0; i < 4; i++) {
		t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
		t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
	}
	UNROLL for (int i = 0; i < 8; i++)
		r[i] = t[i];
}

#include "kern/kern.h"

static int
usable(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const struct kern kern_avx2 = {
	.name = "avx2", .usable = usable,
	.mr = MR, .nr = NR, .kc = 256, .mc = 24 * MR, .nc = 192 * NR,
	KERN_LOOPS
};
