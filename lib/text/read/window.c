/* window - the bytes of a web archive that are being looked at, which gzip members, zstd frames or the file itself fill */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/read/window.h"
#include <string.h>
#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#define CHUNK ((size_t)1 << 16)
#define WASTE 64                /* times the bytes read so far: what may be looked at for damaged members */
#define WHOLE ((size_t)1 << 18) /* bytes of a member that is undone at once, in a second try 4 times so many; of what is in it 16 times */

void
window_init(struct window *w, struct input *in, int packed, struct zst *zst, void (*say)(const char *fmt, ...))
{
	memset(w, 0, sizeof *w);
	w->in = in;
	w->packed = packed;
	w->base = input_offset(in);
	w->zst = zst;
	w->say = say;
	buf_need(&w->b, CHUNK);
}

void
window_free(struct window *w)
{
	if (w->inflating)
		inflateEnd(&w->z);
	zst_free(w->zst);
#ifdef HAVE_LIBDEFLATE
	libdeflate_free_decompressor(w->whole);
#endif
	buf_free(&w->b);
}

void
window_damage(struct window *w, unsigned long long byte, const char *what)
{
	w->damaged++;
	w->say("%s: byte %llu: %s", input_name(w->in), byte, what);
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

static const char *
what(const struct window *w)
{
	return w->zst ? "zstd frame" : "gzip member";
}

static const char *
magic(const struct window *w)
{
	return w->zst ? "\x28\xb5\x2f\xfd" : "\x1f\x8b\x08";
}

/* Where in n bytes a member may begin, n where none does. */
static size_t
find_magic(const struct window *w, const unsigned char *p, size_t n)
{
	const unsigned char *at = memmem(p, n, magic(w), strlen(magic(w)));

	return at ? (size_t)(at - p) : n;
}

/* Finds where a next member may begin: 1 there is one, 0 the end, -1. */
static int
seek_member(struct window *w, int *skipped)
{
	const unsigned char *p;
	size_t got, i, last = strlen(magic(w)) - 1;     /* bytes that do not show it */

	*skipped = 0;
	for (;;) {
		if (!(p = input_peek(w->in, last + 1, &got, &w->err)))
			return -1;
		if (got == 0)
			return 0;
		i = find_magic(w, p, got);
		if (i == 0 || (w->zst && zst_begins(p, got, 0)) || (got <= last && !*skipped && memcmp(p, magic(w), got) == 0))
			return 1;
		if (i == got && got > last)
			i -= last;
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
	if (skipped && w->between > 0)          /* else they are the damaged one's */
		window_damage(w, from, w->zst ? "no zstd frame begins here" : "no gzip member begins here");
	if (r <= 0)
		return r;
	w->member = input_offset(w->in);
	w->members++;
	w->work = 0;
	if (w->zst)
		zst_reset(w->zst);
	else if (w->inflating)
		inflateReset(&w->z);
	else if (inflateInit2(&w->z, 15 + 16) != Z_OK)
		return err_set(&w->err, "%s: zlib does not start", input_name(w->in));
	w->inflating = !w->zst;
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
	size_t got, in, out, max = WHOLE;
	const unsigned char *p;
	enum libdeflate_result r;

	if (w->zst)                     /* zst_undo does that by itself */
		return 0;
	if (!w->whole && !(w->whole = libdeflate_alloc_decompressor()))
		return 0;
	do {
		if (!(p = input_peek(w->in, max, &got, &w->err)))
			return -1;
		buf_need(&w->b, 16 * max);
		r = libdeflate_gzip_decompress_ex(w->whole, p, got, w->b.p + w->b.n, 16 * max, &in, &out);
	} while (r != LIBDEFLATE_SUCCESS && got >= max && (max *= 4) == 4 * WHOLE);
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

static int
inflate_step(z_stream *z, struct zst_step *s)
{
	int r;

	z->next_in = (unsigned char *)(uintptr_t)s->in;
	z->avail_in = (unsigned)(s->n < CHUNK ? s->n : CHUNK);
	z->next_out = s->out;
	z->avail_out = (unsigned)s->room;
	r = inflate(z, Z_NO_FLUSH);
	s->used = (size_t)(z->next_in - (const unsigned char *)s->in);
	s->made = s->room - z->avail_out;
	s->why = z->msg ? z->msg : "a damaged gzip member";
	return r == Z_STREAM_END ? 1 : r == Z_OK || r == Z_BUF_ERROR ? 0 : -1;
}

/* A step of the member: 1 it ends, 0 it goes on, -1 it is damaged, as why says, behind so many bytes; -2 reading failed. */
static int
step_member(struct window *w, const char **why, size_t *behind)
{
	size_t want = w->zst ? zst_wants(w->zst) : 1, n;
	int fresh = w->member == input_offset(w->in), r;
	struct zst_step s = { .room = w->zst && fresh ? 16 * WHOLE : 4 * CHUNK };

	if (!(s.in = input_peek(w->in, w->zst ? WHOLE : 1, &s.n, &w->err)))
		return -2;
	n = s.n - (size_t)fresh;
	*behind = 0;
	w->work += fresh ? s.n : 0;
	if (s.n < want && find_magic(w, (const unsigned char *)s.in + fresh, n) < n) {
		*why = "a frame without its end";
		return -1;
	}
	if (s.n == 0) {
		err_set(&w->err, "%s: byte %llu: cut short within a %s", input_name(w->in), (unsigned long long)w->member, what(w));
		return -2;
	}
	buf_need(&w->b, s.room);
	s.out = w->b.p + w->b.n;
	r = w->zst ? zst_undo(w->zst, &s) : inflate_step(&w->z, &s);
	w->b.n += s.made;
	w->b.p[w->b.n] = 0;
	w->work += s.used + s.made;
	*behind = s.used;
	*why = s.why;
	if (r >= 0)
		input_skip(w->in, s.used);
	return r;
}

/* More of a member, or the next one: 1, 0 at the end of the input, -1. */
static int
fill_member(struct window *w)
{
	const char *why;
	size_t behind;
	int r;

	if (!w->members || w->between) {
		if ((r = begin_member(w)) <= 0 || (r = whole_member(w)) < 0)
			return r;
		w->between = r;
		if (r)
			return 1;
	}
	if ((r = step_member(w, &why, &behind)) == -2)
		return -1;
	w->between = r;
	if (r >= 0)
		return 1;
	window_damage(w, w->member, why);
	/* the next one may begin among the bytes that were taken for this one's: on past its magic alone, as long as such
	 * tries are little beside what was read */
	w->wasted += w->work;
	if (w->wasted / WASTE < input_offset(w->in) + WHOLE || !behind)
		behind = w->member == input_offset(w->in);
	input_skip(w->in, behind);
	w->state = WINDOW_BROKEN;
	return 0;
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
		if ((r = w->packed ? fill_member(w) : fill_plain(w)) <= 0 && w->state == WINDOW_OPEN)
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

	if (!w->packed)
		return w->base + pos;
	for (int i = 0; i < w->n_starts && w->starts[i].at <= pos; i++)
		at = w->starts[i].member;
	return at;
}
