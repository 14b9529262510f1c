/* source - tells what a file is by its first bytes and hands out its pages */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/read/source.h"
#include "stream/docs.h"
#include "stream/input.h"
#include "text/charset.h"
#include "text/read/dump.h"
#include "text/read/member.h"
#include "text/read/record.h"
#include "text/read/sniff.h"
#include "text/read/unpack.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SNIFF ZST_BLOCK

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
	struct wiki_page article;
	char  *head;
	uint64_t skipped, damaged;
};

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
	s->unpack = unpack_open(s->in, path, s->opts.code, err);
	return s->unpack ? 0 : -1;
}

/* Goes to where reading is to begin. */
static int
pass_to(struct source *s, uint64_t from, struct err *err)
{
	char trash[1 << 15];

	while (input_offset(s->in) < from) {
		uint64_t left = from - input_offset(s->in);
		ssize_t n = input_read(s->in, trash, left < sizeof trash ? (size_t)left : sizeof trash, err);

		if (n < 0)
			return -1;
		if (n == 0)
			return err_set(err, "%s: has no byte %llu", input_name(s->in), (unsigned long long)from);
	}
	return 0;
}

/* What the open input is, and the reader for it. */
static int
begin(struct source *s, const char *path, struct err *err)
{
	size_t got;
	const unsigned char *p;
	int packed;
	struct zst *zst = NULL;

	if (zst_dictionary(s->in, &s->buf, err) < 0 || pass_to(s, s->opts.from, err) || !(p = input_peek(s->in, SNIFF, &got, err)))
		return -1;
	if (got == 0)
		return err_set(err, "%s: empty (did the command before it fail?)", input_name(s->in));
	s->kind = s->opts.format;
	if (zst_begins(p, got, 0))
		zst = zst_new(&s->buf);
	packed = zst || (got > 2 && p[0] == 0x1f && p[1] == 0x8b);
	packed = packed && (s->kind == FORMAT_AUTO ? sniff_packed_warc(zst, p, got) : s->kind == FORMAT_WARC || s->kind == FORMAT_WET);
	if (!packed) {
		zst_free(zst);
		zst = NULL;
	}
	if (!packed && s->kind != FORMAT_ARCHIVE) {
		if (input_unpack(s->in, err) < 0 || !(p = input_peek(s->in, SNIFF, &got, err)))
			return -1;
	}
	if (s->kind == FORMAT_AUTO) {
		if (packed || sniff_crawl((const char *)p, got))
			s->kind = FORMAT_WARC;
		else if (stream_is(p, got))
			s->kind = FORMAT_JSONL;
		else if (unpack_is(p, got))
			s->kind = FORMAT_ARCHIVE;
		else
			s->kind = sniff_text((const char *)p, got, got < SNIFF);
	}
	if (s->kind == FORMAT_TEXT && memchr(p, 0, got < 1024 ? got : 1024) && !(got >= 2 && (p[0] == 0xff || p[0] == 0xfe)))
		return err_set(err, "%s: neither text, nor a page, an archive or a crawl", input_name(s->in));
	switch (s->kind) {
	case FORMAT_WARC: case FORMAT_WET:
		s->warc = warc_open(s->in, packed, zst, PAGE_MAX + (PAGE_MAX >> 3), s->opts.say);
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
	wiki_free(&s->article);
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

static int
next_record(struct source *s, struct page *p, struct err *err)
{
	struct warc_record r;
	int got;

	do {
		if ((got = warc_next(s->warc, &r, err)) <= 0)
			return got;
		s->skipped += r.type == WARC_OTHER;
	} while (r.type == WARC_OTHER);
	page_of_record(p, &r);
	if (!p->id.n)
		buf_printf(&p->id, "%s:%llu", s->name, (unsigned long long)r.offset);
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
	p->language = s->opts.code ? member_language(s->name) : NULL;
	p->kind = p->language ? PAGE_CODE : s->kind == FORMAT_HTML ? PAGE_HTML : s->kind == FORMAT_LATEX ? PAGE_LATEX : PAGE_TEXT;
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
		buf_clear(&p->date), buf_clear(&p->source), buf_clear(&p->meta), buf_clear(&p->title), buf_clear(&p->author);
		p->language = NULL;
		p->reason = NULL;
		p->asks = 0;
		p->charset[0] = 0;
		p->offset = -1;
		if (s->warc)
			r = next_record(s, p, err);
		else if (s->unpack)
			r = unpack_next(s->unpack, p, err);
		else if (s->docs)
			r = next_doc(s, p);
		else if (s->kind == FORMAT_WIKI)
			r = dump_next(&s->article, s->in, p, &s->skipped, err);
		else if (s->kind == FORMAT_TEXT && s->opts.split != SPLIT_FILE)
			r = next_piece(s, p, err);
		else
			r = whole_file(s, p, err);
		if (r > 0 && !s->docs)
			buf_str(&p->source, s->name);
	} while (r == 0 && (r = next_file(s, err)) > 0);
	return r;
}
