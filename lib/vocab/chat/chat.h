/* chat - conversations as tokens: one renderer for training, sampling and serving */
#ifndef LM_CHAT_H
#define LM_CHAT_H
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "vocab/vocab.h"

struct chat {
	char  template_name[16];        /* chatml llama3 qwen smollm2 alpaca plain */
	int   bos;                      /* -1: none */
	int   eos[8], n_eos;            /* what ends the assistant's turn */
	char *system;                   /* default system text, or NULL */
};

/* By name and vocabulary; -1 when the vocabulary lacks what the template needs. */
int  chat_init(struct chat *, const char *name, const struct vocab *, struct err *);
/* From what a model or HEAD carries (pipelm.chat), and back. */
int  chat_parse(struct chat *, struct json, struct err *);
void chat_print(const struct chat *, struct buf *);
/* What a model.safetensors carries; -1 also when it carries none. */
int  chat_load(struct chat *, const char *path, struct err *);
/* Whether a document's metadata is a conversation, to be rendered rather than taken for an empty text. */
int  chat_is(const char *meta, size_t n);
/* The special tokens that a template needs, NULL at the end; NULL: no such template. */
const char *const *chat_specials(const char *name);
void chat_free(struct chat *);

/* The conversation of a published object as a JSON array of messages (role, content, and the `input` of an
 * instruction), appended: messages; ShareGPT's conversations; prompt (text, messages, turns as HH writes them) with
 * chosen, completion or response; chosen alone; instruction, input or context, output or response (Alpaca, Dolly);
 * inputs and targets (FLAN); of a tree of OpenAssistant's the path ranked best.  answered: a question without its
 * answer is an error. */
int chat_messages(struct json object, int answered, struct buf *out, struct err *);
/* Of the replies to a node of such a tree that are ranked after `than` [-1: all] the best; its rank, -1: none.
 * Replies without a rank come after all that have one. */
#define CHAT_UNRANKED (1 << 20)
int chat_reply(struct json node, int than, struct json *reply);

/* What chat_messages reads, through the template: ids appended, and for
 * each id one mask byte (1: trained on: the assistant's text and its end-of-turn token).
 * header: append the assistant's header after the last message, for generation. */
int chat_render(const struct chat *, struct encoder *, struct json object, int header,
		struct ids *, struct buf *mask, struct err *);
#endif
