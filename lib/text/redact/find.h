/* find - what redact takes out, found */
#ifndef LM_FIND_H
#define LM_FIND_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>

/* A find function looks for the first match that begins at or after `from`, in n bytes: whether there is one,
 * where it begins and how long it is.  keep is set for what only looks alike and stays. */
struct match {
	size_t at, len;
	int    keep;
};
typedef int finder(const char *s, size_t n, size_t from, struct match *);
finder find_email, find_ip, find_ip6, find_card, find_phone, find_key;

static inline int find_digit(char c) { return c >= '0' && c <= '9'; }
static inline int find_alnum(char c) { return find_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z'); }
#endif
