/* attn_bwd - causal attention in tiles, backward */
/* SPDX-License-Identifier: MIT */
#include "kern/attn_int.h"
#include "base/par.h"
#include <string.h>

/* What the backward pass of one (b, kv head) keeps packed, and room for one tile. */
struct back {
	size_t row, kvh, T;
	float *kt, *vt, *kc;            /* of all T keys: k and v for scores, k by columns (panels of T rows) */
	float *qa, *da, *qc, *dc;       /* of a tile of queries: q and dout for scores, and by columns */
	float *s, *dp;
};

static size_t
back_floats(const struct attn_run *u)
{
	return round_up((3 * round_up((size_t)u->a->T, u->k->nr) + 4 * ATTN_QT) * u->dp + 2 * ATTN_QT * KERN_ROW, 16);
}

static void
back_init(struct back *w, const struct attn_run *u, size_t task, float *mem)
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
	w->da = w->qa + ATTN_QT * u->dp;
	w->qc = w->da + ATTN_QT * u->dp;
	w->dc = w->qc + ATTN_QT * u->dp;
	w->s = w->dc + ATTN_QT * u->dp;
	w->dp = w->s + ATTN_QT * KERN_ROW;
	at = w->row * a->ld + w->kvh * D;
	attn_pack_rows(u, w->kt, u->k->nr, a->k + at, a->ld, T);
	attn_pack_rows(u, w->vt, u->k->nr, a->v + at, a->ld, T);
	attn_pack_cols(u, w->kc, a->k + at, a->ld, T);
	for (size_t t = 0; t < T; t++) {
		memset(u->dk + at + t * a->ld, 0, D * sizeof (float));
		memset(u->dv + at + t * a->ld, 0, D * sizeof (float));
	}
}

/* Does row i see a key before `end`? */
static int
sees(const struct attn_rows *r, size_t i, size_t end)
{
	return r->lo[i] < least(r->hi[i], end);
}

/* Of the rows of the tile, those from *from to *to see some of the keys [j, j+n): none whose own position is before j. */
static int
seers(const struct attn_rows *r, size_t j, size_t n, size_t *from, size_t *to)
{
	*from = j < r->hi[0] ? 0 : j + 1 - r->hi[0];
	*to = r->n;
	while (*from < *to && !sees(r, *from, j + n))
		(*from)++;
	while (*from < *to && !sees(r, *to - 1, j + n))
		(*to)--;
	return *from < *to;
}

/* d (keys, D) += p^T x: rows of p see keys, panels of x hold the tile's rows. */
static void
spread(const struct attn_run *u, const struct attn_rows *r, float *d, const float *p, const float *x,
		size_t j0, size_t kn)
{
	size_t mr = u->k->mr, nr = u->k->nr, D = (size_t)u->a->D, ld = u->a->ld, from, to;

	for (size_t j = 0; j < kn; j += mr) {
		size_t m = least(mr, kn - j);

		if (seers(r, j0 + j, m, &from, &to))
			for (size_t c = 0; c < D; c += nr)
				u->k->tile(m, least(nr, D - c), to - from, p + from * KERN_ROW + j, KERN_ROW,
						x + c * r->n + from * nr, d + j * ld + c, ld, 1);
	}
}

/* Dao et al. (2022), algorithm 4: P = exp(S - lse), dV += P^T dO, dS = P (dO V^T - delta), dQ += dS K, dK += dS^T Q;
 * with dropout Z, which is drawn again, dV += (P Z)^T dO and dS = P (Z dO V^T - delta). */
static void
bwd_tile(const struct attn_run *u, const struct back *w, size_t h, size_t tile)
{
	const struct attn *a = u->a;
	size_t D = (size_t)a->D, T = w->T, ldo = (size_t)a->H * D, from, to, at, ato;
	struct attn_rows r;
	float delta[ATTN_QT];
	const float *lse;

	attn_rows_init(&r, u, w->row / T, tile);
	at = (r.row + r.q0) * a->ld + h * D;
	ato = (r.row + r.q0) * ldo + h * D;
	lse = a->lse + (w->row / T * (size_t)a->H + h) * T + r.q0;
	attn_pack_rows(u, w->qa, u->k->mr, a->q + at, a->ld, r.n);
	attn_pack_rows(u, w->da, u->k->mr, u->dout + ato, ldo, r.n);
	attn_pack_cols(u, w->qc, a->q + at, a->ld, r.n);
	attn_pack_cols(u, w->dc, u->dout + ato, ldo, r.n);
	for (size_t i = 0; i < r.n; i++)
		delta[i] = u->k->dot(u->dout + ato + i * ldo, a->o + ato + i * ldo, D);
	for (size_t j0 = r.kmin; j0 < r.kmax; j0 += ATTN_KT) {
		size_t kn = least(ATTN_KT, r.kmax - j0), atk = (r.row + j0) * a->ld + w->kvh * D;

		attn_scores(u, &r, w->s, w->qa, w->kt + j0 * D, j0, kn);
		attn_scores(u, &r, w->dp, w->da, w->vt + j0 * D, j0, kn);
		for (size_t i = 0; i < r.n; i++) {
			float *s = w->s + i * KERN_ROW, *dp = w->dp + i * KERN_ROW;

			if (!(attn_part_of_row(&r, i, s, j0, kn, &from, &to) & attn_part_of_row(&r, i, dp, j0, kn, &from, &to)))
				continue;
			attn_drop(u, &r, h, i, dp + from, j0 + from, to - from);
			u->k->softmax_bwd(s + from, dp + from, a->scale, lse[i], delta[i], to - from);
			attn_drop(u, &r, h, i, s + from, j0 + from, to - from);
		}
		spread(u, &r, u->dv + atk, w->s, w->dc, j0, kn);
		spread(u, &r, u->dk + atk, w->dp, w->qc, j0, kn);
		attn_weigh(u, &r, u->dq + at, a->ld, w->dp, w->kc + j0 * u->k->nr, j0, kn, T);
	}
}

static void
bwd_head(size_t task, int thread, void *ctx)
{
	const struct attn_run *u = ctx;
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
	struct attn_run u;

	attn_run_init(&u, a);
	u.dout = dout;
	u.dq = dq;
	u.dk = dk;
	u.dv = dv;
	u.per = back_floats(&u);
	u.mem = kern_scratch(SCRATCH_ATTN, u.per * attn_threads());
	par_for_on((size_t)a->B * (size_t)a->KV, bwd_head, &u);
}

size_t
attn_scratch(const struct attn *a)
{
	struct attn_run u;

	attn_run_init(&u, a);
	return back_floats(&u) * attn_threads();
}
