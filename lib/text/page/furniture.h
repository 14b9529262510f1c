/* furniture - what is around a page's content; for text/page/extract.c */
#ifndef LM_FURNITURE_H
#define LM_FURNITURE_H
/* SPDX-License-Identifier: MIT */
#include "text/page/extract.h"
#include "text/page/names.h"

/* What is known of each element, of its whole content. */
struct mass {
	uint32_t text, link;    /* characters; those within links */
	uint32_t links;
	int      code;          /* whether there is code or a table within */
	double   good;          /* characters of running text */
};

struct work {
	const struct extract *x;
	struct html           h;
	struct mass          *m;
	uint32_t             *ends;
	uint32_t             *letters;  /* of a text */
	uint16_t             *kind;     /* bit i: pattern i matches */
	unsigned              about;    /* ABOUT_* */
};

/* How much goes by name: all that patterns match, not the comments, or only what elements and roles say. */
enum { BY_NAME, BY_NAME_WITH_COMMENTS, BY_ELEMENT, NOTHING };

/* Whether an element says that it is not shown, now or in its turn. */
int  furniture_hidden(const struct html *, uint32_t node);
/* Fills w->letters, to be freed. */
void furniture_letters(struct work *);
/* Marks what is left out at a level, and weighs the rest. */
void furniture_mark(struct work *, int level);
#endif
