/* gutenberg - books of Project Gutenberg without what stands before and behind them */
#ifndef LM_GUTENBERG_H
#define LM_GUTENBERG_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

/* Cuts the licence and the transcribers' notice off a book in place, and puts what they say of it to the others, if they are
 * empty.  1 when it was such a book; else nothing changes.  Pure. */
int gutenberg_cut(struct buf *text, struct buf *title, struct buf *author);
#endif
