/* rank - who says which response is better: models, exact answers, commands; and pairs from scores */
#ifndef LM_RANK_H
#define LM_RANK_H
/* SPDX-License-Identifier: MIT */
#include "learn/optim.h"
#include "learn/prefer/prefread.h"
#include "learn/prefer/reward.h"

/* All of these write `score` into the records; 0 or -1. */

/* Reward models, one after another: the mean of their scores, or with `worst` the least.  *gain: of the models,
 * averaged: scores / gain is in the units of their loss. */
int rank_reward(struct rolls *, char *const *models, int n_models, int worst, double *gain, struct err *);
/* 1 where the response is meta's `answer`, blanks around both aside, else 0. */
int rank_match(struct rolls *, const struct vocab *, struct err *);
/* One JSON object a line on the command's standard input: prompt, response, and what is in meta; one number a line
 * comes back.  A command that fails, is killed or says more or less than that is an error. */
int rank_verify(struct rolls *, const struct vocab *, const char *command, struct err *);

/* A model asked of each response whether it keeps to each principle, the lines of the file `constitution`: the mean
 * over them of log p(Yes) - log p(No), nats.  vocab: of the records. */
int rank_judge(struct rolls *, const struct vocab *, const char *model, const char *constitution, struct err *);

enum rank_pairing { RANK_BEST_WORST, RANK_ALL };
/* Scored samples into pairs, the better one first; a pair has a group of its own.  A tie is no pair and is counted. */
int rank_pair(const struct rolls *, enum rank_pairing, struct rolls *pairs, size_t *ties, struct err *);

/* How the scores in the pairs agree with their roles; gain as rank_reward gave it, or 1.  *lone: records aside. */
int rank_eval(const struct rolls *, double gain, struct reward_report *, size_t *lone, struct err *);

/* ---- fitting */

struct rank_fit {
	const char *out, *log, *state;  /* state: NULL: none */
	long long   B, epochs, seed, save_every;
	double      centre;
	struct optim_opts optim;        /* unchecked: the number of steps is known with the pairs */
};
/* Fits a reward model to the pairs and writes it: a step each B pairs in an order drawn anew each epoch; then gain
 * and bias so that the scores of the responses seen have mean 0 and standard deviation 1.  With a state it goes on where that
 * was saved, and a finished run only writes the model; other pairs, options or another base are an error. */
int rank_train(const struct rank_fit *, const struct rolls *, struct model *base, struct err *);
#endif
