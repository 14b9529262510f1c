/* rlbatch - one batch of scored samples: PPO, GRPO, RLOO, REINFORCE */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/rng.h"
#include "learn/policy.h"
#include "learn/rlhf.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct batch {
	struct rl         *r;
	const struct roll *v;           /* [n] */
	size_t             n, longest;
	double            *reward;      /* [n] score less penalties */
	float             *old;         /* [tokens] log-probabilities at the time of sampling */
	/* The minibatch at hand: copies of its records, and which they are. */
	struct roll       *mini;
	size_t            *which, n_mini, mini_tokens;
	/* Sums over all updates. */
	double             loss, value_loss, ratio_max, norm;
	size_t             clipped, ratios, updates;
};

static size_t
len_of(const struct batch *b, size_t i)
{
	return b->r->tok.at[i + 1] - b->r->tok.at[i];
}

static int
check_records(const struct batch *b, struct err *e)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->v[i].role != ROLL_SAMPLE)
			return err_set(e, "record %zu: a preference, and --algo=%s takes scored samples", i, b->r->o.algo_name);
		if (!isfinite(b->v[i].score))
			return err_set(e, "record %zu: no score (rank-pairs gives it one)", i);
	}
	return 0;
}

/* The policy's log-probabilities become the old ones, after those in the rollouts have vouched for them. */
static int
take_old(struct batch *b, struct err *e)
{
	const struct rl_tokens *t = &b->r->tok;
	double worst = 0;

	memcpy(b->old, t->logp, t->at[b->n] * sizeof *b->old);
	for (size_t i = 0; i < b->n && b->r->o.old != RL_OLD_OWN; i++) {
		if (!(b->v[i].flags & ROLL_LOGP))
			continue;
		for (size_t j = 0; j < len_of(b, i); j++) {
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
kl_sum(const struct batch *b, size_t i)
{
	const struct rl_tokens *t = &b->r->tok;
	double kl = 0;

	for (size_t j = t->at[i]; j < t->at[i + 1]; j++)
		kl += kl_k1(b->old[j], t->ref[j]);
	return kl;
}

static size_t
group_end(const struct batch *b, size_t i)
{
	size_t j = i + 1;

	while (j < b->n && b->v[j].group == b->v[i].group && b->v[j].segment == b->v[i].segment)
		j++;
	return j;
}

static void
spread(struct batch *b, size_t i, double adv)
{
	for (size_t j = b->r->tok.at[i]; j < b->r->tok.at[i + 1]; j++)
		b->r->tok.adv[j] = adv;
}

/* Each response's advantage from its group's rewards. */
static int
advantages_in_groups(struct batch *b, enum group_kind kind, struct err *e)
{
	double *adv = xmalloc(b->n * sizeof *adv);
	size_t largest = 0;

	for (size_t i = 0, end; i < b->n; i = end) {
		end = group_end(b, i);
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
advantages_of_batch(struct batch *b)
{
	double mean = 0;

	for (size_t i = 0; i < b->n; i++)
		mean += b->reward[i] / (double)b->n;
	for (size_t i = 0; i < b->n; i++)
		spread(b, i, b->reward[i] - mean);
}

static void
advantages_of_critic(struct batch *b)
{
	struct rl_tokens *t = &b->r->tok;
	const struct rl_opts *o = &b->r->o;
	double *reward = xmalloc(b->longest * sizeof *reward), *value = xmalloc(b->longest * sizeof *value);

	for (size_t i = 0; i < b->n; i++) {
		size_t at = t->at[i], n = len_of(b, i);

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
advantages(struct batch *b, struct err *e)
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
saw_ratio(struct batch *b, const struct ppo_loss *l)
{
	b->ratio_max = l->ratio > b->ratio_max || isnan(l->ratio) ? l->ratio : b->ratio_max;
	b->clipped += (size_t)l->clipped;
	b->ratios++;
}

/* RLOO: one ratio, of the whole response. */
static void
coef_of_response(struct batch *b, size_t i, const float *logp, float *coef)
{
	const struct rl_tokens *t = &b->r->tok;
	double now = 0, old = 0;
	struct ppo_loss l;

	for (size_t j = 0; j < len_of(b, i); j++) {
		now += logp[j];
		old += b->old[t->at[i] + j];
	}
	l = ppo_token(now, old, t->adv[t->at[i]], b->r->o.clip);
	saw_ratio(b, &l);
	b->loss += l.loss;
	for (size_t j = 0; j < len_of(b, i); j++)
		coef[j] = (float)l.d;
}

static void
coef_of_tokens(void *ctx, size_t k, const float *logp, float *coef)
{
	struct batch *b = ctx;
	const struct rl_opts *o = &b->r->o;
	const struct rl_tokens *t = &b->r->tok;
	size_t i = b->which[k], at = t->at[i], n = len_of(b, i);
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
divisor(const struct batch *b)
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

	rows_clear(&r->rows);
	while (r->rows.n < n && rows_add(&r->rows, &v[r->rows.n]))
		;
	nb = rows_batch(&r->rows);
	net_forward(r->critic_net, r->critic.w, &nb);
	return r->rows.n;
}

static void
measure_values(struct batch *b)
{
	struct rl *r = b->r;

	for (size_t i = 0, k; i < b->n; i += k) {
		k = critic_pass(r, b->v + i, b->n - i);
		for (size_t c = 0; c < k; c++)
			for (size_t j = 0; j < len_of(b, i + c); j++)
				r->tok.value[r->tok.at[i + c] + j] =
					(float)scorer_value(&r->critic, r->critic_net, rows_at(&r->rows, c, j));
	}
}

static int
update_critic(struct batch *b, struct err *e)
{
	struct rl *r = b->r;
	const struct rl_tokens *t = &r->tok;
	double loss = 0, norm;

	optim_zero(r->critic_g, r->critic.par.total);
	for (size_t i = 0, k; i < b->n_mini; i += k) {
		k = critic_pass(r, b->mini + i, b->n_mini - i);
		for (size_t c = 0; c < k; c++) {
			size_t rec = b->which[i + c];

			for (size_t j = 0; j < len_of(b, rec); j++) {
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
update(struct batch *b, struct err *e)
{
	struct rl *r = b->r;
	double before = b->loss, norm;

	b->mini_tokens = 0;
	for (size_t k = 0; k < b->n_mini; k++) {
		b->mini[k] = b->v[b->which[k]];
		b->mini_tokens += roll_response(&b->mini[k]);
	}
	optim_zero(r->g, r->policy->par.total);
	if (rl_pass(r, b->mini, b->n_mini, 1, coef_of_tokens, b, e))
		return -1;
	net_finish(r->net, r->g);
	b->loss = before + (b->loss - before) / divisor(b);
	if (optim_step(r->optim, r->policy->w, r->g, divisor(b), &norm, e))
		return -1;
	b->norm = norm > b->norm ? norm : b->norm;
	b->updates++;
	return r->critic.w ? update_critic(b, e) : 0;
}

/* Each epoch takes the rollouts in an order of its own. */
static int
updates(struct batch *b, struct err *e)
{
	const struct rl_opts *o = &b->r->o;
	size_t *order = xmalloc(b->n * sizeof *order), B = (size_t)o->batch;
	long long began = b->r->optim->step;
	int bad = 0;

	for (long long epoch = 0; !bad && epoch < o->epochs; epoch++) {
		struct rng g = { rng_at((uint64_t)o->seed, (uint64_t)began, (uint64_t)epoch, 0x0bde, 0), 0 };

		for (size_t i = 0; i < b->n; i++) {
			size_t j = rng_below(&g, i + 1);

			order[i] = order[j];
			order[j] = i;
		}
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

static void
describe_scores(const struct batch *b, struct rl_stats *s)
{
	double mean = 0, var = 0;
	size_t groups = 0, flat = 0;

	for (size_t i = 0; i < b->n; i++)
		mean += b->v[i].score / (double)b->n;
	for (size_t i = 0; i < b->n; i++)
		var += (b->v[i].score - mean) * (b->v[i].score - mean) / (double)b->n;
	for (size_t i = 0, end; i < b->n; i = end) {
		int same = 1;

		end = group_end(b, i);
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
run(struct batch *b, struct rl_stats *s, struct err *e)
{
	struct rl *r = b->r;

	for (size_t i = 0; i < b->n; i++) {
		b->longest = len_of(b, i) > b->longest ? len_of(b, i) : b->longest;
		b->reward[i] = b->v[i].score - (b->v[i].flags & ROLL_ENDED ? 0 : r->o.end_penalty);
	}
	if (take_old(b, e))
		return -1;
	rl_describe(r, b->v, b->n, s);
	describe_scores(b, s);
	if (r->critic.w)
		measure_values(b);
	s->lr = optim_lr(&r->optim->opts, r->optim->step);
	if (advantages(b, e) || updates(b, e))
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
	struct batch b = { .r = r, .v = all->v, .n = all->n };
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
