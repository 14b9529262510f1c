/* kern_gemv_avx512 - a panel is a vector of 16 lanes; vpdpbusd for integers */
/* SPDX-License-Identifier: MIT */
#include "kern/vec_c.h"
#include <immintrin.h>
#include <stdint.h>

#define KERN_GEMV 16
#define ROWS_F 4
#define ROWS_Q 4
#define PANELS_1 4
#define PANELS_R 2
typedef __m512 vf;
typedef __m512i vi;
#define INIT8(s) (-128 * (s))

INLINE vf vset(float x) { return _mm512_set1_ps(x); }
INLINE vf vload(const float *p) { return _mm512_load_ps(p); }
INLINE void vstore(float *p, vf x) { _mm512_storeu_ps(p, x); }
INLINE vf vfma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vf vmul(vf a, vf b) { return _mm512_mul_ps(a, b); }
INLINE vi iset(int x) { return _mm512_set1_epi32(x); }
INLINE vf vint(vi x) { return _mm512_cvtepi32_ps(x); }
INLINE vf vhalf(const void *p) { return _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)p)); }

INLINE vi ibytes(const int8_t *p) { return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)); }

INLINE void
vpair(const void *p, vf *even, vf *odd)
{
	vi x = _mm512_load_si512(p);

	*even = _mm512_castsi512_ps(_mm512_slli_epi32(x, 16));
	*odd = _mm512_castsi512_ps(_mm512_and_si512(x, _mm512_set1_epi32((int)0xffff0000)));
}

/* In assembly: gcc 12 moves registers about around the intrinsic. */
INLINE vi
idot4(vi sum, vi w, const int8_t *x)
{
	__asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sum) : "v"(w), "m"(*(const int32_t (*)[1])(const void *)x));
	return sum;
}

INLINE vi
idot8(vi sum, const unsigned char *w, const int8_t *x)
{
	return idot4(sum, _mm512_load_si512(w), x);
}

INLINE void
vnibbles(const void *p, vi *lo, vi *hi)
{
	vi x = _mm512_load_si512(p), mask = _mm512_set1_epi8(15);

	*lo = _mm512_and_si512(x, mask);
	*hi = _mm512_and_si512(_mm512_srli_epi16(x, 4), mask);
}

#include "kern/kern.h"

GEMVS

static int
usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni");
}

static void
quantize(const float *x, size_t blocks, int8_t *q, float *d, int32_t *s)
{
	for (size_t b = 0; b < blocks; b++, x += 32, q += 32) {
		vf lo = _mm512_loadu_ps(x), hi = _mm512_loadu_ps(x + 16);
		float top = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(lo), _mm512_abs_ps(hi)));
		vf scale = _mm512_set1_ps(top > 1e-30f ? 127 / top : 0);
		vi i = _mm512_cvtps_epi32(_mm512_mul_ps(lo, scale)), j = _mm512_cvtps_epi32(_mm512_mul_ps(hi, scale));

		_mm_storeu_si128((__m128i *)(void *)q, _mm512_cvtepi32_epi8(i));
		_mm_storeu_si128((__m128i *)(void *)(q + 16), _mm512_cvtepi32_epi8(j));
		d[b] = top / 127;
		s[b] = _mm512_reduce_add_epi32(_mm512_add_epi32(i, j));
	}
}

const struct kern_gemv kern_gemv_avx512 = { .name = "avx512", .usable = usable, GEMV_LOOPS };
