/* desk - answers under way */
/* SPDX-License-Identifier: MIT */
#include "serve/desk.h"
#include "kern/row.h"
#include "model/grammar/grammar.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
desk_init(struct desk *d, const struct opened *open, const struct gen_opts *o, int T, size_t most_waiting)
{
	*d = (struct desk){ .open = open, .o = *o, .T = T, .most_waiting = most_waiting };
	d->plain = encoder_new(open->vocab, &(struct vocab_opts){ .special = SPECIAL_NONE });
	d->special = encoder_new(open->vocab, &(struct vocab_opts){ .special = SPECIAL_ALL });
	d->g = generator_new(&open->m, open->vocab, &d->o, T);
}

void
desk_free(struct desk *d)
{
	while (d->jobs)
		desk_drop(d, d->jobs);
	generator_free(d->g);
	encoder_free(d->plain);
	encoder_free(d->special);
}

int
answer_tops(const struct answer *a)
{
	return a->job->r.logprobs > 0 ? (int)a->job->r.logprobs : 0;
}

/* Notes how likely a token was; of equals the lower id is the likelier. */
static void
look(void *ctx, size_t at, uint32_t id, const float *logits)
{
	struct answer *a = ctx;
	size_t V = a->job->V, i = at - a->first;
	int most = answer_tops(a), n = 0;
	struct logprob *top = a->top + i * (size_t)most;
	float whole = (float)row_log_sum(logits, V, 1, row_largest(logits, V));

	a->own[i] = (struct logprob){ id, logits[id] - whole };
	for (size_t k = 0; k < V && most; k++) {
		int at_k;
		if (n == most && !(logits[k] > logits[top[n-1].id]))
			continue;
		at_k = n < most ? n++ : n - 1;
		for (; at_k > 0 && logits[k] > logits[top[at_k-1].id]; at_k--)
			top[at_k] = top[at_k-1];
		top[at_k] = (struct logprob){ (uint32_t)k, logits[k] - whole };
	}
}

int
desk_tokens(struct desk *d, const struct request *r, size_t prompt, struct encoder *encoder, struct ids *ids, struct err *e)
{
	const struct asked *p = r->prompt + prompt;
	const struct config *cfg = &d->open->m.cfg;
	struct json object;

	if (r->talk) {
		if (!d->open->has_chat)
			return err_set(e, "messages: the model has no chat template (it was not trained on conversations)");
		return json_parse(&object, r->talk, strlen(r->talk), e) ? -1 : chat_render(&d->open->chat, encoder, object, 1, ids, NULL, e);
	}
	if (p->text && r->special && cfg->bos >= 0)
		VEC_PUSH(ids->v, ids->n, ids->cap, (uint32_t)cfg->bos);
	if (p->text)
		return encode(encoder, p->text, p->n, ids, e);
	for (size_t i = 0; i < p->n; i++) {
		if (p->ids[i] >= (uint32_t)cfg->V)
			return err_set(e, "prompt: token %u, and the model has %d", p->ids[i], cfg->V);
		VEC_PUSH(ids->v, ids->n, ids->cap, p->ids[i]);
	}
	return 0;
}

/* The prompts of a job as tokens that leave room for one more. */
static int
read_prompts(struct desk *d, struct job *j, struct err *e)
{
	size_t n = j->r.talk ? 1 : j->r.n_prompts;
	int otherwise = vocab_eot(d->open->vocab);

	j->prompt = xcalloc(n, sizeof *j->prompt);
	for (size_t i = 0; i < n; i++) {
		struct ids ids = { 0 };
		int bad = desk_tokens(d, &j->r, i, d->plain, &ids, e);
		if (!bad && !ids.n && otherwise >= 0)
			VEC_PUSH(ids.v, ids.n, ids.cap, (uint32_t)otherwise);
		j->prompt[i] = (struct gen_prompt){ ids.v, ids.n };
		j->n_prompts++;
		if (!bad && !ids.n)
			bad = err_set(e, "prompt: is empty, and the vocabulary has no token to begin with");
		if (!bad && ids.n >= (size_t)d->T)
			bad = err_set(e, "prompt: %zu tokens, and the context has %d", ids.n, d->T);
		if (bad)
			return -1;
		d->prompt_tokens += ids.n;
	}
	return 0;
}

static void
begin(struct desk *d, struct job *j, struct answer *a, size_t i)
{
	const struct request *r = &j->r;
	const struct gen_prompt *p;
	size_t room;

	*a = (struct answer){ .job = j, .prompt = i / (size_t)r->n, .sample = (int)(i % (size_t)r->n), .o = d->o };
	p = j->prompt + a->prompt;
	room = (size_t)d->T - p->n;
	a->o.n = r->max_tokens < 0 || (size_t)r->max_tokens > room ? (int)room : (int)r->max_tokens;
	a->o.k = (int)r->n;
	a->o.sampler = r->sampler;
	a->o.grammar = j->grammar;
	a->o.stop = r->stop;
	a->o.n_stop = r->n_stop;
	if (r->echo)
		decode_ids(d->open->vocab, p->tok, p->n, 1, &a->echo);
	if (r->logprobs < 0)
		return;
	a->o.look = look;
	a->o.look_ctx = a;
	a->o.look_all = r->echo;
	a->first = r->echo ? 1 : p->n;
	a->own = xcalloc(p->n + (size_t)a->o.n, sizeof *a->own);
	a->top = xcalloc((p->n + (size_t)a->o.n) * (size_t)(r->logprobs ? r->logprobs : 1), sizeof *a->top);
}

/* What only the model can tell is checked: 0, or -1 with the reason. */
static int
check(struct desk *d, struct job *j, struct err *e)
{
	const struct request *r = &j->r;
	size_t V = (size_t)d->open->m.cfg.V;

	for (int i = 0; i < r->sampler.n_bias; i++)
		if (r->sampler.bias[i].id >= V)
			return err_set(e, "logit_bias: token %u, and the model has %zu", r->sampler.bias[i].id, V);
	if (r->grammar && !(j->grammar = grammar_parse(r->grammar, strlen(r->grammar), e)))
		return err_in(e, "grammar");
	if (j->grammar)
		grammar_tokens(j->grammar, d->open->vocab, V);
	return read_prompts(d, j, e);
}

int
desk_ask(struct desk *d, struct request *r, struct job **job, struct err *e)
{
	struct job *j = xcalloc(1, sizeof *j), **end = &d->jobs;
	size_t n = (r->talk ? 1 : r->n_prompts) * (size_t)r->n;

	j->r = *r;
	*r = (struct request){ 0 };
	j->number = d->requests;
	j->when = (long long)time(NULL);
	j->V = (size_t)d->open->m.cfg.V;
	while (*end)
		end = &(*end)->next;
	*end = j;
	if (n > d->most_waiting || d->waiting + n > d->most_waiting) {
		err_set(e, "%zu answers are waiting, and %zu may: try again later", d->waiting, d->most_waiting);
		return desk_drop(d, j), 429;
	}
	if (check(d, j, e))
		return desk_drop(d, j), 400;
	j->v = xcalloc(n, sizeof *j->v);
	j->n = j->left = n;
	for (size_t i = 0; i < n; i++)
		begin(d, j, j->v + i, i);
	d->waiting += n;
	*job = j;
	return 0;
}

void
desk_drop(struct desk *d, struct job *j)
{
	struct job **at = &d->jobs;

	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	for (size_t i = 0; i < j->n; i++) {
		struct answer *a = j->v + i;
		if (!a->s)
			d->waiting--;
		else if (!a->whole)
			d->running--;
		if (a->s)
			generator_leave(d->g, a->s);
		free(a->own), free(a->top);
		buf_free(&a->echo);
	}
	for (size_t i = 0; i < j->n_prompts; i++)
		free((uint32_t *)j->prompt[i].tok);
	free(j->prompt);
	free(j->v);
	grammar_free(j->grammar);
	request_free(&j->r);
	free(j);
}

/* Those who wait join in the order in which they came, until one has no room. */
static void
let_join(struct desk *d)
{
	for (struct job *j = d->jobs; j && d->waiting; j = j->next)
		for (size_t i = 0; i < j->n; i++) {
			struct answer *a = j->v + i;
			if (a->s)
				continue;
			if (!(a->s = generator_join(d->g, &a->o, j->prompt + a->prompt, a->prompt, a->sample)))
				return;
			d->waiting--;
			d->running++;
		}
}

struct gen_out
answer_out(const struct answer *a)
{
	const struct gen_prompt *p = a->job->prompt + a->prompt;

	return a->s ? sample_out(a->s) : (struct gen_out){ .tok = p->tok, .n_prompt = p->n, .text = "" };
}

int
desk_round(struct desk *d)
{
	let_join(d);
	if (!d->running)
		return 0;
	generator_step(d->g);
	for (struct job *j = d->jobs; j; j = j->next)
		for (size_t i = 0; i < j->n; i++) {
			struct answer *a = j->v + i;
			struct gen_out o;
			if (!a->s || a->whole || !(o = answer_out(a)).whole)
				continue;
			a->whole = 1;
			j->left--;
			d->running--;
			d->tokens += o.n;
		}
	return d->running + d->waiting > 0;
}
