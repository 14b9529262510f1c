/* walk - how far texts have come within a grammar, and which tokens may follow */
/* SPDX-License-Identifier: MIT */
#include "model/grammar/grammar_int.h"
#include "base/par.h"
#include <stdlib.h>
#include <string.h>

enum { MASKS = 64 };            /* kept: of the places where texts were lately */

/* A place in the grammar, and a character cut by the end of a token. */
struct place {
	int      state, need;           /* need: bytes to come */
	uint32_t part, least;           /* what there is of it, and the least that may be so long */
};
struct mask {
	struct place of;
	size_t   count;                 /* of tokens allowed */
	uint8_t *allowed;               /* (V) */
};
struct grammar_walk {
	const struct grammar *g;
	struct automaton *a;
	struct place *at;               /* (n_seq) */
	int          *state, n_seq;     /* state: room for those of all */
	struct place *path;             /* (longest + 1): after each byte of a token */
	struct mask   mask[MASKS];
	int           n_mask, oldest;
	struct par_lock lock;
};

struct grammar_walk *
grammar_walk_new(const struct grammar *g, int n_seq)
{
	struct grammar_walk *w = xcalloc(1, sizeof *w);

	w->g = g;
	w->a = auto_new(g);
	w->n_seq = n_seq;
	w->state = xcalloc((size_t)n_seq, sizeof *w->state);
	w->at = xcalloc((size_t)n_seq, sizeof *w->at);
	w->path = xmalloc((g->longest + 1) * sizeof *w->path);
	for (int i = 0; i < MASKS; i++)
		w->mask[i].allowed = xmalloc(g->V + 1);
	for (int i = 0; i < n_seq; i++)
		grammar_begin(w, i);
	return w;
}

void
grammar_walk_free(struct grammar_walk *w)
{
	if (!w)
		return;
	auto_free(w->a);
	for (int i = 0; i < MASKS; i++)
		free(w->mask[i].allowed);
	free(w->state), free(w->at), free(w->path);
	free(w);
}

void
grammar_begin(struct grammar_walk *w, int seq)
{
	w->at[seq] = (struct place){ .state = auto_start(w->a) };
}

/* One byte on; 0: it may not come. */
static int
byte(struct automaton *a, const struct place *p, uint32_t b, struct place *to)
{
	*to = *p;
	if (p->need) {
		if (b >> 6 != 2)
			return 0;
		to->part = p->part << 6 | (b & 63);
		to->need--;
	} else if (b < 0x80 || (b >= 0xc2 && b <= 0xf4)) {
		to->need = b < 0x80 ? 0 : b < 0xe0 ? 1 : b < 0xf0 ? 2 : 3;
		to->least = to->need == 1 ? 0x80 : to->need == 2 ? 0x800 : to->need == 3 ? 0x10000 : 0;
		to->part = to->need ? b & (0x3fu >> to->need) : b;
	} else {
		return 0;
	}
	if (to->need)
		return 1;
	if (to->part < to->least || to->part > 0x10ffff || (to->part >= 0xd800 && to->part < 0xe000))
		return 0;
	*to = (struct place){ .state = auto_step(a, p->state, to->part) };
	return to->state != AUTO_DEAD;
}

/* A character of which only the first bits are there. */
static int
may_end(const struct automaton *a, const struct place *p)
{
	uint32_t lo = p->part << 6 * p->need, hi = lo | ((1u << 6 * p->need) - 1);

	if (hi > 0x10ffff)
		hi = 0x10ffff;
	if (hi >= 0xd800 && hi < 0xe000)        /* no surrogates */
		hi = 0xd7ff;
	return !p->need || auto_any(a, p->state, lo < p->least ? p->least : lo, hi);
}

int
grammar_text(struct grammar_walk *w, int seq, const char *text, size_t n)
{
	struct place p, next;
	int may = 1;

	par_lock(&w->lock);
	p = w->at[seq];
	for (size_t i = 0; i < n && may; i++) {
		may = byte(w->a, &p, (unsigned char)text[i], &next);
		p = next;
	}
	if (may && (may = may_end(w->a, &p)))
		w->at[seq] = p;
	par_unlock(&w->lock);
	return may ? 0 : -1;
}

int
grammar_take(struct grammar_walk *w, int seq, uint32_t id)
{
	const struct grammar *g = w->g;
	size_t n = g->begin[id + 1] - g->begin[id];

	return n ? grammar_text(w, seq, g->text.p + g->begin[id], n) : -1;
}

/* Texts in order: what a text has in common with the one before is not walked again. */
static size_t
try_all(struct grammar_walk *w, struct place from, uint8_t *allowed)
{
	const struct grammar *g = w->g;
	struct place *path = w->path;
	size_t good = 0, count = 0;     /* good: bytes of the last one tried that may come, path after each */

	memset(allowed, 0, g->V);
	path[0] = from;
	for (const struct piece *t = g->piece; t < g->piece + g->n_piece; t++) {
		if (t->same > good)
			continue;
		for (good = t->same; good < t->n; good++)
			if (!byte(w->a, &path[good], (unsigned char)t->p[good], &path[good + 1]))
				break;
		if (good == t->n && may_end(w->a, &path[good]))
			count += allowed[t->id] = 1;
	}
	return count;
}

/* Forgets where no text is any more. */
static void
trim(struct grammar_walk *w)
{
	for (int i = 0; i < w->n_seq; i++)
		w->state[i] = w->at[i].state;
	auto_keep(w->a, w->state, (size_t)w->n_seq);
	for (int i = 0; i < w->n_seq; i++)
		w->at[i].state = w->state[i];
	w->n_mask = w->oldest = 0;
}

static int
same_place(const struct place *a, const struct place *b)
{
	return a->state == b->state && a->need == b->need && a->part == b->part && a->least == b->least;
}

size_t
grammar_allow(struct grammar_walk *w, int seq, uint8_t *allowed)
{
	struct mask *m = NULL;
	size_t count;

	par_lock(&w->lock);
	if (auto_many(w->a))
		trim(w);
	for (int i = 0; i < w->n_mask && !m; i++)
		m = same_place(&w->mask[i].of, &w->at[seq]) ? &w->mask[i] : NULL;
	if (!m) {
		m = &w->mask[w->oldest];
		w->oldest = (w->oldest + 1) % MASKS;
		w->n_mask += w->n_mask < MASKS;
		m->of = w->at[seq];
		m->count = try_all(w, m->of, m->allowed);
	}
	memcpy(allowed, m->allowed, w->g->V);
	count = m->count;
	par_unlock(&w->lock);
	return count;
}

int
grammar_whole(struct grammar_walk *w, int seq)
{
	int whole;

	par_lock(&w->lock);
	whole = !w->at[seq].need && auto_whole(w->a, w->at[seq].state);
	par_unlock(&w->lock);
	return whole;
}
