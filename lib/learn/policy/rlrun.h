/* rlrun - rlhf-step from its options to its files: input, state, log, models */
#ifndef LM_RLRUN_H
#define LM_RLRUN_H
/* SPDX-License-Identifier: MIT */
#include "learn/policy/rlhf.h"
#include "model/adapter.h"

struct rl_run_opts {
	struct rl_opts    rl;           /* checked */
	struct optim_opts optim;        /* checked */
	struct adapter_opts adapt;      /* checked */
	const char       *freeze;       /* NULL: nothing */
	double            critic_lr;    /* NAN: five times the policy's */
	const char       *model, *out, *state, *ref, *critic, *critic_out, *log, *chat, *truncate; /* NULL: not given (model, out: always) */
	int               truncated;    /* rollouts of a truncated distribution are taken all the same */
	long long         save_every;   /* steps; pairs alone */
	int               nfiles;
	char            **files;
};

/* Makes the steps that the input gives and writes the models.  A batch of samples is one unit: the state has all of
 * it or nothing.  Pairs go on where the state left them.  An input that the state has seen to its end is not applied
 * again: the models are only written anew. */
int rl_run(const struct rl_run_opts *, struct err *);
#endif
