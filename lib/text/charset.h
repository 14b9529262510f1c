/* charset - whatever a page is encoded in, as UTF-8 */
#ifndef LM_CHARSET_H
#define LM_CHARSET_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>

/* What iconv calls the encoding that a label means (WHATWG Encoding, section 4.2), or NULL.  Pure. */
const char *charset_label(const char *label, size_t n);

/*
 * The encoding of n bytes, as iconv calls it: a byte order mark, else `declared` (by HTTP; "" or NULL for
 * nothing), else (for HTML) what its first 1024 bytes say in a <meta>, else UTF-8 if they are valid so, else
 * a guess, else windows-1252.  A declared one that the bytes plainly contradict, valid UTF-8 with other than
 * ASCII in it, gives way to UTF-8.  Pure.
 */
const char *charset_of(const char *s, size_t n, const char *declared, int html);

/* Appends the text as UTF-8; bytes that are wrong in the encoding become U+FFFD, NULs blanks. */
void charset_convert(const char *s, size_t n, const char *from, struct buf *out);

/* Whether it would change nothing. */
int charset_keeps(const char *s, size_t n, const char *from);

int utf8_valid(const char *s, size_t n);        /* 1, 0; a sequence cut by the end counts as valid */
#endif
