/* nearest - tokens that a model takes for alike: neighbours in its embedding */
#ifndef LM_NEAREST_H
#define LM_NEAREST_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"

/* The n tokens whose embeddings have the largest cosine with that of `token` (its text, or else its id), appended as
 * lines "cosine TAB id TAB text as JSON", itself first.  -1: no vocabulary, or no such token. */
int model_nearest(const struct model *, const char *token, size_t n, struct buf *out, struct err *);
#endif
