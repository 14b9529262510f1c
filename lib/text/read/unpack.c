/* unpack - members of archives by libarchive; an archive within is read as it streams by */
/* SPDX-License-Identifier: MIT */
#include "text/read/unpack.h"
#include "text/read/bundle.h"
#include "text/read/member.h"
#include "text/read/sniff.h"
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

struct level {
	struct archive *a;
	char           *name;           /* of the member that is this archive; "" for the outermost */
	int             packed;         /* the member is compressed: one file, or a tar */
	struct bundle   bundle;         /* what is put aside until its end */
	int             ended;
	unsigned char   chunk[1 << 16];
};

struct unpack {
	struct input *in;
	char         *path;
	struct level *level[UNPACK_DEPTH];
	int           n, code;
	uint64_t      skipped;
	struct err    err;
};

int
unpack_is(const void *bytes, size_t n)
{
	static const struct { const char *magic; size_t n, at; } known[] = {
		{ "PK\003\004", 4, 0 }, { "PK\005\006", 4, 0 }, { "!<arch>\n", 8, 0 }, { "7z\xbc\xaf\x27\x1c", 6, 0 },
		{ "070701", 6, 0 }, { "070702", 6, 0 }, { "070707", 6, 0 }, { "\xc7\x71", 2, 0 }, { "Rar!\x1a\x07", 6, 0 },
		{ "MSCF", 4, 0 }, { "xar!", 4, 0 }, { "ustar", 5, 257 },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (n >= known[i].at + known[i].n && memcmp((const char *)bytes + known[i].at, known[i].magic, known[i].n) == 0)
			return 1;
	return 0;
}

static la_ssize_t
from_input(struct archive *a, void *ctx, const void **out)
{
	struct unpack *u = ctx;
	ssize_t n = input_read(u->in, u->level[0]->chunk, sizeof u->level[0]->chunk, &u->err);

	if (n < 0)
		archive_set_error(a, 1, "%s", u->err.text);
	*out = u->level[0]->chunk;
	return n;
}

struct within {
	struct level *parent;
	struct level *self;
};

static la_ssize_t
from_parent(struct archive *a, void *ctx, const void **out)
{
	struct within *w = ctx;
	la_ssize_t n = archive_read_data(w->parent->a, w->self->chunk, sizeof w->self->chunk);

	if (n < 0)
		archive_set_error(a, 1, "%s", archive_error_string(w->parent->a));
	*out = w->self->chunk;
	return n;
}

static int
free_within(struct archive *a, void *ctx)
{
	(void)a;
	free(ctx);
	return ARCHIVE_OK;
}

/* All formats but libarchive's own WARC reader, which loses records. */
static struct archive *
reader(int packed)
{
	struct archive *a = archive_read_new();

	archive_read_support_filter_all(a);
	if (packed) {
		archive_read_support_format_raw(a);
		archive_read_support_format_tar(a);
		return a;
	}
	archive_read_support_format_ar(a);
	archive_read_support_format_cab(a);
	archive_read_support_format_cpio(a);
	archive_read_support_format_rar(a);
	archive_read_support_format_tar(a);
	archive_read_support_format_xar(a);
	archive_read_support_format_zip(a);
	archive_read_support_format_7zip(a);
	return a;
}

static const char *
why(struct archive *a)
{
	const char *s = archive_error_string(a);

	return s ? s : "damaged";
}

struct unpack *
unpack_open(struct input *in, const char *path, int code, struct err *err)
{
	struct unpack *u = xcalloc(1, sizeof *u);
	struct level *l = u->level[0] = xcalloc(1, sizeof *l);
	int r;

	u->in = in;
	u->code = code;
	u->path = xstrdup(in ? input_name(in) : path);
	l->name = xstrdup("");
	l->a = reader(0);
	u->n = 1;
	r = in ? archive_read_open(l->a, u, NULL, from_input, NULL) : archive_read_open_filename(l->a, path, 1 << 18);
	if (r == ARCHIVE_OK)
		return u;
	err_set(err, "%s: %s", u->path, why(l->a));
	unpack_close(u);
	return NULL;
}

static void
pop(struct unpack *u)
{
	struct level *l = u->level[--u->n];

	bundle_free(&l->bundle);
	archive_read_free(l->a);
	free(l->name);
	free(l);
}

void
unpack_close(struct unpack *u)
{
	while (u->n)
		pop(u);
	free(u->path);
	free(u);
}

uint64_t
unpack_skipped(const struct unpack *u)
{
	return u->skipped;
}

/* Goes into a member that is an archive itself, or compressed. */
static void
push(struct unpack *u, const char *name, int packed)
{
	struct level *l;
	struct within *w;

	if (u->n == UNPACK_DEPTH) {
		u->skipped++;
		return;
	}
	l = xcalloc(1, sizeof *l);
	w = xmalloc(sizeof *w);
	w->parent = u->level[u->n - 1];
	w->self = l;
	l->name = xstrdup(name);
	l->packed = packed;
	l->a = reader(packed);
	if (archive_read_open(l->a, w, NULL, from_parent, free_within) != ARCHIVE_OK) {
		u->skipped++;           /* its name promised what it is not */
		archive_read_free(l->a);
		free(l->name);
		free(l);
		return;
	}
	u->level[u->n++] = l;
}

/* The member's bytes; 1, or -1 with what came before the damage. */
static int
read_body(struct level *l, struct buf *body, const char **reason)
{
	la_ssize_t n;

	do {
		buf_need(body, 1 << 16);
		n = archive_read_data(l->a, body->p + body->n, 1 << 16);
		if (n > 0)
			body->n += (size_t)n;
		body->p[body->n] = 0;
		if (body->n > PAGE_MAX) {
			*reason = "too_large";
			buf_clear(body);
			return 1;
		}
	} while (n > 0);
	return n < 0 ? -1 : 1;
}

/* No page: NULs at its beginning, and not as UTF-16 has them. */
static int
is_binary(const struct buf *b)
{
	size_t n = b->n < 1024 ? b->n : 1024;

	if (n >= 2 && (memcmp(b->p, "\xff\xfe", 2) == 0 || memcmp(b->p, "\xfe\xff", 2) == 0))
		return 0;
	return n && memchr(b->p, 0, n) != NULL;
}

/* A level that is one compressed file. */
static int
is_one(const struct level *l)
{
	return l->packed && archive_format(l->a) == ARCHIVE_FORMAT_RAW;
}

/* The path from the outermost archive on; the compressed tar within a deb does not count. */
static void
full_name(const struct unpack *u, const char *name, struct buf *out)
{
	buf_clear(out);
	for (int i = 1; i < u->n; i++) {
		const char *part = u->level[i]->name;

		if (is_one(u->level[i]) || strncmp(part, "data.tar", 8) == 0)
			continue;
		buf_str(out, part);
		buf_char(out, '/');
	}
	while (name[0] == '.' && name[1] == '/')
		name += 2;
	buf_str(out, name);
}

/* ar(1) may leave the type out. */
static int
is_file(struct archive_entry *entry)
{
	return (archive_entry_filetype(entry) == AE_IFREG || archive_entry_filetype(entry) == 0) && !archive_entry_hardlink(entry);
}

/* The member's bytes into the page: what it is, or put aside.  1 a page, 0 none, -1. */
static int
take(struct unpack *u, struct level *l, const char *name, enum member what, struct page *p, struct err *err)
{
	const char *s;

	if (read_body(l, &p->body, &p->reason) < 0)
		return err_set(err, "%s: %s: %s", u->path, name, why(l->a));
	s = buf_text(&p->body);
	if (strcmp(name, "mimetype") == 0) {
		l->bundle.epub = p->body.n >= 20 && memcmp(s, "application/epub+zip", 20) == 0;
		return 0;
	}
	if (!p->reason && is_binary(&p->body))
		p->reason = "binary";
	if (what == MEMBER_PACKED)              /* its name says nothing */
		what = p->body.n > 3 && memcmp(s, "%PDF", 4) == 0 ? MEMBER_OTHER : sniff_text(s, p->body.n, 1) == FORMAT_LATEX ? MEMBER_TEX : MEMBER_TEXT;
	if (what == MEMBER_OTHER && !l->bundle.epub)
		p->reason = "binary";
	if (!p->reason && (l->bundle.epub || (what == MEMBER_TEX && !is_one(l))) && l->bundle.bytes + p->body.n <= PAGE_MAX) {
		bundle_add(&l->bundle, name, &p->body);
		return 0;
	}
	full_name(u, name, &p->id);
	p->language = what == MEMBER_CODE ? member_language(name) : NULL;
	p->kind = what == MEMBER_CODE ? PAGE_CODE : what == MEMBER_TEX ? PAGE_LATEX : what == MEMBER_TEXT ? PAGE_TEXT : PAGE_HTML;
	if (!p->reason && p->body.n == 0)
		p->reason = "empty";
	return 1;
}

/* What a member of an EPUB is for. */
static int
of_book(const char *name)
{
	return strstr(name, ".opf") || strstr(name, "htm") || strcmp(name, "META-INF/container.xml") == 0;
}

/* The level's end: what was put aside, then the level above.  1 a page. */
static int
end_level(struct unpack *u, struct level *l, struct page *p)
{
	struct buf name = { 0 };
	int r = bundle_next(&l->bundle, p, &name);

	if (r) {
		full_name(u, buf_text(&name), &p->id);
		if (!name.n && p->id.n)
			p->id.p[--p->id.n] = 0;         /* the book itself: its path without the last slash */
		if (!p->id.n)
			buf_str(&p->id, u->path);
	} else {
		pop(u);
	}
	buf_free(&name);
	return r;
}

int
unpack_next(struct unpack *u, struct page *p, struct err *err)
{
	struct archive_entry *entry;

	while (u->n) {
		struct level *l = u->level[u->n - 1];
		int r = l->ended ? ARCHIVE_EOF : archive_read_next_header(l->a, &entry);
		enum member what;
		const char *path;

		if (r == ARCHIVE_EOF) {
			l->ended = 1;
			if (end_level(u, l, p))
				return 1;
			continue;
		}
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN) {
			if (u->n > 1 && archive_file_count(l->a) == 0) {        /* not what its name says */
				u->skipped++;
				pop(u);
				continue;
			}
			return err_set(err, "%s: %s%s%s", u->path, l->name, l->name[0] ? ": " : "", why(l->a));
		}
		path = is_one(l) ? l->name : archive_entry_pathname(entry);
		if (!path || (!is_one(l) && !is_file(entry)))
			continue;
		what = is_one(l) ? member_inside(path, u->code) : member_of(path, u->code);
		if (!is_one(l) && (what == MEMBER_ARCHIVE || what == MEMBER_PACKED)) {
			push(u, path, what == MEMBER_PACKED);
		} else if (what == MEMBER_OTHER && !(l->bundle.epub && of_book(path)) && strcmp(path, "mimetype") != 0) {
			u->skipped++;
		} else {
			buf_clear(&p->body);
			p->reason = NULL;
			if ((r = take(u, l, path, what, p, err)))
				return r;
		}
	}
	return 0;
}
