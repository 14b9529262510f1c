/* show - tokens, rollouts and preferences as text and as JSON, for people and for other programs */
#ifndef LM_SHOW_H
#define LM_SHOW_H
/* SPDX-License-Identifier: MIT */
#include "stream/roll.h"
#include "stream/toks.h"
#include "vocab/vocab.h"

/* All append to the buffer; vocab NULL: tokens as numbers. */

/* With a mask (one byte a token) runs that are trained on stand in brackets. */
void show_tokens(struct buf *, const struct vocab *, const uint32_t *tok, size_t n, const uint8_t *mask);
void show_doc_json(struct buf *, const struct vocab *, const struct item *);
void show_roll(struct buf *, const struct vocab *, const struct roll *);
void show_roll_json(struct buf *, const struct vocab *, const struct roll *);
/* As TRL reads preferences: {prompt,chosen,rejected} of two neighbours, {prompt,completion,label} of one (b NULL). */
void show_preference(struct buf *, const struct vocab *, const struct roll *a, const struct roll *b);
#endif
