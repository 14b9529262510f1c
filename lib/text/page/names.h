/* names - what an element is for, judged by its class, id and itemprop; what a short line says */
#ifndef LM_NAMES_H
#define LM_NAMES_H
/* SPDX-License-Identifier: MIT */
#include "text/page/html.h"

enum { NAMES_FURNITURE, NAMES_COMMENT, NAMES_NOTICE, NAMES_INLINE, NAMES_BODY, NAMES_PICTURE,
       NAMES_PERSON, NAMES_CARD, NAMES_GOODS, NAMES_REVIEW, NAMES_POST, NAMES_CHOICE, NAMES_TITLE, NAMES_DETAIL, NAMES_STAMP, NAMES_KINDS };

struct extract;                 /* the compiled patterns: text/page/extract.h */
/* Bit 1 << NAMES_x for each kind of name that the element has. */
unsigned names_kind(const struct extract *, const struct html *, uint32_t node);
/* Whether a short line is furniture: "Share this", "Advertisement" ... */
int      names_line(const struct extract *, const char *, size_t n);
#endif
