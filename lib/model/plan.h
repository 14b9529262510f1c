/* plan - what a shape costs before anything is made: parameters, memory, tokens, time */
#ifndef LM_PLAN_H
#define LM_PLAN_H
/* SPDX-License-Identifier: MIT */
#include "model/params.h"

/* FLOP/s of fp32 matrix products on this machine with all threads, from a run of a fraction of a second. */
double plan_speed(void);
/* What the machine does, takes and draws. */
struct plan_cost {
	double speed;           /* FLOP/s */
	double price, watts;    /* an hour; 0: not said */
};
/* Appends lines of text: for training in micro-batches of B rows in the whole context.  Tokens are those of law_chinchilla. */
void plan_print(const struct config *, int B, const struct plan_cost *, struct buf *);
#endif
