/* loops - the inner loops over vectors of KERN_W floats, the same at every width */
#ifndef LM_LOOPS_H
#define LM_LOOPS_H
/* SPDX-License-Identifier: MIT */

/*
 * kern.h includes this where the including kern_*.c has defined: vf, a vector of W floats with + - * /; vset,
 * vload, vstore, and vloadn, vstoren for the first n < W lanes (others 0, untouched); vfma(a, b, c) = a b + c;
 * vmax(a, b), b if one is not a number; vsqrt, vround, vsum, vtop (largest lane); vpow2(x, n) = x 2^n;
 * vabove(x, y, z), vnotbelow(x, y, z): z where x > y, not x < y, else 0; vfirst(x, n): lanes from n on 0; vsumsq(x, s): s[0], s[1] vectors of doubles vd += x^2, vdsum(s);
 * vtranspose(r[W]); MR, NR of its tile, and UNROLL.  Everything is static: each file has its own.
 */
#define W ((size_t)KERN_W)
#define INLINE static inline __attribute__((always_inline))

/* i in steps of W over [0, n), m lanes left: vget and vput take the last ones masked. */
#define EACH(i, m, n) for (size_t i = 0, m; i < (n) && (m = (n) - i, 1); i += W)

INLINE vf
vget(const float *p, size_t m)
{
	return m >= W ? vload(p) : vloadn(p, m);
}

INLINE void
vput(float *p, vf x, size_t m)
{
	if (m >= W)
		vstore(p, x);
	else
		vstoren(p, x, m);
}

/* Those of the n numbers at p that are at p + off. */
INLINE vf
vpart(const float *p, size_t n, size_t off)
{
	return n > off ? vget(p + off, n - off) : vset(0);
}

/* e^x = 2^n e^r, |r| <= ln(2)/2, the polynomial of Cephes expf (Moshier 1989): within 2 units of the last place;
 * below -87.3 exactly 0, above 88.7 the largest power.  Not a number stays so. */
INLINE vf
vexp(vf x)
{
	vf c = -vmax(vset(-88.72f), -vmax(vset(-87.33f), x));
	vf n = vround(c * vset(1.44269504f));
	vf r = vfma(n, vset(2.12194440e-4f), vfma(n, vset(-0.693359375f), c));
	vf p = vset(1.9875691500e-4f);

	p = vfma(p, r, vset(1.3981999507e-3f));
	p = vfma(p, r, vset(8.3334519073e-3f));
	p = vfma(p, r, vset(4.1665795894e-2f));
	p = vfma(p, r, vset(1.6666665459e-1f));
	p = vfma(p, r, vset(5.0000001201e-1f));
	p = vfma(p, r * r, r) + vset(1);
	return vnotbelow(x, vset(-87.33f), vpow2(p, n));
}

INLINE vf
vsigmoid(vf x)
{
	return vset(1) / (vset(1) + vexp(-x));
}

/* f(x) and its derivative; what the caller does not use is not computed. */
INLINE vf
vact(vf x, enum gemm_act a, vf *df)
{
	vf s, q;

	switch (a) {
	case GEMM_GELU: /* x (1 + tanh u) / 2 = x sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3) */
		q = x * x;
		s = vsigmoid(x * vfma(q, vset(1.59576912f * 0.044715f), vset(1.59576912f)));
		*df = vfma(x * s * (vset(1) - s), vfma(q, vset(3 * 1.59576912f * 0.044715f), vset(1.59576912f)), s);
		return x * s;
	case GEMM_SILU:
		s = vsigmoid(x);
		*df = vfma(x * s, vset(1) - s, s);
		return x * s;
	case GEMM_RELU:
		*df = vabove(x, vset(0), vset(1));
		return vabove(x, vset(0), x);
	case GEMM_RELU2:
		s = vabove(x, vset(0), x);
		*df = s + s;
		return s * s;
	default:
		*df = vset(1);
		return x;
	}
}

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

/* W lanes from lane g of a panel of w, W steps of k, transposed in registers. */
INLINE void
pack_square(float *dst, size_t w, size_t g, const float *src, size_t ld, size_t valid, size_t kn)
{
	size_t lanes = w - g < W ? w - g : W;
	vf r[KERN_W];

	if (valid >= lanes && kn >= W) {
		UNROLL for (size_t i = 0; i < W; i++)
			r[i] = i < lanes ? vload(src + i * ld) : vset(0);
		vtranspose(r);
		UNROLL for (size_t k = 0; k < W; k++)
			vput(dst + k * w, r[k], lanes);
		return;
	}
	for (size_t i = 0; i < W; i++)
		r[i] = i < valid ? vget(src + i * ld, kn) : vset(0);
	vtranspose(r);
	for (size_t k = 0; k < W && k < kn; k++)
		vput(dst + k * w, r[k], lanes);
}

INLINE void
pack_as(size_t w, float *dst, const float *src, size_t ld, int along_k, size_t valid, size_t kn)
{
	if (along_k) {
		for (size_t k = 0; k < kn; k += W)
			UNROLL for (size_t g = 0; g < w; g += W)
				pack_square(dst + k * w + g, w, g, src + g * ld + k, ld, valid > g ? valid - g : 0, kn - k);
		return;
	}
	for (size_t k = 0; valid >= w && k < kn; k++)
		UNROLL for (size_t g = 0; g < w; g += W)
			vput(dst + k * w + g, vget(src + k * ld + g, w - g), w - g);
	for (size_t k = 0; valid < w && k < kn; k++)
		UNROLL for (size_t g = 0; g < w; g += W) {
			size_t lanes = w - g < W ? w - g : W, have = valid > g ? valid - g : 0;

			vput(dst + k * w + g, vget(src + k * ld + g, have < lanes ? have : lanes), lanes);
		}
}

static void
pack(float *dst, size_t w, const float *src, size_t ld, int along_k, size_t valid, size_t k)
{
	if (w == NR)
		pack_as(NR, dst, src, ld, along_k, valid, k);
	else
		pack_as(MR, dst, src, ld, along_k, valid, k);
}

/* A tile of constant m rows by NR columns: accumulators stay in registers, each step of k loads NR/W vectors of B
 * and broadcasts m numbers of A. */
INLINE void
tile_as(size_t m, size_t n, size_t k, const float *a, size_t ai, size_t ak, const float *b, float *c, size_t ldc, int load)
{
	vf x[MR][NR / KERN_W];

	UNROLL for (size_t i = 0; i < m; i++)
		UNROLL for (size_t j = 0; j < NR / W; j++)
			x[i][j] = vset(0);
	for (size_t i = 0; i < m; i++)          /* the tile below comes next */
		for (size_t j = 0; j < NR; j += 16)
			__builtin_prefetch(c + (MR + i) * ldc + j, 1, 2);
	if (load)
		UNROLL for (size_t i = 0; i < m; i++)
			UNROLL for (size_t j = 0; j < NR / W; j++)
				x[i][j] = n >= NR ? vload(c + i * ldc + j * W) : vpart(c + i * ldc, n, j * W);
	for (; k > 0; k--, a += ak, b += NR) {
		vf v[NR / KERN_W];

		UNROLL for (size_t j = 0; j < NR / W; j++)
			v[j] = vload(b + j * W);
		UNROLL for (size_t j = 0; j < NR; j += 16)
			__builtin_prefetch(b + 20 * NR + j, 0, 3);
		UNROLL for (size_t i = 0; i < m; i++) {
			vf s = vset(a[i * ai]);

			UNROLL for (size_t j = 0; j < NR / W; j++)
				x[i][j] = vfma(s, v[j], x[i][j]);
		}
	}
	UNROLL for (size_t i = 0; i < m; i++)
		UNROLL for (size_t j = 0; j < NR / W; j++)
			if (n >= NR)
				vstore(c + i * ldc + j * W, x[i][j]);
			else if (n > j * W)
				vput(c + i * ldc + j * W, x[i][j], n - j * W);
}
#define TILE(M) \
	static void \
	tile_##M(size_t n, size_t k, const float *a, size_t lda, const float *b, float *c, size_t ldc, int load) \
	{ \
		tile_as(M, n, k, a, 1, lda, b, c, ldc, load); \
	} \
	static void \
	rows_##M(size_t n, size_t k, const float *a, size_t lda, const float *b, float *c, size_t ldc, int load) \
	{ \
		tile_as(M, n, k, a, KERN_ROW, lda, b, c, ldc, load); \
	}
typedef void tile_fn(size_t, size_t, const float *, size_t, const float *, float *, size_t, int);

/* The tables of those, and the two that choose: after TILE(1) to TILE(MR). */
#define TILES(tiles, rows) \
	static void \
	tile(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, float *c, size_t ldc, int load) \
	{ \
		static tile_fn *const by_rows[] = { tiles }; \
		by_rows[m - 1](n, k, a, lda, b, c, ldc, load); \
	} \
	static void \
	tile_rows(size_t m, size_t n, size_t k, const float *a, const float *b, float *c, size_t ldc, int load) \
	{ \
		static tile_fn *const by_rows[] = { rows }; \
		by_rows[m - 1](n, k, a, 1, b, c, ldc, load); \
	}

#define KERN_LOOPS \
	.pack = pack, .tile = tile, .tile_rows = tile_rows, .epilogue = epilogue, .dot = dot, .axpy = axpy, .scale = scale, .max = max, .expsum = expsum, \
	.sumsq = sumsq, .act = act, .act_bwd = act_bwd, .glu = glu, .glu_bwd = glu_bwd, .rmsnorm = rmsnorm, \
	.rmsnorm_bwd = rmsnorm_bwd, .layernorm = layernorm, .layernorm_bwd = layernorm_bwd, .norm_cols = norm_cols, \
	.rope = rope, .softmax_bwd = softmax_bwd, .adamw = adamw
#endif
