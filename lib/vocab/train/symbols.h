/* symbols - what BPE training joins, told by their bytes */
#ifndef LM_SYMBOLS_H
#define LM_SYMBOLS_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

struct symbol {
	size_t   at;            /* in pool */
	uint32_t len, width;    /* width: of how many first symbols it is made */
	int      special;       /* kept apart: no bytes find it */
};

struct symbols {                /* all zero: none */
	struct buf     pool;
	struct symbol *v;
	size_t         n, cap;
	uint32_t      *slot;    /* bytes -> symbol, UINT32_MAX empty */
	size_t         mask;
};

void     symbols_add(struct symbols *, const char *bytes, size_t n, int special);       /* the next one, of width 1 */
/* The symbol of a's and b's bytes, made if need be. */
uint32_t symbols_join(struct symbols *, uint32_t a, uint32_t b);
int      symbols_compare(const struct symbols *, uint32_t a, uint32_t b);       /* by bytes, as memcmp */
void     symbols_free(struct symbols *);
#endif
