/* opened - a model ready to go on from prompts: weights for decoding, vocabulary, chat template, what ends a text */
#ifndef LM_OPENED_H
#define LM_OPENED_H
/* SPDX-License-Identifier: MIT */
#include "model/decode/mats.h"
#include "vocab/chat/chat.h"
#include "vocab/vocab.h"

struct opened {
	struct model  m;                /* its weights are in mats alone */
	struct mats  *mats;
	struct vocab *vocab;
	struct chat   chat;             /* if it has_chat */
	int           has_chat, eos[9], n_eos;
	char          crc[CRC32C_TEXT]; /* "crc32c:..." of the weights, if asked for */
};

/* quant as in mats_new.  opened_free is for what -1 leaves, too. */
int opened_load(struct opened *, const char *path, int quant, int want_crc, struct err *);
void opened_free(struct opened *);
/* The system message of conversations that bring none, in place of the template's own.  -1: the model has no template. */
int opened_system(struct opened *, const char *text, struct err *);
/* Whether ids mean the same in both; -1 with the reason. */
int opened_same(const struct opened *, const struct opened *, struct err *);
#endif
