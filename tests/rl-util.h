/* rl-util - a tiny model, responses drawn from it and pairs of them, for the tests of preference and policy learning */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/rng.h"
#include "learn/policy/policy.h"
#include "learn/policy/rlhf.h"
#include "learn/prefer/pref.h"
#include "learn/prefer/rank.h"
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

static inline void
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
static inline uint32_t
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
static inline void
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

struct setup {
	struct model m, ref;
	struct optim optim;
	struct rl    rl;
};

static inline void
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

static inline void
end(struct setup *s)
{
	rl_free(&s->rl);
	optim_free(&s->optim);
	model_free(&s->m);
	model_free(&s->ref);
}

/* Pairs of two responses of each prompt, whichever has GOOD first. */
static inline void
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
