/* regex - matches of a regular expression in a text, by PCRE2 */
#ifndef LM_REGEX_H
#define LM_REGEX_H
/* SPDX-License-Identifier: MIT */
#include "vocab/split.h"

struct regex;

/* Of Oniguruma's and Rust's syntax, which tokenizers' patterns are written in, what PCRE2 has otherwise, respelled:
 * appended to out; -1 where that cannot be. */
int           onig_pattern(const char *pattern, struct buf *out, struct err *);
/* NULL with the reason when it does not compile. */
struct regex *regex_new(const char *pattern, struct err *);
void          regex_free(struct regex *);
/* Appends the ends of the matches in n bytes, and of what lies between, each plus origin.  Ill-formed UTF-8 is matched as
 * U+FFFD, and characters are of the kind that Unicode 16.0.0 says, whatever PCRE2 was built with.  gap is added to the
 * ends of what lies between.  -1 when PCRE2 gave up. */
int           regex_ends(const struct regex *, struct cuts *, const unsigned char *p, size_t n, size_t origin, size_t gap, struct err *);
#endif
