/* window - the bytes of a web archive that are being looked at, which gzip members, zstd frames or the file itself fill */
#ifndef LM_WINDOW_H
#define LM_WINDOW_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include "stream/input.h"
#include "stream/zst.h"
#include <stdint.h>
#include <zlib.h>

struct window {
	struct input *in;
	int           packed, between;  /* it comes in members, of gzip or zstd's frames; between two: 1, -1 after a damaged one */
	void        (*say)(const char *fmt, ...) LM_PRINTF(1, 2);
	struct buf    b;                /* bytes not yet passed: b.p + pos .. b.n */
	size_t        pos;
	uint64_t      base;             /* plain: offset of b.p[0] */
	uint64_t      member;           /* packed: offset of the member being undone */
	uint64_t      damaged;          /* places passed over so far */
	uint64_t      work, wasted;     /* bytes looked at and made for the member that is undone, for all damaged ones */
	struct { uint64_t member; size_t at; } starts[64];      /* where members begin in the window */
	int           n_starts;
	z_stream      z;
	struct libdeflate_decompressor *whole;          /* for members that are undone at once */
	struct zst   *zst;              /* NULL: gzip */
	int           inflating, members;
	/* what is in it goes on; ends well; ends where reading failed, as err says; has no continuation, but the input has */
	enum { WINDOW_OPEN, WINDOW_ENDED, WINDOW_CUT, WINDOW_BROKEN } state;
	struct err    err;
};

/* The input was opened without decompression, and stays the caller's; packed: it is gzip, or frames for zst, which is taken over. */
void window_init(struct window *, struct input *, int packed, struct zst *, void (*say)(const char *fmt, ...));
void window_free(struct window *);

/* At least n bytes from pos, if the input has them: 1, 0 fewer are left, of which state says why.  Bytes move. */
int  window_ahead(struct window *, size_t n);
/* After damage: what is left of the window has no end, go on behind it.  0 when the input is not broken here. */
int  window_pass_break(struct window *);
/* The offset in the file to name for the byte at pos: of the member that it begins in. */
uint64_t window_offset(const struct window *, size_t pos);
/* Counts a damaged place, and says it. */
void window_damage(struct window *, unsigned long long byte, const char *what);
#endif
