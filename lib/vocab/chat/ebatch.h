/* ebatch - documents encoded by all threads, in their order, while others are read and written */
#ifndef LM_EBATCH_H
#define LM_EBATCH_H
/* SPDX-License-Identifier: MIT */
#include "stream/docs.h"
#include "vocab/chat/chat.h"

struct ebatch_doc {             /* what came of a document, or of a part of one that is long; good during the call */
	const char *text, *meta;        /* meta is that of the last part; the text of ids that come early comes with the last */
	size_t      text_len, meta_len;
	int         goes_on, more;      /* the document began before this part, does not end with it */
	struct ids  ids;
	const char *mask;               /* with chat: one byte an id, else NULL */
};

struct ebatch {
	const struct vocab *v;
	const struct vocab_opts *opts;
	const struct chat  *chat;       /* NULL: texts as they are */
	int                 bos, eot;   /* an id before, after each document; -1: none */
	void              (*put)(const struct ebatch_doc *, void *ctx);         /* called by the calling thread */
	void               *ctx;
};

/* All documents that follow: 0, or -1 with what could not be encoded and where. */
int ebatch_run(const struct ebatch *, struct docs_in *, struct err *);
#endif
