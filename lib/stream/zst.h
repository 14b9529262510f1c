/* zst - frames of zstd undone as their bytes come (RFC 8878) */
#ifndef LM_ZST_H
#define LM_ZST_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include "stream/input.h"

#define ZST_BLOCK (((size_t)1 << 17) + 64)      /* bytes in which the first block of a frame ends, if it ends well */

/* Bytes from in are undone into out: used of n, made of room; why: what is wrong with them. */
struct zst_step {
	const void *in;
	size_t      n;
	void       *out;
	size_t      room, used, made;
	const char *why;
};

struct zst;
/* NULL when the program was built without libzstd.  The dictionary may be empty; it is copied. */
struct zst *zst_new(const struct buf *dictionary);
void        zst_free(struct zst *);             /* NULL too */
/* Whether bytes begin as a frame; of_data: as one that is not to be skipped.  0 without libzstd.  Pure. */
int         zst_begins(const void *, size_t n, int of_data);
/* So many bytes zst_undo has to see to go on within a frame. */
size_t      zst_wants(const struct zst *);
/* A step of a frame, or of the one that begins here: 1 it ends, 0 it goes on, -1 it is damaged.  The frame is taken whole
 * when all of it is there, else a block: what is behind a damaged one was not used, and used says how far that is.  Windows of
 * up to 128 MB. */
int         zst_undo(struct zst *, struct zst_step *);
void        zst_reset(struct zst *);            /* the next step begins a frame */
/* Frames, one after another, that are all there, behind what is in *out: 0; 1 when that would be more than max bytes, -1 when
 * they are damaged or cut, or there is no libzstd: what came before that is in *out. */
int         zst_undo_all(const void *, size_t n, size_t max, struct buf *out);
/* The dictionary that a .warc.zst may begin with (iipc.github.io/warc-specifications/specifications/warc-zstd/): its bytes
 * into an emptied buffer, and the input behind it.  Nothing happens where there is none.  0, -1 when it is damaged or cut. */
int         zst_dictionary(struct input *, struct buf *, struct err *);
#endif
