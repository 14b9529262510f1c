/* fasttext - text classifiers in the format of fastText (.bin, .ftz): languages, quality, topics */
#ifndef LM_FASTTEXT_H
#define LM_FASTTEXT_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include <stddef.h>

/*
 * Supervised models of versions 11 and 12, dense or by product quantization, pruned or not; loss softmax, hierarchical softmax, one-vs-all or
 * negative sampling (Joulin et al. 2016, "Bag of tricks for efficient text classification" and "FastText.zip").
 * Immutable: many threads may ask it.  Newlines of a text count as blanks; the end of the line that fastText sees is put behind it.
 */
struct fasttext;
struct fasttext *fasttext_load(const char *path, struct err *);
/* From bytes that must stay.  Sizes are checked before use; memory is bounded by n.  Pure. */
struct fasttext *fasttext_parse(const void *bytes, size_t n, struct err *);
int              fasttext_labels(const struct fasttext *);
const char      *fasttext_label(const struct fasttext *, int i);        /* without "__label__" */
int              fasttext_find(const struct fasttext *, const char *label, size_t n);   /* -1: there is none */
/* Where in a list such as en,de is the first code that the model, or NULL: lang_detect, cannot answer; else its end. */
const char      *lang_unknown(const char *list, const struct fasttext *);
/* The likeliest label and its probability; -1 for a text without any feature that the model knows. */
int              fasttext_best(const struct fasttext *, const char *text, size_t n, double *prob);
double           fasttext_prob(const struct fasttext *, const char *text, size_t n, int label);
void             fasttext_free(struct fasttext *);
#endif
