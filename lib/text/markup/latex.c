/* latex - papers and books in LaTeX as text */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/markup/texout.h"
#include "text/markup/texwords.h"
#include <string.h>

static void run(struct latex_reader *, int base);

/* An argument as text of its own: to out, else in place. */
static void
within(struct latex_reader *r, const struct buf *arg, struct buf *out)
{
	struct buf *was = r->out, copy = { 0 };
	int base, body = r->body;

	if (r->depth > 20 || !arg->n)
		return;
	buf_add(&copy, arg->p, arg->n);
	tex_peek(&r->t);
	base = r->t.n;
	tex_push(&r->t, copy.p, copy.n, copy.p);
	r->depth++;
	if (out)
		r->out = out, r->body = 1;
	run(r, base);
	r->out = was;
	r->body = body;
	r->depth--;
}

static void
begin(struct latex_reader *r)
{
	struct buf name = { 0 }, star = { 0 };
	int args, what;

	tex_arg(&r->t, &name);
	buf_add(&star, name.p, name.n);
	if (star.n && star.p[star.n - 1] == '*')
		star.p[--star.n] = 0;
	what = tex_environment(star.p, &args);
	if (strcmp(name.p, "document") == 0) {
		buf_clear(&r->doc->text);
		r->body = 1;
	} else if (what == ENV_GONE || what == ENV_VERBATIM) {
		while (args--)
			tex_arg(&r->t, &star);
		tex_verbatim(r, name.p, what == ENV_VERBATIM);
	} else if (what == ENV_MATH) {
		tex_lines(r, 1);
		if (r->body)
			buf_printf(r->out, "\\begin{%s}", name.p);
		tex_formula(r, name.p);
		if (r->body)
			buf_printf(r->out, "\\end{%s}\n", name.p);
	} else {
		tex_option(&r->t, NULL);
		while (args--)
			tex_arg(&r->t, &star);
		tex_lines(r, what == ENV_LIST ? 1 : 2);
		r->lists += what == ENV_LIST && r->lists < 8;
		r->tables += what == ENV_TABLE;
	}
	buf_free(&name);
	buf_free(&star);
}

/* 0 when it was the document's. */
static int
end(struct latex_reader *r)
{
	struct buf name = { 0 };
	int args, what, go_on;

	tex_arg(&r->t, &name);
	go_on = strcmp(name.p, "document") != 0;
	if (name.n && name.p[name.n - 1] == '*')
		name.p[--name.n] = 0;
	what = tex_environment(name.p, &args);
	r->lists -= what == ENV_LIST && r->lists;
	r->tables -= what == ENV_TABLE && r->tables;
	tex_lines(r, what == ENV_LIST && r->lists ? 1 : 2);
	buf_free(&name);
	return go_on;
}

/* Past \fi, or \else where that counts. */
static void
skip_branch(struct latex_reader *r, int to_else)
{
	struct buf name = { 0 };
	int depth = 1, c;

	while (depth && (c = tex_next(&r->t)) >= 0) {
		if (c != '\\')
			continue;
		tex_name(&r->t, &name);
		if (strcmp(name.p, "fi") == 0)
			depth--;
		else if (to_else && depth == 1 && strcmp(name.p, "else") == 0)
			break;
		else if (name.n > 2 && strncmp(name.p, "if", 2) == 0 && strcmp(name.p, "iff") != 0)
			depth++;
	}
	buf_free(&name);
}

static void
accent(struct latex_reader *r, const char *mark)
{
	struct buf a = { 0 };
	const char *s;

	tex_arg(&r->t, &a);
	s = a.p;
	while (*s == '\\' || *s == ' ')
		s++;
	if (*s) {
		size_t n = 1;

		while (((unsigned char)s[n] & 0xc0) == 0x80)
			n++;
		tex_put(r, s, n);
		tex_put(r, mark, 2);
		tex_put(r, s + n, strlen(s + n));
	}
	buf_free(&a);
}

/* \vskip 3pt plus 1fil */
static void
dimension(struct tex *t)
{
	int c;

	tex_blanks(t);
	while ((c = tex_peek(t)) == '=' || c == '-' || c == '.' || c == ' ' || (c >= '0' && c <= '9'))
		tex_next(t);
	for (int i = 0; i < 2 && (c = tex_peek(t)) >= 'a' && c <= 'z'; i++)
		tex_next(t);
}

/* Commands that take arguments of their own and show them: 1 when it was one. */
static int
special(struct latex_reader *r, const char *c)
{
	struct tex *t = &r->t;
	struct buf arg = { 0 };
	int level = tex_section(c), done = 1;

	if (level) {
		tex_option(t, NULL);
		tex_arg(t, &arg);
		tex_lines(r, 2);
		if (r->markdown && r->body)
			buf_printf(r->out, "%.*s ", level, "######");
		within(r, &arg, NULL);
		tex_lines(r, 2);
	} else if (strcmp(c, "title") == 0 || strcmp(c, "author") == 0 || strcmp(c, "date") == 0) {
		struct buf *to = *c == 't' ? &r->doc->title : *c == 'a' ? &r->doc->author : &r->doc->date;

		tex_option(t, NULL);
		tex_arg(t, &arg);
		if (to->n)
			buf_str(to, ", ");
		within(r, &arg, to);
	} else if (strcmp(c, "item") == 0) {
		tex_lines(r, 1);
		if (r->body && r->lists)
			buf_printf(r->out, "%*s- ", 2 * (r->lists - 1), "");
		if (tex_option(t, &arg))
			within(r, &arg, NULL), tex_put(r, " ", 1);
	} else if (strcmp(c, "footnote") == 0 || strcmp(c, "caption") == 0) {
		tex_option(t, NULL);
		tex_arg(t, &arg);
		c[0] == 'f' ? tex_put(r, " (", 2) : tex_lines(r, 2);
		within(r, &arg, NULL);
		c[0] == 'f' ? tex_put(r, ")", 1) : tex_lines(r, 2);
	} else if (strcmp(c, "verb") == 0 || strcmp(c, "lstinline") == 0) {
		int stop = tex_next(t), ch;

		while ((ch = tex_next(t)) >= 0 && ch != stop && ch != '\n')
			tex_put(r, &(char){ (char)ch }, 1);
	} else if (strcmp(c, "newtheorem") == 0) {
		tex_arg(t, &arg);
		tex_option(t, NULL);
		tex_arg(t, &arg);
		tex_option(t, NULL);
	} else {
		done = 0;
	}
	buf_free(&arg);
	return done;
}

/* After a backslash: 0 when the document ends here. */
static int
command(struct latex_reader *r)
{
	struct tex *t = &r->t;
	const struct tex_word *w;
	const char *c, *mark;

	tex_name(t, &r->name);
	c = r->name.p;
	if (strcmp(c, "end") == 0)
		return end(r);
	if (tex_expand(t, c, r->name.n) || tex_define(t, c))
		return 1;
	if (strcmp(c, "begin") == 0)
		begin(r);
	else if (strcmp(c, "(") == 0 || strcmp(c, "[") == 0) {
		int in_line = *c == '(';

		tex_put(r, in_line ? "$" : "\\[", in_line ? 1 : 2);
		tex_formula(r, in_line ? ")" : "]");
		if (r->body)
			buf_str(r->out, in_line ? "$" : "\\]");
	} else if (strcmp(c, "\\") == 0 || strcmp(c, "newline") == 0 || strcmp(c, "tabularnewline") == 0 || strcmp(c, "par") == 0 || strcmp(c, "cr") == 0) {
		tex_option(t, NULL);
		tex_lines(r, *c == 'p' ? 2 : 1);
	} else if ((mark = tex_accent(c)) && !(r->tables && *c == '=')) {
		accent(r, mark);
	} else if (strcmp(c, "bye") == 0 || strcmp(c, "endinput") == 0) {
		return *c != 'b';
	} else if (strcmp(c, "iffalse") == 0 || strcmp(c, "else") == 0) {
		skip_branch(r, *c == 'i');
	} else {
		struct buf word = { 0 };

		buf_add(&word, c, r->name.n);
		if (!special(r, word.p)) {
			w = tex_word(word.p);
			tex_put(r, w ? w->shows : "", w ? strlen(w->shows) : 0);
			if (w && w->gone < 0)
				dimension(t);
			for (int i = 0; w && i < w->gone; i++) {
				while (tex_option(t, NULL))
					;
				tex_arg(t, &r->arg);
				r->taken = 1;
			}
			if (!w && (unsigned)((*word.p | 32) - 'a') < 26)
				tex_option(t, NULL);
		}
		buf_free(&word);
	}
	return 1;
}

/* Signs of text that stand for others: how many of them are one. */
static int
sign(struct latex_reader *r, int c)
{
	int n = 1;

	while (n < (c == '-' ? 3 : 2) && tex_peek(&r->t) == c)
		tex_next(&r->t), n++;
	if (c == '-')
		tex_put(r, n == 1 ? "-" : n == 2 ? "\xe2\x80\x93" : "\xe2\x80\x94", n == 1 ? 1 : 3);
	else if (c == '`')
		tex_put(r, n == 1 ? "\xe2\x80\x98" : "\xe2\x80\x9c", 3);
	else
		tex_put(r, n == 1 ? "\xe2\x80\x99" : "\xe2\x80\x9d", 3);
	return n;
}

/* Until the frames above base are read. */
static void
run(struct latex_reader *r, int base)
{
	struct tex *t = &r->t;
	int c, newlines = 0;

	while ((c = tex_peek(t)) >= 0 && t->n > base) {
		tex_next(t);
		newlines = c == '\n' ? newlines + 1 : c == ' ' || c == '\t' || c == '\r' ? newlines : 0;
		if (c == '\n' && newlines > 1)
			tex_lines(r, 2);
		else if (c == '\n' || c == '\t' || c == '~' || c == '\r')
			tex_put(r, " ", 1);
		else if (c == '\\' && !command(r)) {
			while (t->n > 0 && tex_next(t) >= 0)
				;
		} else if (c == '%') {
			tex_comment(t);
		} else if (c == '&' && r->tables) {
			tex_put(r, " | ", 3);
		} else if (c == '$') {
			int two = tex_peek(t) == '$';

			if (two)
				tex_next(t);
			tex_put(r, "$$", (size_t)(1 + two));
			tex_formula(r, two ? "$$" : "$");
			if (r->body)
				buf_add(r->out, "$$", (size_t)(1 + two));
		} else if (c == '-' || c == '`' || c == '\'') {
			sign(r, c);
		} else if (c != '\\' && c != '{' && c != '}') {
			tex_put(r, &(char){ (char)c }, 1);
		}
	}
}

int
latex_is_whole(const char *s, size_t n)
{
	return memmem(s, n, "\\documentclass", 14) || memmem(s, n, "\\documentstyle", 14) || memmem(s, n, "\\bye", 4);
}

void
latex_read(const char *s, size_t n, int markdown, struct latex *doc)
{
	struct latex_reader r = { .doc = doc, .out = &doc->text, .markdown = markdown };

	buf_clear(&doc->text), buf_clear(&doc->title), buf_clear(&doc->author), buf_clear(&doc->date);
	r.body = !memmem(s, n, "\\begin{document}", 16);
	tex_init(&r.t, s, n);
	run(&r, 0);
	tex_free(&r.t);
	buf_free(&r.name);
	buf_free(&r.arg);
}

void
latex_free(struct latex *doc)
{
	buf_free(&doc->text), buf_free(&doc->title), buf_free(&doc->author), buf_free(&doc->date);
}
