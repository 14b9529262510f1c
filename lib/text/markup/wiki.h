/* wiki - articles of MediaWiki: out of a dump, and as text */
#ifndef LM_WIKI_H
#define LM_WIKI_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>

struct wiki_page {
	struct buf title, id, date, text;       /* date: of the revision; text: wikitext */
	int        redirect;
	long       ns;                          /* namespace: 0 for articles */
	int        other;                       /* its content is no wikitext: CSS, Lua, JSON ... */
};
/* Takes the bytes of one <page> element apart, the buffers emptied first; the last revision counts.  Pure. */
void wiki_parse(struct wiki_page *, const char *s, size_t n);
void wiki_free(struct wiki_page *);

/*
 * Appends wikitext as text: links by what they show, headings, lists, tables' rows with " | " between the cells, formulas in
 * $...$; no templates but those that stand for words, no references, files, categories, comments.  Pure; linear in n but for
 * nesting, which is followed 20 deep.
 */
void wikitext(const char *s, size_t n, int markdown, struct buf *out);
#endif
