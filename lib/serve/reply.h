/* reply - what a client is told: JSON, events, numbers for Prometheus */
#ifndef LM_REPLY_H
#define LM_REPLY_H
/* SPDX-License-Identifier: MIT */
#include "serve/desk.h"

/* All append to a buffer.  A job's whole answer, as completions or chat completions have it. */
void reply_whole(const struct desk *, struct job *, struct buf *);
/* What is new of it, as server-sent events; at its end usage, if it was asked for, and [DONE]. */
void reply_events(const struct desk *, struct job *, struct buf *);
void reply_error(int status, const char *text, struct buf *);
void reply_model(const struct desk *, struct buf *);
void reply_models(const struct desk *, struct buf *);
void reply_metrics(const struct desk *, struct buf *);
void reply_tokenizer(const struct desk *, struct buf *);
/* /tokenize and /detokenize: 0, or -1 with the reason. */
int  reply_tokens(struct desk *, const struct request *, struct buf *, struct err *);
/* The page for a person. */
extern const char reply_page[];
#endif
