/* wikitext - the markup of MediaWiki as text */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/markup/wikiwords.h"
#include "text/markup/xml.h"
#include "text/page/html.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a character owes to what was taken out before it: "( ; born" and "word ." are mended. */
static void
put(struct wiki *w, const char *s, size_t n)
{
	struct buf *o = w->out;
	int last = o->n ? o->p[o->n - 1] : '\n';

	if (w->taken && n == 1) {
		if ((*s == ',' || *s == ';') && (last == '(' || (last == ' ' && o->n > 1 && o->p[o->n - 2] == '(')))
			return;
		if (last == ' ' && strchr(".,;:)", *s))
			o->n--;
		while (*s == ')' && o->n && strchr(",; ", o->p[o->n - 1]))
			o->n--;
		if (*s == ')' && o->n && o->p[o->n - 1] == '(') {
			o->n--;
			w->taken = 0;
			return;
		}
	}
	if (*s == ' ' && n == 1 && (last == ' ' || last == '\n' || last == '('))
		return;
	for (int i = 0; i < w->n_heads; i++) {  /* headings wait until something stands below them */
		buf_str(o, "\n\n");
		if (w->markdown)
			buf_printf(o, "%.*s ", w->heads[i].level, "######");
		buf_add(o, w->heads[i].text.p, w->heads[i].text.n);
		buf_str(o, "\n\n");
		buf_free(&w->heads[i].text);
	}
	w->n_heads = 0;
	if (w->bullet[0]) {
		buf_str(o, w->bullet);
		w->bullet[0] = 0;
	}
	if (*s != ' ')
		w->taken = 0;
	buf_add(o, s, n);
}

static void
newline(struct wiki *w)
{
	while (w->out->n && w->out->p[w->out->n - 1] == ' ')
		w->out->n--;
	if (!w->bullet[0])              /* else there was nothing behind it */
		buf_char(w->out, '\n');
	w->bullet[0] = 0;
}

/* Content that stays as it is: of <pre>, <math> and the like. */
static void
put_verbatim(struct wiki *w, const char *s, size_t n, const char *before, const char *after)
{
	struct buf t = { 0 };

	xml_text(s, n, &t);
	if (t.n) {
		put(w, before, strlen(before));
		buf_add(w->out, t.p, t.n);
		buf_str(w->out, after);
	}
	buf_free(&t);
}

/* Past the end tag "</name" from `at`, *end where it begins; 0: there is none. */
static size_t
end_tag(struct wiki *w, size_t at, int which, const char *name, size_t *end)
{
	size_t k = strlen(name);
	const char *p = w->s + at, *stop = w->s + w->n;

	if (w->none_after[which] && at >= w->none_after[which] - 1)
		return 0;
	for (; (p = memmem(p, (size_t)(stop - p), "</", 2)); p += 2)
		if ((size_t)(stop - p) > k + 2 && strncasecmp(p + 2, name, k) == 0) {
			const char *gt = memchr(p, '>', (size_t)(stop - p));

			*end = (size_t)(p - w->s);
			return gt ? (size_t)(gt + 1 - w->s) : w->n;
		}
	w->none_after[which] = at + 1;
	return 0;
}

/* A tag, a comment, or a sign: how many bytes are done with. */
static size_t
markup(struct wiki *w, size_t at, size_t to)
{
	const char *s = w->s + at, *gt;
	size_t n = to - at, k = 1, past, end;
	int which;

	if (n > 3 && memcmp(s, "<!--", 4) == 0) {
		const char *e = memmem(s + 4, w->n - at - 4, "-->", 3);

		return e ? (size_t)(e + 3 - s) : n;
	}
	while (k < n && k < 20 && (s[k] == '/' || ((unsigned)(s[k] | 32) - 'a') < 26 || (unsigned)s[k] - '0' < 10))
		k++;
	if (k == 1 || !(gt = memchr(s, '>', n < 4096 ? n : 4096))) {
		put(w, s, 1);
		return 1;
	}
	which = wiki_tag(s + 1, k - 1);
	past = (size_t)(gt + 1 - s);
	if (which < 0 || wiki_tags[which].what == TAG_INLINE)
		return past;
	if (wiki_tags[which].what == TAG_BREAK) {
		newline(w);
		return past;
	}
	w->taken |= wiki_tags[which].what == TAG_GONE;
	if (gt[-1] == '/' || !(k = end_tag(w, at + past, which, wiki_tags[which].name, &end)) || k > to)
		return past;
	switch (wiki_tags[which].what) {
	case TAG_MATH:
		put_verbatim(w, gt + 1, end - at - past, "$", "$");
		break;
	case TAG_PLAIN:
		put_verbatim(w, gt + 1, end - at - past, "", "");
		break;
	case TAG_PRE:
		put_verbatim(w, gt + 1, end - at - past, w->markdown ? "\n```\n" : "\n", w->markdown ? "\n```\n" : "\n");
		break;
	default:
		break;
	}
	return k - at;
}

/* [[target|label]] between from and to. */
static void
link(struct wiki *w, size_t from, size_t to, int depth)
{
	const char *s = w->s + from, *bar = memchr(s, '|', to - from);
	size_t n = bar ? (size_t)(bar - s) : to - from;

	if (n && wiki_hidden(s, n, bar != NULL)) {
		w->taken = 1;
		return;
	}
	if (n && *s == ':')
		from++;
	wiki_emit(w, bar ? from + (size_t)(bar + 1 - (w->s + from)) : from, to, depth + 1);
}

/* [http://... label]: bytes done with, 0 when it is none. */
static size_t
outward(struct wiki *w, size_t at, size_t to, int depth)
{
	const char *s = w->s + at, *end, *nl, *blank;
	size_t n = to - at;

	if (n < 8 || !(memcmp(s + 1, "http", 4) == 0 || memcmp(s + 1, "//", 2) == 0 || memcmp(s + 1, "ftp:", 4) == 0 || memcmp(s + 1, "mailto:", 7) == 0))
		return 0;
	nl = memchr(s, '\n', n);
	end = memchr(s, ']', nl ? (size_t)(nl - s) : n);
	if (!end)
		return 0;
	blank = memchr(s, ' ', (size_t)(end - s));
	if (blank)
		wiki_emit(w, at + (size_t)(blank + 1 - s), at + (size_t)(end - s), depth + 1);
	else
		w->taken = 1;
	return (size_t)(end + 1 - s);
}

/* == title ==: the bytes of the line, 0 when it is none. */
static size_t
heading(struct wiki *w, size_t at, size_t to, int depth)
{
	const char *s = w->s + at, *nl = memchr(s, '\n', to - at);
	size_t line = nl ? (size_t)(nl - s) : to - at, n = line, level = 0, tail = 0;
	struct wiki_head *h;
	struct buf *out = w->out, title = { 0 };

	while (n && (unsigned char)s[n - 1] <= ' ')
		n--;
	while (level < n && level < 6 && s[level] == '=')
		level++;
	while (tail < level && n > level + tail && s[n - 1 - tail] == '=')
		tail++;
	if (!tail || depth)
		return 0;
	while (w->n_heads && w->heads[w->n_heads - 1].level >= (int)tail)
		buf_free(&w->heads[--w->n_heads].text);
	h = &w->heads[w->n_heads];
	w->n_heads = 0;
	w->out = &title;
	w->bullet[0] = 0;
	wiki_emit(w, at + tail, at + n - tail, 1);
	w->out = out;
	w->n_heads = (int)(h - w->heads);
	for (size_t i = 0; i < title.n; i++)
		if (title.p[i] == '\n')
			title.p[i] = ' ';
	while (title.n && title.p[title.n - 1] == ' ')
		title.n--;
	h->level = (int)tail;
	h->text = title;
	if (title.n)
		w->n_heads++;
	else
		buf_free(&title);
	return line;
}

/* Signs that begin a line: bytes done with. */
static size_t
line_start(struct wiki *w, size_t at, size_t to, int depth)
{
	const char *s = w->s + at;
	size_t n = to - at, k = 0;

	if (*s == '=' && (k = heading(w, at, to, depth)))
		return k;
	if (w->tables && wiki_table_line(w, s, n, &k))
		return k;
	if (n > 1 && s[0] == '{' && s[1] == '|') {
		const char *nl = memchr(s, '\n', n);

		w->tables++;
		w->cells = 0;
		return nl ? (size_t)(nl + 1 - s) : n;
	}
	while (k < n && strchr("*#:;", s[k]) && s[k])
		k++;
	if (k) {
		int deep = k > 6 ? 6 : (int)k;

		if (s[k - 1] == '*' || s[k - 1] == '#')
			snprintf(w->bullet, sizeof w->bullet, "%*s- ", 2 * (deep - 1), "");
		while (k < n && s[k] == ' ')
			k++;
		return k;
	}
	if (n > 3 && memcmp(s, "----", 4) == 0)
		while (k < n && s[k] == '-')
			k++;
	return k;
}

/* Something between its beginning and end: bytes done with, 0 when there is none here. */
static size_t
nested(struct wiki *w, size_t at, size_t to, int depth)
{
	const char *s = w->s + at;
	size_t past = w->close[at];

	if (!past || past > to)
		return *s == '[' ? outward(w, at, to, depth) : 0;
	if (depth >= WIKI_DEPTH)
		w->taken = 1;
	else if (*s == '[')
		link(w, at + 2, past - 2, depth);
	else if (w->n - at > 2 && s[1] == '{' && s[2] == '{' && w->close[at + 1])
		w->taken = 1;           /* {{{a parameter}}} */
	else
		wiki_template(w, at + 2, past - 2, depth);
	return past - at;
}

static int
is_letter(char c)
{
	return (unsigned char)c >= 0x80 || (unsigned)((c | 32) - 'a') < 26;
}

void
wiki_emit(struct wiki *w, size_t from, size_t to, int depth)
{
	int begins = depth == 0 || (from && w->s[from - 1] == '\n');

	for (size_t i = from, k; i < to; i += k) {
		const char *s = w->s + i;
		char c[8];
		size_t used = 0, len;

		k = begins ? line_start(w, i, to, depth) : 0;
		begins = k && s[k - 1] == '\n';
		if (k)
			continue;
		k = 1;
		switch (*s) {
		case '\n':
			newline(w);
			begins = 1;
			break;
		case '\'':
			while (i + k < to && s[k] == '\'' && k < 5)
				k++;
			if (k == 1)
				put(w, s, 1);
			break;
		case '<':
			k = markup(w, i, to);
			break;
		case '[': case '{':
			if (!(k = nested(w, i, to, depth)))
				put(w, s, k = 1);
			break;
		case '&':
			if ((len = html_entity(s + 1, to - i - 1, c, &used)))
				put(w, len == 2 && memcmp(c, "\xc2\xa0", 2) == 0 ? " " : c, len == 2 && memcmp(c, "\xc2\xa0", 2) == 0 ? 1 : len);
			else
				put(w, s, 1);
			k = 1 + used;
			break;
		case '|': case '!':
			if (w->tables && i + 1 < to && s[1] == *s) {
				wiki_cell(w);
				k = 2 + wiki_cell_style(s + 2, to - i - 2);
			} else
				put(w, s, 1);
			break;
		case '_':
			for (len = 2; i + len < to && s[1] == '_' && (unsigned)(s[len] - 'A') < 26; len++)
				;
			if (len > 3 && i + len + 1 < to && s[len] == '_' && s[len + 1] == '_')
				k = len + 2;            /* __NOTOC__ */
			else
				put(w, s, 1);
			break;
		default:
			while (i + k < to && is_letter(s[0]) && is_letter(s[k]))
				k++;
			put(w, s, k);
		}
	}
}

void
wikitext(const char *s, size_t n, int markdown, struct buf *out)
{
	struct wiki w = { .s = s, .n = n, .out = out, .markdown = markdown };

	if (n > UINT32_MAX / 2)
		n = w.n = UINT32_MAX / 2;
	w.close = wiki_pairs(s, n);
	wiki_emit(&w, 0, n, 0);
	for (int i = 0; i < w.n_heads; i++)
		buf_free(&w.heads[i].text);
	free(w.close);
}
