/* http - RFC 9112 as far as stored responses need it: fields, chunks, gzip, deflate and zstd */
/* SPDX-License-Identifier: MIT */
#include "text/read/http.h"
#include "stream/zst.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

static int
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *
field_get(const char *s, size_t n, const char *name, size_t *len)
{
	size_t want = strlen(name);
	const char *end = s + n, *p = s;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;

		if ((size_t)(stop - p) > want && strncasecmp(p, name, want) == 0) {
			const char *v = p + want;

			while (v < stop && (*v == ' ' || *v == '\t'))
				v++;
			if (v < stop && *v == ':') {
				for (v++; v < stop && is_blank(*v); )
					v++;
				while (stop > v && is_blank(stop[-1]))
					stop--;
				*len = (size_t)(stop - v);
				return v;
			}
		}
		p = nl ? nl + 1 : end;
	}
	return NULL;
}

size_t
field_block(const char *s, size_t n)
{
	const char *p = s, *end = s + n;

	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		p++;
		if (p < end && *p == '\n')
			return (size_t)(p + 1 - s);
		if (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
			return (size_t)(p + 2 - s);
	}
	return 0;
}

void
http_type(const char *v, size_t n, char type[64], char charset[40])
{
	size_t i, k = 0;

	for (i = 0; i < n && v[i] != ';' && !is_blank(v[i]); i++)
		if (k < 63)
			type[k++] = (char)(v[i] >= 'A' && v[i] <= 'Z' ? v[i] | 32 : v[i]);
	type[k] = 0;
	charset[0] = 0;
	for (; i + 8 < n; i++) {
		if (strncasecmp(v + i, "charset=", 8) != 0)
			continue;
		for (i += 8, k = 0; i < n && k < 39 && v[i] != ';' && !is_blank(v[i]); i++)
			if (v[i] != '"' && v[i] != '\'')
				charset[k++] = v[i];
		charset[k] = 0;
		return;
	}
}

int
http_parse(struct http *h, const char *s, size_t n)
{
	size_t i = 5, len;
	const char *v;

	memset(h, 0, sizeof *h);
	if (n < 12 || memcmp(s, "HTTP/", 5) != 0)
		return -1;
	while (i < n && s[i] != ' ' && s[i] != '\n')
		i++;
	while (i < n && s[i] == ' ')
		i++;
	for (; i < n && (unsigned)s[i] - '0' < 10 && h->status < 1000; i++)
		h->status = h->status * 10 + s[i] - '0';
	if (h->status < 100)
		return -1;
	h->body = field_block(s, n);
	if (!h->body)
		h->body = n;
	if ((v = field_get(s, h->body, "content-type", &len)))
		http_type(v, len, h->type, h->charset);
	return 0;
}

/* Chunks put together; -1 when the bytes are not chunks at all. */
static int
unchunk(const char *s, size_t n, struct buf *out)
{
	size_t i = 0, from = out->n;

	for (;;) {
		size_t size = 0, digits = 0;

		while (i < n && (s[i] == '\r' || s[i] == '\n'))
			i++;
		for (; i < n && digits < 9; i++, digits++) {
			unsigned c = (unsigned char)s[i], d = c - '0' < 10 ? c - '0' : (c | 32) - 'a' < 6 ? (c | 32) - 'a' + 10 : 16;

			if (d == 16)
				break;
			size = size * 16 + d;
		}
		if (!digits || digits == 9)
			return out->n == from ? -1 : 0;
		while (i < n && s[i] == ' ')
			i++;
		if (i < n && s[i] != ';' && s[i] != '\r' && s[i] != '\n')
			return out->n == from ? -1 : 0;
		while (i < n && s[i] != '\n')           /* an extension */
			i++;
		i++;
		if (size == 0 || i >= n)
			return 0;
		if (size > n - i)
			size = n - i;
		buf_add(out, s + i, size);
		i += size;
	}
}

/* Inflates into at most max bytes: 0, 1 too large, -1 not compressed like this; what came before damage stays. */
static int
inflate_all(const char *s, size_t n, int bits, size_t max, struct buf *out)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)s, .avail_in = (unsigned)(n < 1u << 31 ? n : 1u << 31) };
	size_t from = out->n;
	int r = Z_OK;

	if (inflateInit2(&z, bits) != Z_OK)
		return -1;
	while (r == Z_OK && out->n - from <= max) {
		buf_need(out, 65536);
		z.next_out = (unsigned char *)out->p + out->n;
		z.avail_out = 65536;
		r = inflate(&z, Z_NO_FLUSH);
		out->n += 65536 - z.avail_out;
		out->p[out->n] = 0;
	}
	inflateEnd(&z);
	return out->n - from > max ? 1 : r == Z_STREAM_END || out->n > from ? 0 : -1;
}

/* One content coding undone, from *in to *out (emptied); in stays when the body is not so coded. */
static const char *
decode(const char *coding, size_t len, struct buf *in, size_t max)
{
	struct buf out = { 0 };
	int r;

	if (len == 8 && strncasecmp(coding, "identity", 8) == 0)
		return NULL;
	if ((len == 4 && strncasecmp(coding, "gzip", 4) == 0) || (len == 6 && strncasecmp(coding, "x-gzip", 6) == 0)) {
		if (in->n < 2 || memcmp(in->p, "\x1f\x8b", 2) != 0)
			return NULL;
		r = inflate_all(in->p, in->n, 15 + 16, max, &out);
	} else if (len == 7 && strncasecmp(coding, "deflate", 7) == 0) {
		r = inflate_all(in->p, in->n, 15, max, &out);
		if (r < 0)
			r = inflate_all(in->p, in->n, -15, max, &out);
		if (r < 0) {
			buf_free(&out);
			return NULL;
		}
	} else if (len == 4 && strncasecmp(coding, "zstd", 4) == 0 && zst_begins(in->p, in->n, 0)) {
		r = zst_undo_all(in->p, in->n, max, &out);
		r = r < 0 && out.n ? 0 : r;
	} else {
		/* br: crawlers mostly undo it and leave the field; what is left begins like a page */
		size_t i = 0;

		while (i < in->n && is_blank(in->p[i]))
			i++;
		return i < in->n && in->p[i] == '<' ? NULL : "http.coding";
	}
	buf_free(in);
	*in = out;
	return r < 0 ? "http.damaged" : r ? "too_large" : NULL;
}

const char *
http_body(const struct http *h, const char *s, size_t n, size_t max, struct buf *out)
{
	size_t len;
	const char *v = field_get(s, h->body, "transfer-encoding", &len), *reason = NULL;
	struct buf body = *out;         /* in the caller's memory: pages are copied once */

	buf_clear(&body);
	if (!(v && len >= 7 && strncasecmp(v + len - 7, "chunked", 7) == 0 && unchunk(s + h->body, n - h->body, &body) == 0)) {
		buf_clear(&body);
		buf_add(&body, s + h->body, n - h->body);
	}
	v = field_get(s, h->body, "content-encoding", &len);
	for (int i = 0; v && len && i < 4 && !reason; i++) {     /* the last coding was applied last */
		size_t from = len;

		while (from && v[from - 1] != ',' && !is_blank(v[from - 1]))
			from--;
		reason = decode(v + from, len - from, &body, max);
		for (len = from; len && (v[len - 1] == ',' || is_blank(v[len - 1])); )
			len--;
	}
	if (!reason && body.n > max)
		reason = "too_large";
	if (reason)
		buf_clear(&body);
	*out = body;
	return reason;
}
