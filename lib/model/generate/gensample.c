/* gensample - a continuation under way: its tokens, its text, where it ends */
/* SPDX-License-Identifier: MIT */
#include "model/generate/gensample.h"
#include <stdlib.h>
#include <string.h>

struct sample *
sample_new(const struct gen_opts *o, const struct gen_prompt *p, size_t job, uint64_t first, int T)
{
	struct sample *s = xcalloc(1, sizeof *s);

	s->o = o;
	s->prompt = job / (size_t)o->k;
	s->number = first + s->prompt;
	s->sample = (int)(job % (size_t)o->k);
	s->room = (size_t)T - p->n < (size_t)o->n ? T - (int)p->n : o->n;
	s->n_prompt = p->n;
	s->tok = xreallocarray(NULL, p->n + (size_t)s->room, sizeof *s->tok);
	s->logp = xreallocarray(NULL, (size_t)s->room + 1, sizeof *s->logp);
	memcpy(s->tok, p->tok, p->n * sizeof *s->tok);
	return s;
}

void
sample_free(struct sample *s)
{
	free(s->tok);
	free(s->logp);
	grammar_walk_free(s->own_walk);
	buf_free(&s->text);
	free(s);
}

/* Where the first stop text within the last bytes begins; n when there is none. */
static size_t
find_stop(const struct gen_opts *o, const struct buf *text, size_t old)
{
	size_t first = text->n;

	for (int i = 0; i < o->n_stop; i++) {
		size_t len = strlen(o->stop[i]), at = old + 1 > len ? old + 1 - len : 0;
		for (; len && at + len <= text->n && at < first; at++)
			if (!memcmp(text->p + at, o->stop[i], len))
				first = at;
	}
	return first;
}

/* How much of an unfinished text can no longer become the beginning of a stop text. */
static size_t
settled(const struct gen_opts *o, const struct buf *text)
{
	size_t hold = 0;

	for (int i = 0; i < o->n_stop; i++) {
		size_t len = strlen(o->stop[i]);
		for (size_t k = len < text->n ? len : text->n; k > hold; k--)
			if (!memcmp(text->p + text->n - k, o->stop[i], k))
				hold = k;
	}
	return text->n - hold;
}

static int
has_text(const struct vocab *v, const struct sample *s)
{
	for (size_t i = 0; i < s->n_prompt; i++)
		if (!vocab_special(v, s->tok[i]))
			return 1;
	return 0;
}

int
gen_ends(const struct gen_opts *o, uint32_t id)
{
	int end = 0;

	for (int i = 0; i < o->n_eos; i++)
		end |= o->eos[i] >= 0 && (uint32_t)o->eos[i] == id;
	return end;
}

void
sample_take(struct sample *s, const struct vocab *v, uint32_t id, float logp)
{
	size_t old = s->text.n, cut;

	s->tok[s->n_prompt + s->n] = id;
	s->logp[s->n++] = logp;
	s->ended |= gen_ends(s->o, id);
	if (v) {
		if (s->n == 1 && !has_text(v, s))
			decode_ids(v, &id, 1, 1, &s->text);
		else
			decode_part(v, &id, 1, 1, &s->text);
		cut = find_stop(s->o, &s->text, old);
		if (cut < s->text.n) {
			s->text.n = cut;
			s->ended = 1;
		}
	}
	s->done = s->ended || s->n == (size_t)s->room;
}

struct gen_out
sample_out(const struct sample *s)
{
	return (struct gen_out){ .prompt = s->prompt, .sample = s->sample, .tok = s->tok, .logp = s->logp, .n = s->n,
		.n_prompt = s->n_prompt, .text = buf_text(&s->text), .n_text = s->done ? s->text.n : settled(s->o, &s->text),
		.ended = s->ended, .first = s->first - s->began, .each = s->n > 1 ? (s->last - s->first) / (double)(s->n - 1) : 0,
		.guessed = s->guessed, .right = s->right, .whole = s->done };
}
