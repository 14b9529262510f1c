/* genout - what sampling gives: rollouts for a stream, tables of next tokens */
#ifndef LM_GENOUT_H
#define LM_GENOUT_H
/* SPDX-License-Identifier: MIT */
#include "model/generate/generate.h"
#include "stream/roll.h"
#include <stdio.h>

/* HEAD of the rollouts of a model, to be freed: vocabulary, temperature, truncation, the checksum of its weights
 * ("crc32c:..."). */
char *gen_roll_head(const struct model *, const char *weights, const struct vocab *, const struct sampler *);
/* A whole sample as a record; its group is the prompt's number.  meta: a JSON object. */
void  gen_roll_put(struct stream_out *, const struct gen_out *, const char *meta);
/* One line of JSON on how it went; price: of a million tokens in and out, or NULL. */
void  gen_log(const struct gen_out *, const double price[2], FILE *);
int   gen_price(const char *text, double price[2]);     /* "IN,OUT"; -1: not that */

/* The `rows` likeliest tokens after each of n prompts, appended as lines "probability TAB id TAB text as JSON", an
 * empty line between prompts. */
void  gen_next(const struct model *, const struct vocab *, const struct gen_opts *, const struct gen_prompt *, size_t n,
		size_t rows, struct buf *out);
#endif
