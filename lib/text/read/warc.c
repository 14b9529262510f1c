/* warc - records out of a window on the bytes, which gzip members or the file itself fill */
/* SPDX-License-Identifier: MIT */
#include "text/read/warc.h"
#include "text/read/http.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define CHUNK    ((size_t)1 << 16)
#define HEAD_MAX ((size_t)1 << 18)

struct warc {
	struct input *in;
	int           gz, between;      /* between two gzip members */
	size_t        max;
	void        (*say)(const char *fmt, ...) LM_PRINTF(1, 2);
	struct buf    win;              /* bytes not yet passed: win.p + pos .. win.n */
	size_t        pos;
	uint64_t      base;             /* plain: offset of win.p[0] */
	uint64_t      member;           /* gzip: offset of the member being inflated */
	uint64_t      damaged;
	struct { uint64_t member; size_t at; } starts[64];      /* where members begin in the window */
	int           n_starts;
	z_stream      z;
	int           inflating, members;
	enum { OPEN, ENDED, CUT, BROKEN } state;        /* BROKEN: what is in the window has no continuation */
	struct buf    head;
	struct err    err;
};

struct warc *
warc_open(struct input *in, int gz, size_t max, void (*say)(const char *fmt, ...))
{
	struct warc *w = xcalloc(1, sizeof *w);

	w->in = in;
	w->gz = gz;
	w->max = max;
	w->say = say;
	return w;
}

void
warc_close(struct warc *w)
{
	if (w->inflating)
		inflateEnd(&w->z);
	buf_free(&w->win);
	buf_free(&w->head);
	free(w);
}

uint64_t
warc_damaged(const struct warc *w)
{
	return w->damaged;
}

static unsigned long long
where(const struct warc *w)
{
	return (unsigned long long)(w->gz ? w->member : w->base + w->pos);
}

static void
damage(struct warc *w, unsigned long long byte, const char *what)
{
	w->damaged++;
	w->say("%s: byte %llu: %s; passed over", input_name(w->in), byte, what);
}

/* Drops what was passed from the window's front. */
static void
slide(struct warc *w)
{
	int k = 0;

	if (w->pos == 0 || (w->pos < CHUNK && w->pos < w->win.n))
		return;
	memmove(w->win.p, w->win.p + w->pos, w->win.n - w->pos);
	w->win.n -= w->pos;
	w->base += w->pos;
	for (int i = 0; i < w->n_starts; i++)   /* the last one before the window goes on into it */
		if (i + 1 == w->n_starts || w->starts[i + 1].at > w->pos) {
			w->starts[k] = w->starts[i];
			w->starts[k].at = w->starts[i].at > w->pos ? w->starts[i].at - w->pos : 0;
			k++;
		}
	w->n_starts = k;
	w->pos = 0;
}

/* Finds where a next gzip member may begin: 1 there is one, 0 the end, -1. */
static int
seek_member(struct warc *w, int *skipped)
{
	const unsigned char *p;
	unsigned char trash[4096];
	size_t got, i;

	*skipped = 0;
	for (;;) {
		if (!(p = input_peek(w->in, 3, &got, &w->err)))
			return -1;
		if (got == 0)
			return 0;
		for (i = 0; i + 2 < got; i++)
			if (p[i] == 0x1f && p[i + 1] == 0x8b && p[i + 2] == 8)
				break;
		if (i == 0 && got > 2)
			return 1;
		if (got <= 2)
			i = got;
		for (size_t k = 0; k < i; k++)
			*skipped |= p[k] != 0;          /* zeros are padding */
		for (size_t k = i; k; ) {
			ssize_t r = input_read(w->in, trash, k < sizeof trash ? k : sizeof trash, &w->err);

			if (r <= 0)
				return -1;
			k -= (size_t)r;
		}
	}
}

static int
begin_member(struct warc *w)
{
	int skipped, r;
	uint64_t from = input_offset(w->in);

	r = seek_member(w, &skipped);
	if (skipped && w->members)
		damage(w, from, "no gzip member begins here");
	if (r <= 0)
		return r;
	w->member = input_offset(w->in);
	w->members++;
	if (!w->inflating && inflateInit2(&w->z, 15 + 16) != Z_OK)
		return err_set(&w->err, "%s: zlib does not start", input_name(w->in));
	if (w->inflating)
		inflateReset(&w->z);
	w->inflating = 1;
	if (w->n_starts == 64) {        /* many tiny members without a whole record: the first ones are as good as one */
		memmove(w->starts + 1, w->starts + 2, 62 * sizeof *w->starts);
		w->n_starts--;
	}
	w->starts[w->n_starts].member = w->member;
	w->starts[w->n_starts++].at = w->win.n;
	return 1;
}

/* More of a member, or the next one: 1, 0 at the end of the input, -1. */
static int
fill_gz(struct warc *w)
{
	const unsigned char *p;
	size_t got, room;
	unsigned char trash[CHUNK];
	int r;

	if (!w->inflating || w->between) {
		w->between = 0;
		if ((r = begin_member(w)) <= 0)
			return r;
	}
	if (!(p = input_peek(w->in, 1, &got, &w->err)))
		return -1;
	if (got == 0) {
		w->state = CUT;
		return 0;
	}
	got = got < CHUNK ? got : CHUNK;
	buf_need(&w->win, 4 * CHUNK);
	room = 4 * CHUNK;
	w->z.next_in = (unsigned char *)(uintptr_t)p;
	w->z.avail_in = (unsigned)got;
	w->z.next_out = (unsigned char *)w->win.p + w->win.n;
	w->z.avail_out = (unsigned)room;
	r = inflate(&w->z, Z_NO_FLUSH);
	w->win.n += room - w->z.avail_out;
	w->win.p[w->win.n] = 0;
	got -= w->z.avail_in;
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR) {
		damage(w, w->member, w->z.msg ? w->z.msg : "a damaged gzip member");
		/* the next one may begin among the bytes that were taken for this one's: on past its magic alone */
		got = w->member == input_offset(w->in);
		w->state = BROKEN;
	}
	if (got && input_read(w->in, trash, got, &w->err) < 0)
		return -1;
	w->between = r == Z_STREAM_END || w->state == BROKEN;
	return w->state != BROKEN;
}

static int
fill_plain(struct warc *w)
{
	ssize_t n;

	buf_need(&w->win, CHUNK);
	n = input_read(w->in, w->win.p + w->win.n, CHUNK, &w->err);
	if (n > 0)
		w->win.n += (size_t)n;
	w->win.p[w->win.n] = 0;
	return n < 0 ? -1 : n > 0;
}

/* At least n bytes from pos, if the input has them: 1, 0 fewer are left, -1. */
static int
ahead(struct warc *w, size_t n)
{
	int r;

	slide(w);
	while (w->win.n - w->pos < n) {
		if (w->state != OPEN)
			return 0;
		if ((r = w->gz ? fill_gz(w) : fill_plain(w)) < 0)
			return -1;
		if (r == 0 && w->state == OPEN)
			w->state = ENDED;
	}
	return 1;
}

/* After damage: what is left of the window has no end, go on behind it.  0 when the input is not broken here. */
static int
pass_break(struct warc *w)
{
	if (w->state != BROKEN)
		return 0;
	w->state = OPEN;
	w->pos = w->win.n;
	return 1;
}

/* The offset to name for the byte at pos. */
static uint64_t
offset_at(const struct warc *w, size_t pos)
{
	uint64_t at = w->member;

	if (!w->gz)
		return w->base + pos;
	for (int i = 0; i < w->n_starts && w->starts[i].at <= pos; i++)
		at = w->starts[i].member;
	return at;
}

/* The next "WARC/digit" at the beginning of a line, at or after from, within what is in the window; n when none. */
static size_t
find_version(const char *s, size_t n, size_t from)
{
	const char *p = s + from, *end = s + n;

	for (; end - p >= 6 && (p = memchr(p, 'W', (size_t)(end - p))); p++)
		if (end - p >= 6 && memcmp(p, "WARC/", 5) == 0 && (unsigned)p[5] - '0' < 10 && (p == s || p[-1] == '\n'))
			return (size_t)(p - s);
	return n;
}

/* Where in the window the next record begins, from bytes after pos: at a line's or gzip member's beginning; else its end. */
static size_t
next_version(const struct warc *w, size_t from)
{
	const char *s = w->win.p + w->pos;
	size_t n = w->win.n - w->pos, at = find_version(s, n, from);

	for (int i = 0; i < w->n_starts; i++)
		if (w->starts[i].at > w->pos + from && w->starts[i].at < w->pos + at && w->win.n - w->starts[i].at >= 5 &&
		    memcmp(w->win.p + w->starts[i].at, "WARC/", 5) == 0)
			return w->starts[i].at - w->pos;
	return at;
}

/* Passes blank lines and rubbish up to a record: 1, 0 at the end, -1. */
static int
find_record(struct warc *w)
{
	int r, lost = 0;
	uint64_t at = 0;

	for (;;) {
		if ((r = ahead(w, 6)) < 0)
			return -1;
		while (w->pos < w->win.n && !lost && (w->win.p[w->pos] == '\r' || w->win.p[w->pos] == '\n'))
			w->pos++;
		if (w->win.n - w->pos < 6 && r == 1)
			continue;
		if (w->win.n - w->pos >= 6 && find_version(w->win.p + w->pos, 6, 0) == 0)
			break;
		if (!lost)
			at = offset_at(w, w->pos);
		if (r == 0 && pass_break(w))
			continue;
		if (r == 0) {
			if (lost || w->pos < w->win.n)
				damage(w, at, "no WARC record begins here");
			w->pos = w->win.n;
			return 0;
		}
		lost = 1;
		w->pos++;
		w->pos += find_version(w->win.p + w->pos, w->win.n - w->pos, 0);
		if (w->pos == w->win.n && w->win.n >= 6)
			w->pos -= 5;    /* it may lie across */
	}
	if (lost)
		damage(w, at, "no WARC record begins here");
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

/* The head at pos into w->head: its bytes, 0 when it has no end, -1. */
static ssize_t
read_head(struct warc *w)
{
	size_t n = 1024, got;
	int r;

	for (;; n *= 2) {
		if ((r = ahead(w, n)) < 0)
			return -1;
		if ((got = field_block(w->win.p + w->pos, w->win.n - w->pos)) && got <= HEAD_MAX)
			break;
		if (r == 0 || n >= HEAD_MAX)
			return 0;
	}
	buf_clear(&w->head);
	buf_add(&w->head, w->win.p + w->pos, got);
	return (ssize_t)got;
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

/* What follows a body, at `at` from pos, is blank lines and a record, or the end. */
static int
ends_well(struct warc *w, size_t at)
{
	const char *s = w->win.p + w->pos;
	size_t n = w->win.n - w->pos;

	while (at < n && (s[at] == '\r' || s[at] == '\n'))
		at++;
	return at == n || (n - at < 6 ? memcmp(s + at, "WARC/", n - at < 5 ? n - at : 5) == 0 : find_version(s + at, 6, 0) == 0);
}

/* Passes a body that is not wanted, up to its end, or a record that begins before it. */
static int
skip_body(struct warc *w, uint64_t n)
{
	while (n) {
		size_t have;
		int r = ahead(w, n < 4 * CHUNK ? (size_t)n : 4 * CHUNK);

		if (r < 0)
			return -1;
		have = w->win.n - w->pos;
		if (have == 0 || (r == 0 && have < n)) {
			w->pos = w->win.n;
			return 0;
		}
		have = have < n ? have : (size_t)n;
		w->pos += have;
		n -= have;
	}
	return 1;
}

/* A length that cannot be right: the body ends where the next record begins. */
static int
body_to_next(struct warc *w, struct warc_record *rec, const char *what)
{
	size_t at = 0, n;
	int r;

	for (;;) {
		n = w->win.n - w->pos;
		if ((at = next_version(w, at > 6 ? at - 6 : 0)) < n)
			break;
		if (n > w->max || (r = ahead(w, n + CHUNK)) == 0) {
			at = w->win.n - w->pos;
			break;
		}
		if (r < 0)
			return -1;
	}
	damage(w, rec->offset, what);
	rec->body = w->win.p + w->pos;
	rec->body_len = at;
	w->pos += at;
	while (rec->body_len && (rec->body[rec->body_len - 1] == '\n' || rec->body[rec->body_len - 1] == '\r'))
		rec->body_len--;
	return 1;
}

static int
read_body(struct warc *w, struct warc_record *rec, struct err *err)
{
	long long size = length_of(w->head.p, w->head.n);
	int r;

	if (size < 0)
		return body_to_next(w, rec, "a record without a length");
	if ((unsigned long long)size > w->max) {
		rec->too_large = rec->type != WARC_OTHER;
		r = skip_body(w, (uint64_t)size);
	} else if ((r = ahead(w, (size_t)size + 10)) >= 0) {
		size_t have = w->win.n - w->pos;

		rec->body = w->win.p + w->pos;
		rec->body_len = (size_t)size;
		if (have >= (size_t)size && ends_well(w, (size_t)size)) {
			w->pos += (size_t)size;
			return 1;
		}
		/* gzip members that all ended well were not cut: then it is the length that is wrong */
		if (have >= (size_t)size || next_version(w, 0) < have || (w->gz && w->state == ENDED))
			return body_to_next(w, rec, "a record whose length is wrong");
		r = 0;
	}
	if (r > 0)
		return 1;
	rec->body = NULL;
	if (r == 0 && pass_break(w))
		return 0;
	if (r == 0)
		return err_set(err, "%s: byte %llu: cut short within a record", input_name(w->in), (unsigned long long)rec->offset);
	*err = w->err;
	return -1;
}

/* One record: 1, 0 it was passed over, 2 the end, -1. */
static int
read_record(struct warc *w, struct warc_record *rec, struct err *err)
{
	ssize_t head;
	int r;

	memset(rec, 0, sizeof *rec);
	if ((r = find_record(w)) < 0) {
		*err = w->err;
		return -1;
	}
	if (r == 0 && w->state == CUT)
		return err_set(err, "%s: byte %llu: cut short within a gzip member", input_name(w->in), where(w));
	if (r == 0)
		return 2;
	rec->offset = offset_at(w, w->pos);
	if ((head = read_head(w)) < 0) {
		*err = w->err;
		return -1;
	}
	if (head == 0) {
		if (pass_break(w))
			return 0;
		if (w->state != OPEN && w->win.n - w->pos < HEAD_MAX)
			return err_set(err, "%s: byte %llu: cut short within a record's head", input_name(w->in), (unsigned long long)rec->offset);
		damage(w, rec->offset, "a record whose head does not end");
		w->pos++;
		return 0;
	}
	w->pos += (size_t)head;
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
