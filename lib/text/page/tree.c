/* tree - the elements of a page put where they belong, whatever their author left out */
/* SPDX-License-Identifier: MIT */
#include "text/page/tree.h"
#include "base/mem.h"
#include <string.h>

const uint8_t html_flags[TAG_COUNT] = {
	0,
#define T(name, flags) flags,
	HTML_TAGS(T)
#undef T
	0
};

uint32_t
tree_node(struct html *h, uint32_t parent, int tag, int depth)
{
	uint32_t at = (uint32_t)h->n;
	struct html_node node = { .parent = parent, .tag = (uint16_t)tag, .depth = (uint16_t)depth, .attr = (uint32_t)h->n_attr };

	VEC_PUSH(h->node, h->n, h->cap, node);
	if (at) {
		struct html_node *p = &h->node[parent];

		if (p->first)
			h->node[p->last].next = at;
		else
			p->first = at;
		p->last = at;
	}
	return at;
}

void
tree_text(struct tree *b, const char *s, size_t n)
{
	struct html *h = b->h;
	uint32_t at;

	if (n == 0)
		return;
	at = tree_node(h, b->open[b->depth], TAG_TEXT, b->depth + 1);
	h->node[at].text = html_decode(h, s, n, 0, &h->node[at].len);
}

static void
pop_to(struct tree *b, int depth)
{
	for (; b->depth > depth; b->depth--)
		b->count[b->h->node[b->open[b->depth]].tag]--;
	b->excess = 0;
}

static int
tag_at(const struct tree *b, int depth)
{
	return b->h->node[b->open[depth]].tag;
}

/* What keeps an end tag from closing things outside: cells only where there is a table. */
static int
is_scope(const struct tree *b, int tag)
{
	return tag == TAG_td || tag == TAG_th || tag == TAG_caption ? b->count[TAG_table] : tag == TAG_table || tag == TAG_object || tag == TAG_template;
}

/* Closes the innermost open element of one of two tags, unless a boundary comes first. */
static void
close_open(struct tree *b, int tag, int other, int bound1, int bound2)
{
	if (!b->count[tag] && !b->count[other])
		return;
	for (int d = b->depth; d > 0; d--) {
		int t = tag_at(b, d);

		if (t == tag || t == other) {
			pop_to(b, d - 1);
			return;
		}
		if (t == bound1 || t == bound2 || t == TAG_table || ((tag == TAG_p || tag == TAG_a) && (is_scope(b, t) || t == TAG_button)))
			return;
	}
}

/* The end tags that authors leave out. */
static void
imply_ends(struct tree *b, int tag)
{
	switch (tag) {
	case TAG_li:
		close_open(b, TAG_li, TAG_li, TAG_ul, TAG_ol);
		break;
	case TAG_dt: case TAG_dd:
		close_open(b, TAG_dt, TAG_dd, TAG_dl, TAG_dl);
		break;
	case TAG_option: case TAG_optgroup:
		close_open(b, TAG_option, tag, TAG_select, TAG_select);
		break;
	case TAG_td: case TAG_th:
		close_open(b, TAG_td, TAG_th, TAG_tr, TAG_tr);
		break;
	case TAG_tr:
		close_open(b, TAG_tr, TAG_caption, TAG_tbody, TAG_table);
		break;
	case TAG_tbody: case TAG_thead: case TAG_tfoot:
		close_open(b, TAG_tbody, TAG_thead, TAG_table, TAG_table);
		close_open(b, TAG_tfoot, TAG_caption, TAG_table, TAG_table);
		break;
	case TAG_select: case TAG_input: case TAG_textarea:
		close_open(b, TAG_select, TAG_select, TAG_body, TAG_body);
		break;
	case TAG_a: case TAG_button:
		close_open(b, tag, tag, TAG_body, TAG_body);
		break;
	}
	if (html_flags[tag] & H_BLOCK && tag != TAG_td && tag != TAG_th && tag != TAG_tr)
		close_open(b, TAG_p, TAG_p, TAG_body, TAG_body);
	if (html_flags[tag] & H_HEAD && html_flags[tag_at(b, b->depth)] & H_HEAD)
		pop_to(b, b->depth - 1);
}

void
tree_end(struct tree *b, int tag)
{
	int block = html_flags[tag] & (H_BLOCK | H_DROP) || tag == TAG_object;

	if (html_flags[tag] & (H_INLINE | H_VOID)) {
		if (tag == TAG_br)
			tree_node(b->h, b->open[b->depth], TAG_br, b->depth + 1);
		return;
	}
	if (tag == TAG_body || tag == TAG_html || tag == TAG_head)
		return;
	if (b->excess) {
		b->excess--;
		return;
	}
	if (!b->count[tag] && !(html_flags[tag] & H_HEAD))
		return;
	for (int d = b->depth; d > 0; d--) {
		int t = tag_at(b, d);

		if (t == tag || (html_flags[tag] & H_HEAD && html_flags[t] & H_HEAD)) {
			pop_to(b, d - 1);
			return;
		}
		/* an inline end tag does not close blocks, nor anything a cell */
		if ((!block && html_flags[t] & H_BLOCK) || (is_scope(b, t) && tag != TAG_table && tag != TAG_tr &&
		     tag != TAG_tbody && tag != TAG_thead && tag != TAG_tfoot))
			return;
	}
}

/* Text up to "</name" that ends what holds no tags. */
static const char *
raw_end(const char *p, const char *end, const char *name, size_t n)
{
	while ((p = memchr(p, '<', (size_t)(end - p)))) {
		if ((size_t)(end - p) > n + 2 && p[1] == '/') {
			size_t i = 0;

			while (i < n && html_lower((unsigned char)p[2 + i]) == html_lower((unsigned char)name[i]))
				i++;
			if (i == n && (html_blank(p[2 + n]) || p[2 + n] == '/' || p[2 + n] == '>'))
				return p;
		}
		p++;
	}
	return NULL;
}

/* HTML within a drawing, but where that holds HTML: its end tag was forgotten. */
static void
leave_svg(struct tree *b, int tag)
{
	int d = b->depth;

	if (!(html_flags[tag] & (H_BLOCK | H_INLINE) || tag == TAG_span || tag == TAG_img || tag == TAG_br || tag == TAG_code) || tag == TAG_font)
		return;
	while (d > 0 && tag_at(b, d) != TAG_svg && tag_at(b, d) != TAG_foreignobject)
		d--;
	if (d > 0 && tag_at(b, d) == TAG_svg)
		pop_to(b, d - 1);
}

static void
push_attrs(struct tree *b, uint32_t at)
{
	struct html *h = b->h;

	h->node[at].attr = (uint32_t)h->n_attr;
	h->node[at].n_attr = (uint16_t)b->n_attr;
	h->node[at].has = 0;
	for (int i = 0; i < b->n_attr; i++) {
		VEC_PUSH(h->attr, h->n_attr, h->cap_attr, b->attrs[i]);
		h->node[at].has |= 1u << b->attrs[i].name;
	}
}

const char *
tree_start(struct tree *b, int tag, const char *name, size_t n_name, int closed, const char *p)
{
	uint32_t at;
	const char *stop;

	if (b->count[TAG_svg])
		leave_svg(b, tag);
	if (html_flags[tag] & H_INLINE || tag == TAG_head)
		return p;
	if (tag == TAG_html || tag == TAG_body) {       /* one of each; the first's attributes count */
		if (!b->count[tag]) {
			at = tag == TAG_html ? 0 : tree_node(b->h, 0, TAG_body, 1);
			push_attrs(b, at);
			b->count[tag]++;
			if (tag == TAG_body) {
				pop_to(b, 0);
				b->open[b->depth = 1] = at;
			}
		}
		return p;
	}
	imply_ends(b, tag);
	at = tree_node(b->h, b->open[b->depth], tag, b->depth + 1);
	push_attrs(b, at);
	if (html_flags[tag] & H_VOID)
		return p;
	if (html_flags[tag] & H_RAW) {
		stop = b->unended[tag] ? NULL : raw_end(p, b->end, name, n_name);
		b->unended[tag] = !stop;
		if (!stop && tag != TAG_script && tag != TAG_style)
			return p;               /* never ended: better taken for markup than the rest of the page lost */
		stop = stop ? stop : b->end;
		b->h->node[at].text = p;
		b->h->node[at].len = (uint32_t)(stop - p);
		if (tag == TAG_title || tag == TAG_textarea)
			b->h->node[at].text = html_decode(b->h, p, (size_t)(stop - p), 0, &b->h->node[at].len);
		p = memchr(stop, '>', (size_t)(b->end - stop));
		return p ? p + 1 : b->end;
	}
	if (closed && (tag == TAG_svg || tag == TAG_math || tag == TAG_other))
		return p;
	if (b->depth < HTML_DEPTH) {
		b->open[++b->depth] = at;
		b->count[tag]++;
	} else {
		b->excess++;
	}
	return p;
}
