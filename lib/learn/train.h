/* train - the loop of train-step: next-token training on records of a stream */
#ifndef LM_TRAIN_H
#define LM_TRAIN_H
/* SPDX-License-Identifier: MIT */
#include "learn/optim.h"
#include "model/adapter.h"

struct train_opts {
	const char *model, *out, *state, *log, *eval, *freeze;  /* NULL: not given (model, out: always) */
	long long   steps;              /* 0: until the data ends */
	long long   epochs, B, T, accum, save_every, eval_every, patience;
	long long   seed;
	double      dropout, ema;       /* 0: none */
	const char *distill;            /* NULL: none */
	double      distill_weight, distill_temperature;
	long long   batch_ramp;         /* steps in which a step's records grow to B * accum */
	int         drop_last, doc_mask, keep_best, recompute;
	int         half;               /* net_half() of --dtype */
	int         nfiles;
	char      **files;
	struct optim_opts optim;        /* checked */
	struct adapter_opts adapt;      /* checked */
};

/* Trains and writes the model.  -1: bad data, a failed write, or an end before its time: data that ends before the
 * last step, SIGINT or SIGTERM; the state is saved then.  The loss of a step is the sum over its supervised tokens by their
 * number; the same bytes for every B, accum with the same product, however often stopped and resumed. */
int train_run(const struct train_opts *, struct err *);

/* --grads: one frame of a tens stream for each step's records: the sums of gradients over supervised tokens, in
 * the file's tensor names and the memory's layout ([out][in]), with metadata records, tokens and loss (a sum too). */
int train_grads(const struct train_opts *, struct err *);
/* --apply: adds up all frames of such streams and makes one optimizer step on the model. */
int train_apply(const struct train_opts *, struct err *);
#endif
