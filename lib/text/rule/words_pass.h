/* words_pass - the substitutions that set signs and quotes apart from words */
#ifndef LM_WORDS_PASS_H
#define LM_WORDS_PASS_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

/*
 * Each pass reads s and appends to out what one group of the tokenizer's substitutions makes of it; their
 * order is that of NLTK, with those taken together that do not see each other's work.  Room for 4 bytes out of each byte
 * in is made beforehand: no substitution makes more.
 */
struct pass {
	const char *s;
	size_t      n;
	char       *out;
};

void pass_open_quotes(struct pass *);           /* by their form, and " at the very start */
void pass_quotes_by_place(struct pass *);       /* " and '' behind a blank or a bracket */
void pass_open_apostrophes(struct pass *);      /* ' that opens a word */
void pass_last_stop(struct pass *);             /* the full stop that ends the text */
void pass_commas(struct pass *);                /* : and , */
void pass_signs(struct pass *);                 /* what stands alone wherever it is */
void pass_close_apostrophes(struct pass *);     /* ' before a space */
void pass_brackets(struct pass *);              /* brackets, dashes, quotes that close */

/* The character at i and the one that ends before i; 0 for none. */
uint32_t pass_char_at(const struct pass *, size_t i);
uint32_t pass_char_before(const struct pass *, size_t i);
#endif
