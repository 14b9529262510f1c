/* source - tells what a file is by its first bytes and hands out its pages */
/* SPDX-License-Identifier: MIT */
#include "text/source.h"
#include "base/json.h"
#include "stream/docs.h"
#include "stream/input.h"
#include "text/charset.h"
#include "text/extract.h"
#include "text/http.h"
#include "text/unpack.h"
#include "text/warc.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zlib.h>

#define SNIFF ((size_t)1 << 16)

struct source {
	struct source_opts opts;
	int    nfiles;
	char **files;
	struct input *in;               /* of the file being read, unless docs or an archive own it */
	struct warc  *warc;
	struct unpack *unpack;
	struct docs_in *docs;
	enum source_format kind;
	char  *name;
	int    done;                    /* the one page of this file has been handed out */
	uint64_t line;
	const char *charset;            /* of a text that is split */
	struct buf  buf;
	char  *head;
	uint64_t skipped, damaged;
};

static const char *const formats[] = { "auto", "warc", "wet", "html", "text", "jsonl", "archive" };
static const char *const splits[] = { "file", "line", "para" };

int
source_format(const char *name)
{
	for (int i = 0; i < 7; i++)
		if (strcmp(name, formats[i]) == 0)
			return i;
	return -1;
}

int
source_split(const char *name)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(name, splits[i]) == 0)
			return i;
	return -1;
}

void
page_free(struct page *p)
{
	buf_free(&p->body);
	buf_free(&p->id);
	buf_free(&p->url);
	buf_free(&p->date);
	buf_free(&p->source);
	buf_free(&p->meta);
}

/* Whether markup begins here: "<!doctype", "<html" and what else pages begin with. */
static int
begins_page(const char *s, size_t n)
{
	static const char *const starts[] = { "<!doctype html", "<html", "<head", "<body", "<title", "<meta", "<script", "<link",
		"<table", "<div", "<p>", "<h1", "<center", "<style", "<!doctype" };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (n >= strlen(starts[i]) && strncasecmp(s, starts[i], strlen(starts[i])) == 0)
			return 1;
	return 0;
}

enum source_format
text_kind(const char *s, size_t n, int at_end)
{
	char plain[512];
	const char *nl, *end;
	struct json j;

	if (n >= 2 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0)) {       /* UTF-16: every other byte */
		size_t k = 0;

		for (size_t i = 2 + (s[0] == '\xfe'); i < n && k < sizeof plain; i += 2)
			plain[k++] = s[i];
		s = plain;
		n = k;
		at_end = 1;
	}
	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		s += 3, n -= 3;
	end = s + n;
	if (n && *s == '{') {
		nl = memchr(s, '\n', n);
		if ((nl || at_end) && json_parse(&j, s, (size_t)((nl ? nl : end) - s), NULL) == 0)
			return FORMAT_JSONL;
		if (!nl && !at_end && n > 2 && (s[1] == '"' || s[1] == ' '))
			return FORMAT_JSONL;
	}
	for (int i = 0; i < 16; i++) {          /* past blanks, comments and an XML declaration */
		while (s < end && (unsigned char)*s <= ' ')
			s++;
		if (end - s < 4 || *s != '<')
			return FORMAT_TEXT;
		if (begins_page(s, (size_t)(end - s)))
			return FORMAT_HTML;
		if (memcmp(s, "<!--", 4) == 0) {
			while (end - s >= 3 && memcmp(s, "-->", 3) != 0)
				s++;
			if (end - s < 3)
				return FORMAT_HTML;
			s += 3;
		} else if (s[1] == '?' && (nl = memchr(s, '>', (size_t)(end - s)))) {
			s = nl + 1;
		} else {
			return FORMAT_TEXT;
		}
	}
	return FORMAT_TEXT;
}

/* Whether a gzip member at p begins as a WARC: 1, 0, -1 when nothing comes out of it. */
static int
member_is_warc(const unsigned char *p, size_t n)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)p, .avail_in = (unsigned)n };
	unsigned char out[64] = { 0 };
	int r;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return -1;
	z.next_out = out;
	z.avail_out = sizeof out;
	r = inflate(&z, Z_SYNC_FLUSH);
	inflateEnd(&z);
	return memcmp(out, "WARC/", 5) == 0 ? 1 : r == Z_DATA_ERROR || z.avail_out == sizeof out ? -1 : 0;
}

/* Whether gzip bytes hold a WARC; the first members may be damaged. */
static int
is_gzip_warc(const unsigned char *p, size_t n)
{
	int is = -1, tries = 0;

	if (n < 3 || p[0] != 0x1f || p[1] != 0x8b)
		return 0;
	for (size_t i = 0; i + 2 < n && is < 0 && tries < 32; i++)
		if (p[i] == 0x1f && p[i + 1] == 0x8b && p[i + 2] == 8) {
			is = member_is_warc(p + i, n - i);
			tries++;
		}
	return is > 0;
}

/* Zip and 7z keep their directory at the end: a regular file is read by its path. */
static int
open_archive(struct source *s, const char *path, struct err *err)
{
	struct stat st;
	int seekable = path && strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);

	if (seekable) {
		input_close(s->in);
		s->in = NULL;
	}
	s->unpack = unpack_open(s->in, path, err);
	return s->unpack ? 0 : -1;
}

/* What the open input is, and the reader for it. */
static int
begin(struct source *s, const char *path, struct err *err)
{
	size_t got;
	const unsigned char *p;
	int packed, gz;

	if (!(p = input_peek(s->in, SNIFF, &got, err)))
		return -1;
	if (got == 0)
		return err_set(err, "%s: empty (did the command before it fail?)", input_name(s->in));
	s->kind = s->opts.format;
	packed = got > 2 && p[0] == 0x1f && p[1] == 0x8b;
	gz = is_gzip_warc(p, got) || (packed && (s->kind == FORMAT_WARC || s->kind == FORMAT_WET));
	if (!gz && s->kind != FORMAT_ARCHIVE) {
		if (input_unpack(s->in, err) < 0 || !(p = input_peek(s->in, SNIFF, &got, err)))
			return -1;
	}
	if (s->kind == FORMAT_AUTO) {
		if (gz || (got > 5 && memcmp(p, "WARC/", 5) == 0))
			s->kind = FORMAT_WARC;
		else if (stream_is(p, got))
			s->kind = FORMAT_JSONL;
		else if (unpack_is(p, got))
			s->kind = FORMAT_ARCHIVE;
		else
			s->kind = text_kind((const char *)p, got, got < SNIFF);
	}
	if (got > 11 && memcmp(p, "filedesc://", 11) == 0)
		return err_set(err, "%s: an ARC file, the form before WARC: not read here (warcio recompress makes a WARC of it)", input_name(s->in));
	if (s->kind == FORMAT_TEXT && memchr(p, 0, got < 1024 ? got : 1024) && !(got >= 2 && (p[0] == 0xff || p[0] == 0xfe)))
		return err_set(err, "%s: neither text, nor a page, an archive or a crawl", input_name(s->in));
	switch (s->kind) {
	case FORMAT_WARC: case FORMAT_WET:
		s->warc = warc_open(s->in, gz, PAGE_MAX + (PAGE_MAX >> 3), s->opts.say);
		break;
	case FORMAT_JSONL:
		s->docs = docs_from(s->in);
		s->in = NULL;
		if (!s->head && strstr(docs_head(s->docs), "\"prog\""))
			s->head = xstrdup(docs_head(s->docs));
		break;
	case FORMAT_ARCHIVE:
		return open_archive(s, path, err);
	default:
		s->charset = s->opts.split == SPLIT_FILE ? NULL : charset_of((const char *)p, got, NULL, 0);
	}
	return 0;
}

static void
end_file(struct source *s)
{
	if (s->warc) {
		s->damaged += warc_damaged(s->warc);
		warc_close(s->warc);
	}
	if (s->unpack) {
		s->skipped += unpack_skipped(s->unpack);
		unpack_close(s->unpack);
	}
	if (s->docs)
		docs_close(s->docs);
	if (s->in)
		input_close(s->in);
	free(s->name);
	s->warc = NULL, s->unpack = NULL, s->docs = NULL, s->in = NULL, s->name = NULL;
}

/* Opens the next file: 1, 0 there is none, -1. */
static int
next_file(struct source *s, struct err *err)
{
	const char *path;

	end_file(s);
	if (s->nfiles == 0)
		return 0;
	s->nfiles--;
	path = s->files ? *s->files++ : NULL;
	if (!(s->in = input_open(path, 0, err)))
		return -1;
	s->name = xstrdup(input_name(s->in));
	s->done = 0;
	s->line = 0;
	return begin(s, path, err) < 0 ? -1 : 1;
}

struct source *
source_open(int nfiles, char **files, const struct source_opts *opts, struct err *err)
{
	struct source *s = xcalloc(1, sizeof *s);

	s->opts = *opts;
	s->nfiles = nfiles ? nfiles : 1;
	s->files = nfiles ? files : NULL;
	if (next_file(s, err) > 0)
		return s;
	source_close(s);
	return NULL;
}

void
source_close(struct source *s)
{
	end_file(s);
	buf_free(&s->buf);
	free(s->head);
	free(s);
}

const char *
source_head(const struct source *s)
{
	return s->head;
}

uint64_t
source_skipped(const struct source *s)
{
	return s->skipped + (s->unpack ? unpack_skipped(s->unpack) : 0);
}

uint64_t
source_damaged(const struct source *s)
{
	return s->damaged + (s->warc ? warc_damaged(s->warc) : 0);
}

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
		*kind = text_kind(body, n, 1) == FORMAT_HTML ? PAGE_HTML : PAGE_TEXT;
	else if ((type[0] == 0 || strcmp(type, "application/octet-stream") == 0) && text_kind(body, n, 1) == FORMAT_HTML)
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
	const char *v = field_get(head, n, "x-robots-tag", &len);

	if (v) {
		snprintf(value, sizeof value, "%.*s", (int)(len < 255 ? len : 255), v);
		p->asks |= robots_asks(value);
	}
	if ((v = field_get(head, n, "tdm-reservation", &len)) && len == 1 && *v == '1')
		p->asks |= ASKS_TDM;
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
	return kind_of(h.type, p->body.p ? p->body.p : "", p->body.n, &p->kind);
}

static int
next_record(struct source *s, struct page *p, struct err *err)
{
	struct warc_record r;
	char type[64] = "";
	const char *v;
	size_t n;
	int got;

	do {
		if ((got = warc_next(s->warc, &r, err)) <= 0)
			return got;
		s->skipped += r.type == WARC_OTHER;
	} while (r.type == WARC_OTHER);
	set_field(&p->id, &r, "warc-record-id");
	set_field(&p->url, &r, "warc-target-uri");
	set_field(&p->date, &r, "warc-date");
	p->offset = (long long)r.offset;
	if (!r.body) {
		p->reason = "too_large";
		return 1;
	}
	if ((v = field_get(r.head, r.head_len, "content-type", &n)))
		http_type(v, n, type, p->charset);
	if (r.type == WARC_RESPONSE && (!type[0] || strcmp(type, "application/http") == 0)) {
		p->reason = response(&r, p);
	} else {                                /* a response of DNS, say, holds what its own type names */
		p->reason = kind_of(r.type == WARC_CONVERSION && !type[0] ? "text/plain" : type, r.body, r.body_len, &p->kind);
		if (!p->reason)
			buf_add(&p->body, r.body, r.body_len);
		if (r.type == WARC_CONVERSION && p->kind == PAGE_TEXT)
			p->kind = PAGE_DOC;
	}
	if (!p->reason && p->body.n == 0)
		p->reason = "empty";
	return 1;
}

static int
next_member(struct source *s, struct page *p, struct err *err)
{
	int r = unpack_next(s->unpack, PAGE_MAX, &p->id, &p->body, &p->reason, err);
	const char *name = p->id.p, *dot;

	if (r <= 0)
		return r;
	dot = strrchr(name, '.');
	p->kind = dot && (strncasecmp(dot, ".txt", 4) == 0 || strncasecmp(dot, ".md", 3) == 0 || strncasecmp(dot, ".text", 5) == 0) ?
		PAGE_TEXT : text_kind(p->body.p ? p->body.p : "", p->body.n, 1) == FORMAT_HTML || !strstr(name, ".txt") ? PAGE_HTML : PAGE_TEXT;
	if (!p->reason && p->body.n == 0)
		p->reason = "empty";
	return 1;
}

static int
next_doc(struct source *s, struct page *p)
{
	struct doc d;

	if (!docs_next(s->docs, &d))
		return 0;
	p->kind = PAGE_DOC;
	buf_add(&p->body, d.text, d.text_len);
	buf_add(&p->meta, d.meta, d.meta_len);
	return 1;
}

/* A line, or the lines up to a blank one. */
static int
next_piece(struct source *s, struct page *p, struct err *err)
{
	uint64_t first = 0, at = 0;
	int cut, r = 1;

	for (;;) {
		uint64_t before = input_offset(s->in);

		if ((r = input_line(s->in, &s->buf, PAGE_MAX, &cut, err)) < 0)
			return -1;
		s->line += r > 0;
		if (r == 0 || strspn(s->buf.p, " \t\r") == s->buf.n) {
			if (r == 0 || first)
				break;
			continue;
		}
		if (!first)
			first = s->line, at = before;
		if (p->body.n)
			buf_char(&p->body, '\n');
		buf_add(&p->body, s->buf.p, s->buf.n);
		if (s->opts.split == SPLIT_LINE)
			break;
		if (p->body.n > PAGE_MAX)
			return err_set(err, "%s: line %llu: a paragraph of more than %zu bytes", s->name, (unsigned long long)first, PAGE_MAX);
	}
	if (!first)
		return 0;
	p->kind = PAGE_TEXT;
	p->offset = (long long)at;
	buf_printf(&p->id, "%s:%llu", s->name, (unsigned long long)first);
	snprintf(p->charset, sizeof p->charset, "%s", s->charset);
	return 1;
}

static int
whole_file(struct source *s, struct page *p, struct err *err)
{
	size_t got;

	if (s->done)
		return 0;
	s->done = 1;
	p->kind = s->kind == FORMAT_HTML ? PAGE_HTML : PAGE_TEXT;
	buf_str(&p->id, s->name);
	while (p->body.n <= PAGE_MAX) {
		ssize_t n;

		if (!input_peek(s->in, 1, &got, err))
			return -1;
		if (got == 0)
			return 1;
		buf_need(&p->body, got);
		if ((n = input_read(s->in, p->body.p + p->body.n, got, err)) < 0)
			return -1;
		p->body.n += (size_t)n;
		p->body.p[p->body.n] = 0;
	}
	buf_free(&p->body);
	p->reason = "too_large";
	return 1;
}

int
source_next(struct source *s, struct page *p, struct err *err)
{
	int r;

	do {
		buf_clear(&p->body), buf_clear(&p->id), buf_clear(&p->url);
		buf_clear(&p->date), buf_clear(&p->source), buf_clear(&p->meta);
		p->reason = NULL;
		p->asks = 0;
		p->charset[0] = 0;
		p->offset = -1;
		if (s->warc)
			r = next_record(s, p, err);
		else if (s->unpack)
			r = next_member(s, p, err);
		else if (s->docs)
			r = next_doc(s, p);
		else if (s->kind == FORMAT_TEXT && s->opts.split != SPLIT_FILE)
			r = next_piece(s, p, err);
		else
			r = whole_file(s, p, err);
		if (r > 0 && !s->docs)
			buf_str(&p->source, s->name);
	} while (r == 0 && (r = next_file(s, err)) > 0);
	return r;
}
