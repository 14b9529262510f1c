/* kern_gemv_avx2 - a panel is two vectors of 8 lanes */
/* SPDX-License-Identifier: MIT */
#include "kern/vec_c.h"
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define KERN_GEMV 8
#define ROWS_F 4
#define ROWS_Q 2
#define PANELS_1 2
#define PANELS_R 1
typedef __m256 vf;
typedef __m256i vi;
#define INIT8(s) ((void)(s), 0)

INLINE vf vset(float x) { return _mm256_set1_ps(x); }
INLINE vf vload(const float *p) { return _mm256_load_ps(p); }
INLINE void vstore(float *p, vf x) { _mm256_storeu_ps(p, x); }
INLINE vf vfma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
INLINE vf vmul(vf a, vf b) { return _mm256_mul_ps(a, b); }
INLINE vi iset(int x) { return _mm256_set1_epi32(x); }
INLINE vf vint(vi x) { return _mm256_cvtepi32_ps(x); }
INLINE vf vhalf(const void *p) { return _mm256_cvtph_ps(_mm_load_si128((const __m128i *)p)); }

INLINE vi ibytes(const int8_t *p) { return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)); }

INLINE void
vpair(const void *p, vf *even, vf *odd)
{
	vi x = _mm256_load_si256(p);

	*even = _mm256_castsi256_ps(_mm256_slli_epi32(x, 16));
	*odd = _mm256_castsi256_ps(_mm256_and_si256(x, _mm256_set1_epi32((int)0xffff0000)));
}

INLINE vi
four(const int8_t *x)
{
	int32_t i;

	memcpy(&i, x, 4);
	return _mm256_set1_epi32(i);
}

/* u: 0..128, so that the sum of two products fits 16 bits. */
INLINE vi
products(vi sum, vi u, vi x)
{
	return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(u, x), _mm256_set1_epi16(1)));
}

INLINE vi
idot4(vi sum, vi w, const int8_t *x)
{
	return products(sum, w, four(x));
}

INLINE vi
idot8(vi sum, const unsigned char *w, const int8_t *x)
{
	vi q = _mm256_xor_si256(_mm256_load_si256((const vi *)(const void *)w), _mm256_set1_epi8((char)0x80));

	return products(sum, _mm256_abs_epi8(q), _mm256_sign_epi8(four(x), q));
}

INLINE void
vnibbles(const void *p, vi *lo, vi *hi)
{
	vi x = _mm256_load_si256(p), mask = _mm256_set1_epi8(15);

	*lo = _mm256_and_si256(x, mask);
	*hi = _mm256_and_si256(_mm256_srli_epi16(x, 4), mask);
}

#include "kern/kern.h"

GEMVS

static int
usable(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");    /* and f16c, which clang 14 cannot ask for */
}

static void
quantize(const float *x, size_t blocks, int8_t *q, float *d, int32_t *s)
{
	for (size_t b = 0; b < blocks; b++, x += 32, q += 32) {
		float top = 0, scale;
		int sum = 0;

		for (int i = 0; i < 32; i++) {
			float a = x[i] < 0 ? -x[i] : x[i];
			top = a > top ? a : top;
		}
		scale = top > 1e-30f ? 127 / top : 0;
		for (int i = 0; i < 32; i++) {
			int r = _mm_cvtss_si32(_mm_set_ss(x[i] * scale));
			q[i] = (int8_t)r;
			sum += r;
		}
		d[b] = top / 127;
		s[b] = sum;
	}
}

const struct kern_gemv kern_gemv_avx2 = { .name = "avx2", .usable = usable, GEMV_LOOPS };
