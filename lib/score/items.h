/* items - what is scored on its own: the documents of a token stream, or the records of a sharded one */
#ifndef LM_ITEMS_H
#define LM_ITEMS_H
/* SPDX-License-Identifier: MIT */
#include "stream/toks.h"

struct item {
	const uint32_t *tok;
	const uint8_t  *mask;   /* one byte a token: whether it counts as a target; NULL: all but the first */
	const uint32_t *start;  /* where each token's document begins in the record; NULL: at 0 */
	size_t          n;
};
struct items;
struct items           *items_open(int nfiles, char **files, int doc_mask);
const struct toks_head *items_info(struct items *);
int                     items_next(struct items *, struct item *);      /* good until the next call; 0 at the end */
void                    items_close(struct items *);
#endif
