/* cdx - where each page is: lines as in a CDXJ index of a web archive */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/read/cdx.h"
#include "base/json.h"
#include <string.h>

/* The address with its host turned round (SURT): what belongs together sorts together.  Without scheme, "www." and fragment. */
static void
add_surt(struct buf *out, const char *url, size_t n)
{
	const char *p = memmem(url, n, "://", 3), *end = url + n, *slash, *hash;
	size_t from = out->n;

	if ((hash = memchr(url, '#', n)))
		end = hash;
	p = p ? p + 3 : url;
	for (slash = p; slash < end && *slash != '/' && *slash != '?'; slash++)
		;
	if (slash - p > 4 && memcmp(p, "www.", 4) == 0)
		p += 4;
	for (const char *e = slash; e > p; ) {
		const char *dot = e;

		while (dot > p && dot[-1] != '.')
			dot--;
		if (out->n > from)
			buf_char(out, ',');
		buf_add(out, dot, (size_t)(e - dot));
		e = dot > p ? dot - 1 : p;
	}
	buf_char(out, ')');
	if (slash == end || *slash != '/')
		buf_char(out, '/');
	buf_add(out, slash, (size_t)(end - slash));
	for (size_t i = from; i < out->n; i++) {
		unsigned char c = (unsigned char)out->p[i];

		if (c <= ' ' || c == 0x7f)
			out->p[i] = '_';                /* fields are parted by blanks */
		else if (c >= 'A' && c <= 'Z')
			out->p[i] = (char)(c | 32);
	}
}

void
cdx_line(const struct page *p, struct buf *out)
{
	size_t digits = 0;

	if (p->offset < 0)
		return;
	add_surt(out, p->url.n ? p->url.p : buf_text(&p->id), p->url.n ? p->url.n : p->id.n);
	buf_char(out, ' ');
	for (size_t i = 0; i < p->date.n && digits < 14; i++)
		if ((unsigned)p->date.p[i] - '0' < 10) {
			buf_char(out, p->date.p[i]);
			digits++;
		}
	if (!digits)
		buf_char(out, '-');
	buf_str(out, " {");
	if (p->url.n) {
		json_key(out, "url");
		json_quote(out, p->url.p, p->url.n);
	}
	json_key(out, "filename");
	json_quote(out, buf_text(&p->source), p->source.n);
	json_add_int(out, "offset", p->offset);
	buf_str(out, "}\n");
}
