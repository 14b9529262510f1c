/* vec - one vector of KERN_W floats: parts of it, exp, activations, bf16; the same at every width */
#ifndef LM_VEC_H
#define LM_VEC_H
/* SPDX-License-Identifier: MIT */

/*
 * kern.h includes loops.h, and that this, where the including kern_*.c has defined: vf, a vector of W floats with + - * /; vset,
 * vload, vstore, and vloadn, vstoren for the first n < W lanes (others 0, untouched); vfma(a, b, c) = a b + c;
 * vmax(a, b), b if one is not a number; vsqrt, vround, vsum, vtop (largest lane); vpow2(x, n) = x 2^n;
 * vabove(x, y, z), vnotbelow(x, y, z): z where x > y, not x < y, else 0; vfirst(x, n): lanes from n on 0; vsumsq(x, s): s[0], s[1] vectors of doubles vd += x^2, vdsum(s);
 * vtohalf, vfromhalf: a vector vh16 of F16, to the nearest, ties to even; vtranspose(r[W]); MR, NR of its tile; vec_c.h is included.  Everything is static: each file has its own.
 */
#define W ((size_t)KERN_W)

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

typedef uint32_t vu __attribute__((vector_size(4 * KERN_W)));
typedef uint16_t vh __attribute__((vector_size(2 * KERN_W)));

/* The nearest bf16 (ties to even), its lower half 0; what is too small for a normal number becomes 0. */
INLINE vf
vbf16(vf x)
{
	vu i = (vu)x, nan = (i & 0x7fffffffu) > 0x7f800000u, normal = (i & 0x7f800000u) != 0;
	vu near = (i + 0x7fffu + (i >> 16 & 1u)) & 0xffff0000u, quiet = (i | 0x400000u) & 0xffff0000u;

	return (vf)(((near & ~nan) | (quiet & nan)) & (normal | 0x80000000u));
}

/* Numbers kept in 16 bits. */
INLINE vf
vget16(const uint16_t *p, size_t m)
{
	vh h = { 0 };

	__builtin_memcpy(&h, p, m >= W ? sizeof h : m * sizeof *p);
	return (vf)(__builtin_convertvector(h, vu) << 16);
}

INLINE void
vput16(uint16_t *p, vf x, size_t m)
{
	vh h = __builtin_convertvector((vu)vbf16(x) >> 16, vh);

	__builtin_memcpy(p, &h, m >= W ? sizeof h : m * sizeof *p);
}
#endif
