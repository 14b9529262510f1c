/* http - RFC 9112 as far as stored responses need it: fields, chunks, gzip, deflate, brotli and zstd */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/read/http.h"
#include "stream/zst.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#ifdef HAVE_BROTLI
#include <brotli/decode.h>
#endif

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

/* Chunks put together where they are; what does not begin with one stays as it is. */
static void
unchunk(struct buf *b)
{
	char *s = b->p;
	size_t i = 0, n = b->n, got = 0, size = 1;

	while (size) {
		size_t digits = 0;

		while (i < n && (s[i] == '\r' || s[i] == '\n'))
			i++;
		for (size = 0; i < n && digits < 9; i++, digits++) {
			unsigned c = (unsigned char)s[i], d = c - '0' < 10 ? c - '0' : (c | 32) - 'a' < 6 ? (c | 32) - 'a' + 10 : 16;

			if (d == 16)
				break;
			size = size * 16 + d;
		}
		while (i < n && s[i] == ' ')
			i++;
		if (!digits || digits == 9 || (i < n && s[i] != ';' && s[i] != '\r' && s[i] != '\n'))
			break;
		while (i < n && s[i] != '\n')           /* an extension */
			i++;
		i += i < n;
		if (size > n - i)
			size = n - i;
		memmove(s + got, s + i, size);
		got += size;
		i += size;
		b->n = got;
	}
	s[b->n] = 0;
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
		if (r == Z_STREAM_END && bits > 15 && z.avail_in > 1 && z.next_in[0] == 0x1f && z.next_in[1] == 0x8b)
			r = inflateReset(&z);           /* another member */
	}
	inflateEnd(&z);
	return out->n - from > max ? 1 : r == Z_STREAM_END || out->n > from ? 0 : -1;
}

#ifdef HAVE_BROTLI
/* As inflate_all, for brotli (RFC 7932).  That has neither mark nor checksum: what is wrong somewhere may be noise from the beginning. */
static int
unbrotli(const char *s, size_t n, size_t max, struct buf *out)
{
	BrotliDecoderState *b = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	BrotliDecoderResult r = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
	const uint8_t *in = (const uint8_t *)s;

	while (b && r == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && out->n <= max) {
		size_t room = 65536;
		uint8_t *to;

		buf_need(out, room);
		to = (uint8_t *)out->p + out->n;
		r = BrotliDecoderDecompressStream(b, &n, &in, &room, &to, NULL);
		out->n += 65536 - room;
		out->p[out->n] = 0;
	}
	BrotliDecoderDestroyInstance(b);
	return out->n > max ? 1 : r == BROTLI_DECODER_RESULT_ERROR || (r != BROTLI_DECODER_RESULT_SUCCESS && !out->n) ? -1 : 0;
}
#endif

/* Whether a body begins like a page: '<' begins nothing in brotli. */
static int
is_page(const struct buf *b)
{
	size_t i = b->n > 3 && memcmp(b->p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (i < b->n && is_blank(b->p[i]))
		i++;
	return i < b->n && b->p[i] == '<';
}

static int
is_name(const char *s, size_t n, const char *name)
{
	return n == strlen(name) && strncasecmp(s, name, n) == 0;
}

/* One coding undone; the body stays when it is not so coded. */
static const char *
decode(const char *coding, size_t len, struct buf *body, size_t max)
{
	struct buf out = { 0 };
	int r;

	if (!body->n || is_name(coding, len, "identity"))
		return NULL;
	if (is_name(coding, len, "chunked")) {
		unchunk(body);
		return NULL;
	}
	if (is_name(coding, len, "gzip") || is_name(coding, len, "x-gzip")) {
		if (body->n < 2 || memcmp(body->p, "\x1f\x8b", 2) != 0)
			return NULL;
		r = inflate_all(body->p, body->n, 15 + 16, max, &out);
	} else if (is_name(coding, len, "deflate")) {
		r = inflate_all(body->p, body->n, 15, max, &out);
		if (r < 0)
			r = inflate_all(body->p, body->n, -15, max, &out);
		if (r < 0) {
			buf_free(&out);
			return NULL;
		}
	} else if (is_name(coding, len, "zstd") && zst_begins(body->p, body->n, 0)) {
		r = zst_undo_all(body->p, body->n, max, &out);
		r = r < 0 && out.n ? 0 : r;
	} else if (is_page(body)) {     /* crawlers mostly undo codings and leave the field */
		return NULL;
#ifdef HAVE_BROTLI
	} else if (is_name(coding, len, "br")) {
		r = unbrotli(body->p, body->n, max, &out);
#endif
	} else {
		return "http.coding";
	}
	buf_free(body);
	*body = out;
	return r < 0 ? "http.damaged" : r ? "too_large" : NULL;
}

/* The codings that a field lists undone, the last one first. */
static const char *
undo(const struct http *h, const char *s, const char *field, struct buf *body, size_t max)
{
	size_t len = 0;
	const char *v = field_get(s, h->body, field, &len), *reason = NULL;

	for (int i = 0; len && i < 4 && !reason; i++) {
		size_t from = len;

		while (from && v[from - 1] != ',' && !is_blank(v[from - 1]))
			from--;
		reason = decode(v + from, len - from, body, max);
		for (len = from; len && (v[len - 1] == ',' || is_blank(v[len - 1])); )
			len--;
	}
	return reason;
}

const char *
http_body(const struct http *h, const char *s, size_t n, size_t max, struct buf *out)
{
	struct buf body = *out;         /* in the caller's memory: pages are copied once */
	const char *reason;

	buf_clear(&body);
	buf_add(&body, s + h->body, n - h->body);
	reason = undo(h, s, "transfer-encoding", &body, max);
	if (!reason)
		reason = undo(h, s, "content-encoding", &body, max);
	if (!reason && body.n > max)
		reason = "too_large";
	if (reason)
		buf_clear(&body);
	*out = body;
	return reason;
}
