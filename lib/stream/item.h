/* item - what a toks stream holds, one at a time: documents, or after shard records */
#ifndef LM_ITEM_H
#define LM_ITEM_H
/* SPDX-License-Identifier: MIT */
#include "stream/toks.h"

struct item {
	const uint32_t *tok;    /* [n_tok] */
	const uint8_t  *mask;   /* [n_tok], 0 or 1 each; NULL: all count */
	const uint32_t *end;    /* [n_doc] ends of documents within a record, exclusive; NULL of a document */
	size_t          n_tok, n_doc;
};

struct items;                   /* a toks_in read item by item */
struct items *items_open(int nfiles, char **files);     /* as toks_open */
struct toks_in *items_toks(struct items *);
int           items_next(struct items *, struct item *);        /* 0 at the end; good until the next call */
void          items_close(struct items *);

void item_put(struct toks_out *, int seq, const struct item *); /* as a record when seq, else as a document */
#endif
