/* grammar_int - a grammar's elements, and the automaton that follows texts; within this folder */
#ifndef LM_GRAMMAR_INT_H
#define LM_GRAMMAR_INT_H
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "base/mem.h"
#include "model/grammar/grammar.h"

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
/* A token's text, in the order of all texts. */
struct piece {
	const char *p;
	size_t   n, same;               /* same: bytes that it begins with as the one before does */
	uint32_t id;
};
struct grammar {
	struct el    *el;
	size_t        n_el;
	int          *rule, root;       /* rule (n_rule): where each begins */
	size_t        n_rule;
	struct class *class;
	struct range *range;
	size_t        n_class, cap_class, n_range, cap_range;
	uint32_t     *cut;              /* (n_cut) ascending: from one to the next, characters are in the same classes */
	size_t        n_cut;
	struct buf    text;             /* of all tokens; token i is [begin[i], begin[i+1]) */
	size_t       *begin, V, longest;
	struct piece *piece;            /* (n_piece): of the tokens that have a text */
	size_t        n_piece;
	char          crc[CRC32C_TEXT];
};
/* Elements of the rules in the text; -1 with the reason and the byte. */
int grammar_read(struct grammar *, const char *text, size_t n, struct err *);

/* What a text may go on with, as a number; texts that may go on alike mostly have the same one. */
struct automaton;
enum { AUTO_DEAD = 0 };                         /* the text is not the grammar's */
struct automaton *auto_new(const struct grammar *);
void auto_free(struct automaton *);
int  auto_start(const struct automaton *);
int  auto_step(struct automaton *, int state, uint32_t c);              /* after character c */
int  auto_any(const struct automaton *, int state, uint32_t lo, uint32_t hi);     /* whether a character of these may come */
int  auto_whole(const struct automaton *, int state);                   /* the text may end here */
int  auto_many(const struct automaton *);       /* it is time to forget some: */
void auto_keep(struct automaton *, int *live, size_t n);        /* all states but those in live (n), which get new numbers */
#endif
