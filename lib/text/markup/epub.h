/* epub - what an EPUB says of itself, and the order in which its files are read */
#ifndef LM_EPUB_H
#define LM_EPUB_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>

/* The path of the package file that META-INF/container.xml names, to an emptied *out; 0, or -1: none.  Pure. */
int epub_container(const char *xml, size_t n, struct buf *out);

struct epub {
	struct buf title, author, date;
	struct buf paths;               /* of the files in reading order, each with a NUL; relative to the package file */
};
/* Reads a package file, the buffers emptied first.  Pure. */
void epub_package(struct epub *, const char *xml, size_t n);
void epub_free(struct epub *);
#endif
