/* optim - learning-rate schedules, and the optimizers' step over all weights */
#ifndef LM_OPTIM_H
#define LM_OPTIM_H
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "model/params.h"

/* What the command line says.  A program has one, set to OPTIM_DEFAULTS(its rate), and OPTIM_ROWS among its
 * options; after cli_parse, optim_check makes the numbers of the words. */
struct optim_opts {
	double      lr, lr_end;
	const char *schedule_name, *optimizer_name;
	long long   warmup, total;      /* steps; total 0: not given */
	double      decay, beta1, beta2, eps, clip;
	/* set by optim_check */
	enum schedule { SCHED_COSINE, SCHED_WSD, SCHED_LINEAR, SCHED_CONSTANT } schedule;
	enum optimizer { OPTIM_ADAMW, OPTIM_ADAM, OPTIM_SGD, OPTIM_MUON } optimizer;
};

#define OPTIM_DEFAULTS(rate, sched) { .lr = (rate), .schedule_name = (sched), .optimizer_name = "adamw", \
	.decay = 0.1, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-8, .clip = 1 }

/* Rows of a program's option table for the struct optim_opts `o`. */
#define OPTIM_ROWS(o) OPTIM_ROWS_CLIP(o, "clip")
/* Where --clip means something else, the norm's limit goes by another name. */
#define OPTIM_ROWS_CLIP(o, clip_name) \
	{ 0, "lr", OPT_NUM, &(o).lr, "RATE", "learning rate at its peak", OPT_RESULT }, \
	{ 0, "schedule", OPT_STR, &(o).schedule_name, "NAME", "cosine, wsd, linear or constant", OPT_RESULT }, \
	{ 0, "warmup", OPT_INT, &(o).warmup, "STEPS", "steps in which the rate rises from 0", OPT_RESULT }, \
	{ 0, "total", OPT_INT, &(o).total, "STEPS", "steps of the whole schedule [those of the run]", OPT_RESULT }, \
	{ 0, "lr-end", OPT_NUM, &(o).lr_end, "RATE", "learning rate at the end of the schedule", OPT_RESULT }, \
	{ 0, "optimizer", OPT_STR, &(o).optimizer_name, "NAME", "adamw, adam (without decay), sgd or muon", OPT_RESULT }, \
	{ 0, "decay", OPT_NUM, &(o).decay, "WEIGHT", "decay of weights, matrices only", OPT_RESULT }, \
	{ 0, "beta1", OPT_NUM, &(o).beta1, "BETA", "how slowly the mean of gradients moves", OPT_RESULT }, \
	{ 0, "beta2", OPT_NUM, &(o).beta2, "BETA", "how slowly the mean of their squares moves", OPT_RESULT }, \
	{ 0, "eps", OPT_NUM, &(o).eps, "EPSILON", "what keeps Adam from dividing by 0", OPT_RESULT }, \
	{ 0, clip_name, OPT_NUM, &(o).clip, "NORM", "largest norm of the gradient, 0: any", OPT_RESULT }

/* steps: of -n, 0: until the end of data.  Without `total` the schedule is of that many steps; cosine and linear
 * need one of them, wsd without either never decays.  -1: a word or a number that makes no sense. */
int optim_check(struct optim_opts *, long long steps, struct err *);

/* The rate of a step, counted from 0: warm-up lr (step+1) / warmup; then cosine (Loshchilov & Hutter 2017) or
 * linear down to lr_end at `total`; wsd holds lr for four fifths of total, then lr_end + (lr - lr_end) (1 - sqrt x)
 * (Haegele et al. 2024). */
double optim_lr(const struct optim_opts *, long long step);

/* Moments of all weights, in the layout of the weights. */
struct optim {
	struct optim_opts    opts;
	const struct params *par;
	float               *m, *v;     /* [par->total], 0 to begin with; v NULL for sgd.  Owned: m within mem, and v but for muon,
	                                 * whose matrices leave theirs untouched */
	struct arena         mem, scratch;      /* scratch: of muon */
	uint8_t             *frozen;    /* [par->n]: weights that stay as they are; NULL: none.  Owned */
	long long            step;      /* steps made */
	size_t              *at;        /* [ranks + 1]: what each rank moves, whole chunks; NULL: one moves all.  Owned */
	size_t               first, last;       /* the chunks that are moved here */
	double             (*sum)(double);      /* over ranks; NULL: one */
	struct optim_chunk {            /* the pieces that threads take, each within one tensor */
		size_t at, n;
		int    param;
		double sumsq;
	} *chunk;
	size_t               n_chunk;
};
void optim_init(struct optim *, const struct optim_opts *, const struct params *);
void optim_free(struct optim *);
/* From now on moves one of n equal parts, of the same weights in n processes that call this with their own `me`; the moments
 * of the others are not touched (Rajbhandari et al. 2020, its first stage).  sum: adds up a number over all. */
void optim_part(struct optim *, int n, int me, double (*sum)(double));
/* Gives back the moments of other parts (after a state was read or written). */
void optim_forget(struct optim *);
size_t optim_bytes(const struct optim_opts *, const struct params *);   /* memory that it will touch */
/* Whether that tensor has no second moments: with sgd none has, with muon no matrix of a hidden layer, all others are
 * AdamW's. */
int  optim_one_moment(const struct optim *, int param);
/* Freezes the weights whose name matches a Perl-compatible pattern; returns how many, -1: no pattern. */
int  optim_freeze(struct optim *, const char *pattern, struct err *);

/* One step: g (total) holds sums, divided by `count` (supervised tokens, pairs ...) in the same pass that clips and
 * updates; lr = optim_lr(opts, step).  Weights of fewer than two dimensions do not decay.  *norm: of the gradient after
 * the division, before the clipping.  Of a part, g and w are used within it.  The sum's order depends on the shapes
 * alone: the same bits at any number of threads.  -1, and nothing is changed: the norm is not finite. */
int optim_step(struct optim *, float *w, const float *g, double count, double *norm, struct err *);
void optim_clear(const struct optim *, float *g);       /* g = 0, by all threads; what is frozen is not touched */
#endif
