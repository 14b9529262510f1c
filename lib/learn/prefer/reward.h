/* reward - models that give a number: the reward model, read at the last token, and the critic, at each one */
#ifndef LM_REWARD_H
#define LM_REWARD_H
/* SPDX-License-Identifier: MIT */
#include "learn/optim.h"
#include "learn/rows.h"
#include "model/model.h"

/* A decoder with a row of weights in place of its head: value = score . hidden + bias at each place. */
struct scorer {
	struct config cfg;
	struct params par;              /* the model's, then score.weight (1,C), then score.bias (1) */
	size_t        score, bias;      /* offsets of those two */
	struct arena  mem;
	float        *w;                /* [par.total], in mem */
};

/* A copy of a model.  Its own score head, gain and bias multiplied in, when it has one; else zeros. */
void scorer_init(struct scorer *, const struct model *);
void scorer_random_head(struct scorer *, uint64_t seed);        /* N(0, 1 / (C + 1)), bias 0 */
void scorer_free(struct scorer *);
/* Into a model of the same shape: its weights, and score.weight with this gain and bias. */
void scorer_store(const struct scorer *, struct model *, double gain, double bias);

/* The value at one place of the last net_forward; and the way back: d is d loss / d value. */
double scorer_value(const struct scorer *, struct net *, size_t place);
void   scorer_back(const struct scorer *, struct net *, size_t place, double d, float *g);

/* The last token's value of each record (n), passes filled in order. */
int scorer_score(const struct scorer *, struct net *, struct rows *, const struct roll *, size_t n, double *score,
	struct err *);

/* ---- fitting a reward model to pairs (arXiv:1706.03741, 1909.08593) */

struct pairs {                  /* neighbours of one group, roles 1 and 2 */
	const struct roll *chosen, *rejected;
};
/* The pairs of all records, to be freed; lone records are counted in *lone, a role of 0 is an error (NULL). */
struct pairs *pairs_find(const struct rolls *, size_t *n, size_t *lone, struct err *);

struct reward_fit {
	struct scorer        *model;
	struct net           *net;
	struct rows          *rows;
	struct optim         *optim;
	float                *g;        /* [par.total] */
	double                centre;   /* weight of (rc + rr)^2 */
};
/* One step on n pairs: *loss their mean, *right how many are in order (ties half). */
int reward_step(struct reward_fit *, const struct pairs *, size_t n, double *loss, double *right, double *norm,
	struct err *);

/* ---- how good scores are */

struct reward_report {
	size_t n, ties;
	double accuracy, accuracy_se;   /* ties count half */
	double loss;                    /* mean of -log sigmoid(difference) */
	double margin;                  /* mean difference */
	double ece;                     /* expected calibration error of sigmoid(difference), ten equal bins from 0.5 */
};
/* d (n): score of the chosen less that of the rejected, in units where sigmoid(d) is the model's confidence. */
struct reward_report reward_report(const double *d, size_t n);
#endif
