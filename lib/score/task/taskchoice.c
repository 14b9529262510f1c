/* taskchoice - which continuation of several is the likeliest, by five rules */
/* SPDX-License-Identifier: MIT */
#include "score/task/taskrun.h"
#include "text/uni.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum rule { BY_SUM, BY_CHARACTER, BY_BYTE, BY_TOKEN, BY_MUTUAL, N_RULES };
static const char *const names[N_RULES] = { "acc", "acc_norm", "acc_bytes", "acc_token", "acc_mutual_info" };

/* The score of a choice; alone: the same without its context, or NULL. */
static double
score_by(enum rule rule, const struct likely *l, const struct likely *alone, const char *choice)
{
	size_t bytes = strlen(choice);

	switch (rule) {
	case BY_CHARACTER: return l->logp / (double)uni_count(choice, bytes);
	case BY_BYTE: return l->logp / (double)bytes;
	case BY_TOKEN: return l->logp / (double)(l->n - l->n_given);
	case BY_MUTUAL: return l->logp - alone->logp;
	default: return l->logp;
	}
}

/* The first of the best ones. */
static int
best_by(enum rule rule, const struct task_item *it, const struct likely *l, const struct likely *alone)
{
	int best = 0;
	double top = -INFINITY;

	for (int c = 0; c < it->n; c++) {
		double s = score_by(rule, l + c, alone ? alone + c : NULL, it->choice[c]);
		if (s > top) {
			top = s;
			best = c;
		}
	}
	return best;
}

/* All choices of all items, and without their contexts behind them. */
static int
prepare(struct task_at_work *w, struct likely *v, size_t n, struct err *e)
{
	size_t k = 0;

	for (int alone = 0; alone <= w->o->mutual; alone++)
		for (size_t i = 0; i < w->task.n; i++)
			for (int c = 0; c < w->task.v[i].n; c++, k++) {
				if (task_prompt_choice(&w->prompts, i, c, alone, &v[k], e))
					return err_at(e, "item %zu, choice %d", i, c);
				v[k].item += alone ? w->task.n : 0;
			}
	return k == n ? 0 : -1;
}

static void
sample(struct task_at_work *w, size_t i, const struct likely *l, int n_rules, const double *value)
{
	const struct task_item *it = &w->task.v[i];
	struct buf prompt = { 0 }, args = { 0 }, resps = { 0 }, filtered = { 0 }, one = { 0 };
	char target[16];

	for (int c = 0; c < it->n; c++) {
		buf_clear(&prompt);
		task_prompt_text(&w->prompts, i, c, &prompt);
		buf_printf(&args, "%c\"gen_args_%d\":{\"arg_0\":", c ? ',' : '{', c);
		json_quote(&args, prompt.p, prompt.n);
		buf_clear(&one);
		buf_str(&one, w->prompts.o.chat_lines ? "" : w->task.spec->delimiter);
		buf_str(&one, it->choice[c]);
		buf_str(&args, ",\"arg_1\":");
		json_quote(&args, one.p, one.n);
		buf_char(&args, '}');
		buf_printf(&resps, "%c[[\"%.17g\",\"%s\"]]", c ? ',' : '[', l[c].logp, l[c].greedy ? "True" : "False");
		buf_printf(&filtered, "%c[\"%.17g\",\"%s\"]", c ? ',' : '[', l[c].logp, l[c].greedy ? "True" : "False");
	}
	buf_char(&args, '}'), buf_char(&resps, ']'), buf_char(&filtered, ']');
	buf_clear(&prompt);
	task_prompt_text(&w->prompts, i, 0, &prompt);
	snprintf(target, sizeof target, "%d", it->gold);
	task_sample(w->r, &(struct task_line){ .item = it, .i = i, .prompt = prompt.p, .target = it->n > 1 ? target : it->choice[0],
		.filter = "none", .arguments = args.p, .resps = resps.p, .filtered = filtered.p, .n = n_rules, .metric = names, .value = value });
	buf_free(&prompt), buf_free(&args), buf_free(&resps), buf_free(&filtered), buf_free(&one);
}

/* A single continuation: whether it is the greedy one, and its perplexity. */
static void
judge_one(struct task_at_work *w, size_t i, const struct likely *l)
{
	double hit = l->greedy;

	ratio_add(&task_metric(w->r, "acc", "acc", "none")->mean, hit, 1);
	task_metric(w->r, "ppl", "perplexity", "none")->power = 1;
	ratio_add(&task_metric(w->r, "ppl", "perplexity", "none")->mean, -l->logp, 1);
	if (w->o->results)
		sample(w, i, l, 1, &hit);
}

static void
judge(struct task_at_work *w, size_t i, const struct likely *l, const struct likely *alone)
{
	const struct task_item *it = &w->task.v[i];
	int n = alone ? N_RULES : BY_MUTUAL;
	double hit[N_RULES];

	for (int rule = 0; rule < n; rule++) {
		hit[rule] = best_by((enum rule)rule, it, l, alone) == it->gold;
		ratio_add(&task_metric(w->r, names[rule], names[rule], "none")->mean, hit[rule], 1);
	}
	if (w->o->results)
		sample(w, i, l, n, hit);
}

int
task_choices(struct task_at_work *w, struct err *e)
{
	size_t n = 0, k = 0, total;
	struct likely *v;
	int bad;

	for (size_t i = 0; i < w->task.n; i++)
		n += (size_t)w->task.v[i].n;
	total = w->o->mutual ? 2 * n : n;
	v = xcalloc(total + 1, sizeof *v);
	bad = prepare(w, v, total, e);
	if (!bad)
		likely_run(&w->open.m.cfg, w->open.mats, v, total, (int)w->o->batch);
	for (size_t i = 0; !bad && i < w->task.n; i++) {
		if (w->task.v[i].n == 1)
			judge_one(w, i, v + k);
		else
			judge(w, i, v + k, w->o->mutual ? v + n + k : NULL);
		k += (size_t)w->task.v[i].n;
	}
	for (size_t i = 0; i < total; i++)
		free(v[i].tok);
	free(v);
	return bad;
}
