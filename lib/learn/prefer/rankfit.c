/* rankfit - a reward model fitted to pairs */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/size.h"
#include "kern/gemm.h"
#include "learn/log.h"
#include "learn/prefer/rank.h"
#include "learn/state.h"
#include "model/file/save.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fit {
	const struct rank_fit *o;
	struct scorer     s;
	struct rows       rows;
	struct net       *net;
	struct optim      optim;
	struct state      state;
	float            *g;
	struct pairs     *pairs, *batch;
	size_t            n;
	struct log       *log;
};

static int
log_step(struct fit *f, double loss, double right, size_t n, double lr, double norm, struct err *e)
{
	struct buf b = { 0 };

	buf_char(&b, '{');
	json_add_int(&b, "step", f->optim.step);
	json_add_num(&b, "loss", loss);
	json_add_num(&b, "accuracy", right / (double)n);
	json_add_num(&b, "lr", lr);
	json_add_num(&b, "grad_norm", norm);
	json_add_int(&b, "pairs", (long long)n);
	json_add_num(&b, "flops", (double)gemm_work());
	return log_put(f->log, &b, e);
}

static int
save(struct fit *f, struct err *e)
{
	if (!f->o->state)
		return 0;
	state_set_int(&f->state, "step", f->optim.step);
	return state_save(&f->state, f->o->state, e);
}

/* The state taken up, or begun: it must be of these pairs, options and base. */
static int
set_state(struct fit *f, const struct rolls *all, const struct model *base, struct err *e)
{
	char of[3][40];
	const char *const key[] = { "base", "data", "options" }, *const value[] = { of[0], of[1], cli_prog() };
	int resumed;

	if (!f->o->state)
		return 0;
	model_crc_text(base, of[0]);
	snprintf(of[1], sizeof of[1], "%08" PRIx32 ":%zu", prefs_crc(all), all->n);
	state_optim(&f->state, f->s.w, &f->optim);
	if ((resumed = state_load(&f->state, f->o->state, e)) < 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		const char *was = state_get(&f->state, key[i]);

		if (resumed && (!was || strcmp(was, value[i])))
			return err_set(e, "%s: the state is of other %s (%.150s) than this run (%.150s)", f->o->state, key[i],
				was ? was : "none", value[i]);
		state_set(&f->state, key[i], value[i]);
	}
	f->optim.step = state_int(&f->state, "step", 0);
	return 0;
}

static int
epoch(struct fit *f, long long nth, size_t *order, struct err *e)
{
	struct reward_fit r = { &f->s, f->net, &f->rows, &f->optim, f->g, f->o->centre };
	struct rng g = { rng_at((uint64_t)f->o->seed, (uint64_t)nth, 0, 0x9a125, 0), 0 };
	size_t B = (size_t)f->o->B;

	rng_order(&g, order, f->n);
	for (size_t i = 0, step = (size_t)nth * div_up(f->n, B); i < f->n; i += B) {
		size_t n = least(f->n - i, B);
		double loss, right, norm, lr = optim_lr(&f->optim.opts, f->optim.step);

		if (step++ < (size_t)f->optim.step)
			continue;       /* done before */
		for (size_t k = 0; k < n; k++)
			f->batch[k] = f->pairs[order[i + k]];
		if (reward_step(&r, f->batch, n, &loss, &right, &norm, e) || log_step(f, loss, right, n, lr, norm, e))
			return -1;
		if (f->o->save_every && f->optim.step % f->o->save_every == 0 && save(f, e))
			return -1;
		progress((uint64_t)nth * f->n + i + n, (uint64_t)f->o->epochs * f->n, "pairs", "loss %.4f", loss);
	}
	progress_end();
	return 0;
}

/* Gain and bias under which the responses' scores have mean 0 and standard deviation 1 (arXiv:1909.08593). */
static int
normalise(struct fit *f, const struct rolls *all, double *gain, double *bias, struct err *e)
{
	double *score = xmalloc(all->n * sizeof *score), mean = 0, var = 0;
	int bad = scorer_score(&f->s, f->net, &f->rows, all->v, all->n, score, e);

	for (size_t i = 0; i < all->n; i++)
		mean += score[i] / (double)all->n;
	for (size_t i = 0; i < all->n; i++)
		var += (score[i] - mean) * (score[i] - mean) / (double)all->n;
	free(score);
	*gain = var > 0 ? 1 / sqrt(var) : 1;
	*bias = -mean * *gain;
	return bad;
}

static int
prepare(struct fit *f, const struct rolls *all, const struct model *base, struct err *e)
{
	struct optim_opts opts = f->o->optim;
	size_t lone;

	if (prefs_vocab(all, base, e))
		return -1;
	if (!(f->pairs = pairs_find(all, &f->n, &lone, e)))
		return -1;
	if (lone)
		return err_set(e, "%zu records without their pair", lone);
	if (!f->n)
		return err_set(e, "no pairs to learn from");
	for (size_t i = 0; i < all->n; i++)
		if (rows_check(&all->v[i], &base->cfg, i, e))
			return -1;
	if (optim_check(&opts, f->o->epochs * (long long)div_up(f->n, (size_t)f->o->B), e))
		return -1;
	scorer_init(&f->s, base);
	if (!base->score)
		scorer_random_head(&f->s, (uint64_t)f->o->seed);
	rows_init(&f->rows, rolls_longest(all), base->cfg.T, 2048);
	f->net = net_new(&f->s.cfg, &f->s.par, f->rows.B, f->rows.T, NET_GRAD);
	f->g = xcalloc(f->s.par.total, sizeof *f->g);
	f->batch = xmalloc((size_t)f->o->B * sizeof *f->batch);
	optim_init(&f->optim, &opts, &f->s.par);
	if (set_state(f, all, base, e))
		return -1;
	return log_open(&f->log, f->o->log, f->optim.step, f->optim.step, e);
}

int
rank_train(const struct rank_fit *o, const struct rolls *all, struct model *base, struct err *e)
{
	struct fit f = { .o = o };
	double gain, bias;
	size_t *order;

	if (prepare(&f, all, base, e))
		return -1;
	order = xmalloc(f.n * sizeof *order);
	for (long long i = 0; i < o->epochs; i++)
		if (epoch(&f, i, order, e))
			return -1;
	if (save(&f, e) || normalise(&f, all, &gain, &bias, e) || log_close(f.log, e))
		return -1;
	scorer_store(&f.s, base, gain, bias);
	model_add_prog(base, cli_prog());
	free(order);
	free(f.batch);
	free(f.pairs);
	free(f.g);
	net_free(f.net);
	rows_free(&f.rows);
	optim_free(&f.optim);
	state_free(&f.state);
	scorer_free(&f.s);
	return model_save(base, o->out, e);
}
