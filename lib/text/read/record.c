/* record - a record of a web archive as a page: its HTTP head read, its payload decoded, or the reason why not */
/* SPDX-License-Identifier: MIT */
#include "text/read/record.h"
#include "text/page/extract.h"
#include "text/read/http.h"
#include "text/read/sniff.h"
#include <stdio.h>
#include <string.h>

static void
set_field(struct buf *out, const struct warc_record *r, const char *name)
{
	size_t n;
	const char *v = field_get(r->head, r->head_len, name, &n);

	if (v && n > 1 && v[0] == '<' && v[n - 1] == '>')       /* "<urn:uuid:...>", and URIs as some tools write them */
		v++, n -= 2;
	if (v)
		buf_add(out, v, n);
}

/* What a content type says of a page: its kind, or why it is none. */
static const char *
kind_of(const char *type, const char *body, size_t n, enum page_kind *kind)
{
	if (strcmp(type, "text/html") == 0 || strcmp(type, "application/xhtml+xml") == 0)
		*kind = PAGE_HTML;
	else if (strcmp(type, "text/plain") == 0 || strcmp(type, "text/markdown") == 0)
		*kind = sniff_text(body, n, 1) == FORMAT_HTML ? PAGE_HTML : PAGE_TEXT;
	else if ((type[0] == 0 || strcmp(type, "application/octet-stream") == 0) && sniff_text(body, n, 1) == FORMAT_HTML)
		*kind = PAGE_HTML;
	else
		return "type";
	return NULL;
}

/* What the HTTP head asks of machines. */
static void
head_asks(const char *head, size_t n, struct page *p)
{
	char value[256];
	size_t len;
	const char *v, *end = head + n;

	if ((v = field_get(head, n, "tdm-reservation", &len)) && len == 1 && *v == '1')
		p->asks |= ASKS_TDM;
	for (; (v = field_get(head, (size_t)(end - head), "x-robots-tag", &len)); head = v + len) {
		snprintf(value, sizeof value, "%.*s", (int)(len < 255 ? len : 255), v);
		p->asks |= robots_asks(value);
	}
}

/* The payload of a response into the page. */
static const char *
response(const struct warc_record *r, struct page *p)
{
	struct http h;
	const char *reason;

	if (http_parse(&h, r->body, r->body_len) < 0)
		return "http.damaged";
	if (h.status < 200 || h.status > 299)
		return "http.status";
	if (h.type[0] && strncmp(h.type, "text/", 5) != 0 && strcmp(h.type, "application/xhtml+xml") != 0 &&
	    strcmp(h.type, "application/octet-stream") != 0)
		return "type";
	memcpy(p->charset, h.charset, sizeof p->charset);
	head_asks(r->body, h.body, p);
	if ((reason = http_body(&h, r->body, r->body_len, PAGE_MAX, &p->body)))
		return reason;
	return kind_of(h.type, buf_text(&p->body), p->body.n, &p->kind);
}

void
page_of_record(struct page *p, const struct warc_record *r)
{
	char type[64] = "";
	const char *v;
	size_t n;

	set_field(&p->id, r, "warc-record-id");
	set_field(&p->url, r, "warc-target-uri");
	set_field(&p->date, r, "warc-date");
	p->offset = (long long)r->offset;
	if (!r->body) {
		p->reason = "too_large";
		return;
	}
	if ((v = field_get(r->head, r->head_len, "content-type", &n)))
		http_type(v, n, type, p->charset);
	if (r->type == WARC_RESPONSE && (!type[0] || strcmp(type, "application/http") == 0)) {
		p->reason = response(r, p);
	} else {                                /* a response of DNS, say, holds what its own type names */
		p->reason = kind_of(r->type == WARC_CONVERSION && !type[0] ? "text/plain" : type, r->body, r->body_len, &p->kind);
		if (!p->reason)
			buf_add(&p->body, r->body, r->body_len);
		if (r->type == WARC_CONVERSION && p->kind == PAGE_TEXT)
			p->kind = PAGE_DOC;
	}
	if (!p->reason && p->body.n == 0)
		p->reason = "empty";
}
