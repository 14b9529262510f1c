/* xml - tags and text of XML one after the other */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/markup/xml.h"
#include "text/page/html.h"
#include <string.h>

/* Past what begins at p and ends in `with`; all that is left when that does not come. */
static const char *
past(const struct xml *x, const char *p, const char *with)
{
	const char *at = memmem(p, (size_t)(x->end - p), with, strlen(with));

	return at ? at + strlen(with) : x->end;
}

static int
is_name(int c)
{
	return c > ' ' && c != '/' && c != '>' && c != '=' && c != '<';
}

static void
tag(struct xml *x)
{
	const char *p = x->p + 1, *gt = memchr(p, '>', (size_t)(x->end - p));
	char quote = 0;

	x->kind = XML_OPEN;
	if (p < x->end && *p == '/') {
		x->kind = XML_CLOSE;
		p++;
	}
	x->name = p;
	while (p < x->end && is_name((unsigned char)*p))
		p++;
	x->name_len = (size_t)(p - x->name);
	x->s = p;
	if (gt && memchr(p, '"', (size_t)(gt - p)))
		for (; p < x->end && (quote || *p != '>'); p++)         /* a value may hold a '>' */
			quote = quote ? (*p == quote ? 0 : quote) : *p == '"' || *p == '\'' ? *p : 0;
	else
		p = gt ? gt : x->end;
	x->n = (size_t)(p - x->s);
	if (x->kind == XML_OPEN && x->n && x->s[x->n - 1] == '/') {
		x->kind = XML_EMPTY;
		x->n--;
	}
	x->p = p < x->end ? p + 1 : p;
}

int
xml_next(struct xml *x)
{
	while (x->p < x->end) {
		size_t left = (size_t)(x->end - x->p);
		const char *lt;

		if (*x->p != '<') {
			lt = memchr(x->p, '<', left);
			x->kind = XML_TEXT;
			x->s = x->p;
			x->p = lt ? lt : x->end;
			x->n = (size_t)(x->p - x->s);
			return 1;
		}
		if (left > 3 && memcmp(x->p, "<!--", 4) == 0) {
			x->p = past(x, x->p + 4, "-->");
		} else if (left > 8 && memcmp(x->p, "<![CDATA[", 9) == 0) {
			x->kind = XML_CDATA;
			x->s = x->p + 9;
			x->p = past(x, x->s, "]]>");
			x->n = (size_t)(x->p - x->s);
			x->n -= x->n >= 3 && memcmp(x->p - 3, "]]>", 3) == 0 ? 3 : 0;
			return 1;
		} else if (left > 1 && (x->p[1] == '!' || x->p[1] == '?')) {
			x->p = past(x, x->p, ">");
		} else {
			tag(x);
			return 1;
		}
	}
	return 0;
}

int
xml_is(const struct xml *x, const char *name)
{
	size_t n = strlen(name);

	return x->kind <= XML_EMPTY && x->name_len >= n && memcmp(x->name + x->name_len - n, name, n) == 0 &&
	       (x->name_len == n || x->name[x->name_len - n - 1] == ':');
}

void
xml_text(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; ) {
		const char *amp = memchr(s + i, '&', n - i);
		size_t to = amp ? (size_t)(amp - s) : n, used = 0, len;
		char c[8];

		buf_add(out, s + i, to - i);
		if ((i = to) == n)
			return;
		len = html_entity(s + i + 1, n - i - 1, c, &used);
		buf_add(out, used ? c : "&", used ? len : 1);
		i += 1 + used;
	}
}

int
xml_attr(const struct xml *x, const char *name, struct buf *out)
{
	const char *p = x->s, *end = x->s + x->n;
	size_t n = strlen(name);

	buf_clear(out);
	while (p < end) {
		const char *key, *value, *stop;
		size_t len;

		while (p < end && !is_name((unsigned char)*p))
			p++;
		for (key = p; p < end && is_name((unsigned char)*p); p++)
			;
		len = (size_t)(p - key);
		while (p < end && (unsigned char)*p <= ' ')
			p++;
		if (p == end || *p != '=')
			continue;
		for (p++; p < end && (unsigned char)*p <= ' '; p++)
			;
		if (p == end || (*p != '"' && *p != '\''))
			continue;
		value = p + 1;
		stop = memchr(value, *p, (size_t)(end - value));
		stop = stop ? stop : end;
		p = stop < end ? stop + 1 : end;
		if (len == n && memcmp(key, name, n) == 0) {
			xml_text(value, (size_t)(stop - value), out);
			return 1;
		}
	}
	return 0;
}

void
xml_content(struct xml *x, struct buf *out)
{
	if (x->kind != XML_OPEN)
		return;
	for (int depth = 1; depth && xml_next(x); ) {
		if (x->kind == XML_OPEN)
			depth++;
		else if (x->kind == XML_CLOSE)
			depth--;
		else if (depth == 1 && x->kind == XML_TEXT)
			xml_text(x->s, x->n, out);
		else if (depth == 1 && x->kind == XML_CDATA)
			buf_add(out, x->s, x->n);
	}
}
