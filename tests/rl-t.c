/* rl-t - the steps of preference and policy learning on a tiny model: gradients, controls, what they achieve */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "learn/policy/policy.h"
#include "learn/prefer/pref.h"
#include "learn/prefer/rank.h"
#include "learn/policy/rlhf.h"
#include "model/decode/decode.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { V = 24, PROMPT = 3, RESPONSE = 6, GOOD = 7, END = 1 };

static const char llama[] = "{\"model_type\":\"llama\",\"vocab_size\":24,\"hidden_size\":16,\"intermediate_size\":32,"
	"\"num_hidden_layers\":1,\"num_attention_heads\":2,\"num_key_value_heads\":1,\"max_position_embeddings\":64,"
	"\"rms_norm_eps\":1e-5,\"tie_word_embeddings\":true,\"hidden_act\":\"silu\"}";
static const char gpt2[] = "{\"model_type\":\"gpt2\",\"vocab_size\":24,\"n_embd\":16,\"n_inner\":32,\"n_layer\":1,\"n_head\":2,"
	"\"n_positions\":64,\"activation_function\":\"gelu_new\",\"layer_norm_epsilon\":1e-5}";
static const char *json = llama;

static void
make_model(struct model *m, uint64_t seed)
{
	struct config c;
	struct err e;

	if (config_parse(&c, json, strlen(json), &e)) {
		printf("Bail out! %s\n", e.text);
		exit(1);
	}
	model_init(m, &c);
	params_random(&m->par, &c, seed, m->w);
}

/* One token drawn from the logits, and its log-probability. */
static uint32_t
pick(const float *logits, double u, float *logp)
{
	double sum = 0, total = 0;
	uint32_t x = 0;

	for (int v = 0; v < V; v++)
		total += exp(logits[v]);
	while (x < V - 1 && (sum += exp(logits[x]) / total) < u)
		x++;
	*logp = (float)(logits[x] - log(total));
	return x;
}

struct drawn {
	uint32_t tok[PROMPT + RESPONSE];
	float    logp[RESPONSE];
	struct roll r;
};

/* n prompts with k responses each, drawn from the model; score 1 when GOOD is in the response. */
static void
draw(const struct model *m, struct rolls *out, uint64_t seed, size_t n, size_t k)
{
	size_t N = n * k;
	struct mats *w = mats_new(m, MATS_AS_IS);
	struct decoder *d = decoder_new(&m->cfg, w, (int)N, PROMPT + RESPONSE, QUANT_F32);
	struct drawn *all = xcalloc(N, sizeof *all);
	float *logits = xmalloc(N * V * sizeof *logits);
	int *seq = xmalloc(N * sizeof *seq);
	uint32_t *feed = xmalloc(N * sizeof *feed);

	for (int t = 0; t < PROMPT + RESPONSE; t++) {
		for (size_t i = 0; i < N; i++) {
			struct drawn *a = &all[i];
			uint32_t x = (uint32_t)(2 + rng_at(seed, i / k, (uint64_t)t, 1, 0) % (V - 2));

			if (t >= PROMPT)
				x = pick(logits + i * V, rng_unit(rng_at(seed, i, (uint64_t)t, 2, 0)), &a->logp[t - PROMPT]);
			a->tok[t] = feed[i] = x;
			seq[i] = (int)i;
			if (a->r.flags & ROLL_ENDED)
				continue;
			a->r.n_tok++;
			a->r.flags |= t >= PROMPT && x == END ? ROLL_ENDED : 0;
			a->r.score = t >= PROMPT && x == GOOD ? 1 : a->r.score;
			a->r.logp += t >= PROMPT ? a->logp[t - PROMPT] : 0;
		}
		decoder_feed(d, (int)N, seq, feed, NULL, logits);
	}
	*out = (struct rolls){ 0 };
	for (size_t i = 0; i < N; i++) {
		struct roll r = { .group = (uint32_t)(i / k), .flags = ROLL_LOGP | all[i].r.flags, .n_prompt = PROMPT,
			.n_tok = all[i].r.n_tok, .score = all[i].r.score, .logp = all[i].r.logp, .ref_logp = NAN, .margin = NAN,
			.tok = all[i].tok, .tok_logp = all[i].logp, .meta = "{}", .meta_len = 2 };

		rolls_add(out, &r);
	}
	decoder_free(d);
	mats_free(w);
	free(all);
	free(logits);
	free(seq);
	free(feed);
}

static double
mean_score(const struct rolls *all)
{
	double sum = 0;

	for (size_t i = 0; i < all->n; i++)
		sum += all->v[i].score / (double)all->n;
	return sum;
}

struct setup {
	struct model m, ref;
	struct optim optim;
	struct rl    rl;
};

static void
begin(struct setup *s, const char *algo, double lr)
{
	struct optim_opts o = OPTIM_DEFAULTS(lr, "constant");
	struct err e;

	memset(s, 0, sizeof *s);
	s->rl.o = (struct rl_opts){ .algo_name = algo, .old_name = "check", .beta = NAN, .clip = NAN, .lambda = NAN, .gamma = 1,
		.horizon = 10000, .smooth = NAN, .margin = NAN, .nll = NAN, .batch = 32 };
	o.decay = 0;
	o.eps = 1e-5;
	if (rl_check(&s->rl.o, &e) || optim_check(&o, 0, &e))
		printf("Bail out! %s\n", e.text);
	make_model(&s->m, 1);
	make_model(&s->ref, 1);
	optim_init(&s->optim, &o, &s->m.par);
	s->rl.policy = &s->m;
	s->rl.ref = &s->ref;
	s->rl.optim = &s->optim;
	s->rl.scale = 1;
	if (s->rl.o.algo == RL_PPO) {
		scorer_init(&s->rl.critic, &s->m);
		o.lr *= 5;
		optim_init(&s->rl.critic_optim, &o, &s->rl.critic.par);
	}
	rl_prepare(&s->rl, PROMPT + RESPONSE);
}

static void
end(struct setup *s)
{
	rl_free(&s->rl);
	optim_free(&s->optim);
	model_free(&s->m);
	model_free(&s->ref);
}

/* ---- controls */

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

/* Pairs of two responses of each prompt, whichever has GOOD first. */
static void
make_pairs(const struct rolls *all, struct rolls *pairs)
{
	struct rolls scored = { .v = xmalloc(all->n * sizeof *scored.v), .n = all->n, .head = NULL };
	size_t ties;
	struct err e;
	char none[] = "{}";

	memcpy(scored.v, all->v, all->n * sizeof *scored.v);
	scored.head = none;
	if (rank_pair(&scored, RANK_BEST_WORST, pairs, &ties, &e))
		printf("Bail out! %s\n", e.text);
	free(scored.v);
}

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

/* ---- what they achieve */

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
	static const char *const all[] = { "ppo", "grpo", "drgrpo", "rloo", "reinforce", "dpo", "cdpo", "ipo", "orpo", "simpo" };
	double a;

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
	policies();
	preferences("dpo", 3e-3, 0);
	preferences("dpo", 3e-3, 1);
	preferences("cdpo", 3e-3, 0);
	preferences("ipo", 3e-3, 0);
	preferences("kto", 3e-3, 0);
	preferences("orpo", 3e-3, 0);
	preferences("simpo", 3e-3, 0);
	a = reward_accuracy(0);
	OK(a > 0.9, "a reward model learns the rule: %.3f of held-out pairs", a);
	a = reward_accuracy(1);
	OK(fabs(a - 0.5) < 0.15, "from shuffled labels it learns nothing: %.3f", a);
	return DONE();
}
