/* mttok - the tokenizers of machine translation's scores, as sacreBLEU 2 has them */
#ifndef LM_MTTOK_H
#define LM_MTTOK_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include <stddef.h>

enum mttok_kind { MTTOK_13A, MTTOK_INTL, MTTOK_CHAR, MTTOK_NONE, MTTOK_COUNT };
extern const char *const mttok_name[MTTOK_COUNT];

struct mttok;

/* 13a: mteval-v13a.pl; intl: mteval-v14.pl --international-tokenization; char: every character; none: white space. */
struct mttok *mttok_new(enum mttok_kind);
void mttok_free(struct mttok *);
/* The tokens of n bytes of UTF-8 with one space between them, in place of what *out held.  Not for two threads at once. */
void mttok_run(struct mttok *, const char *text, size_t n, struct buf *out);
#endif
