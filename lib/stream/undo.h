/* undo - the bytes of a compressed file: zstd by libzstd, if built with it, and all else by libarchive */
#ifndef LM_UNDO_H
#define LM_UNDO_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include <sys/types.h>

struct undo;
/* Whether the first bytes are those of a compressed file.  Pure. */
int          undo_is(const unsigned char *, size_t n);
/* Of what was read ahead, from pos on, and then of fd, if that is not -1.  The buffer is taken over, the name is not copied. */
struct undo *undo_open(int fd, struct buf *ahead, size_t pos, const char *name, struct err *);
/* Up to n bytes; 0 at the end; -1 where the file is damaged or cut, after all that came out before that. */
ssize_t      undo_read(struct undo *, void *, size_t n, struct err *);
void         undo_close(struct undo *);         /* not fd; NULL too */
#endif
