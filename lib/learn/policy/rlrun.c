/* rlrun - rlhf-step from its options to its files: input, state, log, models */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/clock.h"
#include "base/mem.h"
#include "kern/gemm.h"
#include "learn/log.h"
#include "learn/policy/rlrun.h"
#include "learn/prefer/prefread.h"
#include "learn/run.h"
#include "model/file/load.h"
#include "model/file/save.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
	const struct rl_run_opts *o;
	struct run    run;
	struct rl     rl;
	struct model  ref, critic;      /* those of files; w NULL: none */
	int           own_ref;          /* the reference is the policy as it was first, kept in the state */
	struct rolls  in;
	char          input[32];        /* checksum of all records */
	size_t       *unit, n_unit;     /* where each pair, or lone judgement, begins; unit[n_unit] = in.n */
	long long     done;             /* units of this input that the state has seen, over all epochs */
	struct log   *log;
	double        began;
	struct rl_usual usual;          /* of the first step since the state began */
};

/* ---- input */

static int
read_input(struct job *j, struct err *e)
{
	struct pref_text text;
	const struct model *m = &j->run.model;
	int has_text = m->tokenizer.n > 0, bad;

	if (has_text && pref_text_init(&text, m, NULL, j->o->chat, e))
		return -1;
	bad = prefs_read(&j->in, j->o->nfiles, j->o->files, has_text ? &text : NULL, e);
	if (has_text)
		pref_text_free(&text);
	if (!bad && j->o->truncate)
		prefs_fit(&j->in, j->o->truncate, m->cfg.T);
	for (size_t i = 0; !bad && i < j->in.n; i++)
		bad = rows_check(&j->in.v[i], &m->cfg, i, e);
	snprintf(j->input, sizeof j->input, "%08" PRIx32 ":%zu", prefs_crc(&j->in), j->in.n);
	return bad;
}

/* What HEAD says of how the rollouts were drawn: the temperature becomes the scale of all logits. */
static int
take_head(struct job *j, struct err *e)
{
	struct json head, v;
	double temperature;

	if (prefs_vocab(&j->in, &j->run.model, e) || json_parse(&head, j->in.head, strlen(j->in.head), e))
		return -1;
	temperature = json_num(json_get(head, "temperature"), 1);
	j->rl.scale = temperature > 0 ? 1 / temperature : 1;
	if (rl_takes_pairs(&j->o->rl) || j->o->truncated)
		return 0;
	if (!(temperature > 0))
		return err_set(e, "the rollouts were drawn greedily (temperature 0): they say nothing of a policy");
	if (json_num(json_get(head, "top_k"), 0) > 0 || ((v = json_get(head, "top_p")).p && json_num(v, 1) < 1) ||
	    json_num(json_get(head, "min_p"), 0) > 0 || json_num(json_get(head, "repeat_penalty"), 1) != 1)
		return err_set(e, "the rollouts were drawn from a changed distribution (top_k, top_p, min_p or repeat_penalty), so that "
			"their probabilities are not the policy's; --truncated takes them all the same");
	return 0;
}

static void
find_units(struct job *j)
{
	j->unit = xmalloc((j->in.n + 1) * sizeof *j->unit);
	for (size_t i = 0; i < j->in.n; i++) {
		j->unit[j->n_unit++] = i;
		i += (size_t)rolls_pair(j->in.v, j->in.n, i);
	}
	j->unit[j->n_unit] = j->in.n;
}

static int
check_roles(const struct job *j, struct err *e)
{
	for (size_t i = 0; i < j->in.n; i++)
		if (rl_takes_pairs(&j->o->rl) && j->in.v[i].role == ROLL_SAMPLE)
			return err_set(e, "record %zu: a sample, and --algo=%s takes preferences (rank-pairs --pairs makes them)",
				i, j->o->rl.algo_name);
	return 0;
}

/* ---- models */

/* Whether a model of the reference is needed: not when pairs bring its log-probabilities along. */
static int
needs_ref(const struct job *j)
{
	if (!rl_wants_ref(&j->o->rl))
		return 0;
	if (!rl_takes_pairs(&j->o->rl) || j->o->rl.algo == RL_KTO)
		return 1;
	for (size_t i = 0; i < j->in.n; i++)
		if (isnan(j->in.v[i].ref_logp))
			return 1;
	return 0;
}

static int
set_ref(struct job *j, struct err *e)
{
	if (j->o->ref) {
		if (model_load_adapted(&j->ref, j->o->ref, e))
			return -1;
		if (j->ref.cfg.V != j->run.model.cfg.V)
			return err_set(e, "%s: a vocabulary of %d, the policy's is %d", j->o->ref, j->ref.cfg.V, j->run.model.cfg.V);
		j->rl.ref = &j->ref;
		return 0;
	}
	if (!rl_wants_ref(&j->o->rl))
		return 0;
	if (j->run.model.adapter) {     /* the weights are shared */
		j->ref = j->run.model;
		j->ref.adapter = adapter_copy(&j->run.model);
	} else {
		model_init(&j->ref, &j->run.model.cfg);
	}
	state_params(&j->run.state, "ref", model_moving(&j->ref), model_moving_w(&j->ref), 1);
	j->own_ref = 1;
	return 0;
}

static int
set_critic(struct job *j, struct err *e)
{
	struct optim_opts opts = j->o->optim;
	struct scorer *c = &j->rl.critic;

	if (j->o->rl.algo != RL_PPO)
		return 0;
	if (j->o->critic) {
		if (model_load(&j->critic, j->o->critic, e))
			return -1;
		if (j->critic.cfg.V != j->run.model.cfg.V)
			return err_set(e, "%s: a vocabulary of %d, the policy's is %d", j->o->critic, j->critic.cfg.V,
				j->run.model.cfg.V);
	}
	scorer_init(c, j->o->critic ? &j->critic : &j->run.model);
	opts.lr = isnan(j->o->critic_lr) ? 5 * opts.lr : j->o->critic_lr;
	optim_init(&j->rl.critic_optim, &opts, &c->par);
	state_params(&j->run.state, "critic.w", &c->par, c->w, 0);
	state_params(&j->run.state, "critic.m", &c->par, j->rl.critic_optim.m, 0);
	if (j->rl.critic_optim.v)
		state_params(&j->run.state, "critic.v", &c->par, j->rl.critic_optim.v, 0);
	return 0;
}

/* The state taken up, or begun. */
static int
set_state(struct job *j, struct err *e)
{
	struct run *r = &j->run;
	const char *input;

	if (run_load(r, e) || run_options(r, "steps", NULL, e))
		return -1;
	if (j->own_ref && !r->resumed) {
		memcpy(model_moving_w(&j->ref), model_moving_w(&r->model), r->optim.par->total * sizeof *j->ref.w);
		state_show(&r->state, "ref", 1);
	} else if (j->own_ref && !state_found(&r->state, "ref") && needs_ref(j)) {
		return err_set(e, "%s: keeps no reference: give --ref", j->o->state);
	}
	if (j->own_ref && state_found(&r->state, "ref"))
		j->rl.ref = &j->ref;
	if (!r->resumed)
		return 0;
	j->rl.o.beta = state_num(&r->state, "beta", j->rl.o.beta);
	j->usual.entropy = state_num(&r->state, "first_entropy", NAN);
	j->usual.distinct2 = state_num(&r->state, "first_distinct2", NAN);
	if (j->rl.critic.w)
		j->rl.critic_optim.step = state_int(&r->state, "critic_step", 0);
	input = state_get(&r->state, "input");
	if (input && !strcmp(input, j->input))
		j->done = state_int(&r->state, "input_done", 0);
	else if (state_int(&r->state, "input_left", 0))
		return err_set(e, "%s: the state is in the middle of other data", j->o->state);
	return 0;
}

static int
save(struct job *j, long long left, struct err *e)
{
	struct state *s = &j->run.state;

	state_set(s, "input", j->input);
	state_set_int(s, "input_done", j->done);
	state_set_int(s, "input_left", left);
	state_set_num(s, "beta", j->rl.o.beta);
	state_set_num(s, "first_entropy", j->usual.entropy);
	state_set_num(s, "first_distinct2", j->usual.distinct2);
	if (j->rl.critic.w)
		state_set_int(s, "critic_step", j->rl.critic_optim.step);
	return run_save(&j->run, e);
}

/* The critic as a reward model: its weights in the place of those of what it began as. */
static int
put_critic(struct job *j, struct err *e)
{
	const struct scorer *c = &j->rl.critic;
	struct model m = j->o->critic ? j->critic : j->run.model;
	int bad;

	if (!j->o->critic_out)
		return 0;
	m.w = c->w;
	m.cfg = c->cfg;
	m.score = c->w + c->score;
	m.score_gain = 1;
	m.score_bias = c->w[c->bias];
	m.prog = xstrdup(m.prog);
	model_add_prog(&m, cli_prog());
	bad = model_save(&m, j->o->critic_out, e);
	free(m.prog);
	return bad;
}

/* ---- the work */

static int
log_step(struct job *j, const struct rl_stats *s, struct err *e)
{
	struct buf b = { 0 };

	buf_char(&b, '{');
	json_add_int(&b, "step", j->run.optim.step);
	rl_stats_json(&b, s);
	json_add_num(&b, "seconds", clock_seconds() - j->began);
	json_add_num(&b, "flops", (double)gemm_work());
	rl_alarm(&j->usual, s, j->run.optim.step, &b);
	return log_put(j->log, &b, e);
}

static int
samples(struct job *j, struct err *e)
{
	struct rl_stats s = { 0 };

	if (j->done) {
		note(1, "this batch is in the state already: nothing to do but to write the model");
		return 0;
	}
	if (rl_batch(&j->rl, &j->in, &s, e) || log_step(j, &s, e))
		return -1;
	j->done = (long long)j->in.n;
	note(1, "step %lld: reward %.4g, KL %.4g nats a response, ended %.3g, entropy %.3g", j->run.optim.step,
		s.reward, s.kl, s.eos_frac, s.entropy);
	return save(j, 0, e);
}

/* The step that begins at unit `at` of an epoch; *next is where the one after it does. */
static int
pair_step(struct job *j, size_t at, size_t *next, struct err *e)
{
	size_t B = (size_t)j->o->rl.batch, end = j->n_unit - at < B ? j->n_unit : at + B;
	struct rl_stats s = { 0 };

	if (rl_prefer(&j->rl, j->in.v + j->unit[at], j->unit[end] - j->unit[at], &s, e))
		return -1;
	j->done += (long long)(end - at);
	*next = end;
	progress((uint64_t)j->done, (uint64_t)j->o->rl.epochs * j->n_unit, "pairs", "loss %.4f  accuracy %.3f", s.loss, s.accuracy);
	return log_step(j, &s, e);
}

static int
preferences(struct job *j, struct err *e)
{
	long long total = j->o->rl.epochs * (long long)j->n_unit, since = 0, steps = j->o->rl.steps;

	while (j->done < total) {
		size_t at = (size_t)(j->done % (long long)j->n_unit), next;

		if (steps && j->run.optim.step >= steps)
			break;
		if (pair_step(j, at, &next, e))
			return -1;
		if (j->o->save_every && ++since % j->o->save_every == 0 && save(j, total - j->done, e))
			return -1;
	}
	progress_end();
	if (save(j, total - j->done, e))
		return -1;
	if (steps && j->run.optim.step < steps)
		return err_set(e, "the data ended after step %lld of %lld (--epochs uses them again)", j->run.optim.step, steps);
	return 0;
}

static int
prepare(struct job *j, struct err *e)
{
	const struct rl_run_opts *o = j->o;
	size_t longest;

	if (run_init(&j->run, o->model, o->state, &o->optim, o->freeze, &o->adapt, e) || run_check_out(&j->run, o->out, e))
		return -1;
	j->rl.o = o->rl;
	j->rl.policy = &j->run.model;
	j->rl.optim = &j->run.optim;
	if (read_input(j, e) || take_head(j, e) || check_roles(j, e) || set_ref(j, e) || set_critic(j, e) || set_state(j, e))
		return -1;
	longest = rolls_longest(&j->in);
	if (j->rl.ref && longest > (size_t)j->rl.ref->cfg.T)
		return err_set(e, "a record of %zu tokens is longer than the reference's context of %d", longest, j->rl.ref->cfg.T);
	if (j->rl.critic.w && longest > (size_t)j->rl.critic.cfg.T)
		return err_set(e, "a record of %zu tokens is longer than the critic's context of %d", longest, j->rl.critic.cfg.T);
	rl_prepare(&j->rl, longest);
	find_units(j);
	return log_open(&j->log, o->log, j->run.optim.step, j->run.optim.step, e);
}

static void
free_job(struct job *j)
{
	rl_free(&j->rl);
	if (j->own_ref && j->ref.adapter)
		adapter_free(j->ref.adapter);
	else if (j->ref.w)
		model_free(&j->ref);
	if (j->critic.w)
		model_free(&j->critic);
	rolls_free(&j->in);
	free(j->unit);
	run_free(&j->run);
}

int
rl_run(const struct rl_run_opts *o, struct err *e)
{
	struct job j = { .o = o, .began = clock_seconds(), .usual = { o->rl.kl_target, NAN, NAN, 0 } };
	int bad = prepare(&j, e);

	if (!bad && j.in.n)
		bad = rl_takes_pairs(&o->rl) ? preferences(&j, e) : samples(&j, e);
	else if (!bad)
		warn("no records in the input: the model stays as it is");
	bad = bad || log_close(j.log, e) || run_output(&j.run, o->out, NULL, NULL, e) || put_critic(&j, e);
	if (!bad)
		free_job(&j);
	return bad ? -1 : 0;
}
