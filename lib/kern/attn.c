/* attn - causal attention in tiles, forward and backward */
/* SPDX-License-Identifier: MIT */
#include "kern/attn.h"
#include "kern/kern.h"
#include "base/par.h"
#include <math.h>
#include <string.h>

/*
 * A tile is some rows of queries against KT keys, at boundaries that are the same for every row: what a row sums,
 * and in which order, depends on its own keys alone.  Keys that no row of a panel sees are left out of a product,
 * those that only this row does not see have probability 0.
 */
enum { KT = KERN_ROW, QT = 224 };       /* QT: at most; a multiple of the micro-tile's rows */

struct run {
	const struct attn *a;
	const struct kern *k;
	size_t qt, nq;                  /* rows of a tile, tiles of a sequence */
	size_t dp;                      /* D, rounded up to whole panels */
	float *mem;                     /* scratch, per floats a thread */
	size_t per;
	const float *dout;
	float *dq, *dk, *dv;
};

/* The rows of a tile and the keys [lo, hi) that each sees. */
struct rows {
	size_t row, q0, n;              /* row of position 0 of this sequence, first position, how many */
	size_t lo[QT], hi[QT];
	size_t kmin, kmax;              /* of the whole tile; kmin is a boundary */
};

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
most(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t
round_up(size_t a, size_t b)
{
	return (a + b - 1) / b * b;
}

static void
rows_init(struct rows *r, const struct run *u, size_t b, size_t tile)
{
	const struct attn *a = u->a;

	r->row = b * (size_t)a->T;
	r->q0 = tile * u->qt;
	r->n = least(u->qt, (size_t)a->T - r->q0);
	r->kmin = a->past + r->q0;
	r->kmax = r->kmin + r->n;
	for (size_t i = 0; i < r->n; i++) {
		size_t t = a->past + r->q0 + i;

		r->hi[i] = t + 1;
		r->lo[i] = a->start ? a->start[r->row + t] : 0;
		if (a->window > 0 && t + 1 > (size_t)a->window)
			r->lo[i] = most(r->lo[i], t + 1 - (size_t)a->window);
		r->kmin = least(r->kmin, r->lo[i]);
	}
	r->kmin -= r->kmin % KT;
}

/* Of the keys [j0, j0+kn), those from *from to *to (from j0) are seen by rows i0..i1; 0 if none are. */
static int
seen(const struct rows *r, size_t i0, size_t i1, size_t j0, size_t kn, size_t *from, size_t *to)
{
	size_t lo = (size_t)-1, hi = 0;

	for (size_t i = i0; i < i1; i++)
		if (r->lo[i] < r->hi[i]) {
			lo = least(lo, r->lo[i]);
			hi = most(hi, r->hi[i]);
		}
	lo = most(lo, j0);
	hi = least(hi, j0 + kn);
	*from = lo - j0;
	*to = hi - j0;
	return lo < hi;
}

/* Of the rows of the tile, those from *from to *to see some of the keys [j, j+n). */
static int
seers(const struct rows *r, size_t j, size_t n, size_t *from, size_t *to)
{
	*from = r->n;
	*to = 0;
	for (size_t i = 0; i < r->n; i++)
		if (r->lo[i] < j + n && r->hi[i] > j && r->lo[i] < r->hi[i]) {
			*from = least(*from, i);
			*to = i + 1;
		}
	return *from < *to;
}

/* Panels of n rows of D floats, lane by lane for a product over D. */
static void
pack_rows(const struct run *u, float *dst, size_t w, const float *src, size_t ld, size_t n)
{
	u->k->pack(dst, w, src, ld, 1, n, (size_t)u->a->D);
}

/* Panels of D columns for a product over n rows. */
static void
pack_cols(const struct run *u, float *dst, const float *src, size_t ld, size_t n)
{
	u->k->pack(dst, u->k->nr, src, ld, 0, (size_t)u->a->D, n);
}

/* s (rows, KT) = x y^T over D where some row of a panel sees some key of a panel. */
static void
scores(const struct run *u, const struct rows *r, float *s, const float *x, const float *y, size_t j0, size_t kn)
{
	size_t mr = u->k->mr, nr = u->k->nr, D = (size_t)u->a->D, from, to;

	for (size_t i = 0; i < r->n; i += mr) {
		size_t m = least(mr, r->n - i);

		if (!seen(r, i, i + m, j0, kn, &from, &to))
			continue;
		for (size_t j = from / nr * nr; j < to; j += nr)
			u->k->tile(m, least(nr, kn - j), D, x + i * D, mr, y + j * D, s + i * KT + j, KT, 0);
	}
}

/* o (rows, D) += p (rows, keys) v: panels of v hold vn keys. */
static void
weigh(const struct run *u, const struct rows *r, float *o, size_t ldo, const float *p, const float *v,
		size_t j0, size_t kn, size_t vn)
{
	size_t mr = u->k->mr, nr = u->k->nr, D = (size_t)u->a->D, from, to;

	for (size_t i = 0; i < r->n; i += mr) {
		size_t m = least(mr, r->n - i);

		if (seen(r, i, i + m, j0, kn, &from, &to))
			for (size_t d = 0; d < D; d += nr)
				u->k->tile_rows(m, least(nr, D - d), to - from, p + i * KT + from,
						v + d * vn + from * nr, o + i * ldo + d, ldo, 1);
	}
}

/* Where the part of a row that tile [j0, j0+kn) holds begins and ends; what products read of the rest is set
 * to 0.  The last key moves on by one a row, so that a panel reaches less than MARGIN beyond it. */
enum { MARGIN = 32 };

static int
part_of_row(const struct rows *r, size_t i, float *s, size_t j0, size_t kn, size_t *from, size_t *to)
{
	size_t a = most(r->lo[i], j0), e = least(r->hi[i], j0 + kn);

	if (a >= e) {
		memset(s, 0, (r->hi[i] <= j0 ? least(MARGIN, kn) : kn) * sizeof *s);
		return 0;
	}
	*from = a - j0;
	*to = e - j0;
	memset(s, 0, *from * sizeof *s);
	memset(s + *to, 0, least(MARGIN, kn - *to) * sizeof *s);
	return 1;
}

/* Probabilities (or their gradients) of row i and keys [j, j+n): some are dropped. */
static void
drop(const struct run *u, const struct rows *r, size_t h, size_t i, float *p, size_t j, size_t n)
{
	size_t T = (size_t)u->a->T;

	if (u->a->drop)
		drop_part(p, n, u->a->drop, r->row / T, u->a->site, (h * T + r->q0 + i) * T + j);
}

/* One tile's step of the online softmax: s becomes probabilities relative to the running maximum. */
static void
online(const struct run *u, const struct rows *r, size_t h, float *s, float *top, float *sum, float *o, size_t ldo,
		size_t j0, size_t kn)
{
	const struct kern *k = u->k;
	size_t from, to;

	for (size_t i = 0; i < r->n; i++, s += KT) {
		float m, fix;

		if (!part_of_row(r, i, s, j0, kn, &from, &to))
			continue;
		m = k->max(s + from, to - from) * u->a->scale;
		m = m > top[i] ? m : top[i];
		fix = expf(top[i] - m);
		if (fix != 1)
			k->scale(o + i * ldo, fix, (size_t)u->a->D);
		sum[i] = sum[i] * fix + k->expsum(s + from, s + from, u->a->scale, m, to - from, NULL);
		top[i] = m;
		drop(u, r, h, i, s + from, j0 + from, to - from);
	}
}

static void
fwd_tile(size_t task, int thread, void *ctx)
{
	const struct run *u = ctx;
	const struct attn *a = u->a;
	size_t tile = u->nq - 1 - task % u->nq, bh = task / u->nq, h = bh % (size_t)a->H, D = (size_t)a->D;
	size_t kvh = h / (size_t)(a->H / a->KV), ldo = (size_t)a->H * D, ld_kv = a->ld_kv ? a->ld_kv : a->ld;
	float *pq = u->mem + (size_t)thread * u->per, *pk = pq + QT * u->dp, *pv = pk + KT * u->dp, *s = pv + KT * u->dp;
	float top[QT], sum[QT], *o;
	struct rows r;

	rows_init(&r, u, bh / (size_t)a->H, tile);
	o = a->o + (r.row + r.q0) * ldo + h * D;
	for (size_t i = 0; i < r.n; i++) {
		top[i] = -INFINITY;
		sum[i] = 0;
		memset(o + i * ldo, 0, D * sizeof *o);
	}
	pack_rows(u, pq, u->k->mr, a->q + (r.row + r.q0) * a->ld + h * D, a->ld, r.n);
	for (size_t j0 = r.kmin; j0 < r.kmax; j0 += KT) {
		size_t kn = least(KT, r.kmax - j0), at = (r.row + j0) * ld_kv + kvh * D;

		pack_rows(u, pk, u->k->nr, a->k + at, ld_kv, kn);
		pack_cols(u, pv, a->v + at, ld_kv, kn);
		scores(u, &r, s, pq, pk, j0, kn);
		online(u, &r, h, s, top, sum, o, ldo, j0, kn);
		weigh(u, &r, o, ldo, s, pv, j0, kn, kn);
	}
	for (size_t i = 0; i < r.n; i++) {
		if (sum[i] > 0)
			u->k->scale(o + i * ldo, 1 / sum[i], D);
		if (a->lse)
			a->lse[bh * (size_t)a->T + r.q0 + i] = top[i] + logf(sum[i]);
	}
}

static void
run_init(struct run *u, const struct attn *a)
{
	*u = (struct run){ .a = a, .k = kern_now() };
	u->qt = QT / u->k->mr * u->k->mr;
	u->nq = ((size_t)a->T + u->qt - 1) / u->qt;
	u->dp = round_up((size_t)a->D, u->k->nr);
}

static size_t
threads_now(void)
{
	return par_inside() ? 1 : (size_t)par_threads();
}

void
attn_fwd(const struct attn *a)
{
	struct run u;

	run_init(&u, a);
	u.per = round_up((QT + 2 * KT) * u.dp + QT * KT, 16);
	u.mem = kern_scratch(SCRATCH_ATTN, u.per * threads_now());
	par_for_on((size_t)a->B * (size_t)a->H * u.nq, fwd_tile, &u);
}

/* What the backward pass of one (b, kv head) keeps packed, and room for one tile. */
struct back {
	size_t row, kvh, T;
	float *kt, *vt, *kc;            /* of all T keys: k and v for scores, k by columns (panels of T rows) */
	float *qa, *da, *qc, *dc;       /* of a tile of queries: q and dout for scores, and by columns */
	float *s, *dp;
};

static size_t
back_floats(const struct run *u)
{
	return round_up((3 * round_up((size_t)u->a->T, u->k->nr) + 4 * QT) * u->dp + 2 * QT * KT, 16);
}

static void
back_init(struct back *w, const struct run *u, size_t task, float *mem)
{
	const struct attn *a = u->a;
	size_t T = (size_t)a->T, D = (size_t)a->D, all = round_up(T, u->k->nr) * u->dp, at;

	w->row = task / (size_t)a->KV * T;
	w->kvh = task % (size_t)a->KV;
	w->T = T;
	w->kt = mem;
	w->vt = w->kt + all;
	w->kc = w->vt + all;
	w->qa = w->kc + all;
	w->da = w->qa + QT * u->dp;
	w->qc = w->da + QT * u->dp;
	w->dc = w->qc + QT * u->dp;
	w->s = w->dc + QT * u->dp;
	w->dp = w->s + QT * KT;
	at = w->row * a->ld + w->kvh * D;
	pack_rows(u, w->kt, u->k->nr, a->k + at, a->ld, T);
	pack_rows(u, w->vt, u->k->nr, a->v + at, a->ld, T);
	pack_cols(u, w->kc, a->k + at, a->ld, T);
	for (size_t t = 0; t < T; t++) {
		memset(u->dk + at + t * a->ld, 0, D * sizeof (float));
		memset(u->dv + at + t * a->ld, 0, D * sizeof (float));
	}
}

/* d (keys, D) += p^T x: rows of p see keys, panels of x hold the tile's rows. */
static void
spread(const struct run *u, const struct rows *r, float *d, const float *p, const float *x,
		size_t j0, size_t kn)
{
	size_t mr = u->k->mr, nr = u->k->nr, D = (size_t)u->a->D, ld = u->a->ld, from, to;

	for (size_t j = 0; j < kn; j += mr) {
		size_t m = least(mr, kn - j);

		if (seers(r, j0 + j, m, &from, &to))
			for (size_t c = 0; c < D; c += nr)
				u->k->tile(m, least(nr, D - c), to - from, p + from * KT + j, KT,
						x + c * r->n + from * nr, d + j * ld + c, ld, 1);
	}
}

/* Dao et al. (2022), algorithm 4: P = exp(S - lse), dV += P^T dO, dS = P (dO V^T - delta), dQ += dS K, dK += dS^T Q;
 * with dropout Z, which is drawn again, dV += (P Z)^T dO and dS = P (Z dO V^T - delta). */
static void
bwd_tile(const struct run *u, const struct back *w, size_t h, size_t tile)
{
	const struct attn *a = u->a;
	size_t D = (size_t)a->D, T = w->T, ldo = (size_t)a->H * D, from, to, at, ato;
	struct rows r;
	float delta[QT];
	const float *lse;

	rows_init(&r, u, w->row / T, tile);
	at = (r.row + r.q0) * a->ld + h * D;
	ato = (r.row + r.q0) * ldo + h * D;
	lse = a->lse + (w->row / T * (size_t)a->H + h) * T + r.q0;
	pack_rows(u, w->qa, u->k->mr, a->q + at, a->ld, r.n);
	pack_rows(u, w->da, u->k->mr, u->dout + ato, ldo, r.n);
	pack_cols(u, w->qc, a->q + at, a->ld, r.n);
	pack_cols(u, w->dc, u->dout + ato, ldo, r.n);
	for (size_t i = 0; i < r.n; i++) {
		delta[i] = u->k->dot(u->dout + ato + i * ldo, a->o + ato + i * ldo, D);
		memset(u->dq + at + i * a->ld, 0, D * sizeof (float));
	}
	for (size_t j0 = r.kmin; j0 < r.kmax; j0 += KT) {
		size_t kn = least(KT, r.kmax - j0), atk = (r.row + j0) * a->ld + w->kvh * D;

		scores(u, &r, w->s, w->qa, w->kt + j0 * D, j0, kn);
		scores(u, &r, w->dp, w->da, w->vt + j0 * D, j0, kn);
		for (size_t i = 0; i < r.n; i++) {
			float *s = w->s + i * KT, *dp = w->dp + i * KT;

			if (!(part_of_row(&r, i, s, j0, kn, &from, &to) & part_of_row(&r, i, dp, j0, kn, &from, &to)))
				continue;
			drop(u, &r, h, i, dp + from, j0 + from, to - from);
			u->k->softmax_bwd(s + from, dp + from, a->scale, lse[i], delta[i], to - from);
			drop(u, &r, h, i, s + from, j0 + from, to - from);
		}
		spread(u, &r, u->dv + atk, w->s, w->dc, j0, kn);
		spread(u, &r, u->dk + atk, w->dp, w->qc, j0, kn);
		weigh(u, &r, u->dq + at, a->ld, w->dp, w->kc + j0 * u->k->nr, j0, kn, T);
	}
}

static void
bwd_head(size_t task, int thread, void *ctx)
{
	const struct run *u = ctx;
	size_t group = (size_t)(u->a->H / u->a->KV);
	struct back w;

	back_init(&w, u, task, u->mem + (size_t)thread * u->per);
	for (size_t h = w.kvh * group; h < (w.kvh + 1) * group; h++)
		for (size_t tile = 0; tile < u->nq; tile++)
			bwd_tile(u, &w, h, tile);
}

void
attn_bwd(const struct attn *a, const float *dout, float *dq, float *dk, float *dv)
{
	struct run u;

	run_init(&u, a);
	u.dout = dout;
	u.dq = dq;
	u.dk = dk;
	u.dv = dv;
	u.per = back_floats(&u);
	u.mem = kern_scratch(SCRATCH_ATTN, u.per * threads_now());
	par_for_on((size_t)a->B * (size_t)a->KV, bwd_head, &u);
}

size_t
attn_scratch(const struct attn *a)
{
	struct run u;

	run_init(&u, a);
	return back_floats(&u) * threads_now();
}

void
attn_part(const float *q, const float *k, const float *v, size_t ld_kv, size_t n, int H, int KV, int D,
		float scale, float *o, float *top, float *sum)
{
	const struct kern *kern = kern_now();
	size_t d = (size_t)D;

	for (size_t h = 0; h < (size_t)H; h++, q += d, o += d) {
		size_t at = h / (size_t)(H / KV) * d;
		float s[KT];

		for (size_t j0 = 0; j0 < n; j0 += KT) {
			size_t kn = least(KT, n - j0);
			float m, fix;

			for (size_t j = 0; j < kn; j++)
				s[j] = kern->dot(q, k + (j0 + j) * ld_kv + at, d);
			m = kern->max(s, kn) * scale;
			m = m > top[h] ? m : top[h];
			fix = expf(top[h] - m);
			if (fix != 1)
				kern->scale(o, fix, d);
			sum[h] = sum[h] * fix + kern->expsum(s, s, scale, m, kn, NULL);
			top[h] = m;
			for (size_t j = 0; j < kn; j++)
				kern->axpy(o, s[j], v + (j0 + j) * ld_kv + at, d);
		}
	}
}

void
attn_end(float *o, const float *sum, int H, int D)
{
	for (int h = 0; h < H; h++)
		kern_now()->scale(o + (size_t)h * (size_t)D, 1 / sum[h], (size_t)D);
}
