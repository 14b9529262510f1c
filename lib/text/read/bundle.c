/* bundle - files of one archive that make documents together */
/* SPDX-License-Identifier: MIT */
#include "text/read/bundle.h"
#include "text/markup/epub.h"
#include "text/markup/latex.h"
#include <stdlib.h>
#include <string.h>

void
bundle_add(struct bundle *b, const char *name, struct buf *bytes)
{
	struct bundle_file f = { .name = xstrdup(name), .bytes = *bytes };

	b->bytes += bytes->n;
	*bytes = (struct buf){ 0 };
	VEC_PUSH(b->v, b->n, b->cap, f);
}

void
bundle_free(struct bundle *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->v[i].name);
		buf_free(&b->v[i].bytes);
	}
	free(b->v);
	memset(b, 0, sizeof *b);
}

static struct bundle_file *
find(struct bundle *b, const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->v[i].name, name) == 0)
			return &b->v[i];
	return NULL;
}

/* A path seen from the folder of another, "./" and "../" done away with. */
static void
beside(const char *from, const char *path, struct buf *out)
{
	const char *slash = strrchr(from, '/');

	buf_clear(out);
	buf_add(out, from, slash ? (size_t)(slash + 1 - from) : 0);
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && memcmp(path, "..", 2) == 0) {
			while (out->n && out->p[--out->n] == '/')
				;
			while (out->n && out->p[out->n - 1] != '/')
				out->n--;
		} else if (n && !(n == 1 && *path == '.')) {
			buf_add(out, path, n + (path[n] == '/'));
		}
		path += n + (path[n] == '/');
	}
	buf_add(out, "", 0);
	if (out->p)
		out->p[out->n] = 0;
}

/* The book: its files in the order of the spine, or as they come where there is none. */
static int
book(struct bundle *b, struct page *p)
{
	struct bundle_file *f = find(b, "META-INF/container.xml");
	struct epub e = { .paths = { 0 } };
	struct buf package = { 0 }, path = { 0 };

	if (f && epub_container(buf_text(&f->bytes), f->bytes.n, &package) == 0 && (f = find(b, package.p)))
		epub_package(&e, buf_text(&f->bytes), f->bytes.n);
	for (size_t i = 0; i < e.paths.n && p->body.n <= PAGE_MAX; i += strlen(e.paths.p + i) + 1) {    /* a file may be named again and again */
		beside(package.p, e.paths.p + i, &path);
		if ((f = find(b, buf_text(&path))))
			buf_add(&p->body, buf_text(&f->bytes), f->bytes.n);
	}
	for (size_t i = 0; !e.paths.n && i < b->n; i++)
		if (strstr(b->v[i].name, "htm"))
			buf_add(&p->body, b->v[i].bytes.p, b->v[i].bytes.n);
	if (p->body.n > PAGE_MAX) {
		p->reason = "too_large";
		buf_free(&p->body);
	}
	p->kind = PAGE_BOOK;
	buf_add(&p->title, buf_text(&e.title), e.title.n);
	buf_add(&p->author, buf_text(&e.author), e.author.n);
	buf_add(&p->date, buf_text(&e.date), e.date.n);
	epub_free(&e);
	buf_free(&package);
	buf_free(&path);
	return 1;
}

struct finder {
	struct bundle *b;
	const char    *from;
};

/* A part as TeX looks for it: from the paper's folder, with and without its ending. */
static const struct buf *
part(void *ctx, const char *name)
{
	struct finder *in = ctx;
	struct bundle_file *f;
	struct buf path = { 0 };

	beside(in->from, name, &path);
	f = find(in->b, buf_text(&path));
	buf_str(&path, ".tex");
	f = f ? f : find(in->b, path.p);
	buf_free(&path);
	if (!f)
		return NULL;
	f->used = 1;
	return &f->bytes;
}

/* Which files are parts of others. */
static void
mark_parts(struct bundle *b)
{
	struct buf out = { 0 };

	for (size_t i = 0; i < b->n; i++) {
		struct finder in = { b, b->v[i].name };
		int own = b->v[i].used;

		if (!b->v[i].bytes.n || !latex_is_whole(b->v[i].bytes.p, b->v[i].bytes.n))
			continue;
		buf_clear(&out);
		latex_join(b->v[i].bytes.p, b->v[i].bytes.n, part, &in, PAGE_MAX, &out);
		b->v[i].used = own;
	}
	buf_free(&out);
}

int
bundle_next(struct bundle *b, struct page *p, struct buf *name)
{
	buf_clear(name);
	if (b->epub)
		return b->n && !b->next++ ? book(b, p) : 0;
	if (!b->next && b->n > 1)
		mark_parts(b);
	while (b->next < b->n) {
		struct bundle_file *f = &b->v[b->next++];
		struct finder in = { b, f->name };

		if (f->used)
			continue;
		latex_join(buf_text(&f->bytes), f->bytes.n, part, &in, PAGE_MAX, &p->body);
		p->kind = PAGE_LATEX;
		buf_str(name, f->name);
		return 1;
	}
	return 0;
}
