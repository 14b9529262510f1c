/* train - the loop of train-step: next-token training on records of a stream */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/clock.h"
#include "base/json.h"
#include "learn/ranks.h"
#include "kern/ops.h"
#include "learn/log.h"
#include "learn/pass.h"
#include "learn/run.h"
#include "learn/train.h"
#include "model/file/load.h"
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct train {
	const struct train_opts *o;
	struct run      run;
	struct batches *data;
	struct batch    batch;          /* the records of a step */
	struct pass     pass;
	struct model    teacher;        /* --distill */
	struct log     *log;
	float          *ema;            /* --ema: the mean of the weights */
	float          *best;           /* --keep-best: the weights of the best evaluation */
	double          best_loss, loss, norm;
	long long       worse;          /* evaluations since then */
	long long       evaluated;      /* the step after which the last one was */
	uint64_t        fresh;          /* tokens that this process has seen */
	double          began, rate;    /* clock; tokens a second of the last step */
};

static volatile sig_atomic_t stopped;

static void
stop(int sig)
{
	stopped = sig;
}

/* The first signal ends the run after the step that it falls into, a second one at once. */
static void
catch_signals(void)
{
	struct sigaction a = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND | SA_RESTART };

	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

/* --distill: the teacher, of the same vocabulary, with a context that is long enough. */
static int
fetch_teacher(struct train *t, struct err *e)
{
	const struct model *m = &t->run.model;
	struct model *x = &t->teacher;
	char crc[CRC32C_TEXT];
	int T = batches_T(t->data);

	if (model_load(x, t->o->distill, e))
		return -1;
	if (x->cfg.V != m->cfg.V || (x->vocab[0] && m->vocab[0] && strcmp(x->vocab, m->vocab)))
		return err_set(e, "%s: its vocabulary (%d tokens, %s) is not that of the model (%d, %s)", t->o->distill, x->cfg.V,
		    x->vocab, m->cfg.V, m->vocab);
	if (x->cfg.T < T)
		return err_set(e, "%s: its context is %d tokens, the records are of %d", t->o->distill, x->cfg.T, T);
	model_crc_text(x, crc);
	cli_prog_set("distill", crc);
	return 0;
}

static int
begin(struct train *t, const struct train_opts *o, struct err *e)
{
	struct batches_opts b = { .nfiles = o->nfiles, .files = o->files, .T = (int)o->T, .epochs = (int)o->epochs,
		.doc_mask = o->doc_mask };
	struct run *r = &t->run;
	int T;

	t->o = o;
	if (run_init(r, o->model, o->state, &o->optim, o->freeze, &o->adapt, e) || run_check_out(r, o->out, e))
		return -1;
	if (o->keep_best) {
		t->best = xcalloc(r->optim.par->total, sizeof *t->best);
		state_params(&r->state, "best", r->optim.par, t->best, 1);
	}
	if (o->ema > 0) {
		t->ema = xcalloc(r->optim.par->total, sizeof *t->ema);
		state_params(&r->state, "ema", r->optim.par, t->ema, 0);
	}
	if (!(t->data = batches_open(&b, e)) || model_agrees(&r->model, batches_info(t->data), e))
		return -1;
	T = batches_T(t->data);
	if (T > r->model.cfg.T)
		return err_set(e, "records of %d tokens, but the model's context is %d", T, r->model.cfg.T);
	if (o->distill && fetch_teacher(t, e))
		return -1;
	if (run_load(r, e) || run_options(r, "steps", "epochs", e) || run_find_place(r, t->data, e))
		return -1;
	t->best_loss = state_num(&r->state, "best_loss", INFINITY);
	t->worse = state_int(&r->state, "worse", 0);
	t->evaluated = state_int(&r->state, "evaluated", 0);
	batch_init(&t->batch, t->data, (int)(o->B * o->accum));
	pass_init(&t->pass, &r->model, (int)o->B, T, (o->recompute ? NET_RECOMPUTE : NET_GRAD) | o->half);
	pass_freeze(&t->pass, &r->optim);
	t->pass.scale = state_num(&r->state, "loss_scale", t->pass.scale);
	t->pass.good = state_int(&r->state, "loss_scale_steps", 0);
	if (o->distill)
		pass_teach(&t->pass, &t->teacher,
		    &(struct op_distill){ (float)o->distill_weight, (float)(1 / o->distill_temperature) },
		    NET_FORWARD | o->half);
	if (ranks_n() > 1) {
		optim_part(&r->optim, ranks_n(), ranks_me(), ranks_sum);
		optim_forget(&r->optim);
	}
	t->began = clock_seconds();
	if (ranks_me())
		return 0;
	return log_open(&t->log, o->log, r->optim.step, o->eval ? t->evaluated : r->optim.step, e);
}

/* Where there are several ranks, the first one brings the moments together and writes. */
static int
save(struct train *t, struct err *e)
{
	struct state *s = &t->run.state;
	const struct optim *o = &t->run.optim;

	if (t->o->eval)
		state_set_int(s, "evaluated", t->evaluated);
	if (t->o->keep_best) {
		state_set_num(s, "best_loss", t->best_loss);
		state_set_int(s, "worse", t->worse);
	}
	if (t->o->half == NET_F16) {
		state_set_num(s, "loss_scale", t->pass.scale);
		state_set_int(s, "loss_scale_steps", t->pass.good);
	}
	if (o->at && t->o->state) {
		ranks_gather_parts(o->m, o->at);
		if (o->v)
			ranks_gather_parts(o->v, o->at);
	}
	return ranks_me() ? 0 : run_save(&t->run, e);
}

static int
log_step(struct train *t, double lr, struct err *e)
{
	struct buf b = { 0 };
	const struct model *m = &t->run.model;

	buf_char(&b, '{');
	json_add_int(&b, "step", t->run.optim.step);
	json_add_num(&b, "loss", t->loss);
	json_add_num(&b, "lr", lr);
	json_add_num(&b, "grad_norm", t->norm);
	if (t->pass.scale > 0)
		json_add_num(&b, "loss_scale", t->pass.scale);
	json_add_int(&b, "params", (long long)params_matrix(&m->par, &m->cfg) + (long long)m->cfg.V * m->cfg.C);
	json_add_int(&b, "tokens", (long long)t->run.tokens);
	json_add_int(&b, "supervised", (long long)t->batch.supervised);
	json_add_num(&b, "tokens_per_s", round(t->rate));
	json_add_num(&b, "gflops", round(t->rate * params_flops(&m->par, &m->cfg, t->batch.T) * 1e-8) / 10);
	json_add_num(&b, "seconds", round((clock_seconds() - t->began) * 1e3) / 1e3);
	json_add_int(&b, "rss", (long long)log_rss());
	return log_put(t->log, &b, e);
}

/* The mean of the weights after each step, those of k steps ago weighing beta^k; no part of it is of the first ones. */
static void
average(struct train *t)
{
	double beta = t->o->ema, part = (1 - beta) / (1 - pow(beta, (double)t->run.optim.step));

	op_blend(t->ema, (float)part, model_moving_w(&t->run.model), (float)(1 - part), t->run.optim.par->total);
}

/* The weights that are put out, and so measured. */
static float *
result(const struct train *t)
{
	return t->ema ? t->ema : model_moving_w(&t->run.model);
}

/* One step on what the batch holds. */
static int
step(struct train *t, struct err *e)
{
	struct run *r = &t->run;
	struct batch *x = &t->batch;
	double t0 = clock_seconds(), lr = optim_lr(&r->optim.opts, r->optim.step), took;
	uint64_t n = (uint64_t)x->rows * (uint64_t)x->T;
	struct batch mine;
	int bad, first;

	if (!x->supervised)
		return err_set(e, "step %lld: no token of its %d records is supervised (the mask is 0 everywhere)",
		    r->optim.step + 1, x->rows);
	mine = batch_part(x, ranks_n(), ranks_me(), &first);
	t->pass.drop = (struct drop){ (float)t->o->dropout, (uint64_t)t->o->seed, (uint64_t)r->optim.step,
		r->record + (uint64_t)first };
	do {
		t->loss = ranks_sum(pass_grad(&t->pass, &mine)) / (double)x->supervised;
		if (!isfinite(t->loss))
			return err_set(e, "step %lld: the loss is not finite (a smaller --lr, more --warmup?)", r->optim.step + 1);
		ranks_sum_parts(t->pass.g, r->optim.at);
		bad = optim_step(&r->optim, model_moving_w(&r->model), t->pass.g, (double)x->supervised * t->pass.unit, &t->norm, e);
	} while (bad && pass_overflowed(&t->pass));
	if (bad)
		return -1;
	pass_used(&t->pass);
	ranks_share_parts(model_moving_w(&r->model), r->optim.at);
	if (t->ema)
		average(t);
	took = clock_seconds() - t0;
	run_took(r, t->data);
	r->tokens += n;
	t->fresh += n;
	t->rate = took > 0 ? (double)n / took : 0;
	progress((uint64_t)r->optim.step, (uint64_t)t->o->steps, "steps", "loss %.4f, %.0f tokens/s", t->loss, t->rate);
	return log_step(t, lr, e);
}

/* --eval: the loss on another file.  With --keep-best, 1 when patience is at its end. */
static int
evaluate(struct train *t, struct err *e)
{
	const struct train_opts *o = t->o;
	char *file = (char *)(uintptr_t)o->eval;
	struct batches_opts b = { .nfiles = 1, .files = &file, .cut = t->batch.T, .epochs = 1, .doc_mask = o->doc_mask };
	struct run *r = &t->run;
	float *own = model_swap(&r->model, result(t));
	struct buf line = { 0 };
	uint64_t n;
	double loss;
	int bad;

	bad = pass_eval(&t->pass, &b, &loss, &n, e);
	model_swap(&r->model, own);
	if (bad)
		return -1;
	progress_end();
	note(1, "step %lld: eval loss %.4f over %llu tokens", r->optim.step, loss, (unsigned long long)n);
	buf_char(&line, '{');
	json_add_int(&line, "step", r->optim.step);
	json_add_num(&line, "eval_loss", loss);
	json_add_int(&line, "eval_tokens", (long long)n);
	bad = log_put(t->log, &line, e);
	t->evaluated = r->optim.step;
	if (bad || !o->keep_best)
		return bad;
	if (loss < t->best_loss) {
		t->best_loss = loss;
		t->worse = 0;
		memcpy(t->best, result(t), r->optim.par->total * sizeof *t->best);
		state_show(&r->state, "best", 1);
		return 0;
	}
	return ++t->worse >= o->patience && o->patience;
}

/* After a step: evaluation, commit.  1: to be stopped early. */
static int
after(struct train *t, struct err *e)
{
	const struct train_opts *o = t->o;
	long long n = t->run.optim.step;
	int early = 0;

	if (o->eval && ((o->eval_every && n % o->eval_every == 0) || n == o->steps) && (early = evaluate(t, e)) < 0)
		return -1;
	stopped = ranks_any(stopped);
	if (stopped || (o->save_every && n % o->save_every == 0)) {
		if (save(t, e))
			return -1;
		optim_forget(&t->run.optim);
	}
	if (stopped)
		return err_set(e, "stopped by a signal after step %lld%s", n, o->state ? ", the state is saved" : "");
	return early;
}

/* Records of the next step: all, or with --batch-ramp the part of them that has been reached. */
static int
records(const struct train *t)
{
	long long full = t->o->B * t->o->accum, ramp = t->o->batch_ramp, step = t->run.optim.step + 1;

	return (int)(step < ramp ? (full * step + ramp - 1) / ramp : full);
}

/* Steps until -n, the end of data or the end of patience. */
static int
steps(struct train *t, struct err *e)
{
	const struct train_opts *o = t->o;
	struct run *r = &t->run;
	int early = o->patience && t->worse >= o->patience;

	while (!early && (!o->steps || r->optim.step < o->steps)) {
		t->batch.max = records(t);
		if (!batch_read(&t->batch, t->data) || (o->drop_last && t->batch.rows < t->batch.max))
			break;
		if (step(t, e) || (early = after(t, e)) < 0)
			return -1;
	}
	if (!r->optim.step && !o->steps && (batches_left_over(t->data) || batches_count(t->data)))
		return err_set(e, "not enough for one step: %llu records of %d tokens, %llu tokens left over",
		    (unsigned long long)batches_count(t->data), t->batch.T + 1, (unsigned long long)batches_left_over(t->data));
	if (o->steps && r->optim.step < o->steps && !early) {
		if (save(t, e))
			return -1;
		return err_set(e, "the data ended after %lld of %lld steps%s (--epochs reads files again)", r->optim.step,
		    o->steps, o->state ? ", the state is saved" : "");
	}
	if (o->eval && !o->steps && t->evaluated < r->optim.step && evaluate(t, e) < 0)
		return -1;
	return 0;
}

static void
tell(const struct train *t)
{
	const struct run *r = &t->run;
	double s = clock_seconds() - t->began, rate = (double)t->fresh / (s > 0 ? s : 1);

	progress_end();
	if (t->fresh)
		note(1, "step %lld: loss %.4f nats a token, %llu tokens seen, %.0f tokens/s, %.1f GFLOP/s", r->optim.step, t->loss,
		    (unsigned long long)r->tokens, rate, rate * params_flops(&r->model.par, &r->model.cfg, t->batch.T) * 1e-9);
	else if (r->optim.step)
		note(1, "step %lld: nothing left to do, the model is written anew", r->optim.step);
	else
		note(1, "no records: the model is written as it was");
	if (t->o->keep_best && isfinite(t->best_loss))
		note(1, "best eval loss %.4f", t->best_loss);
}

static int
finish(struct train *t, struct err *e)
{
	const struct train_opts *o = t->o;
	int best = o->keep_best && state_found(&t->run.state, "best");

	tell(t);
	if (save(t, e))
		return -1;
	if (ranks_me())
		return 0;
	batches_dates(t->data, &t->run.from, &t->run.to);
	return run_output(&t->run, o->out, best ? t->best : result(t), batches_meta(t->data), e);
}

int
train_run(const struct train_opts *o, struct err *e)
{
	struct train t = { 0 };
	struct err ignored;
	int bad = begin(&t, o, e);

	if (!bad) {
		if (o->state)
			catch_signals();
		bad = steps(&t, e);
		progress_end();
		bad = bad || finish(&t, e);
	}
	bad = log_close(t.log, bad ? &ignored : e) || bad;
	if (t.pass.net)
		pass_free(&t.pass);
	batch_free(&t.batch);
	batches_close(t.data);
	model_free(&t.teacher);
	free(t.ema);
	free(t.best);
	run_free(&t.run);
	return bad ? -1 : 0;
}
