/* attn_tile - tiles of attention: which keys a row sees, scores, weighted sums */
/* SPDX-License-Identifier: MIT */
#include "kern/attn_int.h"
#include "base/par.h"
#include <string.h>

void
attn_rows_init(struct attn_rows *r, const struct attn_run *u, size_t b, size_t tile)
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
	r->kmin -= r->kmin % ATTN_KT;
}

/* Of the keys [j0, j0+kn), those from *from to *to (from j0) are seen by rows i0..i1; 0 if none are. */
static int
seen(const struct attn_rows *r, size_t i0, size_t i1, size_t j0, size_t kn, size_t *from, size_t *to)
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

void
attn_pack_rows(const struct attn_run *u, float *dst, size_t w, const float *src, size_t ld, size_t n)
{
	u->k->pack(dst, w, src, ld, 1, n, (size_t)u->a->D);
}

void
attn_pack_cols(const struct attn_run *u, float *dst, const float *src, size_t ld, size_t n)
{
	u->k->pack(dst, u->k->nr, src, ld, 0, (size_t)u->a->D, n);
}

void
attn_scores(const struct attn_run *u, const struct attn_rows *r, float *s, const float *x, const float *y, size_t j0, size_t kn)
{
	size_t mr = u->k->mr, nr = u->k->nr, D = (size_t)u->a->D, from, to;

	for (size_t i = 0; i < r->n; i += mr) {
		size_t m = least(mr, r->n - i);

		if (!seen(r, i, i + m, j0, kn, &from, &to))
			continue;
		for (size_t j = from / nr * nr; j < to; j += nr)
			u->k->tile(m, least(nr, kn - j), D, x + i * D, mr, y + j * D, s + i * KERN_ROW + j, KERN_ROW, 0);
	}
}

void
attn_weigh(const struct attn_run *u, const struct attn_rows *r, float *o, size_t ldo, const float *p, const float *v,
		size_t j0, size_t kn, size_t vn)
{
	size_t mr = u->k->mr, nr = u->k->nr, D = (size_t)u->a->D, from, to;

	for (size_t i = 0; i < r->n; i += mr) {
		size_t m = least(mr, r->n - i);

		if (!seen(r, i, i + m, j0, kn, &from, &to))
			from = to = 0;
		for (size_t d = 0; d < D && (from < to || j0 == r->kmin); d += nr)
			u->k->tile_rows(m, least(nr, D - d), to - from, p + i * KERN_ROW + from, v + d * vn + from * nr,
					o + i * ldo + d, ldo, j0 > r->kmin);
	}
}

/* The last key moves on by one a row, so that a panel reaches less than MARGIN beyond it. */
enum { MARGIN = 16 };

int
attn_part_of_row(const struct attn_rows *r, size_t i, float *s, size_t j0, size_t kn, size_t *from, size_t *to)
{
	size_t a = most(r->lo[i], j0), e = least(r->hi[i], j0 + kn);

	if (a >= e) {
		memset(s, 0, (r->hi[i] <= j0 ? MARGIN : kn) * sizeof *s);
		return 0;
	}
	*from = a - j0;
	*to = e - j0;
	if (*from)
		memset(s, 0, *from * sizeof *s);
	memset(s + *to, 0, MARGIN * sizeof *s);
	return 1;
}

void
attn_drop(const struct attn_run *u, const struct attn_rows *r, size_t h, size_t i, float *p, size_t j, size_t n)
{
	size_t T = (size_t)u->a->T;

	if (u->a->drop)
		drop_part(p, n, u->a->drop, r->row / T, u->a->site, (h * T + r->q0 + i) * T + j);
}

void
attn_run_init(struct attn_run *u, const struct attn *a)
{
	*u = (struct attn_run){ .a = a, .k = kern_now() };
	u->qt = ATTN_QT / u->k->mr * u->k->mr;
	u->nq = ((size_t)a->T + u->qt - 1) / u->qt;
	u->dp = round_up((size_t)a->D, u->k->nr);
}

size_t
attn_threads(void)
{
	return par_inside() ? 1 : (size_t)par_threads();
}
