/* source - files of any kind that crawl-clean reads, as a sequence of pages with bytes and provenance */
#ifndef LM_SOURCE_H
#define LM_SOURCE_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include <stdint.h>

enum source_format { FORMAT_AUTO, FORMAT_WARC, FORMAT_WET, FORMAT_HTML, FORMAT_TEXT, FORMAT_JSONL, FORMAT_ARCHIVE, FORMAT_WIKI, FORMAT_LATEX };
enum source_split { SPLIT_FILE, SPLIT_LINE, SPLIT_PARA };

#define PAGE_MAX ((size_t)64 << 20)     /* bytes of a page; larger ones come with a reason and without bytes */

/* DOC: arrived as a document, UTF-8; BOOK: HTML, all of which is content. */
enum page_kind { PAGE_HTML, PAGE_TEXT, PAGE_DOC, PAGE_BOOK, PAGE_WIKI, PAGE_LATEX, PAGE_CODE };

struct page {
	enum page_kind kind;
	const char    *reason;          /* NULL, or why the reader passed it over: a constant */
	struct buf     body;
	char           charset[40];     /* as declared outside of it, or "" */
	struct buf     id, url, date, source, title, author;
	const char    *language;        /* of source code; NULL */
	unsigned       asks;            /* ASKS_*, of the HTTP head (text/page/extract.h) */
	long long      offset;          /* in the file; -1: none */
	struct buf     meta;            /* documents' own: a JSON object, which then takes the place of id ... offset */
};

struct source_opts {
	enum source_format format;
	enum source_split  split;
	uint64_t from;                  /* the byte of the file to begin at, where a record, member or line begins */
	int      code;                  /* source code is wanted: files and members that are such by their names come as CODE */
	void (*say)(const char *fmt, ...) LM_PRINTF(1, 2);      /* is told of damage that was passed over */
};

struct source;
/* No files, or "-": standard input.  Opens the first: NULL when that cannot be read. */
struct source *source_open(int nfiles, char **files, const struct source_opts *, struct err *);
/* The HEAD of a stream of documents when the first file is one, else NULL. */
const char    *source_head(const struct source *);
/* The next page, its buffers emptied first: 1, 0 at the end of the last file, -1.  Damaged documents end the
 * program, as stream/docs.h says. */
int            source_next(struct source *, struct page *, struct err *);
uint64_t       source_skipped(const struct source *);   /* records and members that are no pages */
uint64_t       source_damaged(const struct source *);   /* places that were passed over */
void           source_close(struct source *);
#endif
