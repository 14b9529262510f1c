/* taskrun - a model at a task, from its files to its metrics */
/* SPDX-License-Identifier: MIT */
#include "score/task/taskrun.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct task_metric *
task_metric(struct task_result *r, const char *key, const char *name, const char *filter)
{
	struct task_metric new = { .power = 0 };

	for (int i = 0; i < r->n_metrics; i++)
		if (!strcmp(r->metric[i].key, key) && !strcmp(r->metric[i].name, name))
			return &r->metric[i];
	snprintf(new.key, sizeof new.key, "%s", key);
	snprintf(new.name, sizeof new.name, "%s", name);
	snprintf(new.filter, sizeof new.filter, "%s", filter);
	VEC_PUSH(r->metric, r->n_metrics, r->cap_metrics, new);
	return &r->metric[r->n_metrics - 1];
}

double
task_metric_value(const struct task_metric *m)
{
	return m->power ? exp(ratio_value(&m->mean)) : ratio_value(&m->mean);
}

double
task_metric_error(const struct task_metric *m)
{
	return m->power ? task_metric_value(m) * ratio_error(&m->mean) : ratio_error(&m->mean);
}

static int
read_task(struct task *t, char *const *files, int n, const char *labels, size_t stop, struct err *e)
{
	for (int i = 0; i < n && (!stop || t->n < stop); i++)
		if (task_read(t, files[i], labels, stop, e))
			return -1;
	if (!t->n)
		return err_set(e, "%s: no items", files[0]);
	return 0;
}

static int
read_files(struct task_at_work *w, struct err *e)
{
	const struct task_opts *o = w->o;
	char dash[] = "-", *from_stdin[] = { dash }, *ex[] = { (char *)(uintptr_t)o->examples };

	w->task.spec = o->task ? task_named(o->task) : NULL;
	if (read_task(&w->task, o->nfiles ? o->files : from_stdin, o->nfiles ? o->nfiles : 1, o->labels, (size_t)o->items, e))
		return -1;
	w->examples.spec = w->task.spec;
	if (o->examples && read_task(&w->examples, ex, 1, NULL, 0, e))
		return -1;
	if ((size_t)o->shots > (o->examples ? w->examples.n : w->task.n - 1))
		return err_set(e, "--shots=%lld: there are not so many examples", o->shots);
	return 0;
}

/* The token that begins a text: what the model declares, unless that ends documents too, as in GPT-2. */
static int
begin_with(const struct task_at_work *w)
{
	const struct config *c = &w->open.m.cfg;

	return w->o->no_bos || c->bos == vocab_eot(w->open.vocab) || c->bos == c->eos ? -1 : c->bos;
}

static int
open_model(struct task_at_work *w, struct err *e)
{
	const struct task_opts *o = w->o;
	const struct config *c = &w->open.m.cfg;

	if (opened_load(&w->open, o->model, QUANT_F32, 0, e))
		return -1;
	w->encoder = encoder_new(w->open.vocab, &(struct vocab_opts){ .special = SPECIAL_NONE });
	if (o->chat && !w->open.has_chat)
		return err_set(e, "%s: the model has no chat template (it was not trained on conversations)", o->model);
	w->prompts.o = (struct prompt_opts){ .encoder = w->encoder, .chat = o->chat ? &w->open.chat : NULL, .chat_lines = o->chat,
		.bos = begin_with(w), .otherwise = c->bos >= 0 ? c->bos : vocab_eot(w->open.vocab), .T = c->T,
		.truncate = o->truncate ? 'l' : 0, .n = (int)(o->tokens ? o->tokens : w->task.spec->tokens) };
	memcpy(w->r->vocab, w->open.m.vocab, sizeof w->r->vocab);
	return 0;
}

static int
suits(const struct task_at_work *w, struct err *e)
{
	const struct task_opts *o = w->o;
	const struct task_spec *s = w->task.spec;

	if (s->kind == TASK_CHOICE && (!o->model || o->verify || o->filter))
		return err_set(e, "%s compares likelihoods: it takes a model, and neither --verify nor --filter", s->name);
	if (s->kind != TASK_CHOICE && o->mutual)
		return err_set(e, "%s has no choices: --mutual does not go with it", s->name);
	if (s->kind == TASK_CODE && !o->verify)
		return err_set(e, "%s runs what is generated: say how, as in --verify='python3 -'", s->name);
	return 0;
}

int
task_run(struct task_result *r, const struct task_opts *o, struct err *e)
{
	struct task_at_work w = { .o = o, .r = r };
	int bad;

	memset(r, 0, sizeof *r);
	bad = read_files(&w, e) || suits(&w, e) || (o->model && open_model(&w, e));
	w.prompts.task = &w.task;
	w.prompts.examples = o->examples ? &w.examples : &w.task;
	w.prompts.shots = (int)o->shots;
	w.prompts.drawn = o->drawn;
	w.prompts.seed = (uint64_t)o->seed;
	if (!bad) {
		r->task = w.task.spec->name;
		r->n = w.task.n;
		bad = w.task.spec->kind == TASK_CHOICE ? task_choices(&w, e) : task_answers(&w, e);
		r->truncated = w.prompts.truncated;
	}
	if (w.encoder)
		encoder_free(w.encoder);
	opened_free(&w.open);
	task_free(&w.task);
	task_free(&w.examples);
	return bad ? -1 : 0;
}

void
task_result_free(struct task_result *r)
{
	free(r->metric);
	buf_free(&r->lines);
}

void
task_json(const struct task_result *r, const struct task_opts *o, struct buf *b)
{
	char name[64];

	buf_char(b, '{');
	json_add_str(b, "task", r->task);
	for (int i = 0; i < r->n_metrics; i++) {
		snprintf(name, sizeof name, "%s_se", r->metric[i].key);
		json_add_num(b, r->metric[i].key, task_metric_value(&r->metric[i]));
		json_add_num(b, name, task_metric_error(&r->metric[i]));
	}
	json_add_int(b, "n", (long long)r->n);
	json_add_int(b, "shots", o->shots);
	if (r->samples)
		json_add_int(b, "samples", (long long)r->samples);
	json_add_int(b, "truncated", (long long)r->truncated);
	json_add_str(b, "tokenizer", r->vocab);
	buf_str(b, "}\n");
}

void
task_text(const struct task_result *r, const struct task_opts *o, struct buf *b)
{
	buf_printf(b, "%s, %zu items, %lld shots, tokenizer %s\n", r->task, r->n, o->shots, r->vocab[0] ? r->vocab : "none");
	for (int i = 0; i < r->n_metrics; i++) {
		double se = task_metric_error(&r->metric[i]);           /* NaN: of a single item */
		buf_printf(b, "%-16s %8.4f", r->metric[i].key, task_metric_value(&r->metric[i]));
		if (isfinite(se))
			buf_printf(b, " +- %.4f", se);
		buf_char(b, '\n');
	}
	if (r->truncated)
		buf_printf(b, "%zu prompts were cut at the left\n", r->truncated);
}
