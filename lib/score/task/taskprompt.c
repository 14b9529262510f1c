/* taskprompt - what a model is asked: introduction, examples and question, as lm-eval puts them together */
/* SPDX-License-Identifier: MIT */
#include "score/task/taskprompt.h"
#include "base/rng.h"
#include "text/uni.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static void
add_example(const struct task *t, size_t k, struct buf *out)
{
	const struct task_item *x = &t->v[k];
	int c = t->spec->kind == TASK_CHOICE ? x->gold : 0;

	buf_str(out, x->context[c]);
	buf_str(out, t->spec->delimiter);
	buf_str(out, x->choice[c]);
	buf_str(out, "\n\n");
}

static int
same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* Of those with the same introduction: the first ones, or drawn without putting back. */
static void
add_examples(const struct task_prompts *p, size_t i, struct buf *out)
{
	const struct task *t = p->examples;
	size_t *may = NULL, n = 0, cap = 0, shots = (size_t)p->shots;

	for (size_t k = 0; k < t->n && (p->drawn || n < shots); k++)
		if ((t != p->task || k != i) && same(t->v[k].intro, p->task->v[i].intro))
			VEC_PUSH(may, n, cap, k);
	for (size_t k = 0; k < shots && k < n; k++) {
		size_t at = k + (p->drawn ? rng_at(p->seed, i, k, 0, 0) % (n - k) : 0), one = may[at];
		may[at] = may[k];
		add_example(t, one, out);
	}
	free(may);
}

void
task_prompt_text(const struct task_prompts *p, size_t i, int c, struct buf *out)
{
	const struct task_item *it = &p->task->v[i];

	if (it->intro)
		buf_str(out, it->intro);
	if (p->shots)
		add_examples(p, i, out);
	buf_str(out, it->context[c]);
}

/* What a user says, and the assistant's header; its length does not matter yet. */
static int
as_chat(const struct task_prompts *p, const struct buf *text, struct ids *ids, struct err *e)
{
	struct prompt_opts o = p->o;
	struct prompt said;

	o.T = INT_MAX;
	o.n = 1;
	if (prompt_text(&said, &o, text->p, text->n, e))
		return -1;
	*ids = (struct ids){ .v = said.tok, .n = said.n, .cap = said.n };
	said.tok = NULL;
	prompt_free(&said);
	return 0;
}

/* Ids of the two together and how many of them are of the first: blanks at its end go over to the second. */
static int
encode_pair(const struct task_prompts *p, struct buf *given, const struct buf *more, struct ids *ids, size_t *n_given, struct err *e)
{
	uint32_t first = (uint32_t)(p->o.bos >= 0 ? p->o.bos : p->o.otherwise);
	const char *s = given->p;
	size_t n = given->n, head;

	if (n)
		uni_strip(&s, &n);
	head = n ? (size_t)(s + n - given->p) : 0;
	if (!head && p->o.bos < 0 && p->o.otherwise < 0)
		return err_set(e, "nothing is given, and the vocabulary has no token to begin with");
	if (!head || p->o.bos >= 0)
		VEC_PUSH(ids->v, ids->n, ids->cap, first);
	if (head && encode(p->o.encoder, given->p, head, ids, e))
		return -1;
	*n_given = ids->n;
	ids->n = !head || p->o.bos >= 0;
	buf_add(given, more->p, more->n);
	return encode(p->o.encoder, given->p, given->n, ids, e);
}

/* No more than the context and one token, which is not read. */
static int
fit(struct task_prompts *p, struct ids *ids, size_t *n_given, struct err *e)
{
	size_t most = (size_t)p->o.T + 1, cut = ids->n > most ? ids->n - most : 0;

	if (ids->n <= *n_given)
		return err_set(e, "a choice of no tokens");
	if (!cut)
		return 0;
	if (!p->o.truncate)
		return err_set(e, "%zu tokens, and the context has %d: see --truncate", ids->n - 1, p->o.T);
	if (cut >= *n_given)
		return err_set(e, "a choice of %zu tokens, and the context has %d", ids->n - *n_given, p->o.T);
	memmove(ids->v, ids->v + cut, most * sizeof *ids->v);
	ids->n = most;
	*n_given -= cut;
	p->truncated++;
	return 0;
}

int
task_prompt_choice(struct task_prompts *p, size_t i, int c, int alone, struct likely *out, struct err *e)
{
	const struct task_item *it = &p->task->v[i];
	struct buf given = { 0 }, more = { 0 };
	struct ids ids = { 0 };
	size_t n_given = 0;
	int bad;

	buf_str(&given, "");
	if (!alone)
		task_prompt_text(p, i, c, &given);
	if (!alone && !p->o.chat_lines)
		buf_str(&more, p->task->spec->delimiter);
	buf_str(&more, it->choice[c]);
	if (p->o.chat_lines && !alone) {
		bad = as_chat(p, &given, &ids, e);
		n_given = ids.n;
		bad = bad || encode_more(p->o.encoder, more.p, more.n, 0, &ids, e);
	} else {
		bad = encode_pair(p, &given, &more, &ids, &n_given, e);
	}
	if (bad || fit(p, &ids, &n_given, e)) {
		free(ids.v);
		ids.v = NULL;
	}
	*out = (struct likely){ .tok = ids.v, .n = ids.n, .n_given = n_given, .item = i };
	buf_free(&given);
	buf_free(&more);
	return ids.v ? 0 : -1;
}

int
task_prompt_open(struct task_prompts *p, size_t i, struct prompt *out, struct err *e)
{
	struct prompt_opts uncut = p->o;
	struct buf text = { 0 };
	struct err long_one;
	int bad;

	uncut.truncate = 0;
	task_prompt_text(p, i, 0, &text);
	bad = prompt_text(out, &uncut, text.p, text.n, &long_one);
	if (bad) {
		bad = prompt_text(out, &p->o, text.p, text.n, e);
		p->truncated += !bad;
	}
	buf_free(&text);
	return bad;
}
