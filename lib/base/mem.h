/* mem - memory that is there or the program ends, growable bytes, and the arena of the inner loops */
#ifndef LM_MEM_H
#define LM_MEM_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

/* None of these returns NULL: without memory the program says so and exits 1. */
void *xmalloc(size_t);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *, size_t);
void *xreallocarray(void *, size_t n, size_t size);     /* refuses an n * size that overflows */
char *xstrdup(const char *);             /* NULL of NULL */
char *xstrndup(const char *, size_t);                   /* exactly n bytes and a NUL */

/* Bytes that grow.  All zero is an empty one.  p[n] is always 0 once anything was added, so a buffer
 * of text is a C string; `p` moves when it grows. */
struct buf {
	char  *p;
	size_t n, cap;
};
void  buf_grow(struct buf *, size_t more);
/* Room for that many bytes after n. */
static inline void
buf_need(struct buf *b, size_t more)
{
	if (b->n + 1 > b->cap || more > b->cap - b->n - 1)
		buf_grow(b, more);
}
void  buf_add(struct buf *, const void *, size_t);
void  buf_str(struct buf *, const char *);
static inline void
buf_char(struct buf *b, int c)
{
	buf_need(b, 1);
	b->p[b->n++] = (char)c;
	b->p[b->n] = 0;
}
void  buf_html(struct buf *, const char *, size_t);     /* with the characters that HTML takes for its own escaped */
void  buf_printf(struct buf *, const char *fmt, ...) LM_PRINTF(2, 3);
void  buf_num(struct buf *, double, int digits);        /* in the fewest digits, from so many on, that read back as it */
void  buf_zeros(struct buf *, size_t align);            /* zeros up to a multiple of align */
static inline const char *buf_text(const struct buf *b) { return b->p ? b->p : ""; }     /* of a buffer without memory, too */
void  buf_clear(struct buf *);                          /* n = 0, the memory stays */
void  buf_free(struct buf *);

/* An array of T with room doubled as needed: VEC_PUSH(v, n, cap, x). */
#define VEC_PUSH(v, n, cap, x) \
	do { \
		if ((n) == (cap)) \
			(v) = xreallocarray((v), (cap) = (cap) ? 2 * (cap) : 16, sizeof *(v)); \
		(v)[(n)++] = (x); \
	} while (0)

/* One block of zeroed memory, on huge pages where the system has them, handed out from the front.
 * Sized once, before a loop starts, so that the loop itself never allocates. */
struct arena {
	unsigned char *base;
	size_t used, size;
	void  *map;             /* what the system gave */
	size_t mapped;
};
void  arena_init(struct arena *, size_t size);
void *arena_take(struct arena *, size_t n);             /* aligned to 64; more than there is ends the program */
/* The same; of an arena that is all zero the size grows instead: a first pass of calls says what to init it with, a second takes. */
void *arena_plan(struct arena *, size_t n);
void  arena_free(struct arena *);

/* Whole pages within n bytes are given back: zeroed memory reads as 0 again, a mapped file as it is on disk; others stay. */
void  mem_forget(const void *, size_t n);
#endif
