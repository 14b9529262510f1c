/* rlbatch - one batch of scored samples: PPO, GRPO, RLOO, REINFORCE */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "learn/policy/policy.h"
#include "learn/policy/rlbatch.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
check_records(const struct rl_batch *b, struct err *e)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->v[i].role != ROLL_SAMPLE)
			return err_set(e, "record %zu: a preference, and --algo=%s takes scored samples (--algo=dpo takes it)", i, b->r->o.algo_name);
		if (!isfinite(b->v[i].score))
			return err_set(e, "record %zu: no score (rank-pairs gives it one)", i);
	}
	return 0;
}

/* The policy's log-probabilities become the old ones, after those in the rollouts have vouched for them. */
static int
take_old(struct rl_batch *b, struct err *e)
{
	const struct rl_tokens *t = &b->r->tok;
	double worst = 0;

	memcpy(b->old, t->logp, t->at[b->n] * sizeof *b->old);
	for (size_t i = 0; i < b->n && b->r->o.old != RL_OLD_OWN; i++) {
		if (!(b->v[i].flags & ROLL_LOGP))
			continue;
		for (size_t j = 0; j < rlbatch_len(b, i); j++) {
			double off = fabs(expm1(t->logp[t->at[i] + j] - b->v[i].tok_logp[j]));

			worst = off > worst || isnan(off) ? off : worst;
			if (b->r->o.old == RL_OLD_GIVEN)
				b->old[t->at[i] + j] = b->v[i].tok_logp[j];
		}
	}
	if (b->r->o.old == RL_OLD_CHECK && !(worst < 1e-4))
		return err_set(e, "the rollouts are not of this policy: a probability differs by %.3g of itself "
			"(--old=own takes the policy's own, --old=given trusts the rollouts)", worst);
	return 0;
}

/* Sum of logp - ref over a response: k1. */
static double
kl_sum(const struct rl_batch *b, size_t i)
{
	const struct rl_tokens *t = &b->r->tok;
	double kl = 0;

	for (size_t j = t->at[i]; j < t->at[i + 1]; j++)
		kl += kl_k1(b->old[j], t->ref[j]);
	return kl;
}

static void
spread(struct rl_batch *b, size_t i, double adv)
{
	for (size_t j = b->r->tok.at[i]; j < b->r->tok.at[i + 1]; j++)
		b->r->tok.adv[j] = adv;
}

/* Each response's advantage from its group's rewards. */
static int
advantages_in_groups(struct rl_batch *b, enum group_kind kind, struct err *e)
{
	double *adv = xmalloc(b->n * sizeof *adv);
	size_t largest = 0;

	for (size_t i = 0, end; i < b->n; i = end) {
		end = rolls_group_end(b->v, b->n, i);
		largest = end - i > largest ? end - i : largest;
		group_advantages(kind, b->reward + i, end - i, adv + i);
	}
	for (size_t i = 0; i < b->n; i++)
		spread(b, i, adv[i]);
	free(adv);
	if (largest < 2)
		return err_set(e, "--algo=%s compares the rollouts of a prompt, and each has only one (sample -k draws more)",
			b->r->o.algo_name);
	return 0;
}

static void
advantages_of_batch(struct rl_batch *b)
{
	double mean = mean_of(b->reward, b->n);

	for (size_t i = 0; i < b->n; i++)
		spread(b, i, b->reward[i] - mean);
}

static void
advantages_of_critic(struct rl_batch *b)
{
	struct rl_tokens *t = &b->r->tok;
	const struct rl_opts *o = &b->r->o;
	double *reward = xmalloc(b->longest * sizeof *reward), *value = xmalloc(b->longest * sizeof *value);

	for (size_t i = 0; i < b->n; i++) {
		size_t at = t->at[i], n = rlbatch_len(b, i);

		for (size_t j = 0; j < n; j++) {
			reward[j] = b->r->ref ? -o->beta * kl_k1(b->old[at + j], t->ref[at + j]) : 0;
			value[j] = t->value[at + j];
		}
		reward[n - 1] += b->reward[i];
		gae(reward, value, n, o->gamma, o->lambda, t->adv + at, t->ret + at);
	}
	whiten(t->adv, t->at[b->n], 0);
	free(reward);
	free(value);
}

static int
advantages(struct rl_batch *b, struct err *e)
{
	const struct rl_opts *o = &b->r->o;

	if (o->algo == RL_RLOO || o->algo == RL_REINFORCE)
		for (size_t i = 0; b->r->ref && i < b->n; i++)
			b->reward[i] -= o->beta * kl_sum(b, i);
	switch (o->algo) {
	case RL_GRPO:
		return advantages_in_groups(b, GROUP_GRPO, e);
	case RL_DRGRPO:
		return advantages_in_groups(b, GROUP_DRGRPO, e);
	case RL_RLOO:
		return advantages_in_groups(b, GROUP_RLOO, e);
	case RL_REINFORCE:
		advantages_of_batch(b);
		return 0;
	default:
		advantages_of_critic(b);
		return 0;
	}
}

static void
describe_scores(const struct rl_batch *b, struct rl_stats *s)
{
	double first = b->n ? b->v[0].score : 0, mean = first, var = 0;
	size_t groups = 0, flat = 0;

	for (size_t i = 0; i < b->n; i++)
		mean += (b->v[i].score - first) / (double)b->n;
	for (size_t i = 0; i < b->n; i++)
		var += (b->v[i].score - mean) * (b->v[i].score - mean) / (double)b->n;
	for (size_t i = 0, end; i < b->n; i = end) {
		int same = 1;

		end = rolls_group_end(b->v, b->n, i);
		for (size_t j = i; j < end; j++)
			same &= b->v[j].score == b->v[i].score;
		groups += end - i > 1;
		flat += end - i > 1 && same;
	}
	s->reward = mean;
	s->score_sd = sqrt(var);
	s->zero_var_frac = groups ? (double)flat / (double)groups : NAN;
}

static int
run(struct rl_batch *b, struct rl_stats *s, struct err *e)
{
	struct rl *r = b->r;

	for (size_t i = 0; i < b->n; i++) {
		b->longest = rlbatch_len(b, i) > b->longest ? rlbatch_len(b, i) : b->longest;
		b->reward[i] = b->v[i].score - (b->v[i].flags & ROLL_ENDED ? 0 : r->o.end_penalty);
	}
	if (take_old(b, e))
		return -1;
	rl_describe(r, b->v, b->n, s);
	describe_scores(b, s);
	if (r->critic.w)
		rlbatch_values(b);
	s->lr = optim_lr(&r->optim->opts, r->optim->step);
	if (advantages(b, e) || rlbatch_updates(b, e))
		return -1;
	s->loss = b->loss / (double)b->updates;
	s->value_loss = r->critic.w ? b->value_loss / (double)b->updates : NAN;
	s->ratio_max = b->ratio_max;
	s->clip_frac = (double)b->clipped / (double)b->ratios;
	s->grad_norm = b->norm;
	s->beta = r->o.beta;
	s->chosen_shift = s->rejected_shift = s->accuracy = s->margin = NAN;
	if (r->o.kl_target > 0 && r->ref)
		r->o.beta = kl_adapt(r->o.beta, s->kl, r->o.kl_target, (double)b->n, r->o.horizon);
	return 0;
}

int
rl_batch(struct rl *r, const struct rolls *all, struct rl_stats *s, struct err *e)
{
	struct rl_batch b = { .r = r, .v = all->v, .n = all->n };
	int bad;

	if (check_records(&b, e) || rl_measure(r, b.v, b.n, e))
		return -1;
	b.reward = xmalloc(b.n * sizeof *b.reward);
	b.old = xmalloc(r->tok.at[b.n] * sizeof *b.old);
	b.mini = xmalloc((size_t)r->o.batch * sizeof *b.mini);
	bad = run(&b, s, e);
	free(b.reward);
	free(b.old);
	free(b.mini);
	return bad;
}
