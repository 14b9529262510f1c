/* log - --log FILE: one JSON object a line, for programs */
#ifndef LM_LOG_H
#define LM_LOG_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"

struct log;

/* A run that goes on after `step` steps keeps the lines of those (of measurements, "eval_loss", up to step
 * `measured`) and drops what was written past them; step 0 begins anew.  path NULL: *log is NULL, and what follows does nothing. */
int log_open(struct log **, const char *path, long long step, long long measured, struct err *);
/* Writes {object} as a line and flushes it: object is what json_add_* appended after a '{', without the '}'; it is freed. */
int log_put(struct log *, struct buf *object, struct err *);
int log_close(struct log *, struct err *);

double log_rss(void);           /* bytes of memory that this program has used at most; 0: not known */
#endif
