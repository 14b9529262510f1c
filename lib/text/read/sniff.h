/* sniff - what a file is, by its first bytes */
#ifndef LM_SNIFF_H
#define LM_SNIFF_H
/* SPDX-License-Identifier: MIT */
#include "stream/zst.h"
#include "text/read/source.h"

/* What n bytes at the beginning of a text are; at_end: they are all of it.  FORMAT_HTML, WIKI, LATEX, JSONL, else TEXT.  Pure. */
enum source_format sniff_text(const char *, size_t n, int at_end);
/* Whether a record of a web archive begins here, WARC or ARC.  Pure. */
int sniff_crawl(const char *, size_t n);
/* Whether gzip bytes, or frames for zst if that is not NULL, hold a web archive; the first members may be damaged. */
int sniff_packed_warc(struct zst *zst, const unsigned char *, size_t n);
#endif
