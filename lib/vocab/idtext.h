/* idtext - tokens as text: lines of ids, tables of pieces, counts */
#ifndef LM_IDTEXT_H
#define LM_IDTEXT_H
/* SPDX-License-Identifier: MIT */
#include "vocab/vocab.h"

struct idtext_count {
	uint64_t docs, tokens, bytes, chars, words;
};
/* A text or a part of one; docs is the caller's to count. */
void idtext_add(struct idtext_count *, const char *text, size_t n, size_t tokens);
/* The second's counts added to the first's. */
void idtext_sum(struct idtext_count *, const struct idtext_count *);
/* A line each, name and number; price: of a million tokens, 0 none. */
void idtext_total(const struct idtext_count *, double price, struct buf *out);
/* Counts for each language, all zero to begin with; as a table, the language with the most tokens first. */
struct idtext_langs {
	struct idtext_lang {
		char lang[24];
		struct idtext_count count;
	} *v;
	size_t n, cap;
};
void idtext_add_lang(struct idtext_langs *, const char *lang, const struct idtext_count *);
void idtext_by_lang(struct idtext_langs *, const struct idtext_count *total, struct buf *out);
/* Numbers with blanks between and a newline; goes_on: the line has some, more: it gets more; and back: -1 when one
 * is none or not below n_vocab. */
void idtext_ids(const struct ids *, int goes_on, int more, struct buf *out);
int  idtext_parse_ids(const char *line, size_t n, size_t n_vocab, struct ids *, struct err *);
/* A line a token: id, offset in what decode_part gives for the document, with a mask whether it is supervised, bytes as
 * a C string; an empty line after them unless there are more.  *offset: of the first one; goes on, or back to 0. */
void idtext_pieces(const struct vocab *, const struct ids *, const char *mask, int more, uint64_t *offset, struct buf *out);
#endif
