/* warc - records of web archives out of a window on the bytes */
/* SPDX-License-Identifier: MIT */
#include "text/read/warc.h"
#include "text/read/arc.h"
#include "text/read/http.h"
#include "text/read/window.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CHUNK    ((size_t)1 << 16)
#define HEAD_MAX ((size_t)1 << 18)

struct warc {
	struct window win;
	size_t        max;
	enum { EITHER, WARC, ARC } form;        /* ARC: records as before WARC */
	struct buf    head;
};

struct warc *
warc_open(struct input *in, int packed, struct zst *zst, size_t max, void (*say)(const char *fmt, ...))
{
	struct warc *w = xcalloc(1, sizeof *w);

	window_init(&w->win, in, packed, zst, say);
	w->max = max;
	return w;
}

void
warc_close(struct warc *w)
{
	window_free(&w->win);
	buf_free(&w->head);
	free(w);
}

uint64_t
warc_damaged(const struct warc *w)
{
	return w->win.damaged;
}

/* In so many bytes it shows whether a record begins. */
static size_t
look(const struct warc *w)
{
	return w->form == WARC ? 6 : ARC_LINE;
}

/* Whether a record begins here. */
static int
begins(const struct warc *w, const char *s, size_t n)
{
	if (w->form != ARC && n >= 6 && memcmp(s, "WARC/", 5) == 0 && (unsigned)s[5] - '0' < 10)
		return 1;
	return w->form != WARC && arc_head(s, n, NULL) > 0;
}

/* Where in the window the next record begins, from bytes after pos: at a line's or member's beginning; else its end. */
static size_t
next_record(const struct warc *w, size_t from)
{
	const struct window *v = &w->win;
	const char *s = v->b.p + v->pos;
	size_t n = v->b.n - v->pos, at = from;

	while (at < n && !((at == 0 || s[at - 1] == '\n') && begins(w, s + at, n - at))) {
		const char *nl = memchr(s + at, '\n', n - at);

		at = nl ? (size_t)(nl + 1 - s) : n;
	}
	for (int i = 0; i < v->n_starts; i++)
		if (v->starts[i].at > v->pos + from && v->starts[i].at < v->pos + at && begins(w, v->b.p + v->starts[i].at, v->b.n - v->starts[i].at))
			return v->starts[i].at - v->pos;
	return at;
}

/* Passes blank lines and rubbish up to a record: 1, 0 at the end. */
static int
find_record(struct warc *w)
{
	struct window *v = &w->win;
	int r, lost = 0;
	uint64_t at = 0;

	for (;;) {
		r = window_ahead(v, look(w));
		while (v->pos < v->b.n && !lost && (v->b.p[v->pos] == '\r' || v->b.p[v->pos] == '\n'))
			v->pos++;
		if (v->b.n - v->pos < look(w) && r == 1)
			continue;
		if (begins(w, v->b.p + v->pos, v->b.n - v->pos))
			break;
		if (!lost)
			at = window_offset(v, v->pos);
		lost |= v->pos < v->b.n;
		if (v->pos < v->b.n)
			v->pos += next_record(w, 1);
		if (v->pos < v->b.n)
			continue;
		if (r == 1) {
			v->pos -= look(w) - 1;     /* it may lie across */
			continue;
		}
		if (window_pass_break(v))
			continue;
		if (lost)
			window_damage(v, at, "no record of a web archive begins here");
		return 0;
	}
	if (lost)
		window_damage(v, at, "no record of a web archive begins here");
	if (w->form == EITHER)
		w->form = v->b.p[v->pos] == 'W' && !arc_head(v->b.p + v->pos, v->b.n - v->pos, NULL) ? WARC : ARC;
	return 1;
}

static enum warc_type
type_of(const char *head, size_t n)
{
	size_t len;
	const char *v = field_get(head, n, "warc-type", &len);

	if (v && len == 8 && strncasecmp(v, "response", 8) == 0)
		return WARC_RESPONSE;
	if (v && len == 8 && strncasecmp(v, "resource", 8) == 0)
		return WARC_RESOURCE;
	if (v && len == 10 && strncasecmp(v, "conversion", 10) == 0)
		return WARC_CONVERSION;
	return WARC_OTHER;
}

/* The head at pos into w->head: its bytes, 0 when it has no end. */
static size_t
read_head(struct warc *w)
{
	size_t n = 1024, got;
	int r;

	if (w->form == ARC)
		return arc_head(w->win.b.p + w->win.pos, w->win.b.n - w->win.pos, &w->head);
	for (;; n *= 2) {
		r = window_ahead(&w->win, n);
		if ((got = field_block(w->win.b.p + w->win.pos, w->win.b.n - w->win.pos)) && got <= HEAD_MAX)
			break;
		if (r == 0 || n >= HEAD_MAX)
			return 0;
	}
	buf_clear(&w->head);
	buf_add(&w->head, w->win.b.p + w->win.pos, got);
	return got;
}

/* Content-Length: -1 when there is none or it is no number. */
static long long
length_of(const char *head, size_t n)
{
	size_t len, i;
	const char *v = field_get(head, n, "content-length", &len);
	long long size = 0;

	if (!v || !len)
		return -1;
	for (i = 0; i < len && (unsigned)v[i] - '0' < 10 && size < 1LL << 50; i++)
		size = size * 10 + v[i] - '0';
	return i == len ? size : -1;
}

/* What follows a body, at `at` from pos, is blank lines and a record, or the end; or rubbish, behind the two lines that end one. */
static int
ends_well(struct warc *w, size_t at)
{
	const char *s = w->win.b.p + w->win.pos;
	size_t n = w->win.b.n - w->win.pos;

	if (w->form == WARC && n - at >= 4 && memcmp(s + at, "\r\n\r\n", 4) == 0)
		return 1;
	while (at < n && (s[at] == '\r' || s[at] == '\n'))
		at++;
	return at == n || begins(w, s + at, n - at) || (w->form == WARC && n - at < 6 && memcmp(s + at, "WARC/", n - at < 5 ? n - at : 5) == 0);
}

/* Passes a body that is not wanted: 1, 0 it has no end. */
static int
skip_body(struct warc *w, uint64_t n)
{
	while (n) {
		size_t have;
		int r = window_ahead(&w->win, n < 4 * CHUNK ? (size_t)n : 4 * CHUNK);

		have = w->win.b.n - w->win.pos;
		if (have == 0 || (r == 0 && have < n)) {
			w->win.pos = w->win.b.n;
			return 0;
		}
		have = have < n ? have : (size_t)n;
		w->win.pos += have;
		n -= have;
	}
	return 1;
}

/* A length that cannot be right: the body ends where the next record begins: 1, 0 where reading ended first. */
static int
body_to_next(struct warc *w, struct warc_record *rec, const char *what)
{
	size_t at = 0, n;

	for (;;) {
		n = w->win.b.n - w->win.pos;
		if ((at = next_record(w, at > look(w) ? at - look(w) : 0)) < n)
			break;
		if (n > w->max || !window_ahead(&w->win, n + CHUNK)) {
			at = w->win.b.n - w->win.pos;
			if (w->win.state == WINDOW_CUT)
				return 0;
			break;
		}
	}
	window_damage(&w->win, rec->offset, what);
	rec->body = w->win.b.p + w->win.pos;
	rec->body_len = at;
	w->win.pos += at;
	while (rec->body_len && (rec->body[rec->body_len - 1] == '\n' || rec->body[rec->body_len - 1] == '\r'))
		rec->body_len--;
	return 1;
}

/* The end of the input in a record. */
static int
cut_short(const struct warc *w, const struct warc_record *rec, const char *where, struct err *err)
{
	if (w->win.state == WINDOW_CUT)
		return *err = w->win.err, -1;
	return err_set(err, "%s: byte %llu: cut short within a record%s", input_name(w->win.in), (unsigned long long)rec->offset, where);
}

static int
read_body(struct warc *w, struct warc_record *rec, struct err *err)
{
	long long size = length_of(w->head.p, w->head.n);
	size_t have;

	if (size < 0) {
		if (body_to_next(w, rec, "a record without a length, read up to the next"))
			return 1;
	} else if ((unsigned long long)size > w->max) {
		rec->too_large = rec->type != WARC_OTHER;
		if (skip_body(w, (uint64_t)size))
			return 1;
	} else {
		window_ahead(&w->win, (size_t)size);
		have = w->win.b.n - w->win.pos;
		if (!(w->win.between && have <= (size_t)size + 4)) {    /* else it ends where its member does: no look at the next */
			window_ahead(&w->win, (size_t)size + 4 + look(w));
			have = w->win.b.n - w->win.pos;
		}
		rec->body = w->win.b.p + w->win.pos;
		rec->body_len = (size_t)size;
		if (have >= (size_t)size && ends_well(w, (size_t)size)) {
			w->win.pos += (size_t)size;
			return 1;
		}
		/* members that all ended well were not cut: then it is the length that is wrong */
		if ((have >= (size_t)size || next_record(w, 0) < have || (w->win.packed && w->win.state == WINDOW_ENDED)) &&
		    body_to_next(w, rec, "a record whose length is wrong, read up to the next"))
			return 1;
	}
	rec->body = NULL;
	return window_pass_break(&w->win) ? 0 : cut_short(w, rec, "", err);
}

/* One record: 1, 0 it was passed over, 2 the end, -1. */
static int
read_record(struct warc *w, struct warc_record *rec, struct err *err)
{
	size_t head;
	int r;

	memset(rec, 0, sizeof *rec);
	if (!find_record(w))
		return w->win.state == WINDOW_CUT ? cut_short(w, rec, "", err) : 2;
	rec->offset = window_offset(&w->win, w->win.pos);
	if (!(head = read_head(w))) {
		if (window_pass_break(&w->win))
			return 0;
		if (w->win.state != WINDOW_OPEN && w->win.b.n - w->win.pos < HEAD_MAX)
			return cut_short(w, rec, "'s head", err);
		window_damage(&w->win, rec->offset, "a record whose head does not end");
		w->win.pos++;
		return 0;
	}
	w->win.pos += head;
	rec->head = w->head.p;
	rec->head_len = w->head.n;
	rec->type = type_of(rec->head, rec->head_len);
	r = read_body(w, rec, err);
	if (rec->type == WARC_OTHER || !rec->body) {
		rec->body = NULL;
		rec->body_len = 0;
	}
	return r;
}

int
warc_next(struct warc *w, struct warc_record *rec, struct err *err)
{
	int r;

	while ((r = read_record(w, rec, err)) == 0)
		;
	return r == 2 ? 0 : r;
}
