/* rlhf - a policy, its reference and its critic, and the steps that move it by rewards or by preferences */
#ifndef LM_RLHF_H
#define LM_RLHF_H
/* SPDX-License-Identifier: MIT */
#include "learn/optim.h"
#include "learn/prefer/reward.h"
#include "learn/rows.h"
#include "learn/state.h"

enum rl_algo { RL_PPO, RL_GRPO, RL_DRGRPO, RL_RLOO, RL_REINFORCE, RL_DPO, RL_CDPO, RL_IPO, RL_KTO, RL_ORPO, RL_SIMPO,
	RL_ROBUST, RL_HINGE, RL_SPPO, RL_APO };

struct rl_opts {
	const char  *algo_name;
	enum rl_algo algo;              /* set by rl_check, as are the numbers below that are NAN */
	double       beta;              /* weight of the KL penalty, or of the preference loss */
	double       kl_target, horizon;        /* nats a response that beta is steered to (0: beta stays), episodes */
	double       clip;              /* of the ratio, and of the critic's moves */
	double       gamma, lambda;     /* discount; of GAE */
	double       end_penalty;       /* taken from the score of a response that was cut */
	double       smooth, margin, nll;       /* see struct pref_args */
	int          mean;
	const char  *old_name;          /* check: the rollouts' log-probabilities must be the policy's; own: the */
	enum { RL_OLD_CHECK, RL_OLD_OWN, RL_OLD_GIVEN } old;    /* policy's, whatever they say; given: as they are */
	long long    epochs;            /* over a batch, over the pairs; 0: by algorithm */
	long long    batch;             /* rollouts a minibatch, pairs a step */
	long long    steps;             /* stop after so many, counted since the state began; 0: none */
	long long    seed;
};
int rl_check(struct rl_opts *, struct err *);           /* names and numbers; fills the defaults of the algorithm */
int rl_takes_pairs(const struct rl_opts *);             /* else scored samples */
int rl_wants_ref(const struct rl_opts *);               /* whether the loss or the penalty has a reference in it */

/* What a step or a batch was like; NAN: does not apply. */
struct rl_stats {
	double loss, value_loss, lr, grad_norm, beta;
	double reward, score_sd, kl, kl_k1, kl_k3, ratio_max, clip_frac, eos_frac, zero_var_frac, entropy, distinct2;
	double chosen_shift, rejected_shift, accuracy, margin, length;
	size_t records, tokens;         /* tokens of responses */
};
void rl_stats_json(struct buf *, const struct rl_stats *);      /* its members, appended to an open object */

/* What the numbers of a step are compared with. */
struct rl_usual {
	double   kl_target;             /* 0: none */
	double   entropy, distinct2;    /* of the first step since the state began; NAN before it */
	unsigned said;                  /* a bit for each alarm that a person has been told of */
};
/* Alarms: what is going wrong and what to change, as member "alarm" of an open object, if any; each once to a person. */
void rl_alarm(struct rl_usual *, const struct rl_stats *, long long step, struct buf *);

/* Numbers of each response token of some records: record i has [at[i], at[i+1]). */
struct rl_tokens {
	size_t  n, cap, *at, cap_at;
	float  *logp, *ref, *kl, *entropy, *value;      /* [at[n]]; of logits * scale. ref, kl: NAN without a reference */
	double *adv, *ret;
};

struct rl {
	struct rl_opts  o;
	struct model   *policy;         /* model_moving_w(policy) is what is trained */
	struct model   *ref;            /* NULL: none */
	struct scorer   critic;         /* w NULL: none */
	struct optim   *optim;          /* the policy's; the caller's */
	struct optim    critic_optim;
	struct net     *net, *ref_net, *critic_net;
	struct rows     rows;
	float          *g, *critic_g;
	float          *logits[2];      /* (RL_ROWS,V), for the exact KL */
	double          scale;          /* 1 / temperature of the rollouts */
	struct rl_tokens tok;
};

/* Nets and scratch for records up to `longest` tokens.  policy, ref, critic and the optimizers are set before. */
void rl_prepare(struct rl *, size_t longest);
void rl_free(struct rl *);              /* all but policy, optim and ref, which are the caller's */

/* Fills tok.logp, .entropy, and with a reference .ref and .kl of n records. */
int rl_measure(struct rl *, const struct roll *, size_t n, struct err *);
/* The policy's gradient: for each record, fn sets coef[j] = d loss / d logp[j] of its response tokens; logp is
 * given when `need` is set.  Adds to rl->g; the caller zeroes it, and ends with net_finish and a step. */
typedef void rl_coef(void *ctx, size_t record, const float *logp, float *coef);
int rl_pass(struct rl *, const struct roll *, size_t n, int need, rl_coef *fn, void *ctx, struct err *);
/* Statistics common to all: kl, entropy, ends, distinct bigrams, length. */
void rl_describe(const struct rl *, const struct roll *, size_t n, struct rl_stats *);

/* One whole batch of scored samples: epochs of minibatches.  -1: the records do not fit, or a norm was not finite. */
int rl_batch(struct rl *, const struct rolls *, struct rl_stats *, struct err *);
/* One step on records [0, n) of roles 1 and 2, pairs side by side. */
int rl_prefer(struct rl *, const struct roll *, size_t n, struct rl_stats *, struct err *);
#endif
