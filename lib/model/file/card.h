/* card - what a model is, for a person */
#ifndef LM_CARD_H
#define LM_CARD_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"

/* Appends lines of text: family, parameters, context, vocabulary, precision, tokens seen, dates of the data (the
 * knowledge cut-off), checksum, chat template, the commands that made it.  Control characters show as '?'. */
void model_card(const struct model *, struct buf *);
/* "llama, 8 layers, width 512, 8 heads of 64, feed-forward 1408". */
void config_describe(const struct config *, struct buf *);
#endif
