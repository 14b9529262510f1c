/* dump - the articles of a MediaWiki dump */
#ifndef LM_DUMP_H
#define LM_DUMP_H
/* SPDX-License-Identifier: MIT */
#include "stream/input.h"
#include "text/markup/wiki.h"
#include "text/read/source.h"

/* The next article, into an emptied page by way of *scratch; what is none, or another's name only, is added to *skipped.
 * 1, 0 at the end, -1 also when the input is cut short within a page. */
int dump_next(struct wiki_page *scratch, struct input *, struct page *, uint64_t *skipped, struct err *);
#endif
