/* extract - a page's main content as text with its blocks kept, and what the page says of itself */
#ifndef LM_EXTRACT_H
#define LM_EXTRACT_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include "text/page/html.h"

struct extract;                 /* the compiled patterns; immutable: many threads may use it */
struct extract *extract_new(struct err *);
void            extract_free(struct extract *);

/* What a page asks of those who read it by machine: robots directives, and the reservation of text and data mining. */
enum { ASKS_NOINDEX = 1, ASKS_NOARCHIVE = 2, ASKS_TDM = 4 };
unsigned robots_asks(const char *directives);   /* "noindex, noarchive", "none"; with "googlebot:" in front: of no concern */

/* What a page says that it is, by og:type, schema.org, its generator or its address. */
enum { ABOUT_ARTICLE = 1, ABOUT_FORUM = 2, ABOUT_PRODUCT = 4 };

/* Strings are empty when the page does not say.  All zero to begin with. */
struct extracted {
	struct buf text;        /* UTF-8; blocks parted by blank lines, list items "- ", cells " | " */
	struct buf title, author, date, lang, url;      /* url: the canonical one; date: as the page writes it */
	unsigned   asks, about;                         /* ASKS_*, of its <meta> elements; ABOUT_* */
};
void extracted_clear(struct extracted *);       /* keeps the memory */
void extracted_free(struct extracted *);

enum { EXTRACT_ALL = 1, EXTRACT_MARKDOWN = 2 };         /* everything that is shown, nothing judged; marks of Markdown */
/* Extracts from n bytes of UTF-8 (broken bytes go through); how: EXTRACT_*.
 * The buffers are emptied first.  0, -1 for a page of more elements than html_parse takes.  Pure; time is linear in n. */
int extract_page(const struct extract *, const char *html, size_t n, unsigned how, struct extracted *);

/* Within the module. */
enum { MARK_DROP = 1 };         /* html_node.user: this element and what is in it is left out */
void render_tree(const struct html *, uint32_t root, int markdown, struct buf *out);
void page_meta(const struct html *, struct extracted *);
/* The text that a page holds for its scripts to show, in place of *text when it is twice as long. */
void embedded_text(const struct html *, int markdown, struct buf *text);
uint32_t *html_ends(const struct html *);       /* for each node, the index past its last descendant; to be freed */
#endif
