/* rlhf - the policy measured and moved: passes of rollouts through the nets */
/* SPDX-License-Identifier: MIT */
#include "learn/policy/rlhf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/order.h"
#include "base/par.h"
#include "learn/policy/policy.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RL_ROWS     64          /* rows of logits held at once */
#define PASS_TOKENS 2048

static const struct algo {
	const char *name;
	double beta, clip, lambda, nll;
	long long epochs;
	int pairs, ref;
} algos[] = {           /* in the order of enum rl_algo */
	{ "ppo",       0.05, 0.2, 0.95, 0, 4, 0, 1 },
	{ "grpo",      0.04, 0.2, 1,    0, 1, 0, 1 },
	{ "drgrpo",    0,    0.2, 1,    0, 1, 0, 1 },
	{ "rloo",      0.05, 0.2, 1,    0, 1, 0, 1 },
	{ "reinforce", 0.05, 0,   1,    0, 1, 0, 1 },
	{ "dpo",       0.1,  0,   1,    0, 1, 1, 1 },
	{ "cdpo",      0.1,  0,   1,    0, 1, 1, 1 },
	{ "ipo",       0.1,  0,   1,    0, 1, 1, 1 },
	{ "kto",       0.1,  0,   1,    0, 1, 1, 1 },
	{ "orpo",      0.1,  0,   1,    1, 1, 1, 0 },
	{ "simpo",     2,    0,   1,    0, 1, 1, 0 },
	{ "robust",    0.1,  0,   1,    0, 1, 1, 1 },
	{ "hinge",     0.1,  0,   1,    0, 1, 1, 1 },
	{ "sppo",      0.1,  0,   1,    0, 1, 1, 1 },
	{ "apo",       0.1,  0,   1,    0, 1, 1, 1 },
};
#define N_ALGOS ((int)(sizeof algos / sizeof *algos))

static void
otherwise(double *x, double def)
{
	if (isnan(*x))
		*x = def;
}

int
rl_check(struct rl_opts *o, struct err *e)
{
	int i = 0;

	while (i < N_ALGOS && strcmp(algos[i].name, o->algo_name))
		i++;
	if (i == N_ALGOS)
		return err_set(e, "--algo=%s: none of ppo grpo drgrpo rloo reinforce dpo cdpo robust ipo hinge sppo apo kto orpo simpo", o->algo_name);
	o->algo = (enum rl_algo)i;
	if (strcmp(o->old_name, "check") && strcmp(o->old_name, "own") && strcmp(o->old_name, "given"))
		return err_set(e, "--old=%s: none of check own given", o->old_name);
	o->old = *o->old_name == 'c' ? RL_OLD_CHECK : *o->old_name == 'o' ? RL_OLD_OWN : RL_OLD_GIVEN;
	otherwise(&o->beta, algos[i].beta);
	otherwise(&o->clip, algos[i].clip);
	otherwise(&o->lambda, algos[i].lambda);
	otherwise(&o->nll, algos[i].nll);
	otherwise(&o->margin, 1);
	otherwise(&o->smooth, i == RL_CDPO || i == RL_ROBUST ? 0.1 : 0);
	if (!o->epochs)
		o->epochs = algos[i].epochs;
	if (o->beta < 0 || (o->algo >= RL_DPO && o->beta == 0))
		return err_set(e, "--beta=%g: must be greater than 0", o->beta);
	if (o->clip < 0 || o->clip >= 1)
		return err_set(e, "--clip=%g: not in [0, 1)", o->clip);
	if (!(o->gamma >= 0 && o->gamma <= 1 && o->lambda >= 0 && o->lambda <= 1))
		return err_set(e, "--gamma and --lambda are in [0, 1]");
	if (!(o->smooth >= 0 && o->smooth < 0.5))
		return err_set(e, "--smooth=%g: not in [0, 0.5)", o->smooth);
	if (o->epochs < 1 || o->batch < 1 || o->steps < 0)
		return err_set(e, "--epochs and --batch count from 1, --steps from 0");
	if (o->algo == RL_KTO && o->batch < 2)
		return err_set(e, "--algo=kto estimates the KL from mismatched records of a batch: --batch of 2 at least");
	if (o->kl_target < 0 || o->horizon <= 0)
		return err_set(e, "--kl-target and --kl-horizon are positive");
	return 0;
}

int
rl_takes_pairs(const struct rl_opts *o)
{
	return algos[o->algo].pairs;
}

int
rl_wants_ref(const struct rl_opts *o)
{
	return algos[o->algo].ref;
}

void
rl_stats_json(struct buf *b, const struct rl_stats *s)
{
	const struct { const char *key; double v; } of[] = {
		{ "reward", s->reward }, { "kl", s->kl }, { "kl_k1", s->kl_k1 }, { "kl_k3", s->kl_k3 },
		{ "ratio_max", s->ratio_max }, { "clip_frac", s->clip_frac }, { "eos_frac", s->eos_frac },
		{ "zero_var_frac", s->zero_var_frac }, { "entropy", s->entropy }, { "distinct2", s->distinct2 },
		{ "chosen_shift", s->chosen_shift }, { "rejected_shift", s->rejected_shift },
		{ "accuracy", s->accuracy }, { "margin", s->margin }, { "reward_sd", s->score_sd }, { "length", s->length },
		{ "loss", s->loss }, { "value_loss", s->value_loss }, { "beta", s->beta }, { "lr", s->lr },
		{ "grad_norm", s->grad_norm } };

	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		json_add_num(b, of[i].key, of[i].v);
	json_add_int(b, "records", (long long)s->records);
	json_add_int(b, "tokens", (long long)s->tokens);
}

void
rl_prepare(struct rl *r, size_t longest)
{
	const struct config *c = &r->policy->cfg;
	size_t V = (size_t)c->V;
	int T, B, context = c->T;

	if (r->ref && r->ref->cfg.T < context)
		context = r->ref->cfg.T;
	rows_init(&r->rows, longest, context, PASS_TOKENS);
	B = r->rows.B, T = r->rows.T;
	r->net = net_of(r->policy, B, T, NET_GRAD);
	net_freeze(r->net, r->optim->frozen);
	r->g = xcalloc(model_moving(r->policy)->total, sizeof *r->g);
	if (r->ref) {
		r->ref_net = net_of(r->ref, B, T, NET_FORWARD);
		r->logits[0] = xmalloc(RL_ROWS * V * sizeof **r->logits);
		r->logits[1] = xmalloc(RL_ROWS * V * sizeof **r->logits);
	}
	if (r->critic.w) {
		r->critic_net = net_new(&r->critic.cfg, &r->critic.par, B, T, NET_GRAD);
		r->critic_g = xcalloc(r->critic.par.total, sizeof *r->critic_g);
	}
}

static void
tokens_free(struct rl_tokens *t)
{
	free(t->at);
	free(t->logp);
	free(t->ref);
	free(t->kl);
	free(t->entropy);
	free(t->value);
	free(t->adv);
	free(t->ret);
	memset(t, 0, sizeof *t);
}

void
rl_free(struct rl *r)
{
	tokens_free(&r->tok);
	rows_free(&r->rows);
	net_free(r->net);
	net_free(r->ref_net);
	net_free(r->critic_net);
	if (r->critic.w) {
		optim_free(&r->critic_optim);
		scorer_free(&r->critic);
	}
	free(r->g);
	free(r->critic_g);
	free(r->logits[0]);
	free(r->logits[1]);
}

/* Room for the response tokens of n records. */
static void
tokens_for(struct rl_tokens *t, const struct roll *v, size_t n)
{
	size_t total = 0;

	if (n + 1 > t->cap_at)
		t->at = xreallocarray(t->at, t->cap_at = n + 1, sizeof *t->at);
	for (size_t i = 0; i < n; i++) {
		t->at[i] = total;
		total += roll_response(&v[i]);
	}
	t->at[t->n = n] = total;
	if (total > t->cap) {
		t->cap = total;
		t->logp = xreallocarray(t->logp, total, sizeof *t->logp);
		t->ref = xreallocarray(t->ref, total, sizeof *t->ref);
		t->kl = xreallocarray(t->kl, total, sizeof *t->kl);
		t->entropy = xreallocarray(t->entropy, total, sizeof *t->entropy);
		t->value = xreallocarray(t->value, total, sizeof *t->value);
		t->adv = xreallocarray(t->adv, total, sizeof *t->adv);
		t->ret = xreallocarray(t->ret, total, sizeof *t->ret);
	}
}

static int
too_long(const struct rl *r, const struct roll *v, struct err *e)
{
	return err_set(e, "a record of %u tokens does not fit the context of %d", v->n_tok, r->rows.T);
}

struct kl_rows {
	const struct rl *r;
	float *kl;
};

static void
kl_row(size_t i, void *ctx)
{
	const struct kl_rows *k = ctx;
	size_t V = (size_t)k->r->policy->cfg.V;

	k->kl[i] = (float)kl_exact(k->r->logits[0] + i * V, k->r->logits[1] + i * V, V, k->r->scale);
}

/* The whole distributions of n places from `place` compared, RL_ROWS at a time. */
static void
kl_span(struct rl *r, size_t place, size_t n, float *kl)
{
	for (size_t i = 0; i < n; i += RL_ROWS) {
		size_t k = n - i < RL_ROWS ? n - i : RL_ROWS;

		net_logits(r->net, r->policy->w, place + i, k, r->logits[0]);
		net_logits(r->ref_net, r->ref->w, place + i, k, r->logits[1]);
		par_for(k, kl_row, &(struct kl_rows){ r, kl + i });
	}
}

static void
take_back(const struct rows *w, size_t i, const float *from, float *to)
{
	memcpy(to, from + rows_at(w, i, 0), roll_response(w->rec[i]) * sizeof *to);
}

/* One pass measured: records [first, first + rows.n) of tok. */
static void
measure_pass(struct rl *r, size_t first)
{
	struct rows *w = &r->rows;
	struct rl_tokens *t = &r->tok;
	struct net_batch b = rows_batch(w);
	struct net_head h = { .target = w->target, .want = w->want, .scale = (float)r->scale, .logp = w->logp, .entropy = w->entropy };

	net_forward(r->net, r->policy->w, &b);
	net_head(r->net, r->policy->w, NULL, &h);
	for (size_t i = 0; i < w->n; i++) {
		take_back(w, i, w->logp, t->logp + t->at[first + i]);
		take_back(w, i, w->entropy, t->entropy + t->at[first + i]);
	}
	if (!r->ref)
		return;
	h.entropy = NULL;
	net_forward(r->ref_net, r->ref->w, &b);
	net_head(r->ref_net, r->ref->w, NULL, &h);
	for (size_t i = 0; i < w->n; i++) {
		take_back(w, i, w->logp, t->ref + t->at[first + i]);
		kl_span(r, rows_at(w, i, 0), roll_response(w->rec[i]), t->kl + t->at[first + i]);
	}
}

int
rl_measure(struct rl *r, const struct roll *v, size_t n, struct err *e)
{
	tokens_for(&r->tok, v, n);
	if (!r->ref)
		for (size_t i = 0; i < r->tok.at[n]; i++)
			r->tok.ref[i] = r->tok.kl[i] = NAN;
	for (size_t i = 0; i < n; i += r->rows.n) {
		if (!rows_fill(&r->rows, v + i, n - i))
			return too_long(r, v + i, e);
		measure_pass(r, i);
	}
	return 0;
}

int
rl_pass(struct rl *r, const struct roll *v, size_t n, int need, rl_coef *fn, void *ctx, struct err *e)
{
	struct rows *w = &r->rows;
	struct net_head h = { .target = w->target, .want = w->want, .scale = (float)r->scale, .logp = w->logp };

	for (size_t i = 0; i < n; i += w->n) {
		struct net_batch b;

		if (!rows_fill(w, v + i, n - i))
			return too_long(r, v + i, e);
		b = rows_batch(w);
		net_forward(r->net, r->policy->w, &b);
		h.coef = NULL;
		if (need)
			net_head(r->net, r->policy->w, NULL, &h);
		memset(w->coef, 0, (size_t)b.B * b.T * sizeof *w->coef);
		for (size_t k = 0; k < w->n; k++)
			fn(ctx, i + k, w->logp + rows_at(w, k, 0), w->coef + rows_at(w, k, 0));
		h.coef = w->coef;
		net_head(r->net, r->policy->w, r->g, &h);
		net_backward(r->net, r->policy->w, r->g);
	}
	return 0;
}

/* Different pairs of neighbouring tokens, as a share of all in the responses. */
static double
distinct_bigrams(const struct roll *v, size_t n, size_t tokens)
{
	uint64_t *all = xmalloc((tokens + 1) * sizeof *all);
	size_t have = 0, different = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t t = v[i].n_prompt; t + 1 < v[i].n_tok; t++)
			all[have++] = (uint64_t)v[i].tok[t] << 32 | v[i].tok[t + 1];
	qsort(all, have, sizeof *all, order_u64);
	for (size_t i = 0; i < have; i++)
		different += !i || all[i] != all[i - 1];
	free(all);
	return have ? (double)different / (double)have : NAN;
}

void
rl_describe(const struct rl *r, const struct roll *v, size_t n, struct rl_stats *s)
{
	const struct rl_tokens *t = &r->tok;
	size_t tokens = t->at[n], ended = 0;
	double kl = 0, k1 = 0, k3 = 0, entropy = 0;

	for (size_t i = 0; i < tokens; i++) {
		kl += t->kl[i];
		k1 += kl_k1(t->logp[i], t->ref[i]);
		k3 += kl_k3(t->logp[i], t->ref[i]);
		entropy += t->entropy[i];
	}
	for (size_t i = 0; i < n; i++)
		ended += (v[i].flags & ROLL_ENDED) != 0;
	s->records = n;
	s->tokens = tokens;
	s->kl = kl / (double)n;
	s->kl_k1 = k1 / (double)n;
	s->kl_k3 = k3 / (double)n;
	s->entropy = entropy / (double)tokens;
	s->eos_frac = (double)ended / (double)n;
	s->length = (double)tokens / (double)n;
	s->distinct2 = distinct_bigrams(v, n, tokens);
}
