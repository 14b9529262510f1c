/* filter - what a user leaves out: hosts, addresses, texts by pattern */
#ifndef LM_FILTER_H
#define LM_FILTER_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include <stddef.h>

struct filter;                  /* immutable once made: many threads may use it */
struct filter *filter_new(void);
/*
 * Adds a list of addresses, one a line: a host ("example.org": it and all below it), a host with the beginning of a path
 * ("example.org/shop"), or a pattern (PCRE) between slashes ("/casino|poker/").  Scheme, "www." and port do not count;
 * lines that are empty or begin with # neither.
 */
int  filter_block(struct filter *, const char *path, struct err *);
/* A pattern for texts: those that match it go, or with keep those that match none such. */
int  filter_pattern(struct filter *, const char *pcre, int keep, struct err *);
int  filter_blocks(const struct filter *, const char *url, size_t n);
const char *filter_text(const struct filter *, const char *text, size_t n);    /* NULL: stays; else "drop" or "keep" */
void filter_free(struct filter *);
#endif
