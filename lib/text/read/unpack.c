/* unpack - members of archives by libarchive; an archive within is read as it streams by */
/* SPDX-License-Identifier: MIT */
#include "text/read/unpack.h"
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct level {
	struct archive *a;
	char           *name;           /* of the member that is this archive; "" for the outermost */
	int             whole;          /* the member is one compressed page, not an archive */
	unsigned char   chunk[1 << 16];
};

struct unpack {
	struct input *in;
	char         *path;
	struct level *level[UNPACK_DEPTH];
	int           n;
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

static int
ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n > k && strcasecmp(name + n - k, suffix) == 0;
}

static int
any_suffix(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (ends_in(name, *list))
			return 1;
	return 0;
}

static const char *const page_suffixes[] = { ".html", ".htm", ".xhtml", ".shtml", ".txt", ".text", ".md", NULL };
static const char *const archive_suffixes[] = { ".tar", ".tgz", ".tar.gz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".tar.lz4",
	".zip", ".epub", ".deb", ".a", ".ar", ".cpio", ".cpio.gz", ".rar", ".cab", ".xar", ".7z", NULL };
static const char *const packed_suffixes[] = { ".gz", ".xz", ".bz2", ".zst", ".lz4", NULL };

/* Whether it is a page with a compression around it: "a.html.gz". */
static int
is_packed_page(const char *name)
{
	char plain[256];
	size_t n = strlen(name), tail;
	const char *dot = strrchr(name, '.');

	if (!dot || !any_suffix(name, packed_suffixes))
		return 0;
	tail = (size_t)(dot - name);
	if (tail == 0 || n >= sizeof plain + 64)
		return 0;
	if (tail >= sizeof plain)
		name += tail - (sizeof plain - 1), tail = sizeof plain - 1;
	memcpy(plain, name, tail);
	plain[tail] = 0;
	return any_suffix(plain, page_suffixes);
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
reader(int whole)
{
	struct archive *a = archive_read_new();

	archive_read_support_filter_all(a);
	if (whole) {
		archive_read_support_format_raw(a);
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
unpack_open(struct input *in, const char *path, struct err *err)
{
	struct unpack *u = xcalloc(1, sizeof *u);
	struct level *l = u->level[0] = xcalloc(1, sizeof *l);
	int r;

	u->in = in;
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

/* Goes into a member that is an archive itself, or a compressed page. */
static int
push(struct unpack *u, const char *name, int whole)
{
	struct level *l;
	struct within *w;

	if (u->n == UNPACK_DEPTH) {
		u->skipped++;
		return 0;
	}
	l = xcalloc(1, sizeof *l);
	w = xmalloc(sizeof *w);
	w->parent = u->level[u->n - 1];
	w->self = l;
	l->name = xstrdup(name);
	l->whole = whole;
	l->a = reader(whole);
	if (archive_read_open(l->a, w, NULL, from_parent, free_within) != ARCHIVE_OK) {
		u->skipped++;           /* its name promised what it is not */
		archive_read_free(l->a);
		free(l->name);
		free(l);
		return 0;
	}
	u->level[u->n++] = l;
	return 1;
}

/* The member's bytes; 1, or -1 with what came before the damage. */
static int
read_body(struct level *l, size_t max, struct buf *body, const char **reason)
{
	la_ssize_t n;

	do {
		buf_need(body, 1 << 16);
		n = archive_read_data(l->a, body->p + body->n, 1 << 16);
		if (n > 0)
			body->n += (size_t)n;
		body->p[body->n] = 0;
		if (body->n > max) {
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

/* The path from the outermost archive on; the compressed tar within a deb does not count. */
static void
full_name(const struct unpack *u, const char *name, struct buf *out)
{
	buf_clear(out);
	for (int i = 1; i < u->n; i++) {
		const char *part = u->level[i]->name;

		if (u->level[i]->whole || strncmp(part, "data.tar", 8) == 0)
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
	return archive_entry_filetype(entry) == AE_IFREG || archive_entry_filetype(entry) == 0;
}

int
unpack_next(struct unpack *u, size_t max, struct buf *name, struct buf *body, const char **reason, struct err *err)
{
	struct archive_entry *entry;

	*reason = NULL;
	buf_clear(body);
	while (u->n) {
		struct level *l = u->level[u->n - 1];
		int r = archive_read_next_header(l->a, &entry);
		const char *path;

		if (r == ARCHIVE_EOF) {
			pop(u);
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
		path = l->whole ? l->name : archive_entry_pathname(entry);
		if (!path || (!l->whole && (!is_file(entry) || archive_entry_hardlink(entry)))) {
			continue;
		} else if (!l->whole && any_suffix(path, archive_suffixes)) {
			push(u, path, 0);
			continue;
		} else if (!l->whole && is_packed_page(path)) {
			push(u, path, 1);
			continue;
		} else if (!l->whole && (!any_suffix(path, page_suffixes) || strstr(path, "/_sources/"))) {      /* Sphinx: its pages' sources */
			u->skipped++;
			continue;
		}
		full_name(u, path, name);
		if (read_body(l, max, body, reason) < 0)
			return err_set(err, "%s: %s: %s", u->path, name->p, why(l->a));
		if (!*reason && is_binary(body))
			*reason = "binary";
		return 1;
	}
	return 0;
}
