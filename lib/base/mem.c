/* mem - memory that is there or the program ends, growable bytes, and the arena of the inner loops */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "base/mem.h"
#include "base/cli.h"
#include "base/size.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *
xrealloc(void *p, size_t n)
{
	if (!(p = realloc(p, n ? n : 1)))
		die("out of memory (%zu bytes)", n);
	return p;
}

void *xmalloc(size_t n) { return xrealloc(NULL, n); }

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die("out of memory (%zu times %zu bytes)", n, size);
	return p;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		die("out of memory (%zu times %zu bytes)", n, size);
	return xrealloc(p, bytes);
}

char *
xstrndup(const char *s, size_t n)
{
	char *p = xmalloc(n + 1);

	if (n)
		memcpy(p, s, n);
	p[n] = 0;
	return p;
}

char *xstrdup(const char *s) { return s ? xstrndup(s, strlen(s)) : NULL; }

void
buf_grow(struct buf *b, size_t more)
{
	size_t want;

	if (__builtin_add_overflow(b->n, more, &want) || want > SIZE_MAX / 2)
		die("out of memory (%zu more bytes)", more);
	b->cap = want + 1 > 2 * b->cap ? want + 1 : 2 * b->cap;
	if (b->cap < 64)
		b->cap = 64;
	b->p = xrealloc(b->p, b->cap);
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	buf_need(b, n);
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = 0;
}

void buf_str(struct buf *b, const char *s) { buf_add(b, s, strlen(s)); }

void
buf_html(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		switch (s[i]) {
		case '&': buf_str(b, "&amp;"); break;
		case '<': buf_str(b, "&lt;"); break;
		case '>': buf_str(b, "&gt;"); break;
		case '"': buf_str(b, "&quot;"); break;
		default: buf_char(b, s[i]);
		}
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	buf_need(b, 0);
	va_start(ap, fmt);
	n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("a number that cannot be printed");
	if ((size_t)n >= b->cap - b->n) {
		buf_need(b, (size_t)n);
		va_start(ap, fmt);
		vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
		va_end(ap);
	}
	b->n += (size_t)n;
}

void
buf_num(struct buf *b, double x, int digits)
{
	char s[40];

	do
		snprintf(s, sizeof s, "%.*g", digits, x);
	while (++digits <= 17 && strtod(s, NULL) != x);
	buf_str(b, s);
}

void
buf_zeros(struct buf *b, size_t align)
{
	static const char zeros[64];

	while (b->n % align) {
		size_t n = align - b->n % align;
		buf_add(b, zeros, n < sizeof zeros ? n : sizeof zeros);
	}
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	if (b->p)
		b->p[0] = 0;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

#define HUGE_PAGE ((size_t)2 << 20)

void
arena_init(struct arena *a, size_t size)
{
	size_t spare = size >= HUGE_PAGE ? HUGE_PAGE : 0;       /* to begin where a huge page may */

	*a = (struct arena){ .size = round_up(size, 64) };
	if (!size)
		return;
	a->mapped = a->size + spare;
	a->map = mmap(NULL, a->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (a->map == MAP_FAILED)
		die("out of memory (%zu bytes)", size);
	a->base = a->map;
	if (spare)
		a->base += (HUGE_PAGE - (uintptr_t)a->map % HUGE_PAGE) % HUGE_PAGE;
#ifdef MADV_HUGEPAGE
	if (spare)
		madvise(a->map, a->mapped, MADV_HUGEPAGE);      /* a hint: fewer page walks */
#endif
}

void *
arena_take(struct arena *a, size_t n)
{
	void *p = a->base + a->used;

	n = round_up(n, 64);
	if (n > a->size - a->used)
		die("an arena of %zu bytes is too small for %zu more", a->size, n);
	a->used += n;
	return p;
}

void *
arena_plan(struct arena *a, size_t n)
{
	if (a->base)
		return arena_take(a, n);
	a->size += round_up(n, 64);
	return NULL;
}

void
arena_free(struct arena *a)
{
	if (a->map)
		munmap(a->map, a->mapped);
	*a = (struct arena){ 0 };
}

void
mem_forget(const void *p, size_t n)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = round_up((uintptr_t)p, page), to = ((uintptr_t)p + n) / page * page;

	if (from < to)
		madvise((void *)from, to - from, MADV_DONTNEED);
}
