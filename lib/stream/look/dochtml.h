/* dochtml - documents as a page to be read in a browser */
#ifndef LM_DOCHTML_H
#define LM_DOCHTML_H
/* SPDX-License-Identifier: MIT */
#include "stream/docs.h"

/* Documents gather by the reason why they were left out, if they have one; all are in memory until the end. */
struct dochtml;
struct dochtml *dochtml_new(void);
void            dochtml_add(struct dochtml *, const struct doc *);
/* The page to *out, without its last newline: an index of reasons with counts, then the documents of each, the most frequent first.  Frees it. */
void            dochtml_end(struct dochtml *, struct buf *out);
#endif
