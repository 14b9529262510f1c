/* epub - what an EPUB says of itself, and the order in which its files are read */
/* SPDX-License-Identifier: MIT */
#include "text/markup/epub.h"
#include "text/markup/xml.h"
#include <stdlib.h>
#include <string.h>

int
epub_container(const char *s, size_t n, struct buf *out)
{
	struct xml x = { .p = s, .end = s + n };

	buf_clear(out);
	while (xml_next(&x))
		if (xml_is(&x, "rootfile") && xml_attr(&x, "full-path", out))
			return 0;
	return -1;
}

/* "a%20b#c" as a path, with a NUL. */
static void
add_path(const struct buf *href, struct buf *out)
{
	for (size_t i = 0; i < href->n && href->p[i] != '#'; i++) {
		char hex[3] = { 0 };
		int c = href->p[i];

		if (c == '%' && i + 2 < href->n) {
			memcpy(hex, href->p + i + 1, 2);
			c = (int)strtol(hex, NULL, 16);
			i += 2;
		}
		if (c)
			buf_char(out, c);
	}
	buf_char(out, 0);
}

struct item {
	char      *id;
	struct buf href;
};

static int
by_id(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->id, ((const struct item *)b)->id);
}

/* The files that the package lists, by their id. */
static struct item *
manifest(const char *s, size_t n, size_t *count)
{
	struct xml x = { .p = s, .end = s + n };
	struct item *v = NULL;
	struct buf id = { 0 };
	size_t cap = 0;

	*count = 0;
	while (xml_next(&x))
		if (xml_is(&x, "item") && xml_attr(&x, "id", &id)) {
			struct item it = { .id = xstrndup(buf_text(&id), id.n) };

			xml_attr(&x, "href", &it.href);
			VEC_PUSH(v, *count, cap, it);
		}
	if (*count)
		qsort(v, *count, sizeof *v, by_id);
	buf_free(&id);
	return v;
}

static void
first(struct xml *x, struct buf *to, const char *between)
{
	size_t n = to->n;

	if (n && !between)
		return;
	if (n)
		buf_str(to, between);
	xml_content(x, to);
}

void
epub_package(struct epub *e, const char *s, size_t n)
{
	struct xml x = { .p = s, .end = s + n };
	struct item key = { 0 };
	struct buf id = { 0 };
	size_t count;
	struct item *files = manifest(s, n, &count);

	buf_clear(&e->title), buf_clear(&e->author), buf_clear(&e->date), buf_clear(&e->paths);
	while (xml_next(&x)) {
		if (xml_is(&x, "title"))
			first(&x, &e->title, NULL);
		else if (xml_is(&x, "creator"))
			first(&x, &e->author, ", ");
		else if (xml_is(&x, "date"))
			first(&x, &e->date, NULL);
		if (!xml_is(&x, "itemref") || !xml_attr(&x, "idref", &id) || !id.n)
			continue;
		key.id = id.p;
		if (count) {
			struct item *it = bsearch(&key, files, count, sizeof *files, by_id);

			if (it)
				add_path(&it->href, &e->paths);
		}
	}
	for (size_t i = 0; i < count; i++) {
		free(files[i].id);
		buf_free(&files[i].href);
	}
	free(files);
	buf_free(&id);
}

void
epub_free(struct epub *e)
{
	buf_free(&e->title), buf_free(&e->author), buf_free(&e->date), buf_free(&e->paths);
}
