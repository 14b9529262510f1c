/* tokjson - the parts of reading a tokenizer.json */
#ifndef LM_TOKJSON_H
#define LM_TOKJSON_H
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "vocab/table.h"

/* An error that names what is not supported, with its type; -1. */
int json_lacks(struct err *, const char *what, struct json);
int json_none(struct json);     /* absent or null */

/* "normalizer" and "pre_tokenizer" go into the vocabulary; v->split stays NULL when nothing cuts.  Whether the tokens
 * are spelled in GPT-2's letters, whether in SentencePiece's. */
int json_prep(struct vocab *v, struct json root, int *byte_level, int *metaspace, struct err *);
#endif
