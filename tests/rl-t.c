/* rl-t - steps of preference and policy learning: what changes nothing, what is refused, gradients against differences */
/* SPDX-License-Identifier: MIT */
#include "rl-util.h"

static void
no_rate(const char *algo)
{
	struct setup s;
	struct rolls all;
	struct rl_stats st = { 0 };
	struct err e = { "" };
	int bad;

	begin(&s, algo, 0);
	draw(&s.m, &all, 5, 16, 4);
	bad = rl_batch(&s.rl, &all, &st, &e);
	OK(!bad && !memcmp(s.m.w, s.ref.w, s.m.par.total * sizeof *s.m.w), "%s at rate 0 changes no weight %s", algo, e.text);
	OK(fabs(st.ratio_max - 1) < 1e-6 && st.kl == 0 && st.kl_k1 == 0 && st.kl_k3 == 0 && st.clip_frac == 0,
		"%s at rate 0: ratio 1, KL 0", algo);
	rolls_free(&all);
	end(&s);
}

static void
other_policy(void)
{
	struct setup s;
	struct rolls all;
	struct rl_stats st;
	struct err e = { "" };

	begin(&s, "ppo", 0);
	params_random(&s.m.par, &s.m.cfg, 2, s.m.w);
	draw(&s.m, &all, 5, 8, 2);
	memcpy(s.m.w, s.ref.w, s.m.par.total * sizeof *s.m.w);
	OK(rl_batch(&s.rl, &all, &st, &e) < 0 && strstr(e.text, "not of this policy"), "rollouts of another policy are refused");
	s.rl.o.old = RL_OLD_OWN;
	OK(!rl_batch(&s.rl, &all, &st, &e), "unless told otherwise");
	all.v[3].score = NAN;
	OK(rl_batch(&s.rl, &all, &st, &e) < 0 && strstr(e.text, "no score"), "a rollout without score is refused");
	rolls_free(&all);
	end(&s);
}

/* ---- gradients: what rl_pass adds up against differences of the loss along random directions */

static double
loss_of(struct setup *s, const struct rolls *all, int pairs)
{
	struct rl_stats st = { 0 };
	struct err e = { "" };

	if (pairs ? rl_prefer(&s->rl, all->v, all->n, &st, &e) : rl_batch(&s->rl, all, &st, &e))
		printf("# %s\n", e.text);
	return st.loss;
}

static void
gradient(const char *algo)
{
	struct setup s;
	struct rolls all, pairs = { 0 };
	struct rolls *in = &all;
	int by_pairs, ok = 1;
	float *g, *w;
	size_t total;

	begin(&s, algo, 0);
	s.optim.opts.clip = 0;
	s.rl.o.batch = 64;
	s.rl.o.epochs = 1;
	s.rl.o.clip = 0;
	if (s.rl.o.algo != RL_SIMPO && s.rl.o.algo != RL_ORPO)
		s.rl.o.beta = 0.7;
	by_pairs = rl_takes_pairs(&s.rl.o);
	total = s.m.par.total;
	for (size_t i = 0; i < total; i++)      /* away from the reference */
		s.m.w[i] *= 1.5f;
	draw(&s.m, &all, 9, 12, 4);
	if (by_pairs) {
		make_pairs(&all, &pairs);
		in = &pairs;
	} else {
		s.rl.o.old = RL_OLD_GIVEN;      /* so that moving the weights moves the ratio */
	}
	loss_of(&s, in, by_pairs);
	g = xmalloc(total * sizeof *g);
	w = xmalloc(total * sizeof *w);
	memcpy(g, s.rl.g, total * sizeof *g);
	memcpy(w, s.m.w, total * sizeof *w);
	for (int dir = 0; dir < 3; dir++) {
		double slope = 0, loss[2], n = by_pairs ? (double)in->n / (s.rl.o.algo == RL_KTO ? 1 : 2)
			: s.rl.o.algo == RL_REINFORCE || s.rl.o.algo == RL_PPO ? (double)s.rl.tok.at[in->n]
			: s.rl.o.algo == RL_DRGRPO ? (double)in->n * RESPONSE : (double)in->n;

		for (int side = 0; side < 2; side++) {
			for (size_t i = 0; i < total; i++)
				s.m.w[i] = w[i] + (side ? 2e-4f : -2e-4f) * (float)rng_normal(rng_at(3, (uint64_t)dir, i, 0, 0)) * (w[i] != 0);
			loss[side] = loss_of(&s, in, by_pairs);
		}
		for (size_t i = 0; i < total; i++)
			slope += g[i] / n * rng_normal(rng_at(3, (uint64_t)dir, i, 0, 0)) * (w[i] != 0);
		if (fabs(slope - (loss[1] - loss[0]) / 4e-4) > 0.02 * (fabs(slope) + 0.02)) {
			printf("# slope %g, difference %g\n", slope, (loss[1] - loss[0]) / 4e-4);
			ok = 0;
		}
	}
	OK(ok, "gradient of %s against differences", algo);
	free(g);
	free(w);
	rolls_free(&all);
	free(pairs.head);
	pairs.head = NULL;
	rolls_free(&pairs);
	end(&s);
}

/* The reference's log-probabilities in the records do as well as its model. */
static void
recorded_reference(void)
{
	struct setup s;
	struct rolls all, pairs;
	struct rl_stats st = { 0 };
	struct err e = { "" };
	double loss[2];

	begin(&s, "dpo", 0);
	draw(&s.m, &all, 9, 12, 4);
	make_pairs(&all, &pairs);
	rl_measure(&s.rl, pairs.v, pairs.n, &e);
	for (size_t i = 0; i < pairs.n; i++) {
		pairs.v[i].ref_logp = 0;
		for (size_t j = s.rl.tok.at[i]; j < s.rl.tok.at[i + 1]; j++)
			pairs.v[i].ref_logp += s.rl.tok.ref[j];
	}
	for (size_t i = 0; i < s.m.par.total; i++)
		s.m.w[i] *= 1.5f;
	rl_prefer(&s.rl, pairs.v, pairs.n, &st, &e);
	loss[0] = st.loss;
	s.rl.ref = NULL;
	rl_prefer(&s.rl, pairs.v, pairs.n, &st, &e);
	loss[1] = st.loss;
	OK(fabs(loss[0] - loss[1]) < 1e-6 && isnan(st.kl), "dpo with the reference's log-probabilities from the stream: loss %.6f, %.6f",
		loss[0], loss[1]);
	rolls_free(&all);
	rolls_free(&pairs);
	end(&s);
}

int
main(void)
{
	static const char *const all[] = { "ppo", "grpo", "drgrpo", "rloo", "reinforce", "dpo", "cdpo", "ipo", "orpo", "simpo" };

	no_rate("ppo");
	no_rate("grpo");
	no_rate("rloo");
	other_policy();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		gradient(all[i]);
	json = gpt2;
	gradient("dpo");
	gradient("ppo");
	json = llama;
	recorded_reference();
	return DONE();
}
