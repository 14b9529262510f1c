/* kern_neon - vectors of 4 floats, and a tile of 12 x 8 */
/* SPDX-License-Identifier: MIT */
#include "kern/vec_c.h"
#include <arm_neon.h>

#define KERN_W 4
#define MR 12
#define NR 8                    /* divides attention's ATTN_KT */
#define EACH_TILE(F) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12)
typedef float32x4_t vf;
typedef float64x2_t vd;
typedef float16x4_t vh16;

INLINE vf vset(float x) { return vdupq_n_f32(x); }
INLINE vf vload(const float *p) { return vld1q_f32(p); }
INLINE void vstore(float *p, vf x) { vst1q_f32(p, x); }
INLINE vf vfma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
INLINE vf vsqrt(vf x) { return vsqrtq_f32(x); }
INLINE vf vround(vf x) { return vrndnq_f32(x); }
INLINE vh16 vtohalf(vf x) { return vcvt_f16_f32(x); }
INLINE vf vfromhalf(vh16 x) { return vcvt_f32_f16(x); }
INLINE float vsum(vf x) { return vaddvq_f32(x); }
INLINE float vtop(vf x) { return vmaxvq_f32(x); }

INLINE vf
vloadn(const float *p, unsigned long n)
{
	vf x = { 0 };

	__builtin_memcpy(&x, p, n * sizeof *p);
	return x;
}

INLINE void
vstoren(float *p, vf x, unsigned long n)
{
	__builtin_memcpy(p, &x, n * sizeof *p);
}

INLINE vf
where(uint32x4_t mask, vf x)
{
	return vreinterpretq_f32_u32(vandq_u32(mask, vreinterpretq_u32_f32(x)));
}

INLINE vf vmax(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
INLINE vf vabove(vf x, vf y, vf z) { return where(vcgtq_f32(x, y), z); }
INLINE vf vnotbelow(vf x, vf y, vf z) { return where(vmvnq_u32(vcltq_f32(x, y)), z); }
INLINE vf vfirst(vf x, unsigned long n) { return where((uint32x4_t){ 0, 1, 2, 3 } < vdupq_n_u32((uint32_t)n), x); }

/* n from -126 to 128, in two halves because 2^128 is not a float. */
INLINE vf
vpow2(vf x, vf n)
{
	int32x4_t i = vcvtq_s32_f32(n), h = vshrq_n_s32(i, 1), bias = vdupq_n_s32(127);
	int32x4_t a = vshlq_n_s32(vaddq_s32(h, bias), 23), b = vshlq_n_s32(vaddq_s32(vsubq_s32(i, h), bias), 23);

	return x * vreinterpretq_f32_s32(a) * vreinterpretq_f32_s32(b);
}

INLINE void
vsumsq(vf x, vd s[2])
{
	vd a = vcvt_f64_f32(vget_low_f32(x)), b = vcvt_high_f64_f32(x);

	s[0] = vfmaq_f64(s[0], a, a);
	s[1] = vfmaq_f64(s[1], b, b);
}

INLINE double vdsum(const vd s[2]) { return vaddvq_f64(s[0] + s[1]); }

INLINE void
vtranspose(vf r[4])
{
	float32x4x2_t a = vtrnq_f32(r[0], r[1]), b = vtrnq_f32(r[2], r[3]);

	r[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
	r[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
	r[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
	r[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

#include "kern/kern.h"

static int
usable(void)
{
	return 1;               /* every aarch64 has it */
}

const struct kern kern_neon = {
	.name = "neon", .usable = usable,
	.mr = MR, .nr = NR, .kc = 256, .mc = 12 * MR, .nc = 256 * NR,
	KERN_LOOPS
};
