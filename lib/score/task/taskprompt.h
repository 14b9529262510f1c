/* taskprompt - what a model is asked: introduction, examples and question, as lm-eval puts them together */
#ifndef LM_TASKPROMPT_H
#define LM_TASKPROMPT_H
/* SPDX-License-Identifier: MIT */
#include "model/generate/prompts.h"
#include "score/task/likely.h"
#include "score/task/task.h"

struct task_prompts {
	const struct task *task;
	const struct task *examples;    /* may be the task itself: an item is no example of its own */
	int                shots;       /* examples before each question */
	int                drawn;       /* by (seed, item), not the first ones */
	uint64_t           seed;
	struct prompt_opts o;           /* T: the context; n: tokens of a response; chat_lines: the prompt is what a user says */
	size_t             truncated;   /* prompts that were cut at the left; what comes out */
};

/* The text in front of choice c of item i, appended. */
void task_prompt_text(const struct task_prompts *, size_t i, int c, struct buf *out);
/* Choice c of item i to be scored; alone: without what is before it.  -1: it does not fit, or cannot be encoded. */
int  task_prompt_choice(struct task_prompts *, size_t i, int c, int alone, struct likely *out, struct err *);
/* Item i to be gone on from. */
int  task_prompt_open(struct task_prompts *, size_t i, struct prompt *out, struct err *);
#endif
