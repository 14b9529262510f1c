/* taskanswer - responses to the items of a task: generated or read, then compared or run */
/* SPDX-License-Identifier: MIT */
#include "score/task/taskrun.h"
#include "base/par.h"
#include "base/size.h"
#include "model/generate/generate.h"
#include "stream/input.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { LINE_MOST = 1 << 26 };

struct responses {
	struct task_at_work *w;
	size_t       k;                 /* of each item */
	struct buf  *v;                 /* (items, k) */
	double      *score;             /* (items, k) by a command */
	struct err  *err;               /* (items, k) why one could not be run at all */
	char         nonce[33];
};

static const char *
text_at(const struct responses *r, size_t j)
{
	return r->v[j].p ? r->v[j].p : "";
}

/* ---- where they come from */

static void
take(void *ctx, const struct gen_out *o)
{
	struct responses *r = ctx;

	if (!o->whole)
		return;
	buf_add(&r->v[o->prompt * r->k + (size_t)o->sample], o->text, o->n_text);
	progress(o->prompt * r->k + (size_t)o->sample + 1, r->w->task.n * r->k, "responses", " ");
}

static int
generate_all(struct responses *r, struct err *e)
{
	struct task_at_work *w = r->w;
	const struct task_opts *o = w->o;
	const struct task_spec *s = w->task.spec;
	size_t n = w->task.n, longest = 0, jobs = n * r->k;
	struct gen_prompt *p = xcalloc(n + 1, sizeof *p);
	struct prompt *own = xcalloc(n + 1, sizeof *own);
	const struct opened *m = &w->open;
	int others = o->chat ? 0 : m->n_eos - 1, T, bad = 0;    /* a template's ends are none of plain text */
	struct gen_opts g = { .mats = m->mats, .cache = QUANT_F32, .n = w->prompts.o.n, .k = (int)r->k,
		.batch = (int)least((size_t)o->batch, jobs), .sampler = o->sampler, .eos = m->eos + others,
		.n_eos = m->n_eos - others, .stop = o->stops.n ? o->stops.v : s->until, .n_stop = o->stops.n };

	while (!o->stops.n && g.n_stop < 8 && s->until[g.n_stop])
		g.n_stop++;
	for (size_t i = 0; i < n && !bad; i++) {
		if ((bad = task_prompt_open(&w->prompts, i, &own[i], e)) != 0)
			err_at(e, "item %zu", i);
		p[i] = (struct gen_prompt){ own[i].tok, own[i].n };
		longest = p[i].n > longest ? p[i].n : longest;
	}
	T = m->m.cfg.T - (long long)longest < g.n ? m->m.cfg.T : (int)longest + g.n;
	if (!bad && jobs) {
		struct generator *gen = generator_new(&m->m, m->vocab, &g, T);
		generate(gen, p, n, 0, take, r);
		progress_end();
		generator_free(gen);
	}
	for (size_t i = 0; i < n; i++)
		prompt_free(&own[i]);
	free(own), free(p);
	return bad;
}

/* The item that a response is to: by its task_id or id, else the next one. */
static long long
item_of(const struct task *t, struct json o, size_t next)
{
	char *id = json_dup(json_get(o, json_kind(json_get(o, "task_id")) ? "task_id" : "id"));
	long long at = id ? -1 : (long long)next;

	for (size_t i = 0; id && i < t->n && at < 0; i++)
		if (t->v[i].id && !strcmp(t->v[i].id, id))
			at = (long long)i;
	free(id);
	return at < (long long)t->n ? at : -1;
}

static int
take_line(struct responses *r, size_t *count, size_t line, const struct buf *b, struct err *e)
{
	static const char *const keys[] = { "completion", "response", "text" };
	struct json o, text = { 0 };
	long long i;
	int k = 0;

	if (json_parse(&o, b->p, b->n, e))
		return -1;
	while (k < 3 && json_kind(text) != '"')
		text = json_get(o, keys[k++]);
	i = item_of(&r->w->task, o, line / r->k);
	if (json_kind(text) != '"' || i < 0)
		return err_set(e, i < 0 ? "a response to no item" : "no \"completion\" or \"response\"");
	if (count[i] == r->k)
		return err_set(e, "more than %zu responses to item %lld", r->k, i);
	return json_str(text, &r->v[(size_t)i * r->k + count[i]++]);
}

/* Exactly k to each item. */
static int
read_all(struct responses *r, struct err *e)
{
	const char *path = r->w->o->responses;
	struct input *in = input_open(path, 1, e);
	size_t *count = xcalloc(r->w->task.n + 1, sizeof *count), line = 0;
	struct buf b = { 0 };
	int more, bad = in ? 0 : -1;

	for (; !bad && (more = input_object(in, &b, LINE_MOST, e)) != 0; line++)
		if (more < 0)
			bad = -1;
		else if ((bad = take_line(r, count, line, &b, e)))
			err_at(e, "%s: response %zu", path, line);
	for (size_t i = 0; !bad && i < r->w->task.n; i++)
		if (count[i] != r->k)
			bad = err_set(e, "%s: %zu responses to item %zu, not %zu", path, count[i], i, r->k);
	if (in)
		input_close(in);
	free(count);
	buf_free(&b);
	return bad ? -1 : 0;
}

/* ---- judged by a command */

/* A program ends with a line that its code cannot know of beforehand: one that ends early does not pass (one that
 * reads its own source could say the line; it is a guard against accidents, and the box against intent).  Other
 * responses go as one JSON line, and a number comes back. */
static void
question(const struct responses *r, const struct task_item *it, size_t i, const char *text, struct buf *in)
{
	static const char *const ours[] = { "prompt", "response", NULL };
	struct json o;
	struct buf prompt = { 0 };

	if (it->test) {
		buf_printf(in, "%s%s\n%s", it->context[0], text, it->test);
		if (it->python)
			buf_printf(in, "\nprint(\"\\n%s\")\n", r->nonce);
		return;
	}
	task_prompt_text(&r->w->prompts, i, 0, &prompt);
	buf_char(in, '{');
	json_add_str(in, "prompt", prompt.p);
	json_add_str(in, "response", text);
	buf_free(&prompt);
	if (json_parse(&o, it->doc, strlen(it->doc), NULL))
		return;
	json_add_rest(in, o, ours);
	buf_str(in, "}\n");
}

static void
run_one(size_t j, void *ctx)
{
	struct responses *r = ctx;
	const struct task_opts *o = r->w->o;
	const struct task_item *it = &r->w->task.v[j / r->k];
	struct buf in = { 0 }, out = { 0 };
	struct box_result box;
	char *end;

	question(r, it, j / r->k, text_at(r, j), &in);
	buf_str(&out, "");
	if (box_run(o->verify, in.p, in.n, &o->box, &out, &box, &r->err[j])) {
		r->score[j] = NAN;
	} else if (it->test) {
		r->score[j] = box.end == BOX_EXITED && !box.status && (!it->python || strstr(out.p, r->nonce));
	} else {
		r->score[j] = strtod(out.p, &end);
		if (box.end != BOX_EXITED || box.status || end == out.p || end[strspn(end, " \t\r\n")] || !isfinite(r->score[j])) {
			err_set(&r->err[j], "no number: %.200s", out.p);
			r->score[j] = NAN;
		}
	}
	buf_free(&in);
	buf_free(&out);
}

static int
run_all(struct responses *r, struct err *e)
{
	size_t jobs = r->w->task.n * r->k;
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return err_sys(e, "random bytes");
	for (int i = 0; i < 16; i++)
		snprintf(r->nonce + 2 * i, 3, "%02x", bytes[i]);
	r->score = xcalloc(jobs + 1, sizeof *r->score);
	r->err = xcalloc(jobs + 1, sizeof *r->err);
	par_for(jobs, run_one, r);
	for (size_t j = 0; j < jobs; j++)
		if (isnan(r->score[j])) {
			*e = r->err[j];
			return err_in(e, "--verify");
		}
	return 0;
}

/* ---- what comes of it */

static void
sample(const struct responses *r, size_t i, const char *const *taken, const char *filter, const char *name, double value)
{
	const struct task_at_work *w = r->w;
	const struct task_item *it = &w->task.v[i];
	struct buf prompt = { 0 }, args = { 0 }, resps = { 0 }, filtered = { 0 };

	task_prompt_text(&w->prompts, i, 0, &prompt);
	buf_str(&args, "{\"gen_args_0\":{\"arg_0\":");
	json_quote(&args, prompt.p, prompt.n);
	buf_str(&args, ",\"arg_1\":{");
	json_add_int(&args, "max_gen_toks", w->prompts.o.n);
	json_add_num(&args, "temperature", w->o->sampler.top_k == 1 ? 0 : w->o->sampler.temperature);
	buf_str(&args, "}}}");
	for (size_t s = 0; s < r->k; s++) {
		buf_str(&resps, s ? "," : "[[");
		json_quote(&resps, text_at(r, i * r->k + s), r->v[i * r->k + s].n);
		buf_char(&filtered, s ? ',' : '[');
		json_quote(&filtered, taken[s], strlen(taken[s]));
	}
	buf_str(&resps, "]]"), buf_char(&filtered, ']');
	task_sample(w->r, &(struct task_line){ .item = it, .i = i, .prompt = prompt.p, .target = it->test ? it->test : it->choice[0],
		.filter = filter, .arguments = args.p, .resps = resps.p, .filtered = filtered.p, .n = 1, .metric = &name, .value = &value });
	buf_free(&prompt), buf_free(&args), buf_free(&resps), buf_free(&filtered);
}

/* pass@k of c right ones. */
static void
add_passes(const struct responses *r, long long c, const char *filter)
{
	const struct task_opts *o = r->w->o;
	char name[32];

	for (int a = 0; a < o->n_at; a++) {
		snprintf(name, sizeof name, "pass@%lld", o->at[a]);
		ratio_add(&task_metric(r->w->r, name, name, filter)->mean, answer_pass((long long)r->k, c, o->at[a]), 1);
	}
}

/* An item by one filter: exact match of any right answer; F1 where there are no numbers. */
static void
compare(const struct responses *r, size_t i, const struct answer_filter *f, const struct task_filter *t, int first)
{
	const struct task_item *it = &r->w->task.v[i];
	const struct task_spec *s = r->w->task.spec;
	const char **taken = xcalloc(r->k, sizeof *taken);
	struct buf *b = xcalloc(r->k, sizeof *b);
	double exact = 0, f1 = 0;
	const char *name = t->name ? t->name : "none", *key = first ? "acc" : !strcmp(name, "flexible-extract") ? "flexible" : name;

	for (size_t k = 0; k < r->k; k++) {
		double best = 0;
		int same = 0;
		buf_str(&b[k], "");
		answer_take(f, text_at(r, i * r->k + k), r->v[i * r->k + k].n, &b[k]);
		taken[k] = b[k].p;
		for (int c = 0; c < it->n; c++) {
			same |= answer_exact(taken[k], it->choice[c], s->number);
			best = fmax(best, answer_f1(taken[k], it->choice[c]));
		}
		exact += same;
		f1 += best;
	}
	ratio_add(&task_metric(r->w->r, key, "exact_match", name)->mean, exact / (double)r->k, 1);
	if (!s->number)
		ratio_add(&task_metric(r->w->r, "f1", "f1", name)->mean, f1 / (double)r->k, 1);
	if (first && r->k > 1)
		add_passes(r, (long long)exact, name);
	if (r->w->o->results)
		sample(r, i, taken, name, "exact_match", exact / (double)r->k);
	for (size_t k = 0; k < r->k; k++)
		buf_free(&b[k]);
	free(b), free(taken);
}

static int
compare_all(const struct responses *r, struct err *e)
{
	const struct task_spec *s = r->w->task.spec;
	struct task_filter own = { r->w->o->filter, r->w->o->filter, 0 };
	const struct task_filter *t = own.regex ? &own : s->filter;

	for (int k = 0; k < (own.regex ? 1 : 2) && (t[k].name || !k); k++) {
		struct answer_filter *f = answer_filter_new(&t[k], e);
		if (!f)
			return -1;
		for (size_t i = 0; i < r->w->task.n; i++)
			compare(r, i, f, &t[k], !k);
		answer_filter_free(f);
	}
	return 0;
}

static void
judged(const struct responses *r)
{
	int code = r->w->task.spec->kind == TASK_CODE;

	for (size_t i = 0; i < r->w->task.n; i++) {
		double sum = 0;
		long long right = 0;
		const char **taken = xcalloc(r->k, sizeof *taken);
		for (size_t k = 0; k < r->k; k++) {
			sum += r->score[i * r->k + k];
			right += r->score[i * r->k + k] > 0.5;
			taken[k] = text_at(r, i * r->k + k);
		}
		ratio_add(&task_metric(r->w->r, "acc", code ? "" : "score", "verify")->mean, sum / (double)r->k, 1);
		if (code || r->k > 1)
			add_passes(r, right, "verify");
		if (r->w->o->results)
			sample(r, i, taken, "verify", code ? "pass@1" : "score", sum / (double)r->k);
		free(taken);
	}
}

int
task_answers(struct task_at_work *w, struct err *e)
{
	size_t k = (size_t)w->o->samples, jobs = w->task.n * k;
	struct responses r = { .w = w, .k = k, .v = xcalloc(jobs + 1, sizeof *r.v) };
	struct box_result box;
	struct buf nothing = { 0 };
	int bad = 0;

	if (w->o->verify)       /* known before an hour of generating */
		bad = box_run("exit 0", "", 0, &w->o->box, &nothing, &box, e);
	if (!bad)
		bad = w->o->responses ? read_all(&r, e) : generate_all(&r, e);
	if (!bad && w->o->verify) {
		bad = run_all(&r, e);
		if (!bad)
			judged(&r);
	} else if (!bad) {
		bad = compare_all(&r, e);
	}
	w->r->samples = k;
	for (size_t j = 0; j < jobs; j++)
		buf_free(&r.v[j]);
	free(r.v), free(r.score), free(r.err);
	buf_free(&nothing);
	return bad;
}
