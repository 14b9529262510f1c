/* plan - what a shape costs before anything is made: parameters, memory, tokens, time */
#ifndef LM_PLAN_H
#define LM_PLAN_H
/* SPDX-License-Identifier: MIT */
#include "learn/optim.h"
#include "model/adapter.h"

/* How it is to be trained; what the machine does, takes and draws. */
struct plan {
	int    B, T, use;       /* micro-batches of B records of T tokens; of enum net_use */
	struct optim_opts optim;        /* checked */
	struct adapter_opts adapt;      /* checked */
	double ema;             /* 0: none */
	int    keep_best;
	const struct config *teacher;   /* NULL: none */
	double base;            /* bytes that a program takes for itself */
	double speed;           /* FLOP/s */
	double price, watts;    /* an hour; 0: not said */
};
/* Sets base, from this program as it is now, and speed: fp32 matrix products on all threads, from a run of a fraction
 * of a second. */
void plan_measure(struct plan *);
/* Appends lines of text.  Memory is that of train-step at its peak, when it begins anew; tokens are those of
 * law_chinchilla.  -1: the adapter does not go with the shape. */
int plan_print(const struct config *, const struct plan *, struct buf *, struct err *);
#endif
