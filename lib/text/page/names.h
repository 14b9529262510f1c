/* names - what an element is for, judged by its class, id and itemprop; what a short line says */
#ifndef LM_NAMES_H
#define LM_NAMES_H
/* SPDX-License-Identifier: MIT */
#include "text/page/html.h"

enum { NAMES_FURNITURE, NAMES_COMMENT, NAMES_NOTICE, NAMES_INLINE, NAMES_BODY, NAMES_PICTURE };

struct extract;                 /* the compiled patterns: text/page/extract.h */
/* Bit 1 << NAMES_x for each kind of name that the element has. */
unsigned names_kind(const struct extract *, const struct html *, uint32_t node);
/* Whether a short line is furniture: "Share this", "Advertisement" ... */
int      names_line(const struct extract *, const char *, size_t n);
#endif
