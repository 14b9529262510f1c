/* undo - the bytes of a compressed file: zstd by libzstd, if built with it, and all else by libarchive */
/* SPDX-License-Identifier: MIT */
#include "stream/undo.h"
#include "base/file.h"
#include "stream/zst.h"
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

struct undo {
	int             fd;
	const char     *name;
	struct buf      ahead;
	size_t          pos;
	uint64_t        made;           /* bytes handed out */
	struct archive *a;
	struct zst     *zst;            /* or this: what step.in and n say is to be undone */
	struct zst_step step;
	int             in_frame;
	unsigned char   chunk[65536];
};

/* By magic: gzip, zstd, xz, bzip2, lz4. */
int
undo_is(const unsigned char *p, size_t n)
{
	static const struct { const char *magic; size_t n; } known[] = {
		{ "\x1f\x8b", 2 }, { "\x28\xb5\x2f\xfd", 4 }, { "\xfd""7zXZ", 5 }, { "BZh", 3 }, { "\x04\x22\x4d\x18", 4 },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (n >= known[i].n && memcmp(p, known[i].magic, known[i].n) == 0)
			return 1;
	return zst_begins(p, n, 0);
}

/* The next compressed bytes: how many, 0 at the end, -1. */
static ssize_t
next_raw(struct undo *u, const void **out, struct err *e)
{
	size_t n = u->ahead.n - u->pos;

	if (n) {
		*out = u->ahead.p + u->pos;
		u->pos = u->ahead.n;
		return (ssize_t)n;
	}
	*out = u->chunk;
	return u->fd < 0 ? 0 : fd_read(u->fd, u->chunk, sizeof u->chunk, u->name, e);
}

static la_ssize_t
feed(struct archive *a, void *ctx, const void **out)
{
	struct err e;
	ssize_t n = next_raw(ctx, out, &e);

	if (n < 0)
		archive_set_error(a, 1, "%s", e.text);
	return n;
}

struct undo *
undo_open(int fd, struct buf *ahead, size_t pos, const char *name, struct err *e)
{
	struct undo *u = xcalloc(1, sizeof *u);
	struct archive_entry *entry;
	struct buf none = { 0 };

	u->fd = fd;
	u->name = name;
	u->ahead = *ahead;
	u->pos = pos;
	*ahead = none;
	if (zst_begins(u->ahead.p + pos, u->ahead.n - pos, 0) && (u->zst = zst_new(&none)))
		return u;
	u->a = archive_read_new();
	archive_read_support_filter_all(u->a);
	archive_read_support_format_raw(u->a);
	if (archive_read_open(u->a, u, NULL, feed, NULL) == ARCHIVE_OK && archive_read_next_header(u->a, &entry) == ARCHIVE_OK)
		return u;
	err_set(e, "%s: %s", name, archive_error_string(u->a) ? archive_error_string(u->a) : "cannot be decompressed");
	undo_close(u);
	return NULL;
}

static int
damaged(const struct undo *u, const char *why, struct err *e)
{
	return err_set(e, "%s: byte %llu of the decompressed text: %s", u->name, (unsigned long long)u->made, why ? why : "damaged");
}

static ssize_t
undo_frames(struct undo *u, void *out, size_t n, struct err *e)
{
	struct zst_step *s = &u->step;
	ssize_t got;
	int r;

	s->out = out;
	s->room = n;
	do {
		if (!s->n) {
			if ((got = next_raw(u, &s->in, e)) <= 0)
				return got || !u->in_frame ? got : damaged(u, "cut short within a zstd frame", e);
			s->n = (size_t)got;
		}
		if ((r = zst_undo(u->zst, s)) < 0)
			return damaged(u, s->why, e);
		u->in_frame = r == 0;
		s->in = (const char *)s->in + s->used;
		s->n -= s->used;
	} while (!s->made);
	return (ssize_t)s->made;
}

ssize_t
undo_read(struct undo *u, void *out, size_t n, struct err *e)
{
	ssize_t got = u->zst ? undo_frames(u, out, n, e) : archive_read_data(u->a, out, n);

	if (got < 0)
		return u->zst ? -1 : damaged(u, archive_error_string(u->a), e);
	u->made += (uint64_t)got;
	return got;
}

void
undo_close(struct undo *u)
{
	if (!u)
		return;
	if (u->a)
		archive_read_free(u->a);
	zst_free(u->zst);
	buf_free(&u->ahead);
	free(u);
}
