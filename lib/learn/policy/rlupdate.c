/* rlupdate - the updates of a batch of samples: the policy's objective, the critic's, minibatch by minibatch */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/rng.h"
#include "learn/policy/policy.h"
#include "learn/policy/rlbatch.h"
#include <math.h>
#include <stdlib.h>

static void
saw_ratio(struct rl_batch *b, const struct ppo_loss *l)
{
	b->ratio_max = l->ratio > b->ratio_max || isnan(l->ratio) ? l->ratio : b->ratio_max;
	b->clipped += (size_t)l->clipped;
	b->ratios++;
}

/* RLOO: one ratio, of the whole response. */
static void
coef_of_response(struct rl_batch *b, size_t i, const float *logp, float *coef)
{
	const struct rl_tokens *t = &b->r->tok;
	double now = 0, old = 0;
	struct ppo_loss l;

	for (size_t j = 0; j < rlbatch_len(b, i); j++) {
		now += logp[j];
		old += b->old[t->at[i] + j];
	}
	l = ppo_token(now, old, t->adv[t->at[i]], b->r->o.clip);
	saw_ratio(b, &l);
	b->loss += l.loss;
	for (size_t j = 0; j < rlbatch_len(b, i); j++)
		coef[j] = (float)l.d;
}

static void
coef_of_tokens(void *ctx, size_t k, const float *logp, float *coef)
{
	struct rl_batch *b = ctx;
	const struct rl_opts *o = &b->r->o;
	const struct rl_tokens *t = &b->r->tok;
	size_t i = b->which[k], at = t->at[i], n = rlbatch_len(b, i);
	double weight = o->algo == RL_GRPO ? 1 / (double)n : 1;
	int grouped = o->algo == RL_GRPO || o->algo == RL_DRGRPO;

	if (o->algo == RL_RLOO) {
		coef_of_response(b, i, logp, coef);
		return;
	}
	for (size_t j = 0; j < n; j++) {
		struct ppo_loss l = ppo_token(logp[j], b->old[at + j], t->adv[at + j], o->clip);

		if (o->algo == RL_REINFORCE) {
			l.d = -t->adv[at + j];
			l.loss = l.d * logp[j];
		}
		if (grouped && b->r->ref && o->beta > 0) {
			l.loss += o->beta * kl_k3(logp[j], t->ref[at + j]);
			l.d -= o->beta * expm1(t->ref[at + j] - logp[j]);
		}
		saw_ratio(b, &l);
		b->loss += weight * l.loss;
		coef[j] = (float)(weight * l.d);
	}
}

/* What the sum of a minibatch's losses is divided by. */
static double
divisor(const struct rl_batch *b)
{
	switch (b->r->o.algo) {
	case RL_GRPO:
	case RL_RLOO:
		return (double)b->n_mini;
	case RL_DRGRPO:
		return (double)b->n_mini * (double)b->longest;
	default:
		return (double)b->mini_tokens;
	}
}

/* Fills rows from v, runs the critic over them; returns how many records. */
static size_t
critic_pass(struct rl *r, const struct roll *v, size_t n)
{
	struct net_batch nb;

	rows_fill(&r->rows, v, n);
	nb = rows_batch(&r->rows);
	net_forward(r->critic_net, r->critic.w, &nb);
	return r->rows.n;
}

void
rlbatch_values(struct rl_batch *b)
{
	struct rl *r = b->r;

	for (size_t i = 0, k; i < b->n; i += k) {
		k = critic_pass(r, b->v + i, b->n - i);
		for (size_t c = 0; c < k; c++)
			for (size_t j = 0; j < rlbatch_len(b, i + c); j++)
				r->tok.value[r->tok.at[i + c] + j] =
					(float)scorer_value(&r->critic, r->critic_net, rows_at(&r->rows, c, j));
	}
}

static int
update_critic(struct rl_batch *b, struct err *e)
{
	struct rl *r = b->r;
	const struct rl_tokens *t = &r->tok;
	double loss = 0, norm;

	optim_clear(&r->critic_optim, r->critic_g);
	for (size_t i = 0, k; i < b->n_mini; i += k) {
		k = critic_pass(r, b->mini + i, b->n_mini - i);
		for (size_t c = 0; c < k; c++) {
			size_t rec = b->which[i + c];

			for (size_t j = 0; j < rlbatch_len(b, rec); j++) {
				size_t place = rows_at(&r->rows, c, j), at = t->at[rec] + j;
				double d;

				loss += ppo_value(scorer_value(&r->critic, r->critic_net, place), t->value[at], t->ret[at], r->o.clip, &d);
				scorer_back(&r->critic, r->critic_net, place, d, r->critic_g);
			}
		}
		net_backward(r->critic_net, r->critic.w, r->critic_g);
	}
	net_finish(r->critic_net, r->critic_g);
	b->value_loss += loss / (double)b->mini_tokens;
	return optim_step(&r->critic_optim, r->critic.w, r->critic_g, (double)b->mini_tokens, &norm, e);
}

static int
update(struct rl_batch *b, struct err *e)
{
	struct rl *r = b->r;
	double before = b->loss, norm;

	b->mini_tokens = 0;
	for (size_t k = 0; k < b->n_mini; k++) {
		b->mini[k] = b->v[b->which[k]];
		b->mini_tokens += roll_response(&b->mini[k]);
	}
	optim_clear(r->optim, r->g);
	if (rl_pass(r, b->mini, b->n_mini, 1, coef_of_tokens, b, e))
		return -1;
	net_finish(r->net, r->g);
	b->loss = before + (b->loss - before) / divisor(b);
	if (optim_step(r->optim, model_moving_w(r->policy), r->g, divisor(b), &norm, e))
		return -1;
	b->norm = norm > b->norm ? norm : b->norm;
	b->updates++;
	return r->critic.w ? update_critic(b, e) : 0;
}

/* Each epoch takes the rollouts in an order of its own. */
int
rlbatch_updates(struct rl_batch *b, struct err *e)
{
	const struct rl_opts *o = &b->r->o;
	size_t *order = xmalloc(b->n * sizeof *order), B = (size_t)o->batch;
	long long began = b->r->optim->step;
	int bad = 0;

	for (long long epoch = 0; !bad && epoch < o->epochs; epoch++) {
		struct rng g = { rng_at((uint64_t)o->seed, (uint64_t)began, (uint64_t)epoch, 0x0bde, 0), 0 };

		rng_order(&g, order, b->n);
		for (size_t i = 0; !bad && i < b->n; i += B) {
			b->n_mini = b->n - i < B ? b->n - i : B;
			b->which = order + i;
			bad = update(b, e);
		}
	}
	b->which = NULL;
	free(order);
	return bad;
}
