/* logprobs - how likely tokens were, as completions and as chats tell it */
#ifndef LM_LOGPROBS_H
#define LM_LOGPROBS_H
/* SPDX-License-Identifier: MIT */
#include "serve/desk.h"

/* A token by itself, special ones too, as a JSON string. */
void logprobs_token(const struct desk *, uint32_t id, struct buf *);
/* Of the tokens from..to of prompt and response; the very first has no probability. */
void logprobs_put(const struct desk *, const struct answer *, const struct gen_out *, size_t from, size_t to, struct buf *);
void logprobs_chat(const struct desk *, const struct answer *, size_t from, size_t to, struct buf *);
#endif
