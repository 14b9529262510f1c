/* match - names that a Perl-compatible pattern finds: weights to freeze, modules to adapt */
#ifndef LM_MATCH_H
#define LM_MATCH_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"

struct match;
struct match *match_new(const char *pattern, struct err *);     /* NULL: no pattern, with the byte and the reason */
int           match_in(const struct match *, const char *text); /* whether it is found anywhere in the text */
void          match_free(struct match *);
#endif
