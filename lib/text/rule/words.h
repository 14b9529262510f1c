/* words - a text in words, as the Penn Treebank splits them */
#ifndef LM_WORDS_H
#define LM_WORDS_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>

struct word {
	uint32_t at;                    /* where it begins in words.text; where the next begins, it ends */
	uint32_t chars:30, alpha:1, sign:1;     /* characters; whether one is a letter, whether all are signs */
};

/* All zero to begin with; used again for the next text. */
struct words {
	struct word *v;                 /* n, and one behind them */
	size_t       n, cap;
	struct buf   text;              /* the words with nothing between them, and WORDS_SLACK zeros */
};
#define WORDS_SLACK 32

/* The tokens of NLTK's NLTKWordTokenizer (signs apart, clitics apart, "cannot" in two, quotes as `` and '');
 * they are good until the next call. */
void words_split(struct words *, const char *s, size_t n);
/* What stands between blanks, as str.split has it. */
void words_blanks(struct words *, const char *s, size_t n);
void words_free(struct words *);

static inline const char *words_at(const struct words *w, size_t i) { return w->text.p + w->v[i].at; }
static inline size_t words_len(const struct words *w, size_t i) { return w->v[i + 1].at - w->v[i].at; }
#endif
