/* prompts - what to go on from: lines of text, or JSON objects, as tokens */
#ifndef LM_PROMPTS_H
#define LM_PROMPTS_H
/* SPDX-License-Identifier: MIT */
#include "stream/input.h"
#include "vocab/chat/chat.h"

struct prompt {
	uint32_t *tok;
	size_t    n;
	char     *meta;                 /* a JSON object: what else the prompt's line had */
};

struct prompt_opts {
	struct encoder    *encoder;
	const struct chat *chat;        /* NULL: the model knows none */
	int                chat_lines;  /* a line, or a prompt that is a string, is what a user says */
	int                bos;         /* in front of plain prompts; -1: none */
	int                otherwise;   /* stands for a prompt of no tokens; -1: that is an error */
	int                T, n;        /* the context, and how many tokens are to follow */
	int                truncate;    /* of prompts too long: 0 error, 'l' or 'r': the end that is cut */
};

/* Pure: one line, or one JSON object that holds `prompt` (a text, or messages) or `messages`.  0 or -1. */
int  prompt_text(struct prompt *, const struct prompt_opts *, const char *line, size_t n, struct err *);
int  prompt_json(struct prompt *, const struct prompt_opts *, const char *line, size_t n, struct err *);
void prompt_free(struct prompt *);

struct prompts {
	struct prompt *v;
	size_t         n, cap;
};
/* All lines of a file: objects if the first line is one.  -1 with the file, the line and the reason. */
int  prompts_read(struct prompts *, const struct prompt_opts *, struct input *, struct err *);
void prompts_free(struct prompts *);
#endif
