/* lines - rules that take lines out, and drop what they leave too little of */
#ifndef LM_LINES_H
#define LM_LINES_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

/* Each applies its rule in place: NULL, and the text is what is left; or the reason, and the text as it was.  A parameter of 0
 * turns that part off.  *value: what is measured on the way. */

/* As datatrove has C4's; the value is the sentences in lines that stayed. */
enum { C4_WORD_LENGTH, C4_CITATIONS, C4_END_PUNCTUATION, C4_LINE_WORDS, C4_LOREM_IPSUM, C4_JAVASCRIPT, C4_CURLY_BRACKET, C4_POLICY,
	C4_SENTENCES };
const char *c4_apply(const double *v, struct buf *text, double *sentences);

/* The corrections by line of RefinedWeb (Penedo et al. 2023, appendix G.2), as DCLM has them; the value is the share of words,
 * as they stand between blanks, that went. */
enum { RW_UPPER, RW_NUMERIC, RW_COUNTERS, RW_LINE_WORDS, RW_SNIPPET_WORDS, RW_REMOVED };
const char *refinedweb_apply(const double *v, struct buf *text, double *removed);
#endif
