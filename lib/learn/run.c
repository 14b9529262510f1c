/* run - a model in training: its weights, the optimizer, the state file, and what the model's file will say */
/* SPDX-License-Identifier: MIT */
#include "learn/run.h"
#include "base/cli.h"
#include "base/file.h"
#include "model/file/load.h"
#include "model/file/peft.h"
#include "model/file/save.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int
new_adapter(struct model *m, const char *path, const struct adapter_opts *o, struct err *e)
{
	if (m->adapter)
		return err_set(e, "%s is an adapter already, and one without --lora or its like goes on with it "
		    "(convert-model makes a model of it)", path);
	if (adapter_new(m, o, e))
		return -1;
	m->adapter->base = xstrdup(path);
	return 0;
}

int
run_init(struct run *r, const char *model, const char *state, const struct optim_opts *opts, const char *freeze,
    const struct adapter_opts *adapt, struct err *e)
{
	const struct params *par;

	memset(r, 0, sizeof *r);
	if (model_load_adapted(&r->model, model, e))
		return -1;
	model_crc_text(&r->model, r->crc);
	if (adapt && adapt->kind && new_adapter(&r->model, model, adapt, e))
		return -1;
	par = model_moving(&r->model);
	optim_init(&r->optim, opts, par);
	r->path = state;
	if (freeze) {
		int n = optim_freeze(&r->optim, freeze, e);
		if (n < 0)
			return -1;
		if (!n || n == par->n)
			return err_set(e, "--freeze=%s matches %s of the %d tensors", freeze, n ? "all" : "none", par->n);
	}
	state_optim(&r->state, model_moving_w(&r->model), &r->optim);
	return 0;
}

int
run_check_out(const struct run *r, const char *out, struct err *e)
{
	struct stat st;

	if (r->path && file_check(r->path, 1, e))
		return -1;
	if (!r->model.adapter)
		return file_check(out, 1, e);
	if (strcmp(out, "-") && (stat(out, &st) || S_ISDIR(st.st_mode)))
		return 0;
	return err_set(e, "%s: an adapter is written as a folder", out);
}

static char *
copy(const char *s)
{
	return s && *s ? xstrdup(s) : NULL;
}

/* A model is the run's own when it has the weights that the run began with, or those that it last put out. */
static int
check_base(const struct state *s, const char *crc, struct err *e)
{
	static const char *const keys[] = { "base", "out", "out_before" };
	const char *base = state_get(s, "base");

	for (int i = 0; i < 3; i++)
		if (state_get(s, keys[i]) && !strcmp(state_get(s, keys[i]), crc))
			return 0;
	return err_set(e, "the state is of another model (it began with weights %s, these are %s)", base ? base : "unknown", crc);
}

int
run_load(struct run *r, struct err *e)
{
	if (r->path && (r->resumed = state_load(&r->state, r->path, e)) < 0)
		return -1;
	if (r->resumed) {
		if (check_base(&r->state, r->crc, e))
			return err_in(e, r->path);
		r->optim.step = state_int(&r->state, "step", -1);
		r->record = (uint64_t)state_int(&r->state, "record", 0);
		r->tokens = (uint64_t)state_int(&r->state, "tokens", 0);
		if (r->optim.step < 0)
			return err_set(e, "%s: no \"step\" in it", r->path);
	} else {
		state_set(&r->state, "base", r->crc);
		state_set(&r->state, "base_prog", r->model.prog ? r->model.prog : "");
		state_set(&r->state, "base_data", r->model.data ? r->model.data : "");
	}
	r->base_prog = copy(state_get(&r->state, "base_prog"));
	r->base_data = copy(state_get(&r->state, "base_data"));
	cli_prog_set("model", state_get(&r->state, "base"));
	return 0;
}

/* The words of a that b lacks, to say what differs. */
static void
differ(struct buf *out, const char *a, const char *b)
{
	while (*a) {
		size_t n = strcspn(a, " ");
		const char *at = b;
		while (*at && (strncmp(at, a, n) || (at[n] && at[n] != ' '))) {
			at += strcspn(at, " ");
			at += strspn(at, " ");
		}
		if (!*at && n)
			buf_printf(out, " %.*s", (int)n, a);
		a += n;
		a += strspn(a, " ");
	}
	if (!out->n)
		buf_str(out, " the defaults of these");
}

/* The value of --name= in a line, to be freed; NULL: it is not there. */
static char *
value_in(const char *line, const char *name)
{
	char key[40];
	const char *at;
	int n = snprintf(key, sizeof key, " --%s=", name);

	if (!(at = strstr(line, key)))
		return NULL;
	return xstrndup(at + n, strcspn(at + n, " "));
}

int
run_options(struct run *r, const char *steps, const char *epochs, struct err *e)
{
	const char *const free_ones[] = { "total", steps, epochs };
	int n = epochs ? 3 : 2;
	const struct optim_opts *o = &r->optim.opts;
	struct buf now = { 0 }, a = { 0 }, b = { 0 };
	const char *was = state_get(&r->state, "options");
	char *value[3];
	int bad = 0;

	for (int i = 0; i < n; i++) {
		value[i] = value_in(cli_prog(), free_ones[i]);
		cli_prog_set(free_ones[i], NULL);
	}
	buf_str(&now, cli_prog());
	if (o->schedule != SCHED_CONSTANT && o->total)
		buf_printf(&now, " --total=%lld", o->total);
	for (int i = 0; i < n; i++) {
		cli_prog_set(free_ones[i], value[i]);
		free(value[i]);
	}
	if (!was) {
		state_set(&r->state, "options", now.p);
	} else if (strcmp(was, now.p)) {
		differ(&a, was, now.p);
		differ(&b, now.p, was);
		bad = err_set(e, "%s: the state is of other options: it has%.180s, this run has%.180s", r->path, a.p, b.p);
	}
	buf_free(&now);
	buf_free(&a);
	buf_free(&b);
	return bad;
}

void
run_took(struct run *r, const struct batches *data)
{
	char crc[24];

	r->record = batches_count(data);
	crc32c_text(batches_crc(data), crc);
	state_set(&r->state, "data", crc);
}

int
run_find_place(struct run *r, struct batches *data, struct err *e)
{
	unsigned long long n = batches_skip(data, r->record);
	char *was = r->resumed && state_get(&r->state, "data") ? xstrdup(state_get(&r->state, "data")) : NULL;
	uint64_t had = r->record;
	int bad = 0;

	run_took(r, data);
	if (r->resumed && n < had)
		bad = err_set(e, "%s: the state is of other data: it has learnt from %llu records, here are %llu", r->path,
		    (unsigned long long)had, n);
	else if (r->resumed && (!was || strcmp(was, state_get(&r->state, "data"))))
		bad = err_set(e, "%s: the state is of other data: its %llu records are not these (%s, not %s)", r->path, n,
		    was ? was : "unknown", state_get(&r->state, "data"));
	free(was);
	return bad;
}

int
run_save(struct run *r, struct err *e)
{
	if (!r->path)
		return 0;
	state_set_int(&r->state, "step", r->optim.step);
	state_set_int(&r->state, "record", (long long)r->record);
	state_set_int(&r->state, "tokens", (long long)r->tokens);
	state_set(&r->state, "prog", cli_prog());
	return state_save(&r->state, r->path, e);
}

/* The earlier (sign < 0) or later of two ISO dates, what the base says under a key and another, as a key of b. */
static void
date(struct buf *b, const char *key, struct json was, const char *now, int sign)
{
	char *p = json_dup(json_get(was, key));

	if (p && *p && !(now && *now && sign * strcmp(p, now) < 0))
		json_add_str(b, key, p);
	else if (now && *now)
		json_add_str(b, key, now);
	free(p);
}

/* pipelm.data: tokens seen by the base and by this run, earliest and latest date of a document. */
static char *
data_text(const struct run *r)
{
	struct buf b = { 0 };
	struct json was = { 0 };

	if (r->base_data && json_parse(&was, r->base_data, strlen(r->base_data), NULL))
		was = (struct json){ 0 };
	buf_char(&b, '{');
	json_add_int(&b, "tokens", json_int(json_get(was, "tokens"), 0) + (long long)r->tokens);
	date(&b, "from", was, r->from, -1);
	date(&b, "to", was, r->to, 1);
	buf_char(&b, '}');
	return b.p;
}

int
run_output(struct run *r, const char *path, const float *w, const char *head, struct err *e)
{
	float *own = model_moving_w(&r->model);
	struct model m;
	struct json h = { 0 }, chat;
	char crc[CRC32C_TEXT], *text = NULL;
	int bad;

	if (head && json_parse(&h, head, strlen(head), e))
		return -1;
	model_swap(&r->model, w ? (float *)(uintptr_t)w : own);         /* saving only reads */
	m = r->model;
	model_crc_text(&m, crc);
	if (state_get(&r->state, "out") && strcmp(state_get(&r->state, "out"), crc))
		state_set(&r->state, "out_before", state_get(&r->state, "out"));        /* the file has it until the rename */
	state_set(&r->state, "out", crc);
	if (run_save(r, e)) {
		model_swap(&r->model, own);
		return -1;
	}
	m.prog = xstrdup(r->base_prog);
	model_add_prog(&m, cli_prog());
	m.data = data_text(r);
	chat = json_get(h, "chat");
	if (json_kind(chat) == '{')
		m.chat = text = xstrndup(chat.p, (size_t)(chat.end - chat.p));
	bad = m.adapter ? adapter_save(&m, path, e) : model_save(&m, path, e);
	model_swap(&r->model, own);
	free(m.prog);
	free(m.data);
	free(text);
	return bad;
}

void
run_free(struct run *r)
{
	free(r->base_prog);
	free(r->base_data);
	state_free(&r->state);
	optim_free(&r->optim);
	model_free(&r->model);
}
