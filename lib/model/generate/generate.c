/* generate - continuations of many prompts at once */
/* SPDX-License-Identifier: MIT */
#include "model/generate/generate_int.h"
#include "base/clock.h"
#include "base/par.h"
#include "model/generate/draft.h"
#include <stdlib.h>

enum {
	AT_ONCE = 256,          /* tokens of prompts in a round of generator_step: others wait for so many, not for all */
	AHEAD = 4               /* tokens that a draft guesses at a time */
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
	if (o->grammar)
		g->grammar = grammar_walk_new(o->grammar, o->batch);
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
	free(g->look);
	free(g->seq);
	free(g->tok);
	free(g->fill_seq);
	free(g->fill_tok);
	free(g);
}

/* Gives idle slots the next samples, until all are busy or none is left. */
static void
fill_slots(struct generator *g)
{
	int waiting = 1;

	while (waiting) {
		waiting = 0;
		for (int i = 0; i < g->o.batch && g->started < g->jobs && !waiting; i++) {
			struct sample **s = &g->sample[g->started];
			if (g->slot[i].s)
				continue;
			if (!*s)
				*s = sample_new(&g->o, &g->prompt[g->started / (size_t)g->o.k], g->started, g->first, g->T);
			if (slot_place(g, i, *s))
				g->started++;
			else
				waiting = 1;
		}
		slots_feed(g, SIZE_MAX);
	}
}

/* What the grammar has next, the end where the text may end; 0: nothing. */
static size_t
allow(const struct sample *s, uint8_t *allowed)
{
	size_t n = grammar_allow(s->walk, s->walk_seq, allowed);

	for (int i = 0; i < s->o->n_eos; i++)
		if (s->o->eos[i] >= 0 && grammar_whole(s->walk, s->walk_seq)) {
			n++;
			allowed[s->o->eos[i]] = 1;
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
	uint8_t *allowed = s && s->walk ? g->allowed + i * V : NULL;

	at->drawn = 0;
	for (int right = slot_ready(at); right; n++) {
		const float *logits = g->logits + (at->row + (size_t)at->drawn) * V;
		uint32_t id;
		if (allowed && !allow(s, allowed))
			return;
		id = sampler_next(&s->o->sampler, &(struct sampling){ .logits = logits, .V = V, .seen = s->tok, .n_seen = n,
			.n_prompt = s->n_prompt, .prompt = s->number, .sample = (uint64_t)s->sample, .at = n, .allowed = allowed },
			g->scratch + i * g->room, &s->logp[n - s->n_prompt]);
		if (s->o->look)
			s->o->look(s->o->look_ctx, n, id, logits);
		right = at->drawn++ < at->ahead && s->tok[n] == id;
		s->tok[n] = id;
		if (allowed)
			grammar_take(s->walk, s->walk_seq, id);
		right &= !gen_ends(s->o, id);
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
			draft_want(g->draft, i, &(struct draft_want){ s->tok, s->n_prompt + s->n, may_guess(s), s->number,
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
	if (!at->drawn) {               /* the grammar has come to its end, or to where no token goes on */
		s->done = 1;
		s->ended = grammar_whole(s->walk, s->walk_seq);
	}
	for (int k = 0; k < at->drawn && !s->done; k++)
		sample_take(s, g->vocab, s->tok[s->n_prompt + s->n], s->logp[s->n]);
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
		for (int k = 0; slot_ready(at) && k <= at->ahead; k++) {
			g->seq[n] = i;
			g->tok[n++] = at->s->tok[at->s->n_prompt + at->s->n - 1 + (size_t)k];
		}
	}
	if (!n)
		return;
	decoder_feed(g->d, (int)n, g->seq, g->tok, NULL, g->logits);
	par_for((size_t)g->o.batch, draw, g);
	for (int i = 0; i < g->o.batch; i++)
		if (slot_ready(&g->slot[i]))
			settle(g, i);
}

struct sample *
generator_join(struct generator *g, const struct gen_opts *o, const struct gen_prompt *p, uint64_t number, int sample)
{
	struct sample *s;
	int idle = -1, goes_on = 0;

	/* A slot whose prompt this one goes on from, else the one that was idle for longest. */
	for (int i = 0; i < g->o.batch; i++) {
		const struct slot *at = &g->slot[i];
		int on = at->n_cached && slot_alike(g, i, p->tok, p->n - 1, 0) == at->n_cached;
		if (at->s || on < goes_on || (idle >= 0 && on == goes_on && at->used > g->slot[idle].used))
			continue;
		idle = i, goes_on = on;
	}
	if (idle < 0)
		return NULL;
	s = sample_new(o, p, (size_t)sample, number, g->T);
	if (slot_place(g, idle, s))
		return s;
	sample_free(s);
	return NULL;
}

void
generator_leave(struct generator *g, struct sample *s)
{
	for (int i = 0; i < g->o.batch; i++)
		if (g->slot[i].s == s) {
			g->slot[i].s = NULL;
			g->slot[i].n_due = g->slot[i].n_cached;
		}
	sample_free(s);
}

void
generator_step(struct generator *g)
{
	slots_feed(g, AT_ONCE);
	slots_feed_looked(g);
	for (int i = 0; i < g->o.batch; i++)
		if (slot_ready(&g->slot[i]) && !g->slot[i].s->room) {
			g->slot[i].s->done = 1;
			g->slot[i].s = NULL;
		}
	step(g);
}

static void
give(const struct sample *s, void (*out)(void *, const struct gen_out *), void *ctx)
{
	struct gen_out o = sample_out(s);

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
			give(g->sample[0], out, ctx);
		while (g->given < g->started && g->sample[g->given]->done) {
			give(g->sample[g->given], out, ctx);
			sample_free(g->sample[g->given++]);
		}
	}
	free(g->sample);
	g->sample = NULL;
}
