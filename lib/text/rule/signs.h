/* signs - which signs of a text are words by themselves, as the Penn Treebank has it */
#ifndef LM_SIGNS_H
#define LM_SIGNS_H
/* SPDX-License-Identifier: MIT */
#include "text/uni.h"

/*
 * NLTK puts blanks around signs by one substitution after another over the whole text, then splits at blanks.  Each of them
 * looks at the characters beside the sign alone, so that one pass over the text can decide for each sign what all of them
 * together do: it stands apart, as what word, or it is part of the word around it.
 */
struct signs {
	const char *s;
	size_t      n;
	size_t      opened;     /* behind a quote that opens by its form */
	size_t      taken;      /* a comma here went with the one before it */
	size_t      stop, close;        /* the full stop that ends the text, and where what closes behind it ends */
};

/* To begin with a text: finds the full stop that ends it, with what closes behind it. */
void signs_begin(struct signs *, const char *s, size_t n);
/* Bytes at i, called for each i in turn, that stand apart, 0 when that is part of a word.  They are a word, or if *as is not NULL, that is the word;
 * *blank: they are none. */
size_t signs_apart(struct signs *, size_t i, const char **as, int *blank);

/* Whether the character at i is one of a word. */
static inline int
word_at(const char *s, size_t n, size_t i)
{
	size_t len;

	return i < n && uni_word(uni_decode(s + i, n - i, &len));
}
#endif
