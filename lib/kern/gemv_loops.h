/* gemv_loops - few rows against a matrix read once, over vectors, the same at every width */
#ifndef LM_GEMV_LOOPS_H
#define LM_GEMV_LOOPS_H
/* SPDX-License-Identifier: MIT */

/*
 * kern.h includes this where the including kern_gemv_*.c has defined: vectors vf and vi of KERN_GEMV lanes of 32
 * bits; vzero, vset, vload, vstore, vfma, vmul; vpair(p, &even, &odd): 2 bf16 a lane; iset, iload4(p): 4 bytes for all lanes;
 * idot8(sum, w, x): w at a pointer, quads of q + 128, x of iload4; INIT8(s), where such a sum begins; vnibbles(p, &lo, &hi),
 * idot4(sum, nibbles, x); vint (to floats), vhalf (from F16), ibytes (from int8).  ROWS_F, ROWS_Q: rows of a tile, TILE_P panels.
 */
#define GV (GEMV_PANEL / KERN_GEMV)     /* vectors of a panel */
#define AHEAD 1024      /* bytes: several panels are read at once, more than the processor itself looks ahead in */
#define EACH_V(i, n) UNROLL for (int i = 0; i < (n); i++)

INLINE void
put_tile(float *y, size_t ldy, vf s[][4], int R, int P)
{
	EACH_V(r, R)
		EACH_V(v, P * GV)
			vstore(y + (size_t)r * ldy + (size_t)v * KERN_GEMV, s[r][v]);
}

/* Vector v of a tile's P panels, at `at` bytes within its own. */
INLINE const unsigned char *
lane(const struct kern_rows *a, const unsigned char *w, int v, size_t at)
{
	return w + (size_t)(v / GV) * a->panel + (size_t)(v % GV) * KERN_GEMV * 4 + at;
}

INLINE void
tile_f32(const struct kern_rows *a, const unsigned char *w, size_t row, float *y, int R, int P)
{
	const float *x = a->x + row * a->ldx;
	vf s[ROWS_F][4];

	EACH_V(r, R)
		EACH_V(v, P * GV)
			s[r][v] = vset(0);
	for (size_t k = 0; k < a->K; k++)
		EACH_V(v, P * GV) {
			vf b = vload((const float *)(const void *)lane(a, w, v, k * GEMV_PANEL * 4));
			EACH_V(r, R)
				s[r][v] = vfma(vset(x[(size_t)r * a->ldx + k]), b, s[r][v]);
		}
	put_tile(y, a->ldy, s, R, P);
}

INLINE void
tile_bf16(const struct kern_rows *a, const unsigned char *w, size_t row, float *y, int R, int P)
{
	const float *x = a->x + row * a->ldx;
	vf s[ROWS_F][4];

	EACH_V(r, R)
		EACH_V(v, P * GV)
			s[r][v] = vset(0);
	for (size_t k = 0; k < a->K; k += 2)
		EACH_V(v, P * GV) {
			vf even, odd;
			__builtin_prefetch(lane(a, w, v, k * GEMV_PANEL * 2 + AHEAD));
			vpair(lane(a, w, v, k * GEMV_PANEL * 2), &even, &odd);
			EACH_V(r, R)
				s[r][v] = vfma(vset(x[(size_t)r * a->ldx + k]), even, s[r][v]);
			if (k + 1 < a->K)
				EACH_V(r, R)
					s[r][v] = vfma(vset(x[(size_t)r * a->ldx + k + 1]), odd, s[r][v]);
		}
	put_tile(y, a->ldy, s, R, P);
}

/* A block's integer sums times both scales: added to the chains. */
INLINE void
add_block(const struct kern_rows *a, size_t row, size_t b, const unsigned char *scale, vi c[][4], vf s[][4], int R, int P)
{
	EACH_V(v, P * GV) {
		vf dw = vhalf(scale + (size_t)(v / GV) * a->panel + (size_t)(v % GV) * KERN_GEMV * 2 + b * GEMV_PANEL * 2);
		EACH_V(r, R)
			s[r][v] = vfma(vint(c[r][v]), vmul(dw, vset(a->xd[(row + (size_t)r) * a->blocks + b])), s[r][v]);
	}
}

INLINE void
tile_q8(const struct kern_rows *a, const unsigned char *w, size_t row, float *y, int R, int P)
{
	const int8_t *x = a->xq + row * a->blocks * 32;
	size_t ldx = a->blocks * 32;
	vf s[ROWS_Q][4];
	vi c[ROWS_Q][4];

	EACH_V(r, R)
		EACH_V(v, P * GV)
			s[r][v] = vset(0);
	for (size_t b = 0; b < a->blocks; b++) {
		EACH_V(r, R)
			EACH_V(v, P * GV)
				c[r][v] = iset(INIT8(a->xs[(row + (size_t)r) * a->blocks + b]));
		EACH_V(g, 8)
			EACH_V(v, P * GV) {
				const unsigned char *q = lane(a, w, v, b * 512 + (size_t)g * 64);
				EACH_V(r, R)
					c[r][v] = idot8(c[r][v], q, x + (size_t)r * ldx + b * 32 + (size_t)g * 4);
			}
		add_block(a, row, b, w + a->blocks * 512, c, s, R, P);
	}
	put_tile(y, a->ldy, s, R, P);
}

INLINE void
tile_q4(const struct kern_rows *a, const unsigned char *w, size_t row, float *y, int R, int P)
{
	const int8_t *x = a->xq + row * a->blocks * 32;
	size_t ldx = a->blocks * 32;
	vf s[ROWS_Q][4];
	vi c[ROWS_Q][4];

	EACH_V(r, R)
		EACH_V(v, P * GV)
			s[r][v] = vset(0);
	for (size_t b = 0; b < a->blocks; b++) {
		EACH_V(r, R)
			EACH_V(v, P * GV)
				c[r][v] = iset(-8 * a->xs[(row + (size_t)r) * a->blocks + b]);
		EACH_V(g, 4)
			EACH_V(v, P * GV) {
				vi lo, hi;
				__builtin_prefetch(lane(a, w, v, b * 256 + (size_t)g * 64 + AHEAD));
				vnibbles(lane(a, w, v, b * 256 + (size_t)g * 64), &lo, &hi);
				EACH_V(r, R) {
					const int8_t *q = x + (size_t)r * ldx + b * 32 + (size_t)g * 4;
					c[r][v] = idot4(c[r][v], lo, q);
					c[r][v] = idot4(c[r][v], hi, q + 16);
				}
			}
		add_block(a, row, b, w + a->blocks * 256, c, s, R, P);
	}
	put_tile(y, a->ldy, s, R, P);
}

static void
widen_q8(float *out, const void *q8, size_t n)
{
	const float *scale = q8;
	const int8_t *q = (const int8_t *)(scale + 1);
	size_t i = 0;

	for (; i + KERN_GEMV <= n; i += KERN_GEMV)
		vstore(out + i, vmul(vint(ibytes(q + i)), vset(*scale)));
	for (; i < n; i++)
		out[i] = (float)q[i] * *scale;
}

/* One row: several panels at once, so that their chains run side by side; more rows: each weight serves all of a tile. */
#define GEMV(name, tile, R, P1, P2) \
static void \
name(const struct kern_rows *a) \
{ \
	for (size_t p = 0, n; p < a->np; p += n) { \
		const unsigned char *w = a->w + p * a->panel; \
		size_t i = 0; \
		float *y = a->y + p * GEMV_PANEL; \
		if (a->m == 1 && a->np - p >= P1) { \
			tile(a, w, 0, y, 1, P1); \
			n = P1; \
			continue; \
		} \
		n = a->m > 1 && a->np - p >= P2 ? P2 : 1; \
		for (; i + R <= a->m && n == P2; i += R) \
			tile(a, w, i, y + i * a->ldy, R, P2); \
		for (; i < a->m && n == P2 && P2 > 1; i++) \
			tile(a, w, i, y + i * a->ldy, 1, P2); \
		for (; i < a->m; i++) \
			tile(a, w, i, y + i * a->ldy, 1, 1); \
	} \
}
#define GEMVS \
	GEMV(f32, tile_f32, ROWS_F, PANELS_1, PANELS_R) \
	GEMV(bf16, tile_bf16, ROWS_F, PANELS_1, PANELS_R) \
	GEMV(q8, tile_q8, ROWS_Q, PANELS_1, PANELS_R) \
	GEMV(q4, tile_q4, ROWS_Q, PANELS_1, PANELS_R)
#define GEMV_LOOPS .f32 = f32, .bf16 = bf16, .q8 = q8, .q4 = q4, .quantize = quantize, .widen_q8 = widen_q8
#endif
