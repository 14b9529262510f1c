/* input - foreign bytes: files one after another, decompressed by what they begin with */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "stream/input.h"
#include "base/file.h"
#include "stream/undo.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 18)

struct input {
	int      fd, ended;
	char    *name;
	struct buf b;                   /* bytes read and not yet handed out: b.p + pos .. b.n */
	size_t   pos;
	uint64_t offset, record;
	enum { UNSEEN, LINES, ARRAY, AFTER } objects;   /* how JSON objects come: told by the first byte */
	struct undo *undo;              /* of a compression */
};

static int
start_undoing(struct input *in, struct err *e)
{
	in->undo = undo_open(in->fd, &in->b, in->pos, in->name, e);
	in->pos = 0, in->ended = 0;
	return in->undo ? 0 : -1;
}

/* More bytes into b: 1, 0 at the end, -1. */
static int
fill(struct input *in, struct err *e)
{
	ssize_t n;

	if (in->ended)
		return 0;
	if (in->pos && in->pos == in->b.n)
		in->pos = in->b.n = 0;
	else if (in->pos > CHUNK) {
		memmove(in->b.p, in->b.p + in->pos, in->b.n - in->pos);
		in->b.n -= in->pos, in->pos = 0;
	}
	buf_need(&in->b, CHUNK);
	if (in->undo) {
		if ((n = undo_read(in->undo, in->b.p + in->b.n, CHUNK, e)) < 0)
			return -1;
	} else if (in->fd < 0)
		n = 0;
	else if ((n = fd_read(in->fd, in->b.p + in->b.n, CHUNK, in->name, e)) < 0)
		return -1;
	in->b.n += (size_t)n;
	in->b.p[in->b.n] = 0;
	in->ended = n == 0;
	return n > 0;
}

static struct input *again;             /* standard input, looked at and given back */

void
input_again(struct input *in)
{
	if (in->fd == 0)
		again = in;
	else
		input_close(in);
}

struct input *
input_open(const char *path, int decompress, struct err *e)
{
	int std = !path || strcmp(path, "-") == 0;
	struct input *in;
	const unsigned char *p;
	size_t got;

	if (std && again) {
		in = again;
		again = NULL;
		return in;
	}
	in = xcalloc(1, sizeof *in);
	in->name = xstrdup(std ? "standard input" : path);
	in->fd = std ? 0 : open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0)
		err_sys(e, "%s", in->name);
	else if ((p = input_peek(in, 8, &got, e)) &&
	    (!decompress || !undo_is(p, got) || start_undoing(in, e) == 0))
		return in;
	input_close(in);
	return NULL;
}

struct input *
input_bytes(const void *p, size_t n, const char *name)
{
	struct input *in = xcalloc(1, sizeof *in);

	in->name = xstrdup(name);
	in->fd = -1;
	buf_add(&in->b, p, n);
	return in;
}

int
input_unpack(struct input *in, struct err *e)
{
	size_t got;
	const unsigned char *p = input_peek(in, 8, &got, e);

	return !p ? -1 : in->undo || !undo_is(p, got) ? 0 : start_undoing(in, e);
}

const unsigned char *
input_peek(struct input *in, size_t n, size_t *got, struct err *e)
{
	int r = 1;

	while (in->b.n - in->pos < n && (r = fill(in, e)) > 0)
		;
	if (r < 0)
		return NULL;
	*got = in->b.n - in->pos;
	return in->b.p ? (const unsigned char *)in->b.p + in->pos : (const unsigned char *)"";
}

void
input_skip(struct input *in, size_t n)
{
	in->pos += n, in->offset += n;
}

ssize_t
input_read(struct input *in, void *out, size_t n, struct err *e)
{
	size_t have;
	ssize_t r;

	if (in->pos == in->b.n && n >= CHUNK && !in->undo && !in->ended && in->fd >= 0) {
		if ((r = fd_read(in->fd, out, n, in->name, e)) < 0)
			return -1;
		in->ended = (size_t)r < n;
		in->offset += (uint64_t)r;
		return r;
	}
	if (in->pos == in->b.n && fill(in, e) < 0)
		return -1;
	have = in->b.n - in->pos;
	if (n > have)
		n = have;
	memcpy(out, in->b.p + in->pos, n);
	in->pos += n, in->offset += n;
	return (ssize_t)n;
}

int
input_line(struct input *in, struct buf *line, size_t max, int *cut, struct err *e)
{
	size_t n, have;
	char *nl;
	int r;

	buf_clear(line);
	*cut = 0;
	for (;;) {
		if (in->pos == in->b.n && (r = fill(in, e)) <= 0) {
			if (r < 0 || !line->n)
				return r;
			*cut = 1;
			in->record++;
			return 1;
		}
		have = in->b.n - in->pos;
		nl = memchr(in->b.p + in->pos, '\n', have);
		n = nl ? (size_t)(nl - (in->b.p + in->pos)) : have;
		if (line->n + n > max)
			return err_set(e, "%s: line %llu: longer than %zu bytes", in->name, (unsigned long long)in->record + 1, max);
		buf_add(line, in->b.p + in->pos, n);
		n += nl != NULL;
		in->pos += n, in->offset += n;
		if (nl) {
			in->record++;
			return 1;
		}
	}
}

static int
cut_short(const struct input *in, const char *what, struct err *e)
{
	return err_set(e, "%s: record %llu, byte %llu: cut short: %s", in->name, (unsigned long long)in->record,
	    (unsigned long long)in->offset, what);
}

/* The next byte that is no blank, not consumed: 0 at the end, -1. */
static int
next_mark(struct input *in, struct err *e)
{
	int r;

	for (;; in->pos++, in->offset++) {
		if (in->pos == in->b.n && (r = fill(in, e)) <= 0)
			return r;
		if (!strchr(" \t\r\n", in->b.p[in->pos]) || !in->b.p[in->pos])
			return (unsigned char)in->b.p[in->pos];
	}
}

/* The object that begins here: up to the brace that closes it. */
static int
take_object(struct input *in, struct buf *object, size_t max, struct err *e)
{
	int depth = 0, text = 0, escape = 0, r;

	do {
		char c;

		if (in->pos == in->b.n && (r = fill(in, e)) <= 0)
			return r ? r : cut_short(in, "an object without its end", e);
		c = in->b.p[in->pos++], in->offset++;
		if (object->n == max)
			return err_set(e, "%s: record %llu: longer than %zu bytes", in->name, (unsigned long long)in->record + 1, max);
		buf_char(object, c);
		if (text)
			text = escape || c != '"', escape = !escape && c == '\\';
		else if (c == '"')
			text = 1;
		else
			depth += (c == '{' || c == '[') - (c == '}' || c == ']');
	} while (depth);
	in->record++;
	return 1;
}

static int
next_of_array(struct input *in, struct buf *object, size_t max, struct err *e)
{
	int mark = next_mark(in, e);

	if (mark > 0 && in->objects == ARRAY && mark == (in->record ? ',' : '[')) {
		in->pos++, in->offset++;
		if ((mark = next_mark(in, e)) == '{')
			return take_object(in, object, max, e);
		if (mark == ']' && in->record)
			mark = ',';             /* a comma before the end: said below */
	}
	if (mark == ']' && in->objects == ARRAY) {
		in->pos++, in->offset++, in->objects = AFTER;
		mark = next_mark(in, e);
	}
	if (mark <= 0)
		return mark || in->objects == AFTER ? mark : cut_short(in, "an array without its end", e);
	return err_set(e, "%s: record %llu, byte %llu: '%c' where an array of JSON objects goes on", in->name,
	    (unsigned long long)in->record, (unsigned long long)in->offset, mark < 32 || mark > 126 ? '?' : mark);
}

int
input_object(struct input *in, struct buf *object, size_t max, struct err *e)
{
	int cut, r = in->objects;
	const unsigned char *p;
	size_t got;

	buf_clear(object);
	if (!r) {
		if (!(p = input_peek(in, 3, &got, e)))
			return -1;
		if (got >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
			input_skip(in, 3);
		if ((r = next_mark(in, e)) < 0)
			return r;
		in->objects = r == '[' ? ARRAY : LINES;
	}
	if (in->objects != LINES)
		return next_of_array(in, object, max, e);
	do
		r = input_line(in, object, max, &cut, e);
	while (r > 0 && !cut && object->n == strspn(buf_text(object), " \t\r"));
	return r > 0 && cut ? cut_short(in, "the last line has no newline", e) : r;
}

int
input_all(struct input *in, struct buf *out, size_t max, struct err *e)
{
	ssize_t n;

	do {
		buf_need(out, CHUNK);
		if ((n = input_read(in, out->p + out->n, CHUNK, e)) < 0)
			return -1;
		out->n += (size_t)n;
		out->p[out->n] = 0;
		if (out->n > max)
			return err_set(e, "%s: larger than %zu bytes", in->name, max);
	} while (n > 0);
	return 0;
}

uint64_t input_offset(const struct input *in) { return in->offset; }
uint64_t input_record(const struct input *in) { return in->record; }
const char *input_name(const struct input *in) { return in->name; }

void
input_close(struct input *in)
{
	undo_close(in->undo);
	if (in->fd > 0)
		close(in->fd);
	buf_free(&in->b);
	free(in->name), free(in);
}
