/* c4 - the rules of C4: lines go, and with some of them the page */
#ifndef LM_C4_H
#define LM_C4_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

enum { C4_WORD_LENGTH, C4_CITATIONS, C4_END_PUNCTUATION, C4_LINE_WORDS, C4_LOREM_IPSUM, C4_JAVASCRIPT, C4_CURLY_BRACKET, C4_POLICY,
	C4_SENTENCES, C4_PARAMS };

/* Applies them in place, as datatrove does: NULL, the text is what is left; or the reason, and the text as it was.  A parameter
 * of 0 turns its rule off.  *sentence_count: in the lines that stayed. */
const char *c4_apply(const double v[C4_PARAMS], struct buf *text, double *sentence_count);
#endif
