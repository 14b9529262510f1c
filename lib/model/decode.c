/* decode - one token after another: the KV cache, many sequences at once */
/* SPDX-License-Identifier: MIT */
#include "model/decode.h"
#include "base/par.h"
#include "kern/attn.h"
#include "kern/ops.h"
#include "model/layers.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEED_ROWS = 256 };       /* rows that go through the layers at once */

struct decoder {
	struct config cfg;
	const struct params *par;
	const float *w;
	int    n_seq, T;
	int   *len, *more;              /* (n_seq) */
	struct arena arena;
	struct packed {
		float *qkv, *o, *up, *down;
	} *packed;                      /* (L): the layers' matrices as the products want them; read again at every token */
	float *packed_head;
	float *k, *v;                   /* (L, n_seq, T, KV*D) */
	float *cosine, *sine;
	float *x, *mid, *normed, *qkv, *o, *act, *pre, *mean, *rstd, *tmp;
	struct qk_norm qk;
	uint32_t *pos;                  /* (FEED_ROWS) */
	float *hidden;                  /* (hidden_cap, C): of the last feed; grows to the largest one */
	size_t hidden_cap;
};

static void *
take(struct decoder *d, size_t count)
{
	size_t bytes = (count * 4 + 63) & ~(size_t)63;

	if (d->arena.base)
		return arena_take(&d->arena, bytes);
	d->arena.size += bytes;
	return NULL;
}

static void
layout(struct decoder *d)
{
	const struct config *c = &d->cfg;
	size_t R = FEED_ROWS, C = (size_t)c->C;
	size_t cache = (size_t)c->L * (size_t)d->n_seq * (size_t)d->T * width_kv(c);

	d->k = take(d, cache);
	d->v = take(d, cache);
	if (c->pos == POS_ROPE) {
		d->cosine = take(d, (size_t)d->T * (size_t)c->D / 2);
		d->sine = take(d, (size_t)d->T * (size_t)c->D / 2);
	}
	for (int l = 0; l < c->L; l++) {
		struct packed *p = &d->packed[l];
		p->qkv = take(d, gemm_pack_size(width_qkv(c), C));
		p->o = take(d, gemm_pack_size(C, width_q(c)));
		p->up = take(d, gemm_pack_size(width_up(c), C));
		p->down = take(d, gemm_pack_size(C, (size_t)c->F));
	}
	d->packed_head = take(d, gemm_pack_size((size_t)c->V, C));
	d->x = take(d, R * C);
	d->mid = take(d, R * C);
	d->normed = take(d, R * C);
	d->qkv = take(d, R * width_qkv(c));
	d->o = take(d, R * width_q(c));
	d->act = take(d, R * (size_t)c->F);
	d->pre = take(d, R * width_up(c));
	d->mean = take(d, R);
	d->rstd = take(d, R);
	d->pos = take(d, R);
	if (c->qk_norm) {
		d->tmp = take(d, R * width_q(c));
		d->qk.q_raw = take(d, R * width_q(c));
		d->qk.k_raw = take(d, R * width_kv(c));
		d->qk.q_rstd = take(d, R * (size_t)c->H);
		d->qk.k_rstd = take(d, R * (size_t)c->KV);
	}
}

static void
pack_weights(struct decoder *d)
{
	const struct config *c = &d->cfg;
	size_t C = (size_t)c->C, F = (size_t)c->F, q = width_q(c);

	for (int l = 0; l < c->L; l++) {
		const struct layer_offsets *lo = &d->par->layer[l];
		gemm_pack(d->packed[l].qkv, d->w + lo->qkv, C, 1, width_qkv(c), C);
		gemm_pack(d->packed[l].o, d->w + lo->o, q, 1, C, q);
		gemm_pack(d->packed[l].up, d->w + lo->up, C, 1, width_up(c), C);
		gemm_pack(d->packed[l].down, d->w + lo->down, F, 1, C, F);
	}
	gemm_pack(d->packed_head, d->w + d->par->head, C, 1, (size_t)c->V, C);
}

struct decoder *
decoder_new(const struct config *cfg, const struct params *par, const float *w, int n_seq, int T)
{
	struct decoder *d = xmalloc(sizeof *d);
	size_t size;

	*d = (struct decoder){ .cfg = *cfg, .par = par, .w = w, .n_seq = n_seq, .T = T };
	d->packed = xcalloc((size_t)cfg->L, sizeof *d->packed);
	layout(d);
	size = d->arena.size;
	arena_init(&d->arena, size);
	layout(d);
	if (d->cosine)
		rope_tables(cfg, T, d->cosine, d->sine);
	pack_weights(d);
	d->len = xcalloc((size_t)n_seq, sizeof *d->len);
	d->more = xcalloc((size_t)n_seq, sizeof *d->more);
	return d;
}

void
decoder_free(struct decoder *d)
{
	if (!d)
		return;
	arena_free(&d->arena);
	free(d->packed);
	free(d->len);
	free(d->more);
	free(d->hidden);
	free(d);
}

int
decoder_len(const struct decoder *d, int seq)
{
	return d->len[seq];
}

void
decoder_cut(struct decoder *d, int seq, int len)
{
	if (len < d->len[seq])
		d->len[seq] = len;
}

static size_t
cache_at(const struct decoder *d, int l, int seq, size_t t)
{
	return (((size_t)l * (size_t)d->n_seq + (size_t)seq) * (size_t)d->T + t) * width_kv(&d->cfg);
}

void
decoder_copy(struct decoder *d, int from, int to)
{
	size_t n = (size_t)d->len[from] * width_kv(&d->cfg) * sizeof *d->k;

	if (from == to)
		return;
	for (int l = 0; l < d->cfg.L; l++) {
		memcpy(d->k + cache_at(d, l, to, 0), d->k + cache_at(d, l, from, 0), n);
		memcpy(d->v + cache_at(d, l, to, 0), d->v + cache_at(d, l, from, 0), n);
	}
	d->len[to] = d->len[from];
}

struct look {
	struct decoder *d;
	const int *seq;
	int l;
};

/* The query heads of one row that share a key/value head. */
static void
look_back(size_t i, void *ctx)
{
	const struct look *k = ctx;
	const struct decoder *d = k->d;
	const struct config *c = &d->cfg;
	size_t kv = i % (size_t)c->KV, r = i / (size_t)c->KV, D = (size_t)c->D;
	int group = c->H / c->KV;
	size_t n = (size_t)d->pos[r] + 1, first = 0, q = kv * (size_t)group * D;

	if (c->window && n > (size_t)c->window) {
		first = n - (size_t)c->window;
		n = (size_t)c->window;
	}
	first = cache_at(d, k->l, k->seq[r], first) + kv * D;
	attn_row(d->qkv + r * width_qkv(c) + q, d->k + first, d->v + first, width_kv(c), n, group, 1, c->D,
		1 / sqrtf((float)c->D), d->o + r * width_q(c) + q);
}

static void
remember(struct decoder *d, int l, const int *seq, size_t rows)
{
	const struct config *c = &d->cfg;
	size_t kv = width_kv(c);

	for (size_t r = 0; r < rows; r++) {
		const float *k = d->qkv + r * width_qkv(c) + width_q(c);
		size_t to = cache_at(d, l, seq[r], d->pos[r]);
		memcpy(d->k + to, k, kv * sizeof *k);
		memcpy(d->v + to, k + kv, kv * sizeof *k);
	}
}

static void
layer_feed(struct decoder *d, int l, const int *seq, size_t rows)
{
	const struct config *c = &d->cfg;
	const struct layer_offsets *lo = &d->par->layer[l];
	const struct packed *p = &d->packed[l];
	const float *w = d->w;
	size_t C = (size_t)c->C;

	norm_fwd(c, w, lo->norm1, lo->norm1_b, d->normed, d->mean, d->rstd, d->x, rows);
	linear_fwd(d->qkv, d->normed, rows, C, width_qkv(c), w + lo->qkv, p->qkv, weights_at(w, lo->qkv_b), NULL, LINEAR_F32);
	if (c->qk_norm)
		qk_norm_fwd(c, w, lo, d->qkv, rows, &d->qk, d->tmp);
	if (c->pos == POS_ROPE)
		op_rope(d->qkv, width_qkv(c), rows, (size_t)(c->H + c->KV), (size_t)c->D, d->pos, d->cosine, d->sine, 0);
	remember(d, l, seq, rows);
	par_for(rows * (size_t)c->KV, look_back, &(struct look){ d, seq, l });
	linear_fwd(d->mid, d->o, rows, width_q(c), C, w + lo->o, p->o, weights_at(w, lo->o_b), d->x, LINEAR_F32);

	norm_fwd(c, w, lo->norm2, lo->norm2_b, d->normed, d->mean, d->rstd, d->mid, rows);
	up_fwd(c, w + lo->up, p->up, weights_at(w, lo->up_b), d->act, d->pre, d->normed, rows, LINEAR_F32);
	linear_fwd(d->x, d->act, rows, (size_t)c->F, C, w + lo->down, p->down, weights_at(w, lo->down_b), d->mid, LINEAR_F32);
}

/* At most FEED_ROWS tokens; returns how many were wanted. */
static size_t
feed_rows(struct decoder *d, size_t rows, const int *seq, const uint32_t *tok, const uint8_t *want, size_t done,
		float *logits)
{
	const struct config *c = &d->cfg;
	const struct params *p = d->par;
	size_t C = (size_t)c->C, V = (size_t)c->V, n = 0;

	for (size_t r = 0; r < rows; r++)
		d->pos[r] = (uint32_t)d->len[seq[r]]++;
	embed_fwd(d->x, d->w + p->tok, tok, c->pos == POS_LEARNED ? d->w + p->pos : NULL, d->pos, rows, C);
	for (int l = 0; l < c->L; l++)
		layer_feed(d, l, seq, rows);
	for (size_t r = 0; r < rows; r++)
		if (!want || want[r])
			memcpy(d->mid + n++ * C, d->x + r * C, C * sizeof *d->x);
	if (!n)
		return 0;
	norm_fwd(c, d->w, p->norm_f, p->norm_f_b, d->hidden + done * C, d->mean, d->rstd, d->mid, n);
	if (logits)
		linear_fwd(logits + done * V, d->hidden + done * C, n, C, V, d->w + p->head, d->packed_head,
			NULL, NULL, LINEAR_F32);
	return n;
}

int
decoder_feed(struct decoder *d, int n, const int *seq, const uint32_t *tok, const uint8_t *want, float *logits)
{
	size_t wanted = 0, done = 0;
	int full = 0;

	for (int i = 0; i < n; i++) {
		wanted += !want || want[i];
		full |= d->len[seq[i]] + ++d->more[seq[i]] > d->T;
	}
	for (int i = 0; i < n; i++)
		d->more[seq[i]] = 0;
	if (full)
		return -1;
	if (wanted > d->hidden_cap) {
		d->hidden_cap = wanted;
		d->hidden = xreallocarray(d->hidden, wanted, (size_t)d->cfg.C * sizeof *d->hidden);
	}
	for (int i = 0; i < n; i += FEED_ROWS) {
		size_t rows = n - i < FEED_ROWS ? (size_t)(n - i) : FEED_ROWS;
		done += feed_rows(d, rows, seq + i, tok + i, want ? want + i : NULL, done, logits);
	}
	return 0;
}
