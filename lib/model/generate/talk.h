/* talk - a conversation: what was said so far, as a prompt for the next answer */
#ifndef LM_TALK_H
#define LM_TALK_H
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "model/generate/prompts.h"

/* All zero is a conversation that has not begun. */
struct talk {
	struct buf turns;               /* JSON objects {"role":...,"content":...}, commas between */
	struct buf said;                /* lengths of `turns` before each turn, size_t each */
	size_t     forgotten;           /* turns dropped so that the rest fits */
};

void talk_add(struct talk *, const char *role, const char *text, size_t n);
/* The conversation as a prompt.  Where it is too long the oldest turns are dropped, but never the last. 0 or -1. */
int  talk_prompt(struct talk *, const struct prompt_opts *, struct prompt *, struct err *);
void talk_free(struct talk *);
#endif
