/* rlalarm - what a step's numbers say is going wrong, and what to change */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/json.h"
#include "base/mem.h"
#include "learn/policy/rlhf.h"
#include <math.h>

/* Each is false where a number is NAN, because it does not apply. */
static int
equal_scores(const struct rl_stats *s, const struct rl_usual *u)
{
	(void)u;
	return s->score_sd == 0;
}

static int
negative_kl(const struct rl_stats *s, const struct rl_usual *u)
{
	(void)u;
	return s->kl_k1 < -1;
}

static int
far_away(const struct rl_stats *s, const struct rl_usual *u)
{
	return s->kl > (u->kl_target > 0 ? 3 * u->kl_target : 20);
}

static int
large_ratios(const struct rl_stats *s, const struct rl_usual *u)
{
	(void)u;
	return s->ratio_max > 10 || s->clip_frac > 0.3;
}

static int
cut_short(const struct rl_stats *s, const struct rl_usual *u)
{
	(void)u;
	return !isnan(s->score_sd) && s->eos_frac < 0.5;
}

static int
flat_groups(const struct rl_stats *s, const struct rl_usual *u)
{
	(void)u;
	return s->zero_var_frac > 0.7;
}

static int
all_alike(const struct rl_stats *s, const struct rl_usual *u)
{
	return s->entropy < u->entropy / 5 || s->distinct2 < u->distinct2 / 2;
}

static int
chosen_falls(const struct rl_stats *s, const struct rl_usual *u)
{
	(void)u;
	return s->chosen_shift < -0.2 * s->length;
}

static const struct {
	int (*holds)(const struct rl_stats *, const struct rl_usual *);
	const char *text;
} alarms[] = {
	{ equal_scores, "all scores are equal, so nothing is learnt: look at what ranks" },
	{ flat_groups, "most groups have equal scores: prompts neither too easy nor too hard, or more answers to each (sample -k)" },
	{ cut_short, "most responses are cut: more tokens (sample -n), or --end-penalty" },
	{ negative_kl, "the KL of the samples is negative: they were not drawn from this policy's distribution" },
	{ far_away, "far from the reference: raise --beta or lower --lr" },
	{ large_ratios, "ratios leave the range that is trusted: lower --lr or --epochs, or a larger -B" },
	{ all_alike, "responses become alike: raise --beta or lower --lr" },
	{ chosen_falls, "the chosen responses become less likely, too: --nll-weight, a larger --beta or a lower --lr" },
};

void
rl_alarm(struct rl_usual *u, const struct rl_stats *s, long long step, struct buf *b)
{
	struct buf all = { 0 };

	if (isnan(u->entropy)) {
		u->entropy = s->entropy;
		u->distinct2 = s->distinct2;
	}
	for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++) {
		if (!alarms[i].holds(s, u))
			continue;
		if (!(u->said >> i & 1))
			warn("step %lld: %s", step, alarms[i].text);
		u->said |= 1u << i;
		buf_printf(&all, "%s%s", all.n ? "; " : "", alarms[i].text);
	}
	if (all.n)
		json_add_str(b, "alarm", all.p);
	buf_free(&all);
}
