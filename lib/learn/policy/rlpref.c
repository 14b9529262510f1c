/* rlpref - a step on preferences: DPO and its kin */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "learn/prefer/pref.h"
#include "learn/policy/rlhf.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct pref_args
args_of(const struct rl_opts *o)
{
	static const enum pref_kind kind[] = { [RL_DPO] = PREF_DPO, [RL_CDPO] = PREF_CDPO, [RL_IPO] = PREF_IPO,
		[RL_KTO] = PREF_KTO, [RL_ORPO] = PREF_ORPO, [RL_SIMPO] = PREF_SIMPO,
		[RL_ROBUST] = PREF_ROBUST, [RL_HINGE] = PREF_HINGE, [RL_SPPO] = PREF_SPPO, [RL_APO] = PREF_APO };

	return (struct pref_args){ .kind = kind[o->algo], .beta = o->beta, .smooth = o->smooth, .gamma = o->margin,
		.nll = o->nll, .mean = o->mean };
}

/* What was measured of record i, as sums; the reference's from the stream when there is no model of it. */
static struct pref_side
side_of(const struct rl *r, const struct roll *v, size_t i)
{
	struct pref_side s = { 0, 0, (int)roll_response(&v[i]) };

	for (size_t j = r->tok.at[i]; j < r->tok.at[i + 1]; j++) {
		s.logp += r->tok.logp[j];
		s.ref += r->tok.ref[j];
	}
	if (!r->ref)
		s.ref = v[i].ref_logp;
	return s;
}

/* KTO's reference point: how far the policy is from the reference on responses to other prompts, at least 0.
 * A response that does not fit after the other prompt is cut. */
static int
mismatched_kl(struct rl *r, const struct roll *v, size_t n, double *kl, struct err *e)
{
	struct roll *mixed = xcalloc(n, sizeof *mixed);
	size_t have = 0, T = (size_t)r->rows.T;
	double sum = 0;
	int bad;

	for (size_t i = 0; i < n; i++) {
		const struct roll *p = &v[i], *q = &v[(i + 1) % n];
		size_t len = roll_response(q), room = p->n_prompt < T ? T - p->n_prompt : 0;
		uint32_t *tok;

		len = len < room ? len : room;
		if (!len)
			continue;
		tok = xmalloc((p->n_prompt + len) * sizeof *tok);
		memcpy(tok, p->tok, p->n_prompt * sizeof *tok);
		memcpy(tok + p->n_prompt, q->tok + q->n_prompt, len * sizeof *tok);
		mixed[have++] = (struct roll){ .n_prompt = p->n_prompt, .n_tok = p->n_prompt + (uint32_t)len, .tok = tok };
	}
	bad = rl_measure(r, mixed, have, e);
	for (size_t i = 0; !bad && i < r->tok.at[have]; i++)
		sum += (double)r->tok.logp[i] - r->tok.ref[i];
	*kl = have && sum > 0 ? sum / (double)have : 0;
	for (size_t i = 0; i < have; i++)
		free((void *)mixed[i].tok);
	free(mixed);
	return bad;
}

struct slopes {
	const struct rl *r;
	double *d;              /* [n] d loss / d logp of each record */
};

static void
coef_of_record(void *ctx, size_t i, const float *logp, float *coef)
{
	const struct slopes *s = ctx;
	size_t len = s->r->tok.at[i + 1] - s->r->tok.at[i];

	(void)logp;
	for (size_t j = 0; j < len; j++)
		coef[j] = (float)s->d[i];
}

struct sums {
	double loss, reward, chosen_shift, rejected_shift, right, margin;
	size_t pairs, chosen, rejected;
};

static void
count_side(struct sums *u, const struct pref_side *s, int chosen)
{
	*(chosen ? &u->chosen_shift : &u->rejected_shift) += s->logp - s->ref;
	++*(chosen ? &u->chosen : &u->rejected);
}

/* The pair at i: its loss and slopes. */
static void
one_pair(const struct rl *r, const struct pref_args *a, const struct roll *v, size_t i, double *d, struct sums *u)
{
	size_t ic = v[i].role == ROLL_CHOSEN ? i : i + 1, ir = ic == i ? i + 1 : i;
	struct pref_side c = side_of(r, v, ic), s = side_of(r, v, ir);
	struct pref_loss l = pref_pair(a, &c, &s);
	double h = rl_wants_ref(&r->o) ? (c.logp - c.ref) - (s.logp - s.ref) : c.logp / c.len - s.logp / s.len;

	d[ic] = l.d_chosen;
	d[ir] = l.d_rejected;
	count_side(u, &c, 1);
	count_side(u, &s, 0);
	u->loss += l.loss;
	u->right += h > 0 ? 1 : h == 0 ? 0.5 : 0;
	u->margin += a->beta * h;
	u->pairs++;
}

static void
one_alone(const struct rl *r, const struct pref_args *a, const struct roll *v, size_t i, double *d, struct sums *u)
{
	struct pref_side s = side_of(r, v, i);

	u->loss += pref_kto(a, &s, v[i].role == ROLL_CHOSEN, &d[i]);
	count_side(u, &s, v[i].role == ROLL_CHOSEN);
}

static int
slopes_of(const struct rl *r, const struct pref_args *a, const struct roll *v, size_t n, double *d, struct sums *u,
	struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (rolls_pair(v, n, i)) {
			one_pair(r, a, v, i, d, u);
			i++;
		} else if (a->kind == PREF_KTO) {
			one_alone(r, a, v, i, d, u);
		} else {
			return err_set(e, "group %u: a judgement without its pair, which only --algo=kto can use", v[i].group);
		}
	}
	return 0;
}

static void
fill_stats(struct rl *r, const struct roll *v, size_t n, const struct sums *u, double count, struct rl_stats *s)
{
	rl_describe(r, v, n, s);
	s->loss = u->loss / count;
	s->chosen_shift = u->chosen ? u->chosen_shift / (double)u->chosen : NAN;
	s->rejected_shift = u->rejected ? u->rejected_shift / (double)u->rejected : NAN;
	s->reward = r->o.beta * s->chosen_shift;
	s->accuracy = u->pairs ? u->right / (double)u->pairs : NAN;
	s->margin = u->pairs ? u->margin / (double)u->pairs : NAN;
	s->score_sd = s->value_loss = s->ratio_max = s->clip_frac = s->zero_var_frac = NAN;
	s->beta = r->o.beta;
	s->lr = optim_lr(&r->optim->opts, r->optim->step);
}

int
rl_prefer(struct rl *r, const struct roll *v, size_t n, struct rl_stats *s, struct err *e)
{
	struct pref_args a = args_of(&r->o);
	struct slopes slopes = { r, xcalloc(n, sizeof *slopes.d) };
	struct sums u = { 0 };
	double count;
	int bad = 0;

	if (a.kind == PREF_KTO)
		bad = mismatched_kl(r, v, n, &a.kl, e);
	bad = bad || rl_measure(r, v, n, e) || slopes_of(r, &a, v, n, slopes.d, &u, e);
	if (!bad) {
		count = a.kind == PREF_KTO ? (double)n : (double)u.pairs;
		fill_stats(r, v, n, &u, count, s);
		optim_clear(r->optim, r->g);
		bad = rl_pass(r, v, n, 0, coef_of_record, &slopes, e);
		net_finish(r->net, r->g);
		bad = bad || optim_step(r->optim, model_moving_w(r->policy), r->g, count, &s->grad_norm, e);
	}
	free(slopes.d);
	return bad ? -1 : 0;
}
