/* generate - continuations of many prompts at once */
/* SPDX-License-Identifier: MIT */
#include "model/decode/generate.h"
#include "base/clock.h"
#include "base/par.h"
#include "model/decode/decode.h"
#include "model/decode/draft.h"
#include "model/decode/gensample.h"
#include <stdlib.h>
#include <string.h>

enum {
	WORTH_WAITING = 16,     /* tokens of a prompt: from here on a sequence waits to copy them from another */
	AHEAD = 4               /* tokens that a draft guesses at a time */
};

struct slot {
	struct sample *s;               /* NULL: idle */
	uint32_t      *cached;          /* (T): the prompt in this sequence of the decoder; what was sampled is not */
	size_t         n_cached;        /* for others to share: its bits are not those of a prompt */
	int             ahead, drawn;   /* tokens guessed, and drawn, in this round */
	size_t          row;            /* of its first logits */
	int             pending;         /* its prompt is being fed in this round */
};

struct generator {
	struct gen_opts o;
	const struct model *m;
	const struct vocab *vocab;
	struct decoder *d;
	int             T;
	struct slot    *slot;           /* (batch) */
	struct draft   *draft;          /* NULL: none */
	float          *logits;         /* (rows,V) */
	struct choice  *scratch;        /* (batch,room) */
	size_t          room;
	struct grammar_walk *grammar;   /* a text for each slot; NULL: there is none */
	uint8_t        *allowed;        /* (batch,V) by the grammar */
	int            *seq;            /* (rows) of a round, and the tokens fed */
	uint32_t       *tok;
	/* Prompts of a round. */
	int            *fill_seq;
	uint32_t       *fill_tok;
	size_t          n_fill, cap_fill_seq, cap_fill_tok;
	/* The call at hand. */
	const struct gen_prompt *prompt;
	size_t          jobs, started, given;
	uint64_t        first;
	struct sample **sample;         /* (jobs) */
};

struct generator *
generator_new(const struct model *m, const struct vocab *vocab, const struct gen_opts *o, int T)
{
	struct generator *g = xcalloc(1, sizeof *g);
	size_t batch = (size_t)o->batch, V = (size_t)m->cfg.V, rows = batch * (o->draft ? AHEAD + 1 : 1);

	g->o = *o;
	g->m = m;
	g->vocab = vocab;
	g->T = T;
	g->d = decoder_new(&m->cfg, o->mats, o->batch, T, o->cache);
	g->slot = xcalloc(batch, sizeof *g->slot);
	for (size_t i = 0; i < batch; i++)
		g->slot[i].cached = xcalloc((size_t)T, sizeof *g->slot[i].cached);
	if (o->draft)
		g->draft = draft_new(&o->draft->cfg, o->draft_mats, &o->sampler, o->batch, T);
	g->logits = xmalloc(rows * V * sizeof *g->logits);
	g->room = sampler_room(&o->sampler, V);
	g->scratch = xmalloc(batch * g->room * sizeof *g->scratch);
	if (o->grammar) {
		g->grammar = grammar_walk_new(o->grammar, o->batch);
		g->allowed = xmalloc(batch * V);
	}
	g->seq = xmalloc(rows * sizeof *g->seq);
	g->tok = xmalloc(rows * sizeof *g->tok);
	return g;
}

void
generator_free(struct generator *g)
{
	if (!g)
		return;
	for (int i = 0; i < g->o.batch; i++)
		free(g->slot[i].cached);
	decoder_free(g->d);
	draft_free(g->draft);
	free(g->slot);
	free(g->logits);
	free(g->scratch);
	grammar_walk_free(g->grammar);
	free(g->allowed);
	free(g->seq);
	free(g->tok);
	free(g->fill_seq);
	free(g->fill_tok);
	free(g);
}

/* How many of the first n tokens slot i holds. */
static size_t
alike(const struct generator *g, int i, const uint32_t *tok, size_t n)
{
	const struct slot *s = &g->slot[i];
	size_t k = 0;

	while (k < n && k < s->n_cached && s->cached[k] == tok[k])
		k++;
	return k;
}

/* Puts sample s into slot i: what another sequence has of its prompt is copied, the rest will be fed, but for
 * the last token, whose logits are the first to sample from.  0: it is better to wait for a pending one. */
static int
place(struct generator *g, int i, struct sample *s)
{
	struct slot *at = &g->slot[i];
	size_t n = s->n_prompt - 1, best = alike(g, i, s->tok, n), soon = 0;
	int from = i;

	for (int k = 0; k < g->o.batch; k++) {
		size_t same = alike(g, k, s->tok, n);
		if (g->slot[k].pending)
			soon = same > soon ? same : soon;
		else if (same > best)
			best = same, from = k;
	}
	if (soon > best && (soon == n || soon - best >= WORTH_WAITING))
		return 0;
	decoder_copy(g->d, from, i);
	decoder_cut(g->d, i, (int)best);
	memcpy(at->cached, s->tok, n * sizeof *at->cached);
	at->n_cached = n;
	at->s = s;
	s->began = clock_seconds();
	if (g->draft)
		draft_begin(g->draft, i);
	if (g->grammar)
		grammar_begin(g->grammar, i);
	at->pending = best < n;
	for (size_t k = best; k < n; k++) {
		size_t both = g->n_fill;
		VEC_PUSH(g->fill_seq, both, g->cap_fill_seq, i);
		VEC_PUSH(g->fill_tok, g->n_fill, g->cap_fill_tok, s->tok[k]);
	}
	return 1;
}

static void
feed_prompts(struct generator *g)
{
	decoder_prefill(g->d, (int)g->n_fill, g->fill_seq, g->fill_tok);
	for (int i = 0; i < g->o.batch; i++)
		g->slot[i].pending = 0;
}

/* Gives idle slots the next samples, until all are busy or none is left. */
static void
fill_slots(struct generator *g)
{
	int waiting = 1;

	while (waiting) {
		waiting = 0;
		g->n_fill = 0;
		for (int i = 0; i < g->o.batch && g->started < g->jobs && !waiting; i++) {
			if (g->slot[i].s)
				continue;
			if (!g->sample[g->started])
				g->sample[g->started] = sample_new(&g->o, &g->prompt[g->started / (size_t)g->o.k], g->started, g->T);
			if (place(g, i, g->sample[g->started]))
				g->started++;
			else
				waiting = 1;
		}
		if (g->n_fill)
			feed_prompts(g);
	}
}

/* What the grammar has next, the end where the text may end; 0: nothing. */
static size_t
allow(const struct generator *g, int slot, uint8_t *allowed)
{
	size_t n = grammar_allow(g->grammar, slot, allowed);

	for (int i = 0; i < g->o.n_eos; i++)
		if (g->o.eos[i] >= 0 && grammar_whole(g->grammar, slot)) {
			n++;
			allowed[g->o.eos[i]] = 1;
		}
	return n;
}

/* A token from each row of logits, as long as the draft guessed what was drawn from the row before. */
static void
draw(size_t i, void *ctx)
{
	struct generator *g = ctx;
	struct slot *at = &g->slot[i];
	struct sample *s = at->s;
	size_t V = (size_t)g->m->cfg.V, n = s ? s->n_prompt + s->n : 0;
	uint8_t *allowed = g->grammar ? g->allowed + i * V : NULL;

	at->drawn = 0;
	for (int right = s != NULL; right; n++) {
		uint32_t id;
		if (allowed && !allow(g, (int)i, allowed))
			return;
		id = sampler_next(&g->o.sampler, &(struct sampling){ .logits = g->logits + (at->row + (size_t)at->drawn) * V,
			.V = V, .seen = s->tok, .n_seen = n, .prompt = g->first + s->prompt, .sample = (uint64_t)s->sample, .at = n,
			.allowed = allowed }, g->scratch + i * g->room, &s->logp[n - s->n_prompt]);
		right = at->drawn++ < at->ahead && s->tok[n] == id;
		s->tok[n] = id;
		if (allowed)
			grammar_take(g->grammar, (int)i, id);
		right &= !gen_ends(&g->o, id);
	}
}

/* How many tokens a draft may guess for a sample: one at least is drawn after them. */
static int
may_guess(const struct sample *s)
{
	int left = s->room - (int)s->n;

	return left > AHEAD ? AHEAD : left - 1;
}

static void
guess(struct generator *g)
{
	for (int i = 0; i < g->o.batch; i++) {
		struct sample *s = g->slot[i].s;
		if (s)
			draft_want(g->draft, i, &(struct draft_want){ s->tok, s->n_prompt + s->n, may_guess(s), g->first + s->prompt,
				(uint64_t)s->sample });
	}
	draft_guess(g->draft);
	for (int i = 0; i < g->o.batch; i++)
		g->slot[i].ahead = g->slot[i].s ? draft_guessed(g->draft, i) : 0;
}

/* What was drawn for a slot becomes its sample's. */
static void
settle(struct generator *g, int i)
{
	struct slot *at = &g->slot[i];
	struct sample *s = at->s;

	s->last = clock_seconds();
	if (!s->n)
		s->first = s->last;
	s->guessed += (size_t)at->ahead;
	s->right += at->drawn ? (size_t)at->drawn - 1 : 0;
	if (!at->drawn)                 /* the grammar has come to its end, or to where no token goes on */
		s->done = s->ended = 1;
	for (int k = 0; k < at->drawn && !s->done; k++)
		sample_take(s, &g->o, g->vocab, s->tok[s->n_prompt + s->n], s->logp[s->n]);
	if (s->done) {
		at->s = NULL;
		return;
	}
	decoder_cut(g->d, i, (int)(s->n_prompt + s->n) - 1);
	if (g->draft)
		draft_keep(g->draft, i, s->n_prompt + s->n - 1);
}

/* A token for every busy slot, or more where a draft is right. */
static void
step(struct generator *g)
{
	size_t n = 0;

	if (g->draft)
		guess(g);
	for (int i = 0; i < g->o.batch; i++) {
		struct slot *at = &g->slot[i];
		at->row = n;
		for (int k = 0; at->s && k <= at->ahead; k++) {
			g->seq[n] = i;
			g->tok[n++] = at->s->tok[at->s->n_prompt + at->s->n - 1 + (size_t)k];
		}
	}
	decoder_feed(g->d, (int)n, g->seq, g->tok, NULL, g->logits);
	par_for((size_t)g->o.batch, draw, g);
	for (int i = 0; i < g->o.batch; i++)
		if (g->slot[i].s)
			settle(g, i);
}

static void
give(const struct generator *g, const struct sample *s, void (*out)(void *, const struct gen_out *), void *ctx)
{
	struct gen_out o = sample_out(s, &g->o);

	out(ctx, &o);
}

void
generate(struct generator *g, const struct gen_prompt *prompt, size_t n_prompts, uint64_t first,
		void (*out)(void *ctx, const struct gen_out *), void *ctx)
{
	g->prompt = prompt;
	g->jobs = n_prompts * (size_t)g->o.k;
	g->started = g->given = 0;
	g->first = first;
	g->sample = xcalloc(g->jobs, sizeof *g->sample);
	while (g->given < g->jobs) {
		fill_slots(g);
		step(g);
		if (g->jobs == 1 && !g->sample[0]->done)
			give(g, g->sample[0], out, ctx);
		while (g->given < g->started && g->sample[g->given]->done) {
			give(g, g->sample[g->given], out, ctx);
			sample_free(g->sample[g->given++]);
		}
	}
	free(g->sample);
	g->sample = NULL;
}
