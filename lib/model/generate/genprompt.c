/* genprompt - prompts into sequences: copied where another has the same, fed where none has */
/* SPDX-License-Identifier: MIT */
#include "model/generate/generate_int.h"
#include "base/clock.h"
#include "base/par.h"
#include "model/generate/draft.h"
#include <string.h>

enum {
	WORTH_WAITING = 16,     /* tokens of a prompt: from here on a sequence waits to copy them from another */
	LOOKED = 64             /* tokens with logits in a round */
};

size_t
slot_alike(const struct generator *g, int i, const uint32_t *tok, size_t n, int due)
{
	const struct slot *s = &g->slot[i];
	size_t k = 0, has = s->looked ? 0 : due ? s->n_due : s->n_cached;

	while (k < n && k < has && s->cached[k] == tok[k])
		k++;
	return k;
}

static void
begin_grammar(struct generator *g, int i, struct sample *s)
{
	if (!s->o->grammar)
		return;
	if (!g->grammar)
		s->own_walk = grammar_walk_new(s->o->grammar, 1);
	s->walk = g->grammar ? g->grammar : s->own_walk;
	s->walk_seq = g->grammar ? i : 0;
	grammar_begin(s->walk, s->walk_seq);
	if (!g->allowed)
		g->allowed = xmalloc((size_t)g->o.batch * (size_t)g->m->cfg.V);
}

int
slot_place(struct generator *g, int i, struct sample *s)
{
	struct slot *at = &g->slot[i];
	int from = i, looked = s->o->look && s->o->look_all;
	size_t n = s->n_prompt - 1, best = looked ? 0 : slot_alike(g, i, s->tok, n, 0), soon = 0;

	for (int k = 0; k < g->o.batch && !looked; k++) {
		size_t same = slot_alike(g, k, s->tok, n, 0), later = g->slot[k].s ? slot_alike(g, k, s->tok, n, 1) : 0;
		soon = later > soon ? later : soon;
		if (same > best)
			best = same, from = k;
	}
	if (soon > best && (soon == n || soon - best >= WORTH_WAITING))
		return 0;
	decoder_copy(g->d, from, i);
	decoder_cut(g->d, i, (int)best);
	memcpy(at->cached, s->tok, n * sizeof *at->cached);
	at->n_cached = best;
	at->n_due = n;
	at->looked = looked;
	at->used = ++g->joined;
	at->s = s;
	s->began = clock_seconds();
	if (g->draft)
		draft_begin(g->draft, i);
	begin_grammar(g, i, s);
	return 1;
}

size_t
slots_feed(struct generator *g, size_t most)
{
	g->n_fill = 0;
	for (int i = 0; i < g->o.batch; i++) {
		struct slot *at = &g->slot[i];
		for (; at->s && !at->looked && at->n_cached < at->n_due && g->n_fill < most; at->n_cached++) {
			size_t both = g->n_fill;
			VEC_PUSH(g->fill_seq, both, g->cap_fill_seq, i);
			VEC_PUSH(g->fill_tok, g->n_fill, g->cap_fill_tok, at->cached[at->n_cached]);
		}
	}
	if (g->n_fill)
		decoder_prefill(g->d, (int)g->n_fill, g->fill_seq, g->fill_tok);
	return g->n_fill;
}

/* Of the prompt in a slot, for who looks at it: token n_cached + row, and what it may have been. */
struct looking {
	struct generator *g;
	struct slot *at;
};

static void
look(size_t row, void *ctx)
{
	struct looking *l = ctx;
	const struct sample *s = l->at->s;
	size_t n = l->at->n_cached + row + 1;

	s->o->look(s->o->look_ctx, n, s->tok[n], l->g->look + row * (size_t)l->g->m->cfg.V);
}

void
slots_feed_looked(struct generator *g)
{
	int i = 0, seq[LOOKED];
	struct slot *at;
	size_t n;

	while (i < g->o.batch && !(g->slot[i].s && g->slot[i].looked && !slot_ready(&g->slot[i])))
		i++;
	if (i == g->o.batch)
		return;
	at = &g->slot[i];
	n = at->n_due - at->n_cached < LOOKED ? at->n_due - at->n_cached : LOOKED;
	if (!g->look)
		g->look = xmalloc(LOOKED * (size_t)g->m->cfg.V * sizeof *g->look);
	for (size_t k = 0; k < n; k++)
		seq[k] = i;
	decoder_feed(g->d, (int)n, seq, at->cached + at->n_cached, NULL, g->look);
	par_for(n, look, &(struct looking){ g, at });
	at->n_cached += n;
}
