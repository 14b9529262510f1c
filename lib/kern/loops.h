/* loops - the inner loops over vectors of KERN_W floats, the same at every width */
#ifndef LM_LOOPS_H
#define LM_LOOPS_H
/* SPDX-License-Identifier: MIT */
#include "kern/vec.h"
#include "kern/tile.h"

/* F(..., act) with act a constant, so that each form is a loop of its own. */
#define EACH_ACT(act, F, ...) \
	switch (act) { \
	case GEMM_GELU:  F(__VA_ARGS__, GEMM_GELU); break; \
	case GEMM_SILU:  F(__VA_ARGS__, GEMM_SILU); break; \
	case GEMM_RELU:  F(__VA_ARGS__, GEMM_RELU); break; \
	case GEMM_RELU2: F(__VA_ARGS__, GEMM_RELU2); break; \
	default:         F(__VA_ARGS__, GEMM_NONE); \
	}

INLINE void
act_as(float *y, const float *x, size_t n, enum gemm_act a)
{
	EACH(i, m, n) {
		vf d;

		vput(y + i, vact(vget(x + i, m), a, &d), m);
	}
}

static void
act(float *y, const float *x, size_t n, enum gemm_act a)
{
	EACH_ACT(a, act_as, y, x, n)
}

INLINE void
act_bwd_as(float *dx, const float *dy, const float *x, size_t n, enum gemm_act a)
{
	EACH(i, m, n) {
		vf d;

		vact(vget(x + i, m), a, &d);
		vput(dx + i, vget(dy + i, m) * d, m);
	}
}

static void
act_bwd(float *dx, const float *dy, const float *x, size_t n, enum gemm_act a)
{
	EACH_ACT(a, act_bwd_as, dx, dy, x, n)
}

INLINE void
glu_as(float *y, const float *g, const float *u, size_t n, enum gemm_act a)
{
	EACH(i, m, n) {
		vf d;

		vput(y + i, vact(vget(g + i, m), a, &d) * vget(u + i, m), m);
	}
}

static void
glu(float *y, const float *g, const float *u, size_t n, enum gemm_act a)
{
	EACH_ACT(a, glu_as, y, g, u, n)
}

INLINE void
glu_bwd_as(float *dg, float *du, const float *dy, const float *g, const float *u, size_t n, enum gemm_act a)
{
	EACH(i, m, n) {
		vf d, f = vact(vget(g + i, m), a, &d), y = vget(dy + i, m), up = vget(u + i, m);

		vput(dg + i, y * up * d, m);
		vput(du + i, y * f, m);
	}
}

static void
glu_bwd(float *dg, float *du, const float *dy, const float *g, const float *u, size_t n, enum gemm_act a)
{
	EACH_ACT(a, glu_bwd_as, dg, du, dy, g, u, n)
}

INLINE void
epilogue_as(float *c, size_t ldc, size_t rows, size_t n, const struct kern_epi *e, enum gemm_act a)
{
	for (size_t r = 0; r < rows; r++)
		EACH(i, m, n) {
			vf d, x = vget(c + r * ldc + i, m);

			if (e->bias)
				x = x + vget(e->bias + i, m);
			if (e->pre)
				vput(e->pre + r * ldc + i, x, m);
			x = vact(x, a, &d);
			if (e->residual)
				x = x + vget(e->residual + r * ldc + i, m);
			vput(c + r * ldc + i, x, m);
		}
}

static void
epilogue(float *c, size_t ldc, size_t rows, size_t n, const struct kern_epi *e)
{
	EACH_ACT(e->act, epilogue_as, c, ldc, rows, n, e)
}

/* s += F over [0, n): four sums of vectors, so that an addition need not wait for the one before. */
#define SUM4(n, F) \
	vf s_[4] = { vset(0), vset(0), vset(0), vset(0) }; \
	size_t i_ = 0; \
	for (; i_ + 4 * W <= (n); i_ += 4 * W) \
		UNROLL for (size_t u_ = 0; u_ < 4; u_++) \
			s_[u_] = F(i_ + u_ * W, W, s_[u_]); \
	for (; i_ < (n); i_ += W) \
		s_[0] = F(i_, (n) - i_, s_[0]); \
	return vsum((s_[0] + s_[1]) + (s_[2] + s_[3]))

static float
dot(const float *x, const float *y, size_t n)
{
#define F(i, m, s) vfma(vget(x + (i), m), vget(y + (i), m), s)
	SUM4(n, F);
#undef F
}

static float
sum(const float *x, size_t n)
{
#define F(i, m, s) vget(x + (i), m) + (s)
	SUM4(n, F);
#undef F
}

/* sum of x y (z - a) */
static float
dot3(const float *x, const float *y, const float *z, float a, size_t n)
{
#define F(i, m, s) vfma(vget(x + (i), m) * vget(y + (i), m), vget(z + (i), m) - vset(a), s)
	SUM4(n, F);
#undef F
}

/* Lanes beyond the end do not count. */
INLINE vf
square_add(const float *x, float a, size_t m, vf s)
{
	vf d = vget(x, m) - vset(a);

	if (m < W)
		d = vfirst(d, m);
	return vfma(d, d, s);
}

/* sum of (x - a)^2 */
static float
sumsq_from(const float *x, float a, size_t n)
{
#define F(i, m, s) square_add(x + (i), a, m, s)
	SUM4(n, F);
#undef F
}

static double
sumsq(const float *x, size_t n)
{
	vd s[2] = { { 0 }, { 0 } }, t[2] = { { 0 }, { 0 } };

	for (; n >= 2 * W; n -= 2 * W, x += 2 * W) {
		vsumsq(vload(x), s);
		vsumsq(vload(x + W), t);
	}
	EACH(i, m, n)
		vsumsq(vget(x + i, m), s);
	return vdsum(s) + vdsum(t);
}

static void
axpy(float *y, float a, const float *x, size_t n)
{
	vf va = vset(a);

	EACH(i, m, n)
		vput(y + i, vfma(va, vget(x + i, m), vget(y + i, m)), m);
}

static void
scale(float *y, float a, size_t n)
{
	vf va = vset(a);

	EACH(i, m, n)
		vput(y + i, va * vget(y + i, m), m);
}

static float
max(const float *x, size_t n)
{
	vf a = vset(-__builtin_inff()), b = a;
	size_t i = 0;
	float m;

	for (; i + 2 * W <= n; i += 2 * W) {
		a = vmax(a, vload(x + i));
		b = vmax(b, vload(x + i + W));
	}
	if (i + W <= n) {
		a = vmax(a, vload(x + i));
		i += W;
	}
	for (m = vtop(vmax(a, b)); i < n; i++)
		m = x[i] > m ? x[i] : m;
	return m;
}

INLINE float
expsum_as(float *y, const float *x, float a, float b, size_t n, float *ez)
{
	vf s = vset(0), t = vset(0), ss = s, tt = t;

	EACH(i, m, n) {
		vf z = vfma(vset(a), vget(x + i, m), vset(-b)), e = vexp(z);

		if (m < W)
			e = vfirst(e, m);
		s = s + e;
		if (ez)
			t = vfma(e, vmax(vset(-88), z), t);
		if (y)
			vput(y + i, e, m);
		if ((i & 511) == 0) {           /* short sums, then a sum of those: less rounding */
			ss = ss + s, tt = tt + t;
			s = t = vset(0);
		}
	}
	if (ez)
		*ez = vsum(tt + t);
	return vsum(ss + s);
}

static float
expsum(float *y, const float *x, float a, float b, size_t n, float *ez)
{
	if (ez)
		return y ? expsum_as(y, x, a, b, n, ez) : expsum_as(NULL, x, a, b, n, ez);
	return y ? expsum_as(y, x, a, b, n, NULL) : expsum_as(NULL, x, a, b, n, NULL);
}

static float
rmsnorm(float *y, const float *x, const float *gain, size_t n, float eps)
{
	float rstd = 1 / __builtin_sqrtf(dot(x, x, n) / (float)n + eps);
	vf r = vset(rstd);

	EACH(i, m, n)
		vput(y + i, vget(x + i, m) * r * vget(gain + i, m), m);
	return rstd;
}

static void
rmsnorm_bwd(float *dx, const float *dy, const float *x, float rstd, const float *gain, size_t n)
{
	vf r = vset(rstd), c = vset(-dot3(dy, gain, x, 0, n) / (float)n * rstd * rstd);

	EACH(i, m, n) {
		vf t = vfma(vget(x + i, m), c, vget(dy + i, m) * vget(gain + i, m));

		vput(dx + i, vfma(r, t, vget(dx + i, m)), m);
	}
}

static float
layernorm(float *y, float *mean, const float *x, const float *gain, const float *bias, size_t n, float eps)
{
	float a = sum(x, n) / (float)n, rstd = 1 / __builtin_sqrtf(sumsq_from(x, a, n) / (float)n + eps);
	vf r = vset(rstd), va = vset(a);

	EACH(i, m, n)
		vput(y + i, vfma((vget(x + i, m) - va) * r, vget(gain + i, m), vget(bias + i, m)), m);
	*mean = a;
	return rstd;
}

static void
layernorm_bwd(float *dx, const float *dy, const float *x, float mean, float rstd, const float *gain, size_t n)
{
	float g = dot(dy, gain, n), gx = dot3(dy, gain, x, mean, n) * rstd;
	vf r = vset(rstd), va = vset(mean), a = vset(g / (float)n), b = vset(-gx / (float)n);

	EACH(i, m, n) {
		vf t = vget(dy + i, m) * vget(gain + i, m) - a;

		t = vfma((vget(x + i, m) - va) * r, b, t);
		vput(dx + i, vfma(r, t, vget(dx + i, m)), m);
	}
}

static void
norm_cols(float *dgain, float *dbias, const float *dy, const float *x, float mean, float rstd, size_t n)
{
	vf r = vset(rstd), a = vset(mean);

	EACH(i, m, n) {
		vf d = vget(dy + i, m);

		vput(dgain + i, vfma(d, (vget(x + i, m) - a) * r, vget(dgain + i, m)), m);
		if (dbias)
			vput(dbias + i, d + vget(dbias + i, m), m);
	}
}

static void
rope(float *x, const float *cosv, const float *sinv, float sign, size_t half)
{
	EACH(i, m, half) {
		vf a = vget(x + i, m), b = vget(x + half + i, m);
		vf c = vget(cosv + i, m), s = vset(sign) * vget(sinv + i, m);

		vput(x + i, vfma(-s, b, a * c), m);
		vput(x + half + i, vfma(s, a, b * c), m);
	}
}

static void
softmax_bwd(float *s, float *dp, float a, float lse, float delta, size_t n)
{
	EACH(i, m, n) {
		vf p = vexp(vfma(vset(a), vget(s + i, m), vset(-lse)));

		vput(s + i, p, m);
		vput(dp + i, p * (vget(dp + i, m) - vset(delta)) * vset(a), m);
	}
}

static void
adamw(float *w, const float *g, float *m, float *v, size_t n, const struct op_adamw *o)
{
	vf gs = vset((float)o->gscale), b1 = vset((float)o->beta1), b2 = vset((float)o->beta2);
	vf a1 = vset((float)(1 - o->beta1)), a2 = vset((float)(1 - o->beta2)), eps = vset((float)o->eps);
	vf step = vset((float)(o->lr / o->c1)), ic2 = vset((float)(1 / o->c2)), decay = vset((float)(o->lr * o->decay));

	EACH(i, k, n) {
		vf x = vget(g + i, k) * gs, p = vget(w + i, k);
		vf mm = vfma(b1, vget(m + i, k), a1 * x), vv = vfma(b2, vget(v + i, k), a2 * x * x);

		vput(m + i, mm, k);
		vput(v + i, vv, k);
		vput(w + i, p - vfma(decay, p, step * mm / (vsqrt(vv * ic2) + eps)), k);
	}
}

static void
to_bf16(uint16_t *y, const float *x, size_t n)
{
	EACH(i, m, n)
		vput16(y + i, vget(x + i, m), m);
}

static void
from_bf16(float *y, const uint16_t *x, size_t n)
{
	EACH(i, m, n)
		vput(y + i, vget16(x + i, m), m);
}

static void
to_f16(uint16_t *y, const float *x, size_t n)
{
	EACH(i, m, n) {
		vh16 h = vtohalf(vget(x + i, m));

		__builtin_memcpy(y + i, &h, m >= W ? sizeof h : m * sizeof *y);
	}
}

static void
from_f16(float *y, const uint16_t *x, size_t n)
{
	EACH(i, m, n) {
		vh16 h = { 0 };

		__builtin_memcpy(&h, x + i, m >= W ? sizeof h : m * sizeof *x);
		vput(y + i, vfromhalf(h), m);
	}
}

#define KERN_LOOPS \
	.pack = pack, .tile = tile, .tile_rows = tile_rows, .per = PER, .pack_bf16 = pack_bf16, .tile_bf16 = TILE_BF16, \
	.epilogue = epilogue, .dot = dot, .axpy = axpy, .scale = scale, .max = max, .expsum = expsum, \
	.sumsq = sumsq, .act = act, .act_bwd = act_bwd, .glu = glu, .glu_bwd = glu_bwd, .rmsnorm = rmsnorm, \
	.rmsnorm_bwd = rmsnorm_bwd, .layernorm = layernorm, .layernorm_bwd = layernorm_bwd, .norm_cols = norm_cols, \
	.rope = rope, .softmax_bwd = softmax_bwd, .adamw = adamw, .to_bf16 = to_bf16, .from_bf16 = from_bf16, \
	.to_f16 = to_f16, .from_f16 = from_f16
#endif
