/* beam - the likeliest continuations, by beam search */
/* SPDX-License-Identifier: MIT */
#include "model/generate/beam.h"
#include "base/clock.h"
#include "base/par.h"
#include "model/decode/decode.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct hyp {
	uint32_t *tok;                  /* (T): n_prompt + n of them */
	float    *logp;                 /* (T): n */
	size_t    n;
	double    sum;
	int       ended;
};

/* Twice as many sequences as beams: a beam and the one after it take turns. */
struct beam {
	const struct gen_opts *o;
	struct decoder *d;
	size_t        V, n_prompt;
	int           width, live, done, bank;
	struct hyp   *hyp, *next, *pool;        /* (width) each, in one block */
	int          *first;                    /* (T) zeros: the sequence of a prompt */
	float        *logits;                   /* (width,V) */
	struct choice *table;                   /* (width,V): the 2 width likeliest of each in front */
	struct cand {
		double sum;
		float  logp;
		int    from;
		uint32_t id;
	} *cand;                                /* (width * 2 width) */
	int          *seq;
	uint32_t     *tok;
};

/* h, and one token more unless c is NULL. */
static void
set(const struct beam *b, struct hyp *to, const struct hyp *h, const struct cand *c, int ended)
{
	size_t n = b->n_prompt + h->n;

	memcpy(to->tok, h->tok, n * sizeof *to->tok);
	memcpy(to->logp, h->logp, h->n * sizeof *to->logp);
	to->n = h->n;
	to->sum = h->sum;
	to->ended = ended;
	if (c) {
		to->tok[n] = c->id;
		to->logp[to->n++] = c->logp;
		to->sum = c->sum;
	}
}

static double
score(const struct hyp *h)
{
	return h->n ? h->sum / (double)h->n : -INFINITY;
}

/* Into the pool of the best. */
static void
finish(struct beam *b, const struct hyp *h, const struct cand *c)
{
	double mean = score(&(struct hyp){ .n = h->n + (c != NULL), .sum = c ? c->sum : h->sum });
	int i = b->done < b->width ? b->done++ : b->width - 1;

	if (b->pool[i].n && mean <= score(&b->pool[i]))
		return;
	set(b, &b->pool[i], h, c, c != NULL);
	for (; i > 0 && score(&b->pool[i - 1]) < score(&b->pool[i]); i--) {
		struct hyp t = b->pool[i];
		b->pool[i] = b->pool[i - 1];
		b->pool[i - 1] = t;
	}
}

static void
tabulate(size_t i, void *ctx)
{
	const struct beam *b = ctx;

	sampler_table(&b->o->sampler, b->logits + i * b->V, b->V, b->table + i * b->V, 2 * (size_t)b->width);
}

static int
by_sum(const void *a, const void *b)
{
	const struct cand *x = a, *y = b;

	if (x->sum != y->sum)
		return x->sum > y->sum ? -1 : 1;
	if (x->from != y->from)
		return x->from - y->from;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* All hypotheses go on by one token; what ends goes to the pool. */
static void
step(struct beam *b)
{
	int n = 0, old = b->bank * b->width, to = (b->bank = !b->bank) * b->width, live = 0;
	int rows = 2 * b->width < (int)b->V ? 2 * b->width : (int)b->V;

	for (int i = 0; i < b->live; i++) {
		b->seq[i] = old + i;
		b->tok[i] = b->hyp[i].tok[b->n_prompt + b->hyp[i].n - 1];
	}
	decoder_feed(b->d, b->live, b->seq, b->tok, NULL, b->logits);
	par_for((size_t)b->live, tabulate, b);
	for (int i = 0; i < b->live; i++)
		for (int k = 0; k < rows; k++) {
			const struct choice *c = &b->table[(size_t)i * b->V + (size_t)k];
			float logp = logf(c->p);
			b->cand[n++] = (struct cand){ b->hyp[i].sum + (double)logp, logp, i, c->id };
		}
	qsort(b->cand, (size_t)n, sizeof *b->cand, by_sum);
	for (int i = 0; i < n && live < b->width; i++) {
		const struct cand *c = &b->cand[i];
		int end = gen_ends(b->o, c->id);
		if (end && i < b->width)
			finish(b, &b->hyp[c->from], c);
		if (end)
			continue;
		decoder_copy(b->d, old + c->from, to + live);
		set(b, &b->next[live++], &b->hyp[c->from], c, 0);
	}
	for (int i = 0; i < b->live; i++)
		decoder_cut(b->d, old + i, 0);
	struct hyp *t = b->hyp;
	b->hyp = b->next;
	b->next = t;
	b->live = live;
}

/* No hypothesis at work can still become better than the worst of a full pool, were it to end now. */
static int
settled(const struct beam *b)
{
	return b->done == b->width && score(&b->hyp[0]) <= score(&b->pool[b->width - 1]);
}

static void
search(struct beam *b, const struct gen_prompt *p, int T)
{
	size_t most = (size_t)T - p->n < (size_t)b->o->n ? (size_t)T - p->n : (size_t)b->o->n;

	b->n_prompt = p->n;
	b->bank = b->done = 0;
	b->live = 1;
	for (int i = 0; i < b->width; i++)
		b->pool[i].n = 0;
	b->hyp[0].n = 0;
	b->hyp[0].sum = 0;
	memcpy(b->hyp[0].tok, p->tok, p->n * sizeof *p->tok);
	for (int i = 0; i < 2 * b->width; i++)
		decoder_cut(b->d, i, 0);
	decoder_prefill(b->d, (int)p->n - 1, b->first, p->tok);
	for (size_t n = 0; n < most && b->live && !settled(b); n++)
		step(b);
	for (int i = 0; i < b->live; i++)
		if (b->hyp[i].n == most)
			finish(b, &b->hyp[i], NULL);
}

static void
give(const struct beam *b, const struct vocab *v, size_t prompt, int rank, double seconds,
		void (*out)(void *, const struct gen_out *), void *ctx)
{
	const struct hyp *h = &b->pool[rank];
	struct buf text = { 0 };
	size_t before = 0;
	struct gen_out o = { .prompt = prompt, .sample = rank, .tok = h->tok, .logp = h->logp, .n_prompt = b->n_prompt,
		.n = h->n, .ended = h->ended, .first = seconds, .whole = 1 };

	if (v) {
		decode_ids(v, h->tok, b->n_prompt, 1, &text);
		before = text.n;
		buf_clear(&text);
		decode_ids(v, h->tok, b->n_prompt + h->n, 1, &text);
	}
	o.text = text.p ? text.p + before : "";
	o.n_text = text.n - before;
	out(ctx, &o);
	buf_free(&text);
}

void
beam_search(const struct model *m, const struct vocab *vocab, const struct gen_opts *o, int beams, int T,
		const struct gen_prompt *p, size_t n_prompts, void (*out)(void *ctx, const struct gen_out *), void *ctx)
{
	size_t w = (size_t)beams, V = (size_t)m->cfg.V;
	struct beam b = { .o = o, .V = V, .width = beams, .d = decoder_new(&m->cfg, o->mats, 2 * beams, T, o->cache),
		.hyp = xcalloc(3 * w, sizeof *b.hyp), .first = xcalloc((size_t)T, sizeof *b.first),
		.logits = xmalloc(w * V * sizeof *b.logits), .table = xmalloc(w * V * sizeof *b.table),
		.cand = xmalloc(2 * w * w * sizeof *b.cand), .seq = xmalloc(w * sizeof *b.seq), .tok = xmalloc(w * sizeof *b.tok) };
	uint32_t *tok = xreallocarray(NULL, 3 * w * (size_t)T, sizeof *tok);
	float *logp = xreallocarray(NULL, 3 * w * (size_t)T, sizeof *logp);
	struct hyp *all = b.hyp;

	b.next = b.hyp + w;
	b.pool = b.next + w;
	for (size_t i = 0; i < 3 * w; i++) {
		all[i].tok = tok + i * (size_t)T;
		all[i].logp = logp + i * (size_t)T;
	}
	for (size_t i = 0; i < n_prompts; i++) {
		double began = clock_seconds();
		search(&b, &p[i], T);
		began = clock_seconds() - began;
		for (int k = 0; k < o->k && k < b.done; k++)
			give(&b, vocab, i, k, began, out, ctx);
	}
	decoder_free(b.d);
	free(all), free(tok), free(logp), free(b.first), free(b.logits), free(b.table), free(b.cand), free(b.seq), free(b.tok);
}
