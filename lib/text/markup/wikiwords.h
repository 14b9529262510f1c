/* wikiwords - what the names in wikitext mean: tags, templates, namespaces; within text/markup */
#ifndef LM_WIKIWORDS_H
#define LM_WIKIWORDS_H
/* SPDX-License-Identifier: MIT */
#include "text/markup/wiki.h"
#include <stdint.h>
#include <stdio.h>

#define WIKI_DEPTH 20

enum { TAG_INLINE, TAG_BREAK, TAG_GONE, TAG_PLAIN, TAG_PRE, TAG_MATH };
struct wiki_tag {
	const char *name;
	int         what;
};
extern const struct wiki_tag wiki_tags[];
int wiki_tag(const char *name, size_t n);       /* its row, -1: none */

struct wiki_head {
	int        level;
	struct buf text;
};

/* Wikitext on its way. */
struct wiki {
	const char *s;
	size_t      n;
	uint32_t   *close;              /* [n] for "{{" and "[[": past the matching end, 0: none */
	struct buf *out;
	int         markdown;
	int         taken;              /* something was left out, and nothing shown since */
	int         tables;             /* depth */
	int         cells;              /* in the row so far */
	char        bullet[24];         /* owed to the line */
	struct wiki_head heads[8];      /* with nothing below them so far, level by level */
	int         n_heads;
	size_t      none_after[32];     /* by tag: 1 + a place behind which it has no end tag */
};

uint32_t *wiki_pairs(const char *s, size_t n);  /* to be freed */
void wiki_emit(struct wiki *, size_t from, size_t to, int depth);
void wiki_template(struct wiki *, size_t from, size_t to, int depth);
/* Whether a link shows nothing: files, categories, the same article in another language. */
int  wiki_hidden(const char *target, size_t n, int labelled);
/* A line within a table that begins with its signs: *used bytes are done with; 0: it is another. */
int  wiki_table_line(struct wiki *, const char *s, size_t n, size_t *used);
void wiki_cell(struct wiki *);                   /* what parts it from the one before */
size_t wiki_cell_style(const char *s, size_t n);        /* bytes of its attributes, "style=... |" */
#endif
