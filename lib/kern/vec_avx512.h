/* vec_avx512 - vectors of 16 floats, for the kern_*.c that have them */
#ifndef LM_VEC_AVX512_H
#define LM_VEC_AVX512_H
/* SPDX-License-Identifier: MIT */
#include "kern/vec_c.h"
#include <immintrin.h>

#define KERN_W 16
#define MR 14
#define NR 32
#define EACH_TILE(F) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14)
typedef __m512 vf;
typedef __m512d vd;
typedef __m256i vh16;

#define FIRST(n) ((__mmask16)((1u << (n)) - 1))

INLINE vf vset(float x) { return _mm512_set1_ps(x); }
INLINE vf vload(const float *p) { return _mm512_loadu_ps(p); }
INLINE vf vloadn(const float *p, unsigned long n) { return _mm512_maskz_loadu_ps(FIRST(n), p); }
INLINE void vstore(float *p, vf x) { _mm512_storeu_ps(p, x); }
INLINE void vstoren(float *p, vf x, unsigned long n) { _mm512_mask_storeu_ps(p, FIRST(n), x); }
INLINE vf vfma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vf vmax(vf a, vf b) { return _mm512_max_ps(a, b); }
INLINE vf vsqrt(vf x) { return _mm512_sqrt_ps(x); }
INLINE vf vround(vf x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE float vsum(vf x) { return _mm512_reduce_add_ps(x); }
INLINE float vtop(vf x) { return _mm512_reduce_max_ps(x); }
INLINE vf vpow2(vf x, vf n) { return _mm512_scalef_ps(x, n); }
INLINE vh16 vtohalf(vf x) { return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE vf vfromhalf(vh16 x) { return _mm512_cvtph_ps(x); }
INLINE vf vfirst(vf x, unsigned long n) { return _mm512_maskz_mov_ps(FIRST(n), x); }

INLINE vf
vabove(vf x, vf y, vf z)
{
	return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, y, _CMP_GT_OQ), z);
}

INLINE vf
vnotbelow(vf x, vf y, vf z)
{
	return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, y, _CMP_NLT_UQ), z);
}

INLINE void
vsumsq(vf x, vd s[2])
{
	vd a = _mm512_cvtps_pd(_mm512_castps512_ps256(x)), b = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));

	s[0] = _mm512_fmadd_pd(a, a, s[0]);
	s[1] = _mm512_fmadd_pd(b, b, s[1]);
}

INLINE double
vdsum(const vd s[2])
{
	return _mm512_reduce_add_pd(s[0] + s[1]);
}

#define PD(f, a, b) _mm512_castpd_ps(f(_mm512_castps_pd(a), _mm512_castps_pd(b)))

INLINE void
vtranspose(vf r[16])
{
	vf t[16];

	UNROLL for (int i = 0; i < 8; i++) {
		t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
		t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
	}
	UNROLL for (int i = 0; i < 4; i++) {
		r[4 * i] = PD(_mm512_unpacklo_pd, t[4 * i], t[4 * i + 2]);
		r[4 * i + 1] = PD(_mm512_unpackhi_pd, t[4 * i], t[4 * i + 2]);
		r[4 * i + 2] = PD(_mm512_unpacklo_pd, t[4 * i + 1], t[4 * i + 3]);
		r[4 * i + 3] = PD(_mm512_unpackhi_pd, t[4 * i + 1], t[4 * i + 3]);
	}
	UNROLL for (int i = 0; i < 4; i++) {
		t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
		t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
		t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
		t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
	}
	UNROLL for (int i = 0; i < 8; i++) {
		r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
		r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
	}
}
#endif
