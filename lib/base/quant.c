/* quant - rows of numbers in 32, 16, 8 and 4 bits */
/* SPDX-License-Identifier: MIT */
#include "base/quant.h"
#include <math.h>
#include <string.h>

static float
as_float(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, 4);
	return f;
}

/* The exponent is moved by a product, which is exact for small ones too. */
static float
from_half(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = (uint32_t)(h & 0x7fff) << 13;
	float f = (h & 0x7c00) == 0x7c00 ? as_float(rest | 0x7f800000) : as_float(rest) * 0x1p112f;

	return sign ? -f : f;
}

/* Nearest, ties to even. */
static uint16_t
to_half(float v)
{
	uint32_t bits;
	uint16_t sign;
	int e;
	float a = fabsf(v), scaled;

	memcpy(&bits, &v, 4);
	sign = (uint16_t)(bits >> 16 & 0x8000);
	if (isnan(v))
		return sign | 0x7e00;
	if (a >= 65520)
		return sign | 0x7c00;
	if (a < 0x1p-14f)
		return (uint16_t)(sign | (uint16_t)nearbyintf(a * 0x1p24f));
	frexpf(a, &e);                                  /* a in [2^(e-1), 2^e) */
	scaled = nearbyintf(ldexpf(a, 11 - e));         /* [1024, 2048] */
	return (uint16_t)(sign | (uint16_t)(((e + 14) << 10) + (int)scaled - 1024));
}

/* As processors round: nearest, ties to even; what is too small for a normal number becomes 0. */
static uint16_t
to_bfloat(float v)
{
	uint32_t bits;

	memcpy(&bits, &v, 4);
	if (isnan(v))
		return (uint16_t)(bits >> 16 | 64);
	if (!(bits & 0x7f800000))
		return (uint16_t)(bits >> 16 & 0x8000);
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

size_t
quant_bytes(enum quant t, size_t n)
{
	switch (t) {
	case QUANT_F64: return 8 * n;
	case QUANT_F32: return 4 * n;
	case QUANT_F16: case QUANT_BF16: return 2 * n;
	case QUANT_Q8_0: return n % QUANT_BLOCK ? 0 : n / QUANT_BLOCK * 34;
	case QUANT_Q4_0: return n % QUANT_BLOCK ? 0 : n / QUANT_BLOCK * 18;
	}
	return 0;
}

static void
unpack_block(enum quant t, const unsigned char *p, float *out)
{
	uint16_t h;
	float d;

	memcpy(&h, p, 2);
	d = from_half(h);
	for (int i = 0; i < QUANT_BLOCK; i++)
		out[i] = t == QUANT_Q8_0 ? (float)(int8_t)p[2 + i] * d :
		         (float)((i < 16 ? p[2 + i] & 15 : p[2 + i - 16] >> 4) - 8) * d;
}

int
quant_finite(enum quant t, const void *values, size_t n)
{
	int blocks = t == QUANT_Q8_0 || t == QUANT_Q4_0;
	size_t unit = blocks ? QUANT_BLOCK : 1, size = quant_bytes(t, unit), at = blocks ? 0 : size - 2;        /* of the sixteen bits with the exponent */
	uint16_t limit = t == QUANT_F64 ? 0x47f0 /* fp32's */ : t == QUANT_F32 || t == QUANT_BF16 ? 0x7f80 : 0x7c00, top = 0;

	for (const unsigned char *p = values, *end = p + n / unit * size; p < end; p += size) {
		uint16_t bits;

		memcpy(&bits, p + at, 2);
		bits &= 0x7fff;
		top = bits > top ? bits : top;
	}
	return top < limit;
}

void
quant_unpack(enum quant t, const void *from, size_t n, float *out)
{
	const unsigned char *p = from;

	if (t == QUANT_F32) {
		memcpy(out, p, 4 * n);
	} else if (t == QUANT_F64) {
		for (size_t i = 0; i < n; i++) {
			double d;
			memcpy(&d, p + 8 * i, 8);
			out[i] = (float)d;
		}
	} else if (t == QUANT_F16 || t == QUANT_BF16) {
		for (size_t i = 0; i < n; i++) {
			uint16_t h;
			uint32_t bits;
			memcpy(&h, p + 2 * i, 2);
			bits = (uint32_t)h << 16;
			if (t == QUANT_F16)
				out[i] = from_half(h);
			else
				memcpy(out + i, &bits, 4);
		}
	} else {
		for (size_t b = 0; b < n / QUANT_BLOCK; b++)
			unpack_block(t, p + b * quant_bytes(t, QUANT_BLOCK), out + b * QUANT_BLOCK);
	}
}

static void
pack_q8(const float *v, unsigned char *out)
{
	float max = 0, d;
	uint16_t h;

	for (int i = 0; i < QUANT_BLOCK; i++)
		max = fmaxf(max, fabsf(v[i]));
	d = max / 127;
	h = to_half(d);
	memcpy(out, &h, 2);
	for (int i = 0; i < QUANT_BLOCK; i++)
		out[2 + i] = (unsigned char)(int8_t)(d > 0 ? roundf(v[i] / d) : 0);
}

/* The value of largest magnitude becomes -8 d. */
static void
pack_q4(const float *v, unsigned char *out)
{
	float max = 0, d;
	int q[QUANT_BLOCK];
	uint16_t h;

	for (int i = 0; i < QUANT_BLOCK; i++)
		if (fabsf(v[i]) > fabsf(max))
			max = v[i];
	d = max / -8;
	h = to_half(d);
	memcpy(out, &h, 2);
	for (int i = 0; i < QUANT_BLOCK; i++) {
		q[i] = d != 0 ? (int)(v[i] / d + 8.5f) : 8;
		q[i] = q[i] > 15 ? 15 : q[i] < 0 ? 0 : q[i];
	}
	for (int i = 0; i < QUANT_BLOCK / 2; i++)
		out[2 + i] = (unsigned char)(q[i] | q[i + 16] << 4);
}

void
quant_pack(enum quant t, const float *v, size_t n, void *to)
{
	unsigned char *out = to;

	if (t == QUANT_F32) {
		memcpy(out, v, 4 * n);
	} else if (t == QUANT_F16 || t == QUANT_BF16) {
		for (size_t i = 0; i < n; i++) {
			uint16_t h = t == QUANT_F16 ? to_half(v[i]) : to_bfloat(v[i]);
			memcpy(out + 2 * i, &h, 2);
		}
	} else {
		for (size_t b = 0; b < n / QUANT_BLOCK; b++)
			(t == QUANT_Q8_0 ? pack_q8 : pack_q4)(v + b * QUANT_BLOCK, out + b * quant_bytes(t, QUANT_BLOCK));
	}
}
