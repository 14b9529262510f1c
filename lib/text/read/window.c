/* window - the bytes of a web archive that are being looked at, which gzip members or the file itself fill */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/read/window.h"
#include <string.h>
#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#define CHUNK ((size_t)1 << 16)
#define WHOLE ((size_t)1 << 18) /* bytes of a gzip member that is undone at once; 16 times so many of what is in it */

void
window_init(struct window *w, struct input *in, int gz, void (*say)(const char *fmt, ...))
{
	memset(w, 0, sizeof *w);
	w->in = in;
	w->gz = gz;
	w->say = say;
	buf_need(&w->b, CHUNK);
}

void
window_free(struct window *w)
{
	if (w->inflating)
		inflateEnd(&w->z);
#ifdef HAVE_LIBDEFLATE
	libdeflate_free_decompressor(w->whole);
#endif
	buf_free(&w->b);
}

unsigned long long
window_where(const struct window *w)
{
	return (unsigned long long)(w->gz ? w->member : w->base + w->pos);
}

void
window_damage(struct window *w, unsigned long long byte, const char *what)
{
	w->damaged++;
	w->say("%s: byte %llu: %s; passed over", input_name(w->in), byte, what);
}

/* Drops what was passed from the window's front. */
static void
slide(struct window *w)
{
	int k = 0;

	if (w->pos == 0 || (w->pos < CHUNK && w->pos < w->b.n))
		return;
	memmove(w->b.p, w->b.p + w->pos, w->b.n - w->pos);
	w->b.n -= w->pos;
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
seek_member(struct window *w, int *skipped)
{
	const unsigned char *p;
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
		input_skip(w->in, i);
	}
}

static int
begin_member(struct window *w)
{
	int skipped, r;
	uint64_t from = input_offset(w->in);

	r = seek_member(w, &skipped);
	if (skipped && w->members)
		window_damage(w, from, "no gzip member begins here");
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
	w->starts[w->n_starts++].at = w->b.n;
	return 1;
}

/* The member that begins here, if it is small and well: 1, 0 it is to be read in pieces, -1. */
static int
whole_member(struct window *w)
{
#ifdef HAVE_LIBDEFLATE
	size_t got, in, out;
	const unsigned char *p = input_peek(w->in, WHOLE, &got, &w->err);
	enum libdeflate_result r;

	if (!p)
		return -1;
	if (!w->whole && !(w->whole = libdeflate_alloc_decompressor()))
		return 0;
	buf_need(&w->b, 16 * WHOLE);
	r = libdeflate_gzip_decompress_ex(w->whole, p, got, w->b.p + w->b.n, 16 * WHOLE, &in, &out);
	if (r == LIBDEFLATE_SUCCESS) {
		input_skip(w->in, in);
		w->b.n += out;
	}
	w->b.p[w->b.n] = 0;
	return r == LIBDEFLATE_SUCCESS;
#else
	(void)w;
	return 0;
#endif
}

/* More of a member, or the next one: 1, 0 at the end of the input, -1. */
static int
fill_gz(struct window *w)
{
	const unsigned char *p;
	size_t got, room;
	int r;

	if (!w->inflating || w->between) {
		w->between = 0;
		if ((r = begin_member(w)) <= 0 || (r = whole_member(w)) < 0)
			return r;
		if (r) {
			w->between = 1;
			return 1;
		}
	}
	if (!(p = input_peek(w->in, 1, &got, &w->err)))
		return -1;
	if (got == 0)
		return err_set(&w->err, "%s: byte %llu: cut short within a gzip member", input_name(w->in), window_where(w));
	got = got < CHUNK ? got : CHUNK;
	buf_need(&w->b, 4 * CHUNK);
	room = 4 * CHUNK;
	w->z.next_in = (unsigned char *)(uintptr_t)p;
	w->z.avail_in = (unsigned)got;
	w->z.next_out = (unsigned char *)w->b.p + w->b.n;
	w->z.avail_out = (unsigned)room;
	r = inflate(&w->z, Z_NO_FLUSH);
	w->b.n += room - w->z.avail_out;
	w->b.p[w->b.n] = 0;
	got -= w->z.avail_in;
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR) {
		window_damage(w, w->member, w->z.msg ? w->z.msg : "a damaged gzip member");
		/* the next one may begin among the bytes that were taken for this one's: on past its magic alone */
		got = w->member == input_offset(w->in);
		w->state = WINDOW_BROKEN;
	}
	input_skip(w->in, got);
	w->between = r == Z_STREAM_END || w->state == WINDOW_BROKEN;
	return w->state != WINDOW_BROKEN;
}

static int
fill_plain(struct window *w)
{
	ssize_t n;

	buf_need(&w->b, CHUNK);
	n = input_read(w->in, w->b.p + w->b.n, CHUNK, &w->err);
	if (n > 0)
		w->b.n += (size_t)n;
	w->b.p[w->b.n] = 0;
	return n < 0 ? -1 : n > 0;
}

int
window_ahead(struct window *w, size_t n)
{
	int r;

	slide(w);
	while (w->b.n - w->pos < n) {
		if (w->state != WINDOW_OPEN)
			return 0;
		if ((r = w->gz ? fill_gz(w) : fill_plain(w)) <= 0 && w->state == WINDOW_OPEN)
			w->state = r < 0 ? WINDOW_CUT : WINDOW_ENDED;
	}
	return 1;
}

int
window_pass_break(struct window *w)
{
	if (w->state != WINDOW_BROKEN)
		return 0;
	w->state = WINDOW_OPEN;
	w->pos = w->b.n;
	return 1;
}

uint64_t
window_offset(const struct window *w, size_t pos)
{
	uint64_t at = w->member;

	if (!w->gz)
		return w->base + pos;
	for (int i = 0; i < w->n_starts && w->starts[i].at <= pos; i++)
		at = w->starts[i].member;
	return at;
}
