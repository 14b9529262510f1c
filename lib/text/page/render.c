/* render - a tree as text or Markdown: blocks on lines of their own, lists, tables, preformatted text; words never glued */
/* SPDX-License-Identifier: MIT */
#include "text/page/extract.h"
#include "text/uni.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct render {
	const struct html *h;
	uint32_t          *ends;
	struct buf        *out;
	int  lines;             /* newlines owed before the next character */
	int  space;             /* a blank owed */
	int  pre;               /* within preformatted text */
	int  row;               /* within a table row that is one line */
	int  lists;             /* depth */
	int  after_link;        /* a link has just ended, with nothing after it */
	char bullet[32];        /* owed at the next line's beginning */
	int  indent;            /* in front of it */
	struct buf pad;         /* blanks owed in preformatted text */
	int  markdown;          /* headings, quotes, code and tables are marked */
	int  quotes, rows;      /* markdown: depth; rows of the table so far */
};

static void
want(struct render *r, int lines)
{
	if (r->row)
		r->space = 1;
	else if (r->lines < lines)
		r->lines = lines;
	r->after_link = 0;
}

/* What is owed before a character that shows. */
static void
settle(struct render *r)
{
	int begins = r->out->n == 0;

	if (r->lines && !begins) {
		for (; r->lines; r->lines--)
			buf_char(r->out, '\n');
		begins = 1;
	} else if (r->space && !begins && r->out->p[r->out->n - 1] != ' ' && r->out->p[r->out->n - 1] != '\n') {
		buf_char(r->out, ' ');
	}
	r->lines = r->space = r->after_link = 0;
	for (int i = 0; begins && i < r->quotes; i++)
		buf_str(r->out, "> ");
	if (r->bullet[0] && (begins || r->out->p[r->out->n - 1] == '\n')) {
		for (int i = 0; i < r->indent; i++)
			buf_str(r->out, "  ");
		buf_str(r->out, r->bullet);
	}
	r->bullet[0] = 0;
}

/* Bytes of a blank at s, or of a character that does not show (*shows = 0), else 0. */
static size_t
blank(const unsigned char *s, size_t n, int *gap)
{
	*gap = 1;
	if (s[0] == ' ' || (s[0] >= '\t' && s[0] <= '\r'))
		return 1;
	if (n >= 2 && s[0] == 0xc2 && s[1] == 0xa0)
		return 2;
	if (n >= 3 && s[0] == 0xe3 && s[1] == 0x80 && s[2] == 0x80)
		return 3;
	if (n >= 3 && s[0] == 0xe2 && s[1] == 0x80 && s[2] >= 0x80 && s[2] <= 0x8a)
		return 3;
	*gap = 0;
	if (s[0] < 0x20 || s[0] == 0x7f)
		return 1;
	if (n >= 2 && s[0] == 0xc2 && s[1] == 0xad)
		return 2;
	if (n >= 3 && ((s[0] == 0xe2 && s[1] == 0x80 && s[2] == 0x8b) || (s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf)))
		return 3;
	return 0;
}

static void
text(struct render *r, const char *str, size_t n)
{
	const unsigned char *s = (const unsigned char *)str;
	size_t i = 0, k, from;
	int gap;

	while (i < n) {
		k = blank(s + i, n - i, &gap);
		if (k) {
			r->space |= gap;
			i += k;
			continue;
		}
		settle(r);
		for (from = i, i += uni_plain(str + i, n - i); i < n && s[i] > ' ' && s[i] != 0xc2 && s[i] != 0xe2 && s[i] != 0xe3 && s[i] != 0xef && s[i] != 0x7f; )
			i++;
		i += i == from;
		buf_add(r->out, s + from, i - from);
	}
}

/* A character of preformatted text, with the blanks that begin its line. */
static void
show_pre(struct render *r, const char *s, size_t n)
{
	r->space = 0;
	settle(r);
	buf_add(r->out, buf_text(&r->pad), r->pad.n);
	buf_clear(&r->pad);
	buf_add(r->out, s, n);
}

static void
text_pre(struct render *r, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int nbsp = (unsigned char)s[i] == 0xc2 && i + 1 < n && (unsigned char)s[i + 1] == 0xa0;

		if (s[i] == '\n' || (s[i] == '\r' && (i + 1 == n || s[i + 1] != '\n'))) {
			r->lines += r->lines < 3;
			buf_clear(&r->pad);
		} else if (s[i] == ' ' || s[i] == '\t' || nbsp) {
			if (r->pad.n < 256)
				buf_char(&r->pad, nbsp ? ' ' : s[i]);
			i += (size_t)nbsp;
		} else if ((unsigned char)s[i] >= ' ') {
			show_pre(r, s + i, 1);
		}
	}
}

/* Whether a row fits on one line: cells of running text alone. */
static int
simple_row(const struct render *r, uint32_t row)
{
	int cells = 0, blocks = 0;

	for (uint32_t i = row + 1; i < r->ends[row]; i++) {
		int tag = r->h->node[i].tag;

		if (tag == TAG_td || tag == TAG_th) {
			cells++;
			blocks = 0;
		} else if (tag == TAG_table || tag == TAG_pre || tag == TAG_ul || tag == TAG_ol || tag == TAG_blockquote ||
			   (html_flags[tag] & H_HEAD) || (tag == TAG_p && blocks++)) {
			return 0;
		}
	}
	return cells > 1;
}

static void node(struct render *, uint32_t at);

static void
children(struct render *r, uint32_t at)
{
	for (uint32_t i = r->h->node[at].first; i; i = r->h->node[i].next)
		node(r, i);
}

static void
row(struct render *r, uint32_t at)
{
	size_t before;
	int n = 0;

	want(r, 1);
	if (r->row || !simple_row(r, at)) {
		children(r, at);
		want(r, 1);
		return;
	}
	settle(r);
	before = r->out->n;
	r->row = 1;
	if (r->markdown)
		buf_str(r->out, "| ");
	for (uint32_t i = r->h->node[at].first; i; i = r->h->node[i].next) {
		int tag = r->h->node[i].tag;

		if ((tag != TAG_td && tag != TAG_th) || r->h->node[i].user & MARK_DROP)
			continue;
		if (n++)
			buf_str(r->out, " | ");
		children(r, i);
		r->space = r->lines = 0;
	}
	r->row = 0;
	if (r->markdown)
		buf_str(r->out, " |");
	/* a row of empty cells leaves nothing */
	for (size_t i = before; i <= r->out->n; i++) {
		if (i == r->out->n) {
			r->out->n = before;
			r->out->p[before] = 0;
		} else if (r->out->p[i] != ' ' && r->out->p[i] != '|') {
			break;
		}
	}
	for (int i = -1; r->markdown && r->out->n > before && r->rows == 0 && i < n; i++)
		buf_str(r->out, i < 0 ? "\n|" : " --- |");
	r->rows += r->out->n > before;
	want(r, 1);
}

static void
list(struct render *r, uint32_t at)
{
	const char *start = html_attr(r->h, at, ATTR_start);
	long number = start ? strtol(start, NULL, 10) : 1;
	int ordered = r->h->node[at].tag == TAG_ol;

	want(r, r->lists ? 1 : 2);
	r->lists++;
	for (uint32_t i = r->h->node[at].first; i; i = r->h->node[i].next) {
		if (r->h->node[i].tag != TAG_li) {
			node(r, i);
			continue;
		}
		if (r->h->node[i].user & MARK_DROP)
			continue;
		want(r, 1);
		r->indent = r->lists - 1;
		if (ordered)
			snprintf(r->bullet, sizeof r->bullet, "%ld. ", number++);
		else
			strcpy(r->bullet, "- ");
		children(r, i);
		r->bullet[0] = 0;
		want(r, 1);
	}
	r->lists--;
	want(r, r->lists ? 1 : 2);
}

static void
link_node(struct render *r, uint32_t at)
{
	size_t before;

	if (r->after_link)              /* neighbours without a blank: drawn apart */
		r->space = 1;
	before = r->out->n;
	children(r, at);
	r->after_link = r->out->n > before && !r->lines && !r->space;
}

/* A line of three ticks around code. */
static void
fence(struct render *r)
{
	want(r, 1);
	settle(r);
	buf_str(r->out, "```");
	want(r, 1);
}

/* What Markdown puts in front of an element; whether there is anything to put behind it. */
static int
open_mark(struct render *r, uint32_t at, int tag)
{
	if (!r->markdown || r->row || r->pre)
		return 0;
	if (html_flags[tag] & H_HEAD && !r->bullet[0]) {
		r->indent = 0;
		snprintf(r->bullet, sizeof r->bullet, "%.*s ", tag - TAG_h1 + 1, "######");
		return 0;
	}
	if (tag == TAG_table)
		r->rows = 0;
	if (tag == TAG_blockquote)
		r->quotes++;
	if (tag == TAG_code && r->h->node[at].first) {
		settle(r);
		buf_char(r->out, '`');
	}
	return tag == TAG_blockquote || tag == TAG_code;
}

static void
close_mark(struct render *r, int tag)
{
	if (tag == TAG_blockquote)
		r->quotes--;
	else
		buf_char(r->out, '`');
}

static void
element(struct render *r, uint32_t at, int tag)
{
	int lines = html_flags[tag] & H_PARA ? 2 : html_flags[tag] & H_BLOCK ? 1 : 0;
	int in_item = r->bullet[0] != 0;        /* nothing has come after the bullet yet: stay on its line */
	int fenced = r->markdown && tag == TAG_pre && !r->row && !r->pre && r->h->node[at].first, marked;

	if (lines && !in_item)
		want(r, r->lists && lines == 2 && tag != TAG_pre ? 1 : lines);
	marked = open_mark(r, at, tag);
	if (fenced)
		fence(r);
	if (tag == TAG_pre || tag == TAG_xmp) {
		uint32_t first = r->h->node[at].first;

		r->pre++;
		if (first && r->h->node[first].tag == TAG_TEXT && r->h->node[first].len && r->h->node[first].text[0] == '\n')
			r->lines -= r->lines > 0;       /* the newline right after <pre> is none */
		if (tag == TAG_xmp)
			text_pre(r, r->h->node[at].text, r->h->node[at].len);
		children(r, at);
		r->pre--;
		if (fenced) {
			r->lines = 0;
			fence(r);
		}
		r->lines = 2;
		buf_clear(&r->pad);
	} else {
		children(r, at);
	}
	if (marked)
		close_mark(r, tag);
	if (r->markdown && html_flags[tag] & H_HEAD)
		r->bullet[0] = 0;
	if (lines)
		want(r, r->lists && lines == 2 && tag != TAG_pre ? 1 : lines);
}

static void
node(struct render *r, uint32_t at)
{
	const struct html_node *e = &r->h->node[at];
	const char *alt;

	if (e->user & MARK_DROP)
		return;
	if (e->tag == TAG_TEXT) {
		if (r->pre && !r->row)
			text_pre(r, e->text, e->len);
		else
			text(r, e->text, e->len);
		return;
	}
	if (html_flags[e->tag] & H_DROP) {
		if (e->tag != TAG_script && e->tag != TAG_style && e->tag != TAG_template && e->tag != TAG_noscript &&
		    e->tag != TAG_rp && e->tag != TAG_rt)
			r->space = 1;           /* what is drawn parts words */
		return;
	}
	switch (e->tag) {
	case TAG_br:
		if (r->row)
			r->space = 1;
		else if (r->lines < 2)
			r->lines++;
		r->after_link = 0;
		break;
	case TAG_tr:
		row(r, at);
		break;
	case TAG_ul: case TAG_ol:
		if (r->row)
			children(r, at);
		else
			list(r, at);
		break;
	case TAG_a:
		link_node(r, at);
		break;
	case TAG_math:
		alt = html_attr(r->h, at, ATTR_alttext);
		if (alt)
			text(r, alt, strlen(alt));
		else
			children(r, at);
		break;
	case TAG_img: case TAG_option: case TAG_label:
		r->space = 1;
		children(r, at);
		r->space = 1;
		break;
	default:
		element(r, at, e->tag);
	}
}

void
render_tree(const struct html *h, uint32_t root, int markdown, struct buf *out)
{
	struct render r = { .h = h, .ends = html_ends(h), .out = out, .markdown = markdown };

	buf_add(out, "", 0);
	node(&r, root);
	buf_free(&r.pad);
	free(r.ends);
}
