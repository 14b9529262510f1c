/* attn - causal attention in tiles, forward: many queries, or one against a cache */
/* SPDX-License-Identifier: MIT */
#include "kern/attn_int.h"
#include "base/par.h"
#include <math.h>

/* One tile's step of the online softmax: s becomes probabilities relative to the running maximum. */
static void
online(const struct attn_run *u, const struct attn_rows *r, size_t h, float *s, float *top, float *sum, float *o, size_t ldo,
		size_t j0, size_t kn)
{
	const struct kern *k = u->k;
	size_t from, to;

	for (size_t i = 0; i < r->n; i++, s += KERN_ROW) {
		float m;

		if (!attn_part_of_row(r, i, s, j0, kn, &from, &to))
			continue;
		m = k->max(s + from, to - from) * u->a->scale;
		m = m > top[i] ? m : top[i];
		if (sum[i] > 0 && m > top[i]) {
			float fix = expf(top[i] - m);

			k->scale(o + i * ldo, fix, (size_t)u->a->D);
			sum[i] *= fix;
		}
		sum[i] += k->expsum(s + from, s + from, u->a->scale, m, to - from, NULL);
		top[i] = m;
		attn_drop(u, r, h, i, s + from, j0 + from, to - from);
	}
}

static void
fwd_tile(size_t task, int thread, void *ctx)
{
	const struct attn_run *u = ctx;
	const struct attn *a = u->a;
	size_t tile = u->nq - 1 - task % u->nq, bh = task / u->nq, h = bh % (size_t)a->H, D = (size_t)a->D;
	size_t kvh = h / (size_t)(a->H / a->KV), ldo = (size_t)a->H * D, ld_kv = a->ld_kv ? a->ld_kv : a->ld;
	float *pq = u->mem + (size_t)thread * u->per, *pk = pq + ATTN_QT * u->dp, *pv = pk + ATTN_KT * u->dp, *s = pv + ATTN_KT * u->dp;
	float top[ATTN_QT], sum[ATTN_QT], *o;
	struct attn_rows r;

	attn_rows_init(&r, u, bh / (size_t)a->H, tile);
	o = a->o + (r.row + r.q0) * ldo + h * D;
	for (size_t i = 0; i < r.n; i++) {
		top[i] = -INFINITY;
		sum[i] = 0;
	}
	attn_pack_rows(u, pq, u->k->mr, a->q + (r.row + r.q0) * a->ld + h * D, a->ld, r.n);
	for (size_t j0 = r.kmin; j0 < r.kmax; j0 += ATTN_KT) {
		size_t kn = least(ATTN_KT, r.kmax - j0), at = (r.row + j0) * ld_kv + kvh * D;

		attn_pack_rows(u, pk, u->k->nr, a->k + at, ld_kv, kn);
		attn_pack_cols(u, pv, a->v + at, ld_kv, kn);
		attn_scores(u, &r, s, pq, pk, j0, kn);
		online(u, &r, h, s, top, sum, o, ldo, j0, kn);
		attn_weigh(u, &r, o, ldo, s, pv, j0, kn, kn);
	}
	for (size_t i = 0; i < r.n; i++) {
		if (sum[i] > 0)
			u->k->scale(o + i * ldo, 1 / sum[i], D);
		if (a->lse)
			a->lse[bh * (size_t)a->T + r.q0 + i] = top[i] + logf(sum[i]);
	}
}

void
attn_fwd(const struct attn *a)
{
	struct attn_run u;

	attn_run_init(&u, a);
	u.per = round_up((ATTN_QT + 2 * ATTN_KT) * u.dp + ATTN_QT * KERN_ROW, 16);
	u.mem = kern_scratch(SCRATCH_ATTN, u.per * attn_threads());
	par_for_on((size_t)a->B * (size_t)a->H * u.nq, fwd_tile, &u);
}

void
attn_part(const float *q, const float *k, const float *v, size_t ld_kv, size_t n, int H, int KV, int D,
		float scale, float *o, float *top, float *sum)
{
	const struct kern *kern = kern_now();
	size_t d = (size_t)D;

	for (size_t h = 0; h < (size_t)H; h++, q += d, o += d) {
		size_t at = h / (size_t)(H / KV) * d;
		float s[ATTN_KT];

		for (size_t j0 = 0; j0 < n; j0 += ATTN_KT) {
			size_t kn = least(ATTN_KT, n - j0);
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
