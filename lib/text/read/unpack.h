/* unpack - the pages, books, papers and sources within archives: tar, zip, ar (deb), cpio, 7z ..., and archives within these */
#ifndef LM_UNPACK_H
#define LM_UNPACK_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include "stream/input.h"
#include "text/read/source.h"

#define UNPACK_DEPTH 4

struct unpack;
/* Whether the first bytes are an archive's (a compression around it undone). */
int            unpack_is(const void *, size_t n);
/* Reads from the input; a file that can be sought in is better opened by its path (7z needs it), then in is NULL.
 * code: as in struct source_opts. */
struct unpack *unpack_open(struct input *in, const char *path, int code, struct err *);
/* The next page, into an emptied one: its path within is the id, its reason NULL, "too_large" or "binary".  1, 0 at the end, -1. */
int            unpack_next(struct unpack *, struct page *, struct err *);
uint64_t       unpack_skipped(const struct unpack *);   /* members that are no pages, so far */
void           unpack_close(struct unpack *);
#endif
