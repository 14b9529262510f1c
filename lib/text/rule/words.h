/* words - a text in words, as the Penn Treebank splits them */
#ifndef LM_WORDS_H
#define LM_WORDS_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>

struct word {
	const char *p;
	uint32_t    n, chars;   /* bytes, characters */
};

/* All zero to begin with; used again for the next text. */
struct words {
	struct word *v;
	size_t       n, cap;
	struct buf   text, spare;       /* the words are within these */
};

/* The tokens of NLTK's NLTKWordTokenizer (signs apart, clitics apart, "cannot" in two, quotes as `` and '');
 * they are good until the next call. */
void words_split(struct words *, const char *s, size_t n);
void words_free(struct words *);
#endif
