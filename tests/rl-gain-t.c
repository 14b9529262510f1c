/* rl-gain-t - what preference and policy learning and reward models achieve, and do not from random labels */
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "rl-util.h"

static double
mean_score(const struct rolls *all)
{
	double sum = 0;

	for (size_t i = 0; i < all->n; i++)
		sum += all->v[i].score / (double)all->n;
	return sum;
}

static double
improve(const char *algo, int rounds, double lr, int random, double *kl, uint32_t *crc)
{
	struct setup s;
	struct rolls all;
	struct err e = { "" };
	double after;

	begin(&s, algo, lr);
	for (int i = 0; i < rounds; i++) {
		struct rl_stats st;

		draw(&s.m, &all, 100 + (uint64_t)i, 16, 4);
		for (size_t k = 0; random && k < all.n; k++)
			all.v[k].score = (float)(rng_at(8, (uint64_t)i, k, 0, 0) & 1);
		if (rl_batch(&s.rl, &all, &st, &e))
			printf("# %s\n", e.text);
		*kl = st.kl;
		rolls_free(&all);
	}
	draw(&s.m, &all, 7, 200, 2);
	after = mean_score(&all);
	rolls_free(&all);
	*crc = model_crc(&s.m);
	end(&s);
	return after;
}

static void
policies(void)
{
	static const char *const algo[] = { "ppo", "grpo", "drgrpo", "rloo", "reinforce" };
	struct setup s;
	struct rolls all;
	double before, after, kl;
	uint32_t crc, crc1;
	int threads = par_threads();

	begin(&s, "ppo", 0);
	draw(&s.m, &all, 7, 200, 2);
	before = mean_score(&all);
	rolls_free(&all);
	end(&s);
	for (int i = 0; i < 5; i++) {
		after = improve(algo[i], 12, 5e-3, 0, &kl, &crc);
		OK(after > before + 0.3 && kl > 0, "%s raises the reward: %.3f to %.3f at KL %.3f", algo[i], before, after, kl);
	}
	after = improve("ppo", 8, 5e-3, 1, &kl, &crc);
	OK(fabs(after - before) < 0.2, "ppo by random rewards does not: %.3f to %.3f", before, after);
	improve("ppo", 2, 3e-3, 0, &kl, &crc);
	par_set_threads(threads > 1 ? 1 : 2);
	improve("ppo", 2, 3e-3, 0, &kl, &crc1);
	par_set_threads(threads);
	OK(crc == crc1, "the same bytes at any number of threads");
}

static void
preferences(const char *algo, double lr, int swapped)
{
	struct setup s;
	struct rolls all, pairs;
	struct rl_stats st = { 0 };
	struct err e = { "" };
	double before, after;
	int bad = 0;

	begin(&s, algo, lr);
	draw(&s.m, &all, 21, 150, 4);
	make_pairs(&all, &pairs);
	rolls_free(&all);
	for (size_t i = 0; swapped && i < pairs.n; i++)
		pairs.v[i].role = 3 - pairs.v[i].role;
	draw(&s.m, &all, 7, 200, 2);
	before = mean_score(&all);
	rolls_free(&all);
	for (int pass = 0; pass < 4; pass++)
		for (size_t i = 0; i + 32 <= pairs.n; i += 32)
			bad |= rl_prefer(&s.rl, pairs.v + i, 32, &st, &e);
	draw(&s.m, &all, 7, 200, 2);
	after = mean_score(&all);
	if (swapped)
		OK(!bad && after < before - 0.1, "%s on swapped pairs makes the good rarer: %.3f to %.3f", algo, before, after);
	else
		OK(!bad && after > before + 0.1 && st.accuracy > 0.7, "%s makes the good likelier: %.3f to %.3f, accuracy %.3f %s",
			algo, before, after, st.accuracy, e.text);
	rolls_free(&all);
	rolls_free(&pairs);
	end(&s);
}

static double
reward_accuracy(int shuffled)
{
	struct setup s;
	struct rolls all, pairs, held;
	struct optim_opts o = OPTIM_DEFAULTS(3e-3, "constant");
	struct scorer model;
	struct optim optim;
	struct reward_report rep;
	struct reward_fit f = { .model = &model, .optim = &optim, .centre = 0.01 };
	struct err e = { "" };
	size_t n, lone;
	struct pairs *p;
	double loss, right, norm, *score;
	char none[] = "{}";

	begin(&s, "dpo", 0);
	draw(&s.m, &all, 31, 400, 4);
	make_pairs(&all, &pairs);
	rolls_free(&all);
	draw(&s.m, &all, 32, 200, 4);
	make_pairs(&all, &held);
	for (size_t i = 0; shuffled && i < pairs.n; i += 2)
		if (rng_at(4, i, 0, 0, 0) & 1) {
			struct roll t = pairs.v[i];
			pairs.v[i] = pairs.v[i + 1], pairs.v[i + 1] = t;
			pairs.v[i].role = ROLL_CHOSEN, pairs.v[i + 1].role = ROLL_REJECTED;
		}
	optim_check(&o, 0, &e);
	scorer_init(&model, &s.m);
	scorer_random_head(&model, 1);
	optim_init(&optim, &o, &model.par);
	f.net = s.rl.net;
	f.rows = &s.rl.rows;
	f.g = xcalloc(model.par.total, sizeof *f.g);
	p = pairs_find(&pairs, &n, &lone, &e);
	for (int pass = 0; pass < 3; pass++)
		for (size_t i = 0; i + 16 <= n; i += 16)
			if (reward_step(&f, p + i, 16, &loss, &right, &norm, &e))
				printf("# %s\n", e.text);
	score = xmalloc(held.n * sizeof *score);
	scorer_score(&model, s.rl.net, &s.rl.rows, held.v, held.n, score, &e);
	for (size_t i = 0; i < held.n; i++)
		held.v[i].score = (float)score[i];
	held.head = held.head ? held.head : none;
	rank_eval(&held, 1, &rep, &lone, &e);
	free(score);
	free(p);
	free(f.g);
	optim_free(&optim);
	scorer_free(&model);
	rolls_free(&all);
	rolls_free(&pairs);
	rolls_free(&held);
	end(&s);
	return rep.accuracy;
}

int
main(void)
{
	static const char *const all[] = { "dpo", "cdpo", "ipo", "kto", "orpo", "simpo" };
	double a;

	policies();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		preferences(all[i], 3e-3, 0);
	preferences("dpo", 3e-3, 1);
	a = reward_accuracy(0);
	OK(a > 0.9, "a reward model learns the rule: %.3f of held-out pairs", a);
	a = reward_accuracy(1);
	OK(fabs(a - 0.5) < 0.15, "from shuffled labels it learns nothing: %.3f", a);
	return DONE();
}
