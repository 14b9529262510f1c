/* texjoin - a text in LaTeX with the files that it names put where it names them */
/* SPDX-License-Identifier: MIT */
#include "text/markup/latex.h"
#include <string.h>

/* The name that follows at p: "{name}" or "name "; *past where it ends. */
static void
input_name(const char *p, const char *end, struct buf *name, const char **past)
{
	int braced = p < end && *p == '{';

	buf_clear(name);
	while (p < end && (*p == ' ' || (braced && *p == '{')))
		p++;
	while (p < end && (unsigned char)*p > ' ' && *p != '}' && *p != '\\' && *p != '%')
		buf_char(name, *p++);
	*past = p < end && braced && *p == '}' ? p + 1 : p;
}

/* Of so many files at most: those that name each other several times have no end else. */
struct joined {
	const struct buf *(*find)(void *, const char *);
	void       *ctx;
	struct buf *out;
	size_t      max;
	int         depth, left;
};

static void
join(struct joined *j, const char *s, size_t n)
{
	static const char *const commands[] = { "\\input", "\\include", "\\subfile" };
	const char *end = s + n, *past;
	struct buf name = { 0 };

	for (const char *p = s; p < end && j->out->n < j->max; ) {
		const char *q = p;
		size_t k = 3;

		while (q < end && *q != '\\' && *q != '%')
			q++;
		buf_add(j->out, p, (size_t)(q - p));
		if ((p = q) == end)
			break;
		if (*p == '%') {                /* what is commented out stays so */
			q = memchr(p, '\n', (size_t)(end - p));
			q = q ? q + 1 : end;
		} else {
			for (k = 0; k < 3; k++) {
				size_t len = strlen(commands[k]);

				if ((size_t)(end - p) > len && memcmp(p, commands[k], len) == 0 && (p[len] == '{' || p[len] == ' '))
					break;
			}
			q = p + (end - p > 1 ? 2 : 1);
		}
		if (k < 3) {
			const struct buf *file;

			input_name(p + strlen(commands[k]), end, &name, &past);
			file = name.n && j->depth < 8 && j->left ? j->find(j->ctx, name.p) : NULL;
			if (file) {
				j->depth++, j->left--;
				join(j, buf_text(file), file->n);
				j->depth--;
			}
			p = past;
		} else {
			buf_add(j->out, p, (size_t)(q - p));
			p = q;
		}
	}
	buf_free(&name);
}

void
latex_join(const char *s, size_t n, const struct buf *(*find)(void *, const char *), void *ctx, size_t max, struct buf *out)
{
	join(&(struct joined){ find, ctx, out, max, 0, 1000 }, s, n);
}
