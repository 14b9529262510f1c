/* tile - packing panels of a product's operands, and the tile that is computed from them */
#ifndef LM_TILE_H
#define LM_TILE_H
/* SPDX-License-Identifier: MIT */

/*
 * What a cell of a panel holds: a number, a number rounded to bf16, or two of those, k in the lower half and k+1 in
 * the upper.  Two are for a kern_*.c with such an instruction, which defines KERN_PAIRS and: vpair(x, y), cells of
 * bf16 x below and y above; valong(x, y), cells of the 2 W neighbours x, y; vdot2(a, b, c) = c + the products of a's and b's.
 */
enum cell { CELL_F32, CELL_BF16, CELL_PAIR };
#ifdef KERN_PAIRS
#define PER 2
#define CELL_HALF CELL_PAIR
#define TILE_BF16 tile_bf16
#define MAC(cell, a, b, c) ((cell) == CELL_PAIR ? vdot2(a, b, c) : vfma(a, b, c))
#else
#define PER 1
#define CELL_HALF CELL_BF16
#define TILE_BF16 tile
#define MAC(cell, a, b, c) ((void)(cell), vfma(a, b, c))
#endif

/* The next W cells of one lane, from n numbers that are neighbours. */
INLINE vf
cells_along(const float *p, size_t n, enum cell cell)
{
#ifdef KERN_PAIRS
	if (cell == CELL_PAIR)
		return valong(vpart(p, n, 0), vpart(p, n, W));
#endif
	return cell == CELL_F32 ? vget(p, n) : vbf16(vget(p, n));
}

/* One cell of each of n lanes that are neighbours; the next number of a lane is ld on, unless this is the last. */
INLINE vf
cells_across(const float *p, size_t n, size_t ld, int last, enum cell cell)
{
#ifdef KERN_PAIRS
	if (cell == CELL_PAIR)
		return vpair(vget(p, n), last ? vset(0) : vget(p + ld, n));
#endif
	(void)ld, (void)last;
	return cell == CELL_F32 ? vget(p, n) : vbf16(vget(p, n));
}

/* W lanes from lane g of a panel of w, W cells of k, transposed in registers. */
INLINE void
pack_square(float *dst, size_t w, size_t g, const float *src, size_t ld, size_t valid, size_t kn, enum cell cell)
{
	size_t lanes = w - g < W ? w - g : W, per = cell == CELL_PAIR ? 2 : 1;
	vf r[KERN_W];

	if (valid >= lanes && kn >= W * per) {
		UNROLL for (size_t i = 0; i < W; i++)
			r[i] = i < lanes ? cells_along(src + i * ld, W * per, cell) : vset(0);
		vtranspose(r);
		UNROLL for (size_t k = 0; k < W; k++)
			vput(dst + k * w, r[k], lanes);
		return;
	}
	for (size_t i = 0; i < W; i++)
		r[i] = i < valid ? cells_along(src + i * ld, kn, cell) : vset(0);
	vtranspose(r);
	for (size_t k = 0; k < W && k * per < kn; k++)
		vput(dst + k * w, r[k], lanes);
}

/* One panel of w lanes and kn numbers of each, which are neighbours in memory. */
INLINE void
pack_along(size_t w, float *dst, const float *src, size_t ld, size_t valid, size_t kn, enum cell cell)
{
	size_t per = cell == CELL_PAIR ? 2 : 1;

	for (size_t k = 0; k < kn; k += W * per)
		UNROLL for (size_t g = 0; g < w; g += W)
			pack_square(dst + k / per * w + g, w, g, src + g * ld + k, ld, valid > g ? valid - g : 0, kn - k, cell);
}

/* The same where neighbours are of different lanes. */
INLINE void
pack_across(size_t w, float *dst, const float *src, size_t ld, size_t valid, size_t kn, enum cell cell)
{
	size_t per = cell == CELL_PAIR ? 2 : 1;

	for (size_t k = 0; k < kn; k += per)
		UNROLL for (size_t g = 0; g < w; g += W) {
			size_t lanes = w - g < W ? w - g : W, have = valid > g ? valid - g : 0;

			vput(dst + k / per * w + g, have ? cells_across(src + k * ld + g, have < lanes ? have : lanes, ld,
					k + 1 == kn, cell) : vset(0), lanes);
		}
}

enum { PACK_ROWS = 8 };         /* across: rows far apart share few places of a cache, so each line is read once, by all panels */

INLINE void
pack_as(size_t w, float *dst, const float *src, size_t ld, int along_k, size_t lanes, size_t kn, enum cell cell)
{
	size_t per = cell == CELL_PAIR ? 2 : 1, panel = (kn + per - 1) / per * w;

	for (size_t i = 0; along_k && i < lanes; i += w)
		pack_along(w, dst + i / w * panel, src + i * ld, ld, lanes - i < w ? lanes - i : w, kn, cell);
	for (size_t k = 0; !along_k && k < kn; k += PACK_ROWS)
		for (size_t i = 0; i < lanes; i += w) {
			float *to = dst + i / w * panel + k / per * w;
			size_t rows = kn - k < PACK_ROWS ? kn - k : PACK_ROWS;

			if (lanes - i >= w)
				pack_across(w, to, src + k * ld + i, ld, w, rows, cell);
			else
				pack_across(w, to, src + k * ld + i, ld, lanes - i, rows, cell);
		}
}

static void
pack(float *dst, size_t w, const float *src, size_t ld, int along_k, size_t lanes, size_t k)
{
	if (w == NR)
		pack_as(NR, dst, src, ld, along_k, lanes, k, CELL_F32);
	else
		pack_as(MR, dst, src, ld, along_k, lanes, k, CELL_F32);
}

static void
pack_bf16(float *dst, size_t w, const float *src, size_t ld, int along_k, size_t lanes, size_t k)
{
	if (w == NR)
		pack_as(NR, dst, src, ld, along_k, lanes, k, CELL_HALF);
	else
		pack_as(MR, dst, src, ld, along_k, lanes, k, CELL_HALF);
}

/* A tile of constant m rows by NR columns: accumulators stay in registers, each step of k loads NR/W vectors of B
 * and broadcasts m cells of A. */
INLINE void
tile_as(size_t m, size_t n, size_t k, const float *a, size_t ai, size_t ak, const float *b, float *c, size_t ldc, int load,
		enum cell cell)
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
				x[i][j] = MAC(cell, s, v[j], x[i][j]);
		}
	}
	UNROLL for (size_t i = 0; i < m; i++)
		UNROLL for (size_t j = 0; j < NR / W; j++)
			if (n >= NR)
				vstore(c + i * ldc + j * W, x[i][j]);
			else if (n > j * W)
				vput(c + i * ldc + j * W, x[i][j], n - j * W);
}

typedef void tile_fn(size_t, size_t, const float *, size_t, const float *, float *, size_t, int);

/* One form of tile for each number of rows; TILES chooses among M of them, EACH_TILE(F) being F(1) ... F(MR). */
#define TILE_AS(name, M, ai, ak, cell) \
	static void \
	name##_##M(size_t n, size_t k, const float *a, size_t lda, const float *b, float *c, size_t ldc, int load) \
	{ \
		(void)lda; \
		tile_as(M, n, k, a, ai, ak, b, c, ldc, load, cell); \
	}
#define TILE(M) TILE_AS(tile, M, 1, lda, CELL_F32)
#define ROWS(M) TILE_AS(rows, M, KERN_ROW, 1, CELL_F32)
#define HALF(M) TILE_AS(half, M, 1, lda, CELL_HALF)
#define TILE_NAME(M) tile_##M,
#define ROWS_NAME(M) rows_##M,
#define HALF_NAME(M) half_##M,

EACH_TILE(TILE)
EACH_TILE(ROWS)

static void
tile(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, float *c, size_t ldc, int load)
{
	static tile_fn *const by_rows[] = { EACH_TILE(TILE_NAME) };

	by_rows[m - 1](n, k, a, lda, b, c, ldc, load);
}

static void
tile_rows(size_t m, size_t n, size_t k, const float *a, const float *b, float *c, size_t ldc, int load)
{
	static tile_fn *const by_rows[] = { EACH_TILE(ROWS_NAME) };

	by_rows[m - 1](n, k, a, 1, b, c, ldc, load);
}

#ifdef KERN_PAIRS
EACH_TILE(HALF)

static void
tile_bf16(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, float *c, size_t ldc, int load)
{
	static tile_fn *const by_rows[] = { EACH_TILE(HALF_NAME) };

	by_rows[m - 1](n, k, a, lda, b, c, ldc, load);
}
#endif
#endif
