/* grammar_int - a grammar's elements, shared by its reader and by what follows a text; internal to model */
#ifndef LM_GRAMMAR_INT_H
#define LM_GRAMMAR_INT_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

enum el_kind { EL_END, EL_ALT, EL_CHAR, EL_RULE };
struct el {
	enum el_kind kind;
	int what;                       /* the class, or the rule */
};
struct range {
	uint32_t lo, hi;
};
struct class {
	size_t first, n;                /* of ranges */
	int    negated;
};
struct grammar {
	struct el    *el;
	size_t        n_el;
	int          *rule, root;       /* rule (n_rule): where each begins */
	size_t        n_rule;
	struct class *class;
	struct range *range;
	size_t        n_class, cap_class, n_range, cap_range;
	struct buf    text;             /* of all tokens; token i is [piece[i], piece[i+1]) */
	size_t       *piece, V;
	char          crc[20];
};
#endif
