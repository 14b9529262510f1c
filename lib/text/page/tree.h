/* tree - the tree builder of the HTML standard, section 13.2.6, as far as text needs it; for text/page/html.c */
#ifndef LM_TREE_H
#define LM_TREE_H
/* SPDX-License-Identifier: MIT */
#include "text/page/html.h"

#define ATTR_MAX   24           /* kept of one element */
#define TREE_NAMES 512          /* places in an index of names */

/* The builder: the open elements, innermost last; how many of each tag are open, and in excess of the depth. */
struct tree {
	struct html *h;
	const char  *s, *end;
	uint32_t     open[HTML_DEPTH + 1];
	int          depth;             /* of the innermost */
	size_t       excess;
	uint16_t     count[TAG_COUNT];
	uint8_t      unended[TAG_COUNT];        /* no end tag of it is left on the page */
	struct html_attr attrs[ATTR_MAX];
	int          n_attr;
	uint8_t      tag_index[TREE_NAMES], attr_index[TREE_NAMES];     /* names by their hash: text/page/html.c */
};

/* Elements and text in the order of the page. */
uint32_t    tree_node(struct html *, uint32_t parent, int tag, int depth);
void        tree_text(struct tree *, const char *s, size_t n);
/* An element of t->attrs begins, p is past its '>'; closed: by "/>".  Returns where to go on: past all that it holds if that is no markup. */
const char *tree_start(struct tree *, int tag, const char *name, size_t n_name, int closed, const char *p);
void        tree_end(struct tree *, int tag);

/* Copies text into the pool with its references decoded, which never makes it longer. */
const char *html_decode(struct html *, const char *s, size_t n, int attribute, uint32_t *len);
static inline int html_blank(int c) { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v'); }
static inline int html_lower(int c) { return c >= 'A' && c <= 'Z' ? c | 32 : c; }
#endif
