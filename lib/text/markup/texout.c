/* texout - what LaTeX's text is written by: text with blanks in order, formulas and listings as they are */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/markup/texout.h"
#include <string.h>

void
tex_put(struct latex_reader *r, const char *s, size_t n)
{
	int last = r->out->n ? r->out->p[r->out->n - 1] : '\n';

	if (!r->body || !n || (*s == ' ' && n == 1 && (last == ' ' || last == '\n')))
		return;
	if ((r->taken || n > 1) && last == ' ' && strchr(".,;:)", *s))
		r->out->n--;            /* "as in [3]." */
	r->taken = 0;
	if (*s == ' ' && last == ' ')
		s++, n--;
	buf_add(r->out, s, n);
}

void
tex_lines(struct latex_reader *r, int least)
{
	struct buf *o = r->out;

	if (!r->body)
		return;
	while (o->n && o->p[o->n - 1] == ' ')
		o->n--;
	for (size_t i = o->n; least && i && o->p[i - 1] == '\n'; i--)
		least--;
	while (o->n && least-- > 0)
		buf_char(o, '\n');
}

void
tex_formula(struct latex_reader *r, const char *close)
{
	struct tex *t = &r->t;
	struct buf name = { 0 }, arg = { 0 };
	int c, inside = 0, newlines = 0;

	while ((c = tex_next(t)) >= 0) {
		if (c == '$') {
			if (close[1] == '$' && tex_peek(t) == '$')
				tex_next(t);
			if (*close == '$')
				break;
		}
		newlines = c == '\n' ? newlines + 1 : c == ' ' ? newlines : 0;
		if (newlines > 1 && *close == '$')
			break;                                  /* never closed: the paragraph ends it */
		if (c == '%') {
			tex_comment(t);
			continue;
		}
		if (c != '\\') {
			if (r->body)
				buf_char(r->out, c);
			continue;
		}
		tex_name(t, &name);
		if (!close[1] && name.n == 1 && name.p[0] == *close)
			break;
		if (strcmp(name.p, "end") == 0 || strcmp(name.p, "begin") == 0) {
			tex_arg(t, &arg);
			inside += strcmp(arg.p, close) == 0 ? (*name.p == 'b' ? 1 : -1) : 0;
			if (inside < 0)
				break;
			if (r->body)
				buf_printf(r->out, "\\%s{%s}", name.p, arg.p);
			continue;
		}
		if (strcmp(name.p, "label") == 0 || strcmp(name.p, "nonumber") == 0) {
			if (name.p[0] == 'l')
				tex_arg(t, &arg);
			continue;
		}
		if (tex_expand(t, name.p, name.n))
			continue;
		if (r->body) {
			buf_char(r->out, '\\');
			buf_add(r->out, name.p, name.n);
			if ((unsigned)((name.p[name.n - 1] | 32) - 'a') < 26 && (unsigned)((tex_peek(t) | 32) - 'a') < 26)
				buf_char(r->out, ' ');
		}
	}
	buf_free(&name);
	buf_free(&arg);
}

void
tex_verbatim(struct latex_reader *r, const char *name, int show)
{
	struct tex_frame *f;
	struct buf end = { 0 };
	const char *at;

	if (tex_peek(&r->t) < 0)
		return;
	f = &r->t.frame[r->t.n - 1];
	buf_printf(&end, "\\end{%s}", name);
	at = memmem(f->p, (size_t)(f->end - f->p), end.p, end.n);
	if (!at) {                      /* in this file there is none: no such environment, then */
		buf_free(&end);
		return;
	}
	if (show && r->body) {
		tex_lines(r, 2);
		if (r->markdown)
			buf_str(r->out, "```");
		while (f->p < at && *f->p == '[')
			f->p = (const char *)memchr(f->p, ']', (size_t)(at - f->p)) ? (const char *)memchr(f->p, ']', (size_t)(at - f->p)) + 1 : at;
		buf_add(r->out, f->p, (size_t)(at - f->p));
		if (r->markdown)
			buf_str(r->out, "```");
		tex_lines(r, 2);
	}
	f->p = at + end.n;
	buf_free(&end);
}
