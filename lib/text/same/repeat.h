/* repeat - stretches of text that were there before, in any document, cut out: long substrings, lines, paragraphs */
#ifndef LM_REPEAT_H
#define LM_REPEAT_H
/* SPDX-License-Identifier: MIT */
#include "stream/docs.h"

enum repeat_unit { REPEAT_BYTE, REPEAT_WORD };

/*
 * Every run of `least` units that is there twice is cut wherever it is not the first of all, on character boundaries (of words:
 * from the first one to where the next begins, \w+ in lower case).  What a suffix array would find, found otherwise: places
 * to look at are chosen by the text itself (winnowing: Schleimer, Wilkerson and Aiken 2003), runs compared by a hash of 61 bits,
 * all sorted in `memory` bytes and temporary files.  Documents wait there; those left blank go.
 */
struct repeat;
struct repeat *repeat_new(enum repeat_unit, size_t least, size_t memory, struct err *);
int            repeat_put(struct repeat *, const struct doc *, struct err *);
int            repeat_end(struct repeat *, void (*out)(void *, const struct doc *), void *ctx, struct err *);
uint64_t       repeat_cuts(const struct repeat *);     /* stretches that were cut */
void           repeat_free(struct repeat *);
#endif
