/* panels - a weight matrix as decoding reads it: packing, and products with few rows */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "kern/panels.h"
#include "base/size.h"
#include "kern/kern.h"
#include <string.h>

enum { LANES = GEMV_PANEL, TASK = 8 };  /* TASK: panels */

static size_t
panel_bytes(enum quant t, size_t K)
{
	size_t n = panels_blocks(K);

	switch (t) {
	case QUANT_F32:  return K * LANES * 4;
	case QUANT_BF16: return (K + 1) / 2 * LANES * 4;
	case QUANT_Q8_0: return (n * (QUANT_BLOCK + 2) * LANES + 63) / 64 * 64;
	default:         return (n * (QUANT_BLOCK / 2 + 2) * LANES + 63) / 64 * 64;
	}
}

void
panels_init(struct panels *p, enum quant t, size_t N, size_t K)
{
	*p = (struct panels){ .type = t, .N = N, .K = K, .panel = panel_bytes(t, K) };
	arena_init(&p->mem, div_up(N, LANES) * panel_bytes(t, K));
	p->data = p->mem.base;
}

void
panels_free(struct panels *p)
{
	arena_free(&p->mem);
	*p = (struct panels){ 0 };
}

static void
put_block(unsigned char *panel, enum quant t, size_t blocks, size_t b, size_t lane, const unsigned char *from)
{
	size_t quads = t == QUANT_Q8_0 ? 8 : 4;
	unsigned char *q = panel + b * quads * 64 + lane * 4;

	memcpy(panel + blocks * quads * 64 + (b * LANES + lane) * 2, from, 2);
	for (size_t g = 0; g < quads; g++) {
		uint32_t v;
		memcpy(&v, from + 2 + 4 * g, 4);
		v ^= t == QUANT_Q8_0 ? 0x80808080 : 0;
		memcpy(q + g * 64, &v, 4);
	}
}

void
panels_put(struct panels *p, size_t r, enum quant from, const void *row, float *tmp)
{
	unsigned char *at = p->data + r / LANES * p->panel, block[QUANT_BLOCK + 2];
	const unsigned char *raw = row;
	size_t lane = r % LANES, blocks = panels_blocks(p->K), size = quant_bytes(p->type, QUANT_BLOCK);
	int blocky = p->type == QUANT_Q8_0 || p->type == QUANT_Q4_0, same = from == p->type;

	if (!same) {
		quant_unpack(from, row, p->K, tmp);
		memset(tmp + p->K, 0, (blocks * QUANT_BLOCK - p->K) * sizeof *tmp);
	}
	for (size_t b = 0; blocky && b < blocks; b++) {
		if (!same)
			quant_pack(p->type, tmp + b * QUANT_BLOCK, QUANT_BLOCK, block);
		put_block(at, p->type, blocks, b, lane, same ? raw + b * size : block);
	}
	if (p->type == QUANT_F32)
		for (size_t k = 0; k < p->K; k++)
			memcpy(at + (k * LANES + lane) * 4, same ? raw + 4 * k : (const unsigned char *)(tmp + k), 4);
	for (size_t k = 0; p->type == QUANT_BF16 && k < p->K; k++) {
		if (!same)
			quant_pack(QUANT_BF16, tmp + k, 1, block);
		memcpy(at + (k / 2 * LANES + lane) * 4 + k % 2 * 2, same ? raw + 2 * k : block, 2);
	}
}

void
panels_row(const struct panels *p, size_t r, float *out)
{
	const unsigned char *at = p->data + r / LANES * p->panel;
	size_t lane = r % LANES, blocks = panels_blocks(p->K), quads = p->type == QUANT_Q8_0 ? 8 : 4;

	if (p->type == QUANT_F32 || p->type == QUANT_BF16) {
		panels_unpack(p, out, 1, r, 1, 0, p->K);
		return;
	}
	for (size_t b = 0; b < blocks; b++) {
		unsigned char block[QUANT_BLOCK + 2];
		float v[QUANT_BLOCK];
		size_t n = p->K - b * QUANT_BLOCK < QUANT_BLOCK ? p->K - b * QUANT_BLOCK : QUANT_BLOCK;
		memcpy(block, at + blocks * quads * 64 + (b * LANES + lane) * 2, 2);
		for (size_t g = 0; g < quads; g++)
			for (size_t i = 0; i < 4; i++)
				block[2 + g * 4 + i] = at[b * quads * 64 + g * 64 + lane * 4 + i] ^ (p->type == QUANT_Q8_0 ? 0x80 : 0);
		quant_unpack(p->type, block, QUANT_BLOCK, v);
		memcpy(out + b * QUANT_BLOCK, v, n * sizeof *v);
	}
}

typedef uint32_t lanes __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

/* A lane after another, where not all of a panel's are asked for. */
static void
unpack_some(enum quant type, float *dst, const unsigned char *at, size_t m, size_t k)
{
	const uint32_t *x = (const uint32_t *)(const void *)(at + (type == QUANT_F32 ? k : k / 2) * LANES * 4);

	for (size_t i = 0; i < m; i++) {
		uint32_t bits = type == QUANT_F32 ? x[i] : k % 2 ? x[i] & 0xffff0000 : x[i] << 16;
		memcpy(dst + i, &bits, 4);
	}
}

void
panels_unpack(const struct panels *p, float *dst, size_t nr, size_t col, size_t n, size_t k0, size_t kn)
{
	for (size_t i = 0, m; i < nr; i += m) {
		size_t lane = (col + i) % LANES;
		const unsigned char *at = p->data + (col + i) / LANES * p->panel + lane * 4;
		const lanes *x = (const lanes *)(const void *)at;
		m = LANES - lane < nr - i ? LANES - lane : nr - i;
		for (size_t k = k0; k < k0 + kn; k++) {
			float *to = dst + (k - k0) * nr + i;
			if (i >= n)
				memset(to, 0, m * sizeof *to);
			else if (m < LANES)
				unpack_some(p->type, to, at, m, k);
			else if (p->type == QUANT_F32)
				*(lanes *)(void *)to = x[k];
			else if (k % 2)
				*(lanes *)(void *)to = x[k / 2] & 0xffff0000;
			else
				*(lanes *)(void *)to = x[k / 2] << 16;
		}
	}
}

void
panels_cells(const struct panels *p, uint32_t *dst, size_t nr, size_t col, size_t n, size_t k0, size_t kn)
{
	for (size_t i = 0, m; i < nr; i += m) {
		size_t lane = (col + i) % LANES;
		const unsigned char *at = p->data + (col + i) / LANES * p->panel + (k0 * LANES + lane) * 4;
		m = LANES - lane < nr - i ? LANES - lane : nr - i;
		for (size_t k = 0; k < kn; k++, at += LANES * 4)
			if (i < n && m == LANES)
				*(lanes *)(void *)(dst + k * nr + i) = *(const lanes *)(const void *)at;
			else if (i < n)
				memcpy(dst + k * nr + i, at, m * 4);
			else
				memset(dst + k * nr + i, 0, m * 4);
	}
}

static const struct kern_gemv *
gemv_now(void)
{
	static const struct kern_gemv *const all[] = {
#ifdef HAVE_KERN_AVX512
		&kern_gemv_avx512,
#endif
#ifdef HAVE_KERN_AVX2
		&kern_gemv_avx2,
#endif
		&kern_gemv_ref,
	};
	const char *cap = kern_now()->name;
	size_t i = 0, n = sizeof all / sizeof *all, first = n - 1;

	while (i < n && strncmp(all[i]->name, cap, strlen(all[i]->name)))       /* avx512bf16 is an avx512, too */
		i++;
	for (; i < n; i++)              /* the named one, or what is less */
		if (all[i]->usable()) {
			first = i;
			break;
		}
	return all[first];
}

void
panels_quantize(const struct panels_x *x, size_t K, size_t row)
{
	const struct kern_gemv *k = gemv_now();
	const float *from = x->x + row * x->ld;
	size_t blocks = panels_blocks(K), whole = K / QUANT_BLOCK, at = row * blocks;
	float last[QUANT_BLOCK] = { 0 };

	k->quantize(from, whole, x->q + at * QUANT_BLOCK, x->d + at, x->s + at);
	if (whole == blocks)
		return;
	memcpy(last, from + whole * QUANT_BLOCK, K % QUANT_BLOCK * sizeof *last);
	k->quantize(last, 1, x->q + (at + whole) * QUANT_BLOCK, x->d + at + whole, x->s + at + whole);
}

void
panels_widen_q8(float *out, const void *q8, size_t n)
{
	gemv_now()->widen_q8(out, q8, n);
}

size_t
panels_tasks(const struct panels *p)
{
	return (p->N + TASK * LANES - 1) / (TASK * LANES);
}

static void
run(const struct panels *p, const struct kern_rows *r)
{
	const struct kern_gemv *k = gemv_now();

	(p->type == QUANT_F32 ? k->f32 : p->type == QUANT_BF16 ? k->bf16 : p->type == QUANT_Q8_0 ? k->q8 : k->q4)(r);
}

/* The last panel, if lanes are left over: by way of room for all of them. */
static void
run_last(const struct panels *p, struct kern_rows r, size_t n)
{
	float room[64 * LANES], *y = r.y;
	size_t m = r.m, ldy = r.ldy;

	for (size_t i = 0; i < m; i += r.m) {
		r.m = m - i < 64 ? m - i : 64;
		r.y = room;
		r.ldy = LANES;
		run(p, &r);
		for (size_t k = 0; k < r.m; k++)
			memcpy(y + (i + k) * ldy, room + k * LANES, n * sizeof *y);
		r.x += r.m * r.ldx;
		r.xq += r.m * r.blocks * QUANT_BLOCK;
		r.xd += r.m * r.blocks;
		r.xs += r.m * r.blocks;
	}
}

void
panels_task(const struct panels *p, size_t i, const struct panels_x *x, float *y, size_t ldy, const float *bias,
		const float *residual)
{
	size_t col = i * TASK * LANES, n = p->N - col < TASK * LANES ? p->N - col : TASK * LANES;
	struct kern_rows r = { .m = x->rows, .np = n / LANES, .K = p->K, .w = p->data + col / LANES * p->panel,
		.panel = p->panel, .x = x->x, .ldx = x->ld, .xq = x->q, .xd = x->d, .xs = x->s, .blocks = panels_blocks(p->K),
		.y = y + col, .ldy = ldy };

	run(p, &r);
	if (n % LANES) {
		r.w += r.np * p->panel;
		r.y += r.np * LANES;
		r.np = 1;
		run_last(p, r, n % LANES);
	}
	for (size_t m = 0; m < x->rows; m++) {
		float *to = y + m * ldy + col;
		for (size_t c = 0; bias && c < n; c++)
			to[c] += bias[col + c];
		for (size_t c = 0; residual && c < n; c++)
			to[c] += residual[m * ldy + col + c];
	}
}
