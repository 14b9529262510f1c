/* latex - papers and books in LaTeX as text, formulas as they are written */
#ifndef LM_LATEX_H
#define LM_LATEX_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>

struct latex {
	struct buf text, title, author, date;   /* what \title, \author and \date say */
};
void latex_free(struct latex *);

/*
 * The text of n bytes, the buffers emptied first: without comments, preamble, labels, citations, pictures and bibliography;
 * the author's macros expanded, in formulas too, which stay in $...$, \[...\] or their environment; headings on lines of
 * their own, "- " before items, " | " between cells.  Pure; macros make at most 64 times n + 64 KiB.
 */
void latex_read(const char *s, size_t n, int markdown, struct latex *);
/* Whether it is a document of its own: \documentclass, or plain TeX with \bye. */
int  latex_is_whole(const char *s, size_t n);
/* The bytes with what \input, \include and \subfile name in their place, appended; what find(ctx, name) returns NULL for is
 * left out.  At most max bytes are appended.  Pure if find is. */
void latex_join(const char *s, size_t n, const struct buf *(*find)(void *ctx, const char *name), void *ctx, size_t max, struct buf *out);
#endif
