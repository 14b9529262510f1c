/* code - source files: the licence at their head, and which it is */
#ifndef LM_CODE_H
#define LM_CODE_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

/* Takes the comment that begins the text out, if it speaks of copyright or a licence, to *header, and what the licence is
 * called, by SPDX where it can be told, to *licence (both emptied).  1, 0 there is none.  Pure. */
int code_header(struct buf *text, struct buf *header, struct buf *licence);
#endif
