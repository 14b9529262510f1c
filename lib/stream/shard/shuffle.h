/* shuffle - records or documents of tokens put aside, and given back in an order drawn from a seed */
#ifndef LM_SHUFFLE_H
#define LM_SHUFFLE_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "stream/toks.h"

/* Memory: 8 bytes an item; the items wait in an unnamed temporary file. */
struct shuffle;
struct shuffle *shuffle_new(struct err *);
int             shuffle_put(struct shuffle *, const struct item *, struct err *);
/* Calls put for each item: the order depends on the seed and the number of items alone (Fisher and Yates). */
int             shuffle_out(struct shuffle *, uint64_t seed, void (*put)(void *, const struct item *), void *ctx, struct err *);
void            shuffle_free(struct shuffle *);
#endif
