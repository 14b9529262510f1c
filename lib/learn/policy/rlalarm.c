/* rlalarm - what a step's numbers say is going wrong, and what to change */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/json.h"
#include "base/mem.h"
#include "learn/policy/rlhf.h"
#include <math.h>

void
rl_alarm(struct rl_usual *u, const struct rl_stats *s, long long step, struct buf *b)
{
	struct buf all = { 0 };

	if (isnan(u->entropy)) {
		u->entropy = s->entropy;
		u->distinct2 = s->distinct2;
	}
	/* Each is false where a number is NAN, because it does not apply. */
	const struct {
		int         holds;
		const char *text;
	} alarms[] = {
		{ s->score_sd == 0, "all scores are equal, so nothing is learnt: look at what ranks" },
		{ s->zero_var_frac > 0.7,
		  "most groups have equal scores: prompts neither too easy nor too hard, or more answers to each (sample -k)" },
		{ !isnan(s->score_sd) && s->eos_frac < 0.5, "most responses are cut: more tokens (sample -n), or --end-penalty" },
		{ s->kl_k1 < -1, "the KL of the samples is negative: they were not drawn from this policy's distribution" },
		{ s->kl > (u->kl_target > 0 ? 3 * u->kl_target : 20), "far from the reference: raise --beta or lower --lr" },
		{ s->ratio_max > 10 || s->clip_frac > 0.3,
		  "ratios leave the range that is trusted: lower --lr or --epochs, or a larger -B" },
		{ s->entropy < u->entropy / 5 || s->distinct2 < u->distinct2 / 2,
		  "responses become alike: raise --beta or lower --lr" },
		{ s->chosen_shift < -0.2 * s->length,
		  "the chosen responses become less likely, too: --nll-weight, a larger --beta or a lower --lr" },
	};

	for (size_t i = 0; i < sizeof alarms / sizeof *alarms; i++) {
		if (!alarms[i].holds)
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
