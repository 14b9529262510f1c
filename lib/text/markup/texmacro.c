/* texmacro - what TeX reads from: files within files, macros expanded */
/* SPDX-License-Identifier: MIT */
#include "text/markup/texmacro.h"
#include <stdlib.h>
#include <string.h>

static int
is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '@';
}

void
tex_init(struct tex *t, const char *s, size_t n)
{
	memset(t, 0, sizeof *t);
	t->budget = 64 * (uint64_t)n + (1 << 16);
	tex_push(t, s, n, NULL);
}

void
tex_push(struct tex *t, const char *s, size_t n, char *owned)
{
	while (t->n && t->frame[t->n - 1].p == t->frame[t->n - 1].end)  /* what is done need not wait for its end */
		free(t->frame[--t->n].owned);
	if (t->n == TEX_DEPTH || n + 16 > t->budget) {
		free(owned);
		return;
	}
	t->budget -= n + 16;            /* a macro of nothing costs, too */
	t->frame[t->n].p = s;
	t->frame[t->n].end = s + n;
	t->frame[t->n++].owned = owned;
}

void
tex_free(struct tex *t)
{
	while (t->n)
		free(t->frame[--t->n].owned);
	for (int i = 0; i < TEX_BUCKETS; i++)
		while (t->macro[i]) {
			struct tex_macro *m = t->macro[i];

			t->macro[i] = m->next;
			free(m->name), free(m->body), free(m->first), free(m);
		}
}

int
tex_peek(struct tex *t)
{
	while (t->n && t->frame[t->n - 1].p == t->frame[t->n - 1].end)
		free(t->frame[--t->n].owned);
	return t->n ? (unsigned char)*t->frame[t->n - 1].p : -1;
}

int
tex_next(struct tex *t)
{
	int c = tex_peek(t);

	if (c >= 0)
		t->frame[t->n - 1].p++;
	return c;
}

void
tex_comment(struct tex *t)
{
	int c;

	while ((c = tex_next(t)) >= 0 && c != '\n')
		;
	while ((c = tex_peek(t)) == ' ' || c == '\t')
		tex_next(t);
}

void
tex_blanks(struct tex *t)
{
	int c, newlines = 0;

	while ((c = tex_peek(t)) == ' ' || c == '\t' || c == '\r' || c == '%' || (c == '\n' && !newlines)) {
		if (c == '%') {
			tex_comment(t);
			continue;
		}
		newlines += c == '\n';
		tex_next(t);
	}
}

void
tex_name(struct tex *t, struct buf *name)
{
	int c = tex_next(t);

	buf_clear(name);
	buf_char(name, c < 0 ? ' ' : c);
	if (!is_letter(c))
		return;
	while (is_letter(tex_peek(t)))
		buf_char(name, tex_next(t));
	if (tex_peek(t) == '*')
		tex_next(t);
	else
		while ((c = tex_peek(t)) == ' ' || c == '\t')
			tex_next(t);
}

/* Up to the sign that closes, braces within in pairs. */
static void
group(struct tex *t, int close, struct buf *arg)
{
	int depth = 0, c;

	while ((c = tex_next(t)) >= 0 && (c != close || depth > 0)) {
		if (c == '\\') {
			buf_char(arg, c);
			c = tex_next(t);
		} else if (c == '%') {
			tex_comment(t);
			continue;
		} else {
			depth += c == '{';
			depth -= c == '}';
		}
		if (c >= 0)
			buf_char(arg, c);
		if (depth < 0)
			return;
	}
}

void
tex_arg(struct tex *t, struct buf *arg)
{
	struct buf name = { 0 };
	int c;

	buf_clear(arg);
	buf_add(arg, "", 0);
	tex_blanks(t);
	c = tex_peek(t);
	if (c == '{') {
		tex_next(t);
		group(t, '}', arg);
	} else if (c == '\\') {
		tex_next(t);
		tex_name(t, &name);
		buf_char(arg, '\\');
		buf_add(arg, name.p, name.n);
	} else if (c >= 0 && c != '}') {
		buf_char(arg, tex_next(t));
	}
	buf_free(&name);
}

int
tex_option(struct tex *t, struct buf *arg)
{
	struct buf trash = { 0 };

	if (tex_peek(t) != '[')
		return 0;
	tex_next(t);
	if (arg)
		buf_clear(arg);
	group(t, ']', arg ? arg : &trash);
	buf_free(&trash);
	return 1;
}

static unsigned
bucket(const char *name, size_t n)
{
	unsigned h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return (h ^ h >> 16) % TEX_BUCKETS;
}

static struct tex_macro *
lookup(struct tex *t, const char *name, size_t n)
{
	struct tex_macro *m = t->macro[bucket(name, n)];

	while (m && (m->name_len != n || memcmp(m->name, name, n) != 0))
		m = m->next;
	return m;
}

/* The latest definition holds. */
static void
define(struct tex *t, const struct buf *command, int n_args, const char *first, const char *body, size_t body_len)
{
	const char *name = command->p && *command->p == '\\' ? command->p + 1 : command->p;
	size_t n = name ? command->n - (size_t)(name - command->p) : 0;
	struct tex_macro *m;

	if (!n || n_args < 0 || n_args > 9)
		return;
	if (!(m = lookup(t, name, n))) {
		unsigned b = bucket(name, n);

		m = xcalloc(1, sizeof *m);
		m->name = xstrndup(name, n);
		m->name_len = n;
		m->next = t->macro[b];
		t->macro[b] = m;
	}
	free(m->body), free(m->first);
	m->n_args = n_args;
	m->first = first ? xstrdup(first) : NULL;
	m->body = xstrndup(body ? body : "", body_len);
	m->body_len = body_len;
}

int
tex_define(struct tex *t, const char *c)
{
	struct buf name = { 0 }, n = { 0 }, first = { 0 }, body = { 0 };
	int old = strcmp(c, "newcommand") == 0 || strcmp(c, "renewcommand") == 0 || strcmp(c, "providecommand") == 0 ||
		strcmp(c, "DeclareRobustCommand") == 0;
	int has_first, args = 0;

	if (old) {
		tex_arg(t, &name);
		tex_blanks(t);
		args = tex_option(t, &n) && n.n ? n.p[0] - '0' : 0;
		tex_blanks(t);
		has_first = tex_option(t, &first);
		tex_arg(t, &body);
		define(t, &name, args, has_first ? buf_text(&first) : NULL, body.p, body.n);
	} else if (strcmp(c, "def") == 0 || strcmp(c, "gdef") == 0 || strcmp(c, "edef") == 0 || strcmp(c, "xdef") == 0) {
		int ch;

		tex_arg(t, &name);
		while ((ch = tex_peek(t)) >= 0 && ch != '{') {
			args += ch == '#';
			tex_next(t);
		}
		tex_arg(t, &body);
		define(t, &name, args, NULL, body.p, body.n);
	} else if (strcmp(c, "let") == 0) {
		tex_arg(t, &name);
		tex_blanks(t);
		if (tex_peek(t) == '=')
			tex_next(t);
		tex_arg(t, &body);
		if (body.n != name.n || memcmp(body.p, name.p, name.n) != 0)
			define(t, &name, 0, NULL, body.p, body.n);
	} else if (strcmp(c, "DeclareMathOperator") == 0) {
		tex_arg(t, &name);
		tex_arg(t, &first);
		buf_printf(&body, "\\operatorname{%s}", first.p);
		define(t, &name, 0, NULL, body.p, body.n);
	} else {
		return 0;
	}
	buf_free(&name), buf_free(&n), buf_free(&first), buf_free(&body);
	return 1;
}

int
tex_expand(struct tex *t, const char *name, size_t n)
{
	struct tex_macro *m = lookup(t, name, n);
	struct buf arg[10] = { { 0 } }, out = { 0 };

	if (!m)
		return 0;
	for (int i = 1; i <= m->n_args; i++) {
		if (i == 1 && m->first) {
			if (!tex_option(t, &arg[1]))
				buf_str(&arg[1], m->first);
		} else {
			tex_arg(t, &arg[i]);
		}
	}
	for (size_t i = 0; i < m->body_len && out.n <= t->budget; i++) {
		int k = m->body[i] == '#' && i + 1 < m->body_len ? m->body[i + 1] - '0' : 0;

		if (k >= 1 && k <= 9) {
			buf_add(&out, buf_text(&arg[k]), arg[k].n);
			i++;
		} else {
			buf_char(&out, m->body[i]);
		}
	}
	for (int i = 1; i < 10; i++)
		buf_free(&arg[i]);
	tex_push(t, out.p, out.n, out.p);
	return 1;
}
