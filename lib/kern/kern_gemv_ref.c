/* kern_gemv_ref - plain C: what the others are tested against */
/* SPDX-License-Identifier: MIT */
#include "kern/kern.h"
#include <math.h>
#include <string.h>

static int
usable(void)
{
	return 1;
}

static float
half(const unsigned char *p)
{
	float f;

	quant_unpack(QUANT_F16, p, 1, &f);
	return f;
}

/* fn(a, row, panel, lane) for each element of y. */
static void
each(const struct kern_rows *a, float (*fn)(const struct kern_rows *, size_t, const unsigned char *, size_t))
{
	for (size_t r = 0; r < a->m; r++)
		for (size_t j = 0; j < a->np * GEMV_PANEL; j++)
			a->y[r * a->ldy + j] = fn(a, r, a->w + j / GEMV_PANEL * a->panel, j % GEMV_PANEL);
}

static float
one_f32(const struct kern_rows *a, size_t r, const unsigned char *w, size_t j)
{
	const float *b = (const float *)(const void *)w + j;
	float s = 0;

	for (size_t k = 0; k < a->K; k++)
		s = fmaf(a->x[r * a->ldx + k], b[k * GEMV_PANEL], s);
	return s;
}

static float
one_bf16(const struct kern_rows *a, size_t r, const unsigned char *w, size_t j)
{
	float s = 0, b;

	for (size_t k = 0; k < a->K; k++) {
		uint32_t bits = 0;
		memcpy((char *)&bits + 2, w + (k / 2 * GEMV_PANEL + j) * 4 + k % 2 * 2, 2);
		memcpy(&b, &bits, 4);
		s = fmaf(a->x[r * a->ldx + k], b, s);
	}
	return s;
}

static float
one_q8(const struct kern_rows *a, size_t r, const unsigned char *w, size_t j)
{
	const int8_t *x = a->xq + r * a->blocks * 32;
	float s = 0;

	for (size_t b = 0; b < a->blocks; b++) {
		int sum = 0;
		for (size_t k = 0; k < 32; k++)
			sum += x[b * 32 + k] * (w[b * 512 + k / 4 * 64 + j * 4 + k % 4] - 128);
		s = fmaf((float)sum, half(w + a->blocks * 512 + (b * GEMV_PANEL + j) * 2) * a->xd[r * a->blocks + b], s);
	}
	return s;
}

static float
one_q4(const struct kern_rows *a, size_t r, const unsigned char *w, size_t j)
{
	const int8_t *x = a->xq + r * a->blocks * 32;
	float s = 0;

	for (size_t b = 0; b < a->blocks; b++) {
		int sum = 0;
		for (size_t k = 0; k < 16; k++) {
			int q = w[b * 256 + k / 4 * 64 + j * 4 + k % 4];
			sum += x[b * 32 + k] * ((q & 15) - 8) + x[b * 32 + k + 16] * ((q >> 4) - 8);
		}
		s = fmaf((float)sum, half(w + a->blocks * 256 + (b * GEMV_PANEL + j) * 2) * a->xd[r * a->blocks + b], s);
	}
	return s;
}

static void f32(const struct kern_rows *a) { each(a, one_f32); }
static void bf16(const struct kern_rows *a) { each(a, one_bf16); }
static void q8(const struct kern_rows *a) { each(a, one_q8); }
static void q4(const struct kern_rows *a) { each(a, one_q4); }

static void
quantize(const float *x, size_t blocks, int8_t *q, float *d, int32_t *s)
{
	for (size_t b = 0; b < blocks; b++, x += 32, q += 32) {
		float top = 0;

		for (int i = 0; i < 32; i++)
			top = fmaxf(top, fabsf(x[i]));
		d[b] = top / 127;
		s[b] = 0;
		for (int i = 0; i < 32; i++) {
			q[i] = (int8_t)lrintf(x[i] * (top > 1e-30f ? 127 / top : 0));
			s[b] += q[i];
		}
	}
}

static void
widen_q8(float *out, const void *q8, size_t n)
{
	const int8_t *q = (const int8_t *)q8 + 4;
	float d;

	memcpy(&d, q8, 4);
	for (size_t i = 0; i < n; i++)
		out[i] = (float)q[i] * d;
}

const struct kern_gemv kern_gemv_ref = { .name = "ref", .usable = usable, .f32 = f32, .bf16 = bf16, .q8 = q8, .q4 = q4,
	.quantize = quantize, .widen_q8 = widen_q8 };
