/* plan - what a shape costs before anything is made: parameters, memory, tokens, time */
#ifndef LM_PLAN_H
#define LM_PLAN_H
/* SPDX-License-Identifier: MIT */
#include "model/params.h"

/* FLOP/s of fp32 matrix products on this machine with all threads, from a run of a fraction of a second. */
double plan_speed(void);
/* Appends lines of text: for training in micro-batches of B rows in the whole context, at `speed` FLOP/s. */
void plan_print(const struct config *, int B, double speed, struct buf *);
#endif
