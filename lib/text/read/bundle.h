/* bundle - files of one archive that make documents together: the chapters of an EPUB, the parts of a paper in LaTeX */
#ifndef LM_BUNDLE_H
#define LM_BUNDLE_H
/* SPDX-License-Identifier: MIT */
#include "text/read/source.h"

struct bundle_file {
	char      *name;
	struct buf bytes;
	int        used;                /* part of another */
};

struct bundle {
	struct bundle_file *v;
	size_t n, cap, bytes, next;
	int    epub;                    /* else the files are LaTeX */
};

/* Takes the bytes over. */
void bundle_add(struct bundle *, const char *name, struct buf *bytes);
/* Once all files are there: fills body, kind, title, author, date and the name within of the next document: 1, 0 after the last. */
int  bundle_next(struct bundle *, struct page *, struct buf *name);
void bundle_free(struct bundle *);
#endif
