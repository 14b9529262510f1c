/* stream - frames read; see stream.h for the format */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "stream/stream.h"
#include "base/cli.h"
#include "base/crc32c.h"
#include "stream/input.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define META_MAX ((size_t)1 << 26)
#define DATA_MAX ((uint64_t)1 << 44)
#define STEP     ((size_t)1 << 24)      /* grow by no more than this on a header's word alone */

struct stream {
	int      in_segment;
	int      seen;                      /* a frame has come from this file */
	uint32_t seq, chain;
	uint64_t offset, nrec;              /* of the segment */
	uint64_t segments;                  /* begun */
	long long want;
	int      nfiles;
	char   **files;
	const char *type;
	char    *name, *head, *meta;
	unsigned char *data;
	size_t   meta_cap, data_cap;
	struct input *in;
};

int
stream_is(const void *bytes, size_t n)
{
	return n >= 8 && memcmp(bytes, FRAME_MAGIC, 8) == 0;
}

enum frame_err
frame_unpack(const unsigned char bytes[FRAME_HEADER], struct frame *f)
{
	struct frame_header h;

	if (!stream_is(bytes, FRAME_HEADER))
		return FRAME_NOT;
	memcpy(&h, bytes, sizeof h);
	if (h.head_crc != crc32c(0, &h, FRAME_CHECKED))
		return FRAME_CRC;
	if (h.version != FRAME_VERSION)
		return FRAME_NEWER;
	*f = (struct frame){ .kind = h.kind, .seq = h.seq, .nrec = h.nrec, .data_len = (size_t)h.data_len, .meta_len = h.meta_len,
		.meta_crc = h.meta_crc, .data_crc = h.data_crc, .chain = h.chain, .offset = h.offset, .index = h.index };
	return f->meta_len > META_MAX || f->data_len > DATA_MAX ? FRAME_SIZE : FRAME_OK;
}

void
stream_damaged(struct stream *s, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	die("%s: %s (frame %u, byte %llu of its segment)", s->name, what, s->seq ? s->seq - !s->in_segment : 0,
	    (unsigned long long)s->offset);
}

/* Opens the next operand: 0 when there is none. */
static int
next_file(struct stream *s)
{
	const char *path;
	struct err e;

	if (!s->nfiles)
		return 0;
	path = s->files ? *s->files++ : "-";
	s->nfiles--;
	if (s->in)
		input_close(s->in);
	if (!(s->in = input_open(path, 1, &e)))
		die_err(&e);
	free(s->name);
	s->name = xstrdup(input_name(s->in));
	return 1;
}

struct stream *
stream_open(int nfiles, char **files, const char *type)
{
	struct stream *s = xcalloc(1, sizeof *s);

	s->type = type;
	s->nfiles = nfiles ? nfiles : 1;
	s->files = nfiles ? files : NULL;
	next_file(s);
	return s;
}

struct stream *
stream_from(struct input *in, const char *type)
{
	struct stream *s = xcalloc(1, sizeof *s);

	s->type = type;
	s->in = in;
	s->name = xstrdup(input_name(in));
	return s;
}

void stream_want_segments(struct stream *s, long long n) { s->want = n; }
const char *stream_head(struct stream *s) { return s->head; }
const char *stream_name(struct stream *s) { return s->name; }
uint64_t stream_segment(struct stream *s) { return s->segments ? s->segments - 1 : 0; }

/* The bytes read: n, or fewer where the input ends. */
static size_t
read_full(struct stream *s, void *buf, size_t n)
{
	struct err e;
	size_t got = 0;
	ssize_t r;

	do {
		if ((r = input_read(s->in, (char *)buf + got, n - got, &e)) < 0)
			die_err(&e);
		got += (size_t)r;
	} while (r > 0 && got < n);
	return got;
}

/* Fill *buf with n bytes and their padding, growing as they arrive, not as the header claims. */
static void
read_body(struct stream *s, void **buf, size_t *cap, size_t n, char fill)
{
	size_t want = n + frame_pad(n), got = 0;

	while (got < want || *cap < want + 1) {
		size_t step = want - got < STEP ? want - got : STEP;
		if (*cap < got + step + 1) {
			size_t c = (got + step + 1 > 2 * *cap ? got + step + 1 : 2 * *cap) + FRAME_ALIGN;
			void *p = aligned_alloc(FRAME_ALIGN, c -= c % FRAME_ALIGN);
			if (!p)
				die("out of memory (%zu bytes)", c);
			if (got)
				memcpy(p, *buf, got);
			free(*buf);
			*buf = p, *cap = c;
		}
		if (read_full(s, (char *)*buf + got, step) != step)
			stream_damaged(s, "cut short within a frame");
		got += step;
	}
	for (; n < want; n++)
		if (((char *)*buf)[n] != fill)
			stream_damaged(s, "padding that is not padding");
}

/* Where a stream of that type comes from, for who lacks one. */
static const char *
maker(const char *type)
{
	return !type ? "" : !strcmp(type, "docs") ? " (crawl-clean makes them)" : !strcmp(type, "toks") ? " (tokenize makes them)" :
	       !strcmp(type, "roll") ? " (sample --roll makes them)" : " (init-model, convert-model and train-step --grads write them)";
}

/* One frame's header: 0 at a clean end of all input. */
static int
read_header(struct stream *s, unsigned char h[FRAME_HEADER])
{
	size_t n;

	while ((n = read_full(s, h, FRAME_HEADER)) == 0) {
		if (s->in_segment)
			stream_damaged(s, "cut short: no END frame (did the command before it fail?)");
		if (!s->seen)
			die("%s: empty: not even a stream's header (did the command before it fail?)", s->name);
		if (!next_file(s)) {
			if (s->want && (long long)s->segments != s->want)
				die("%s: %llu segments, not %lld", s->name, (unsigned long long)s->segments, s->want);
			return 0;
		}
		s->seen = 0;
	}
	if (!stream_is(h, n))
		stream_damaged(s, s->seen ? "no frame where one should start" : "not an lmstream%s", maker(s->type));
	if (n < FRAME_HEADER)
		stream_damaged(s, "cut short within a frame's header");
	s->seen = 1;
	return 1;
}

static void
read_checked(struct stream *s, struct frame *f)
{
	uint32_t link[2] = { f->meta_crc, f->data_crc };
	void *p = s->meta;

	read_body(s, &p, &s->meta_cap, f->meta_len, ' ');
	s->meta = p;
	s->meta[f->meta_len] = 0;
	p = s->data;
	read_body(s, &p, &s->data_cap, f->data_len, 0);
	s->data = p;
	f->meta = s->meta;
	f->data = s->data;
	if (crc32c(0, f->meta, f->meta_len) != f->meta_crc || crc32c(0, f->data, f->data_len) != f->data_crc)
		stream_damaged(s, "checksum mismatch");
	s->chain = crc32c(s->chain, link, sizeof link);
	if (s->chain != f->chain)
		stream_damaged(s, "frames missing or out of order");
}

/* What two HEADs must agree in: the type, and what it depends on. */
static void
take_head(struct stream *s, const struct frame *f)
{
	static const char *const keys[] = { "type", "dtype", "vocab", "n_vocab", "eot", "seq", "mask", "temperature" };
	struct json now, was;
	struct err e;

	if (json_parse(&now, f->meta, f->meta_len, &e) < 0 || json_kind(now) != '{')
		stream_damaged(s, "HEAD is not a JSON object");
	if (s->type && !json_is(json_get(now, "type"), s->type)) {
		char *t = json_dup(json_get(now, "type"));
		stream_damaged(s, "a stream of %s, where %s are wanted%s", t ? t : "unknown type", s->type, maker(s->type));
	}
	if (s->head) {
		json_parse(&was, s->head, strlen(s->head), &e);
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
			struct json a = json_get(was, keys[i]), b = json_get(now, keys[i]);
			size_t n = (size_t)(a.end - a.p);
			if (n != (size_t)(b.end - b.p) || (n && memcmp(a.p, b.p, n) != 0))
				stream_damaged(s, "joined streams differ in \"%s\"", keys[i]);
		}
	}
	free(s->head);
	s->head = xstrdup(s->meta);
}

int
stream_next(struct stream *s, struct frame *f)
{
	unsigned char h[FRAME_HEADER];

	if (!read_header(s, h))
		return 0;
	switch (frame_unpack(h, f)) {
	case FRAME_OK: break;
	case FRAME_NOT: case FRAME_CRC: stream_damaged(s, "damaged frame header");
	case FRAME_NEWER: stream_damaged(s, "written by a newer version");
	case FRAME_SIZE: stream_damaged(s, "a frame larger than any");
	}
	if (!s->in_segment) {
		if (f->kind != 'H')
			stream_damaged(s, "a segment that does not start with HEAD");
		s->seq = s->chain = 0;
		s->offset = s->nrec = 0;
		s->in_segment = 1;
		s->segments++;
	} else if (f->kind == 'H')
		stream_damaged(s, "cut short: a new segment starts before END");
	if (f->seq != s->seq || f->offset != s->offset)
		stream_damaged(s, "frames missing or out of order");
	read_checked(s, f);
	if (f->kind == 'H')
		take_head(s, f);
	else if (f->kind == 'E') {
		if (f->nrec != s->nrec)
			stream_damaged(s, "END counts other records than came");
		s->in_segment = 0;
	} else if (f->kind == 'D')
		s->nrec += f->nrec;
	else if (f->kind < 'a' || f->kind > 'z')
		stream_damaged(s, "a frame of unknown kind (written by a newer version?)");
	s->seq++;
	s->offset += FRAME_HEADER + f->meta_len + frame_pad(f->meta_len) + f->data_len + frame_pad(f->data_len);
	return 1;
}

int
stream_data(struct stream *s, struct frame *f)
{
	while (stream_next(s, f))
		if (f->kind == 'D')
			return 1;
	return 0;
}

void
stream_close(struct stream *s)
{
	if (s->in)
		input_close(s->in);
	free(s->name), free(s->head), free(s->meta), free(s->data), free(s);
}
