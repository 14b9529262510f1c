/* tidy - text made regular: one encoding, one line end, no invisible characters, no ragged blanks */
#ifndef LM_TIDY_H
#define LM_TIDY_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>

/*
 * Appends the tidied text of n bytes to *out.  Bytes that are no UTF-8 become U+FFFD (one for each maximal
 * part of a sequence); CR LF, CR, U+0085, U+2028 and form feeds a newline, U+2029 two; control characters,
 * zero-width characters (but the joiners between letters that need them), soft hyphens, bidirectional
 * marks and byte order marks go; every other blank of Unicode is a space; runs of blanks within a line are
 * one space, those that begin a line stay (tabs too); blanks at the end of a line go, more than two newlines
 * are two, and newlines at either end go.  A letter followed by a combining accent is composed where Latin
 * has the character.  Pure; the result is valid UTF-8, and tidying it again changes nothing.
 */
void tidy_text(const char *s, size_t n, struct buf *out);

/* The same, but blanks within a line stay as they are: for text whose blanks mean something, as in code. */
void tidy_laid_out(const char *s, size_t n, struct buf *out);
#endif
