/* decode - one token after another: many sequences at once */
/* SPDX-License-Identifier: MIT */
#include "model/decode/decode_int.h"
#include <stdlib.h>

static void *
take(struct decoder *d, size_t count)
{
	return arena_plan(&d->arena, 4 * count);
}

static void
layout(struct decoder *d)
{
	const struct config *c = &d->cfg;
	size_t R = FEED_ROWS, C = (size_t)c->C, F = (size_t)c->F, wide = C > F ? C : F;

	wide = panels_blocks(wide > width_q(c) ? wide : width_q(c));
	if (c->pos == POS_ROPE) {
		d->cosine = take(d, (size_t)(d->T + d->before) * (size_t)c->D / 2);
		d->sine = take(d, (size_t)(d->T + d->before) * (size_t)c->D / 2);
	}
	d->x = take(d, R * C);
	d->mid = take(d, R * C);
	d->normed = take(d, R * C);
	d->qkv = take(d, R * width_qkv(c));
	d->o = take(d, R * width_q(c));
	d->act = take(d, R * F);
	d->pre = take(d, R * width_up(c));
	d->narrow = take(d, R * d->mats->layer[0].narrow.N);
	d->mean = take(d, R);
	d->rstd = take(d, R);
	d->pos = take(d, R);
	d->hidden = take(d, R * C);
	d->all_k = take(d, (size_t)(d->T + d->before) * width_kv(c));
	d->all_v = take(d, (size_t)(d->T + d->before) * width_kv(c));
	d->xq = take(d, R * wide * QUANT_BLOCK / 4);
	d->xd = take(d, R * wide);
	d->xs = take(d, R * wide);
	if (c->qk_norm) {
		d->tmp = take(d, R * width_q(c));
		d->qk.q_raw = take(d, R * width_q(c));
		d->qk.k_raw = take(d, R * width_kv(c));
		d->qk.q_rstd = take(d, R * (size_t)c->H);
		d->qk.k_rstd = take(d, R * (size_t)c->KV);
	}
}

/* Virtual tokens stand in the cache of each sequence, in the same pages. */
static void
put_keys(struct decoder *d)
{
	size_t kv = width_kv(&d->cfg), L = (size_t)d->cfg.L;

	cache_grow(d->cache, 0, d->before);
	for (size_t p = 0; p < (size_t)d->before; p++)
		for (size_t l = 0; l < L; l++) {
			const float *k = d->mats->keys + (p * L + l) * 2 * kv;
			cache_put(d->cache, (int)l, 0, p, k, k + kv);
		}
	for (int i = 1; i < d->n_seq; i++)
		cache_copy(d->cache, 0, i);
}

struct decoder *
decoder_new(const struct config *cfg, const struct mats *mats, int n_seq, int T, enum quant cache)
{
	struct decoder *d = xmalloc(sizeof *d);
	size_t size;

	*d = (struct decoder){ .cfg = *cfg, .mats = mats, .n_seq = n_seq, .T = T, .before = mats->n_keys };
	layout(d);
	size = d->arena.size;
	arena_init(&d->arena, size);
	layout(d);
	if (d->cosine)
		rope_tables(cfg, T + d->before, d->cosine, d->sine);
	d->cache = cache_new(cfg, cache, n_seq, T + d->before);
	if (d->before)
		put_keys(d);
	d->more = xcalloc((size_t)n_seq, sizeof *d->more);
	return d;
}

void
decoder_free(struct decoder *d)
{
	if (!d)
		return;
	arena_free(&d->arena);
	cache_free(d->cache);
	free(d->more);
	free(d);
}

int decoder_len(const struct decoder *d, int seq) { return cache_len(d->cache, seq) - d->before; }
void decoder_cut(struct decoder *d, int seq, int len) { cache_cut(d->cache, seq, len + d->before); }
void decoder_copy(struct decoder *d, int from, int to) { cache_copy(d->cache, from, to); }
size_t decoder_cache_bytes(const struct decoder *d) { return cache_bytes(d->cache); }

static void
feed_rows(struct feed *f)
{
	struct decoder *d = f->d;

	for (size_t r = 0; r < f->rows; r++) {
		d->pos[r] = (uint32_t)cache_len(d->cache, f->seq[r]);
		cache_grow(d->cache, f->seq[r], 1);
	}
	decode_walk(f);
}

static int
feed(struct decoder *d, int n, const int *seq, const uint32_t *tok, const uint8_t *want, float *logits, int prefill)
{
	size_t V = (size_t)d->cfg.V, done = 0;
	int full = 0;

	for (int i = 0; i < n; i++)
		full |= decoder_len(d, seq[i]) + ++d->more[seq[i]] > d->T;
	for (int i = 0; i < n; i++)
		d->more[seq[i]] = 0;
	if (full)
		return -1;
	for (int i = 0; i < n; i += FEED_ROWS) {
		struct feed f = { .d = d, .seq = seq + i, .tok = tok + i, .want = want ? want + i : NULL,
			.rows = n - i < FEED_ROWS ? (size_t)(n - i) : FEED_ROWS, .logits = logits ? logits + done * V : NULL,
			.prefill = prefill };
		for (size_t r = 0; r < f.rows && !prefill; r++)
			f.wanted += !f.want || f.want[r];
		feed_rows(&f);
		done += f.wanted;
	}
	return 0;
}

int
decoder_feed(struct decoder *d, int n, const int *seq, const uint32_t *tok, const uint8_t *want, float *logits)
{
	return feed(d, n, seq, tok, want, logits, 0);
}

int
decoder_prefill(struct decoder *d, int n, const int *seq, const uint32_t *tok)
{
	return feed(d, n, seq, tok, NULL, NULL, 1);
}
