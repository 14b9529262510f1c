/* ebatch - documents encoded by all threads, in their order */
#ifndef LM_EBATCH_H
#define LM_EBATCH_H
/* SPDX-License-Identifier: MIT */
#include "stream/docs.h"
#include "vocab/chat/chat.h"

struct ebatch_doc {             /* a document, or a part of one that is long */
	const char *own;                                /* the text, or NULL: it is */
	size_t     text, text_len, meta, meta_len;      /* in batch->bytes; meta is that of the last part */
	uint64_t   number;                              /* of the document, from 1 */
	size_t     offset;                              /* of the part in it; 0: it begins here */
	int        more;                                /* it goes on in the next */
	struct ids ids;                                 /* within the batch's, good until ebatch_clear */
	struct buf mask;                                /* with chat: one byte an id */
	struct err err;
	int        failed, thread;                      /* whose ids they are, from `first` on */
	size_t     first;
};

struct ebatch {
	const struct vocab *v;
	const struct chat  *chat;       /* NULL: texts as they are */
	int                 bos, eot;   /* an id before, after each document; -1: none */
	struct encoder    **encoder;    /* one a thread */
	struct ids         *ids;        /* likewise: of all its documents */
	int                 n_encoders;
	struct buf          bytes;
	struct ebatch_doc   *doc;
	size_t              n, cap;
	uint64_t            docs;       /* begun so far */
	size_t              taken;      /* bytes of the current one */
};

/* The vocabulary, options and template must stay. */
void ebatch_init(struct ebatch *, const struct vocab *, const struct vocab_opts *, const struct chat *);
/* Copies a document, in parts if it is long: 0 when it is all here; 1 when there is enough to encode: then run
 * the batch, clear it, and add the same document again.  A huge part is not copied: it is encoded where it is. */
int  ebatch_add(struct ebatch *, const struct doc *);
const char *ebatch_text(const struct ebatch *, const struct ebatch_doc *);
/* Encodes what was added: 0, or the number of the first document that could not be, from 1. */
size_t ebatch_run(struct ebatch *);
void ebatch_clear(struct ebatch *);
void ebatch_free(struct ebatch *);
#endif
