/* draft - a small model that guesses the next tokens of many sequences */
/* SPDX-License-Identifier: MIT */
#include "model/generate/draft.h"
#include "base/par.h"
#include "model/decode/decode.h"
#include <stdlib.h>
#include <string.h>

struct draft {
	const struct sampler *sampler;
	struct decoder    *d;
	struct draft_want *want;        /* (n_seq); most 0: nothing asked for */
	int      *made, n_seq, T;
	size_t    V, room;
	float    *logits;               /* (n_seq,V) */
	struct choice *scratch;         /* (n_seq,room) */
	int      *seq;                  /* (n_seq) of a round */
	uint32_t *tok;
	int      *fill;                 /* (T): one sequence, over and over */
};

struct draft *
draft_new(const struct config *c, const struct mats *m, const struct sampler *sampler, int n_seq, int T)
{
	struct draft *d = xcalloc(1, sizeof *d);
	size_t n = (size_t)n_seq, V = (size_t)c->V;

	T = c->pos == POS_LEARNED && c->T < T ? c->T : T;
	*d = (struct draft){ .sampler = sampler, .n_seq = n_seq, .T = T, .V = V, .room = sampler_room(sampler, V) };
	d->d = decoder_new(c, m, n_seq, T, QUANT_F32);
	d->want = xcalloc(n, sizeof *d->want);
	d->made = xcalloc(n, sizeof *d->made);
	d->logits = xmalloc(n * V * sizeof *d->logits);
	d->scratch = xmalloc(n * d->room * sizeof *d->scratch);
	d->seq = xmalloc(n * sizeof *d->seq);
	d->tok = xmalloc(n * sizeof *d->tok);
	d->fill = xmalloc((size_t)T * sizeof *d->fill);
	return d;
}

void
draft_free(struct draft *d)
{
	if (!d)
		return;
	decoder_free(d->d);
	free(d->want);
	free(d->made);
	free(d->logits);
	free(d->scratch);
	free(d->seq);
	free(d->tok);
	free(d->fill);
	free(d);
}

void
draft_begin(struct draft *d, int seq)
{
	decoder_cut(d->d, seq, 0);
}

void
draft_keep(struct draft *d, int seq, size_t n)
{
	decoder_cut(d->d, seq, (int)n);
}

int
draft_guessed(const struct draft *d, int seq)
{
	return d->made[seq];
}

/* All but the last token go in as a prompt does. */
void
draft_want(struct draft *d, int seq, const struct draft_want *w)
{
	size_t have = (size_t)decoder_len(d->d, seq), gap;

	d->want[seq] = *w;
	if (w->n + (size_t)(w->most > 0 ? w->most : 0) > (size_t)d->T)
		d->want[seq].most = 0;
	if (d->want[seq].most <= 0 || w->n - 1 <= have)
		return;
	gap = w->n - 1 - have;
	for (size_t i = 0; i < gap; i++)
		d->fill[i] = seq;
	decoder_prefill(d->d, (int)gap, d->fill, w->tok + have);
}

static void
draw(size_t i, void *ctx)
{
	struct draft *d = ctx;
	int s = d->seq[i];
	struct draft_want *w = &d->want[s];
	size_t n = w->n + (size_t)d->made[s];
	float logp;

	w->tok[n] = sampler_next(d->sampler, &(struct sampling){ .logits = d->logits + i * d->V, .V = d->V, .seen = w->tok,
		.n_seen = n, .prompt = w->prompt, .sample = w->sample, .at = n }, d->scratch + i * d->room, &logp);
	d->made[s]++;
}

void
draft_guess(struct draft *d)
{
	size_t n;

	memset(d->made, 0, (size_t)d->n_seq * sizeof *d->made);
	do {
		n = 0;
		for (int s = 0; s < d->n_seq; s++)
			if (d->made[s] < d->want[s].most) {
				d->seq[n] = s;
				d->tok[n++] = d->want[s].tok[d->want[s].n + (size_t)d->made[s] - 1];
			}
		if (n) {
			decoder_feed(d->d, (int)n, d->seq, d->tok, NULL, d->logits);
			par_for(n, draw, d);
		}
	} while (n);
	for (int s = 0; s < d->n_seq; s++)
		d->want[s].most = 0;
}
