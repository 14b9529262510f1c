/* literals - many strings looked for at once, in one pass */
#ifndef LM_LITERALS_H
#define LM_LITERALS_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include <stddef.h>

struct literals;                /* immutable: many threads may use it */

/* Each of at most 32 patterns is a list of strings of letters (either case), '-' and '_', written as in a regular
 * expression: "\\bnav(bar|-?menu)?\\b|[-_]ads?".  \b only begins or ends a string, next to a letter.
 * NULL when one holds other characters, or is too many strings. */
struct literals *literals_new(const char *const *patterns, int n, struct err *);
void             literals_free(struct literals *);
/* Bit i: a string of pattern i is in the n bytes.  Pure; time is linear in n. */
unsigned         literals_find(const struct literals *, const char *s, size_t n);
#endif
