/* kern_ref - plain C: what the others are tested against */
/* SPDX-License-Identifier: MIT */
#include "kern/kern.h"
#include <math.h>
#include <string.h>

enum { MR = 8, NR = 8 };

static int
usable(void)
{
	return 1;
}

static void
pack(float *dst, size_t w, const float *src, size_t ld, int along_k, size_t lanes, size_t k)
{
	for (size_t i = 0; i < (lanes + w - 1) / w * w; i++)
		for (size_t p = 0; p < k; p++)
			dst[i / w * w * k + p * w + i % w] = i >= lanes ? 0 : along_k ? src[i * ld + p] : src[p * ld + i];
}

static void to_bf16(uint16_t *y, const float *x, size_t n) { quant_pack(QUANT_BF16, x, n, y); }
static void from_bf16(float *y, const uint16_t *x, size_t n) { quant_unpack(QUANT_BF16, x, n, y); }
static void to_f16(uint16_t *y, const float *x, size_t n) { quant_pack(QUANT_F16, x, n, y); }
static void from_f16(float *y, const uint16_t *x, size_t n) { quant_unpack(QUANT_F16, x, n, y); }

static void
pack_bf16(float *dst, size_t w, const float *src, size_t ld, int along_k, size_t lanes, size_t k)
{
	pack(dst, w, src, ld, along_k, lanes, k);
	for (size_t i = 0; i < (lanes + w - 1) / w * w * k; i++) {
		uint16_t half;

		to_bf16(&half, dst + i, 1);
		from_bf16(dst + i, &half, 1);
	}
}

static void
tile_of(size_t m, size_t n, size_t k, const float *a, size_t ai, size_t ak, const float *b, float *c, size_t ldc, int load)
{
	for (size_t i = 0; i < m; i++, a += ai, c += ldc) {
		const float *x = a, *y = b;
		float s[NR] = { 0 };

		if (load)
			memcpy(s, c, n * sizeof *s);
		for (size_t p = 0; p < k; p++, x += ak, y += NR)
			for (size_t j = 0; j < n; j++)
				s[j] = fmaf(*x, y[j], s[j]);
		memcpy(c, s, n * sizeof *s);
	}
}

static void
tile(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, float *c, size_t ldc, int load)
{
	tile_of(m, n, k, a, 1, lda, b, c, ldc, load);
}

static void
tile_rows(size_t m, size_t n, size_t k, const float *a, const float *b, float *c, size_t ldc, int load)
{
	tile_of(m, n, k, a, KERN_ROW, 1, b, c, ldc, load);
}

static float
sigmoid(float x)
{
	return 1 / (1 + expf(-x));
}

/* GELU in GPT-2's form: x (1 + tanh u) / 2 = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3). */
static float
f(float x, enum gemm_act act)
{
	switch (act) {
	case GEMM_GELU:  return x * sigmoid(1.59576912f * (x + 0.044715f * x * x * x));
	case GEMM_SILU:  return x * sigmoid(x);
	case GEMM_RELU:  return x > 0 ? x : 0;
	case GEMM_RELU2: return x > 0 ? x * x : 0;
	default:         return x;
	}
}

static float
df(float x, enum gemm_act act)
{
	float s;

	switch (act) {
	case GEMM_GELU:
		s = sigmoid(1.59576912f * (x + 0.044715f * x * x * x));
		return s + x * s * (1 - s) * 1.59576912f * (1 + 3 * 0.044715f * x * x);
	case GEMM_SILU:
		s = sigmoid(x);
		return s + x * s * (1 - s);
	case GEMM_RELU:
		return x > 0;
	case GEMM_RELU2:
		return x > 0 ? 2 * x : 0;
	default:
		return 1;
	}
}

static void
epilogue(float *c, size_t ldc, size_t m, size_t n, const struct kern_epi *e)
{
	for (size_t i = 0; i < m; i++)
		for (size_t j = 0; j < n; j++) {
			float x = c[i * ldc + j];

			if (e->bias)
				x += e->bias[j];
			if (e->pre)
				e->pre[i * ldc + j] = x;
			x = f(x, e->act);
			if (e->residual)
				x += e->residual[i * ldc + j];
			c[i * ldc + j] = x;
		}
}

static float
dot(const float *x, const float *y, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += (double)x[i] * y[i];
	return (float)s;
}

static void
axpy(float *y, float a, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fmaf(a, x[i], y[i]);
}

static void
scale(float *y, float a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] *= a;
}

static float
max(const float *x, size_t n)
{
	float m = -INFINITY;

	for (size_t i = 0; i < n; i++)
		m = x[i] > m ? x[i] : m;
	return m;
}

static float
expsum(float *y, const float *x, float a, float b, size_t n, float *ez)
{
	double s = 0, t = 0;

	for (size_t i = 0; i < n; i++) {
		float z = fmaf(a, x[i], -b), e = expf(z);

		s += e;
		t += e > 0 ? (double)e * z : 0;
		if (y)
			y[i] = e;
	}
	if (ez)
		*ez = (float)t;
	return (float)s;
}

static double
sumsq(const float *x, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += (double)x[i] * x[i];
	return s;
}

static void
act(float *y, const float *x, size_t n, enum gemm_act a)
{
	for (size_t i = 0; i < n; i++)
		y[i] = f(x[i], a);
}

static void
act_bwd(float *dx, const float *dy, const float *x, size_t n, enum gemm_act a)
{
	for (size_t i = 0; i < n; i++)
		dx[i] = dy[i] * df(x[i], a);
}

static void
glu(float *y, const float *g, const float *u, size_t n, enum gemm_act a)
{
	for (size_t i = 0; i < n; i++)
		y[i] = f(g[i], a) * u[i];
}

static void
glu_bwd(float *dg, float *du, const float *dy, const float *g, const float *u, size_t n, enum gemm_act a)
{
	for (size_t i = 0; i < n; i++) {
		float d = dy[i], gate = g[i], up = u[i];

		dg[i] = d * up * df(gate, a);
		du[i] = d * f(gate, a);
	}
}

static float
rmsnorm(float *y, const float *x, const float *gain, size_t n, float eps)
{
	float rstd = 1 / sqrtf((float)(sumsq(x, n) / (double)n) + eps);

	for (size_t i = 0; i < n; i++)
		y[i] = x[i] * rstd * gain[i];
	return rstd;
}

static void
rmsnorm_bwd(float *dx, const float *dy, const float *x, float rstd, const float *gain, size_t n)
{
	double s = 0;
	float c;

	for (size_t i = 0; i < n; i++)
		s += (double)dy[i] * gain[i] * x[i];
	c = (float)(s / (double)n) * rstd * rstd;
	for (size_t i = 0; i < n; i++)
		dx[i] += rstd * (dy[i] * gain[i] - x[i] * c);
}

static float
layernorm(float *y, float *mean, const float *x, const float *gain, const float *bias, size_t n, float eps)
{
	double s = 0, q = 0;
	float m, rstd;

	for (size_t i = 0; i < n; i++)
		s += x[i];
	m = (float)(s / (double)n);
	for (size_t i = 0; i < n; i++)
		q += (double)(x[i] - m) * (x[i] - m);
	rstd = 1 / sqrtf((float)(q / (double)n) + eps);
	for (size_t i = 0; i < n; i++)
		y[i] = (x[i] - m) * rstd * gain[i] + bias[i];
	*mean = m;
	return rstd;
}

static void
layernorm_bwd(float *dx, const float *dy, const float *x, float mean, float rstd, const float *gain, size_t n)
{
	double s = 0, t = 0;
	float a, b;

	for (size_t i = 0; i < n; i++) {
		s += (double)dy[i] * gain[i];
		t += (double)dy[i] * gain[i] * ((x[i] - mean) * rstd);
	}
	a = (float)(s / (double)n);
	b = (float)(t / (double)n);
	for (size_t i = 0; i < n; i++)
		dx[i] += rstd * (dy[i] * gain[i] - a - (x[i] - mean) * rstd * b);
}

static void
norm_cols(float *dgain, float *dbias, const float *dy, const float *x, float mean, float rstd, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		dgain[i] = fmaf(dy[i], (x[i] - mean) * rstd, dgain[i]);
		if (dbias)
			dbias[i] += dy[i];
	}
}

static void
rope(float *x, const float *cosv, const float *sinv, float sign, size_t half)
{
	for (size_t i = 0; i < half; i++) {
		float a = x[i], b = x[i + half], s = sign * sinv[i];

		x[i] = fmaf(-s, b, a * cosv[i]);
		x[i + half] = fmaf(s, a, b * cosv[i]);
	}
}

static void
softmax_bwd(float *s, float *dp, float a, float lse, float delta, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		s[i] = expf(fmaf(a, s[i], -lse));
		dp[i] = s[i] * (dp[i] - delta) * a;
	}
}

static void
adamw(float *w, const float *g, float *m, float *v, size_t n, const struct op_adamw *o)
{
	for (size_t i = 0; i < n; i++) {
		double x = g[i] * o->gscale;

		m[i] = (float)(o->beta1 * m[i] + (1 - o->beta1) * x);
		v[i] = (float)(o->beta2 * v[i] + (1 - o->beta2) * x * x);
		w[i] -= (float)(o->lr * (m[i] / o->c1 / (sqrt(v[i] / o->c2) + o->eps) + o->decay * w[i]));
	}
}

const struct kern kern_ref = {
	.name = "ref", .usable = usable,
	.mr = MR, .nr = NR, .kc = 256, .mc = 64, .nc = 512,
	.pack = pack, .tile = tile, .tile_rows = tile_rows, .epilogue = epilogue,
	.per = 1, .pack_bf16 = pack_bf16, .tile_bf16 = tile, .to_bf16 = to_bf16, .from_bf16 = from_bf16,
	.to_f16 = to_f16, .from_f16 = from_f16,
	.dot = dot, .axpy = axpy, .scale = scale, .max = max, .expsum = expsum, .sumsq = sumsq,
	.act = act, .act_bwd = act_bwd, .glu = glu, .glu_bwd = glu_bwd,
	.rmsnorm = rmsnorm, .rmsnorm_bwd = rmsnorm_bwd, .layernorm = layernorm, .layernorm_bwd = layernorm_bwd,
	.norm_cols = norm_cols, .rope = rope, .softmax_bwd = softmax_bwd, .adamw = adamw,
};
