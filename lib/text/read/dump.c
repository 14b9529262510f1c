/* dump - the articles of a MediaWiki dump */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/read/dump.h"
#include <string.h>

/* The next <page>, with what is before it, not consumed: 1, 0 there is none, -1. */
static int
next_element(struct input *in, const char **xml, size_t *len, uint64_t *at, struct err *err)
{
	size_t want = (size_t)1 << 16, got = 0, seen = 0;
	const unsigned char *p;
	const char *from, *end = NULL;

	for (; !end; want *= 2) {
		if (!(p = input_peek(in, want, &got, err)))
			return -1;
		end = memmem(p + seen, got - seen, "</page>", 7);
		seen = got > 7 ? got - 7 : 0;
		if (!end && got < want && !memmem(p, got, "<page>", 6))
			return 0;
		if (!end && (got < want || want > 4 * PAGE_MAX))
			return err_set(err, "%s: byte %llu: %s", input_name(in), (unsigned long long)input_offset(in), got < want ?
			    "cut short within a page" : "a page that does not end");
	}
	*xml = (const char *)p;
	*len = (size_t)(end + 7 - *xml);
	from = memmem(p, *len, "<page>", 6);
	*at = input_offset(in) + (from ? (size_t)(from - *xml) : 0);
	return 1;
}

int
dump_next(struct wiki_page *w, struct input *in, struct page *p, uint64_t *skipped, struct err *err)
{
	const char *xml = "";
	uint64_t at = 0;
	size_t len = 0;
	int r;

	do {
		if ((r = next_element(in, &xml, &len, &at, err)) <= 0)
			return r;
		wiki_parse(w, xml, len);
		input_skip(in, len);
		*skipped += w->ns != 0 || w->redirect || w->other;
	} while (w->ns != 0 || w->redirect || w->other);
	p->kind = PAGE_WIKI;
	p->offset = (long long)at;
	buf_add(&p->body, buf_text(&w->text), w->text.n);
	buf_add(&p->title, buf_text(&w->title), w->title.n);
	buf_add(&p->date, buf_text(&w->date), w->date.n);
	buf_printf(&p->id, "%.*s", (int)w->id.n, buf_text(&w->id));
	if (p->body.n > PAGE_MAX || !p->body.n)
		p->reason = p->body.n ? "too_large" : "empty";
	return 1;
}
