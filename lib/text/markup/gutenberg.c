/* gutenberg - books of Project Gutenberg without what stands before and behind them */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/markup/gutenberg.h"
#include <string.h>
#include <strings.h>

#define HEAD_MAX ((size_t)1 << 15)      /* what stands before the book */

static int
begins(const char *p, const char *end, const char *what)
{
	return (size_t)(end - p) >= strlen(what) && strncasecmp(p, what, strlen(what)) == 0;
}

/* Whether a line says that the book begins ("START") or ends ("END"): of these years, and older ones. */
static int
says(const char *p, const char *end, const char *what)
{
	while (p < end && (*p == '*' || *p == ' '))
		p++;
	if (!begins(p, end, what))
		return 0;
	for (p += strlen(what); p < end && *p == ' '; p++)
		;
	if (begins(p, end, "of "))
		p += 3;
	for (int i = 0; i < 2; i++)
		if (begins(p, end, i ? "the " : "this "))
			p += i ? 4 : 5;
	return begins(p, end, "Project Gutenberg");
}

static void
field(const char *p, const char *end, const char *name, struct buf *to)
{
	size_t n = strlen(name);

	if (to->n || !begins(p, end, name))
		return;
	for (p += n; p < end && *p == ' '; p++)
		;
	while (end > p && (unsigned char)end[-1] <= ' ')
		end--;
	buf_add(to, p, (size_t)(end - p));
}

int
gutenberg_cut(struct buf *text, struct buf *title, struct buf *author)
{
	const char *s = text->p, *stop = s + text->n, *from = NULL, *to = NULL, *nl;
	struct buf t = { 0 }, a = { 0 };

	if (!text->n || !memmem(s, text->n < HEAD_MAX ? text->n : HEAD_MAX, "Gutenberg", 9))
		return 0;
	for (const char *p = s; p < stop && !to; p = nl + (nl < stop)) {
		nl = memchr(p, '\n', (size_t)(stop - p));
		nl = nl ? nl : stop;
		if (!from && (size_t)(p - s) < HEAD_MAX) {
			field(p, nl, "Title:", &t);
			field(p, nl, "Author:", &a);
			if (says(p, nl, "START") || begins(p, nl, "*END*THE SMALL PRINT") || begins(p, nl, "*END THE SMALL PRINT"))
				from = nl;
		} else if (from && says(p, nl, "END")) {
			to = p;
		}
	}
	if (from) {
		size_t n = (size_t)((to ? to : stop) - from);

		if (!title->n && t.n)
			buf_add(title, t.p, t.n);
		if (!author->n && a.n)
			buf_add(author, a.p, a.n);
		memmove(text->p, from, n);
		text->n = n;
		text->p[n] = 0;
	}
	buf_free(&t);
	buf_free(&a);
	return from != NULL;
}
