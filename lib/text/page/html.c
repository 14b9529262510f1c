/* html - tokenizer and tree builder; the WHATWG HTML standard, section 13.2, less what text does not need */
/* SPDX-License-Identifier: MIT */
#include "text/page/html.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 16
#define ATTR_MAX 24             /* kept of one element */

const uint8_t html_flags[TAG_COUNT] = {
	0,
#define T(name, flags) flags,
	HTML_TAGS(T)
#undef T
	0
};

static const char tag_names[TAG_other - 1][NAME_MAX_LEN] = {
#define T(name, flags) #name,
	HTML_TAGS(T)
#undef T
};

static const char attr_names[ATTR_COUNT][NAME_MAX_LEN] = {
#define T(id, name) name,
	HTML_ATTRS(T)
#undef T
};

/* The builder: the open elements, innermost last; how many of each tag are open, and in excess of the depth. */
struct builder {
	struct html *h;
	const char  *s, *end;
	uint32_t     open[HTML_DEPTH + 1];
	int          depth;             /* of the innermost */
	size_t       excess;
	uint16_t     count[TAG_COUNT];
	uint8_t      unended[TAG_COUNT];        /* no end tag of it is left on the page */
	struct html_attr attrs[ATTR_MAX];
	int          n_attr;
};

static int
is_space(int c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

static int
lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c | 32 : c;
}

/* Index in a sorted table of names, or -1. */
static int
find_name(const char (*names)[NAME_MAX_LEN], int n, const char *s, size_t len)
{
	char key[NAME_MAX_LEN] = { 0 };
	int lo = 0, hi = n;

	if (len >= sizeof key)
		return -1;
	for (size_t i = 0; i < len; i++)
		key[i] = (char)lower((unsigned char)s[i]);
	while (lo < hi) {
		int mid = (lo + hi) / 2, c = strcmp(key, names[mid]);

		if (c == 0)
			return mid;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return -1;
}

static uint32_t
add_node(struct html *h, uint32_t parent, int tag, int depth)
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

/* Copies text into the pool with its references decoded, which never makes it longer. */
static const char *
decode(struct html *h, const char *s, size_t n, int attribute, uint32_t *len)
{
	char *out = h->pool + h->used, *o = out;
	const char *end = s + n;

	while (s < end) {
		const char *amp = memchr(s, '&', (size_t)(end - s));
		size_t plain = (size_t)((amp ? amp : end) - s), used = 0, got;

		memcpy(o, s, plain);
		o += plain;
		s += plain;
		if (!amp)
			break;
		got = html_entity(s + 1, (size_t)(end - s - 1), o, &used);
		/* "?a=1&copy=2": not a reference within an attribute */
		if (used && attribute && s[used] != ';' && s + 1 + used < end &&
		    (s[1 + used] == '=' || (unsigned)(s[1 + used] | 32) - 'a' < 26))
			used = 0;
		if (!used) {
			*o++ = *s++;
			continue;
		}
		o += got;
		s += 1 + used;
	}
	*len = (uint32_t)(o - out);
	h->used += (size_t)(o - out);
	h->pool[h->used] = 0;
	return out;
}

static void
add_text(struct builder *b, const char *s, size_t n)
{
	struct html *h = b->h;
	uint32_t at;

	if (n == 0)
		return;
	at = add_node(h, b->open[b->depth], TAG_TEXT, b->depth + 1);
	h->node[at].text = decode(h, s, n, 0, &h->node[at].len);
}

static void
pop_to(struct builder *b, int depth)
{
	for (; b->depth > depth; b->depth--)
		b->count[b->h->node[b->open[b->depth]].tag]--;
	b->excess = 0;
}

static int
tag_at(const struct builder *b, int depth)
{
	return b->h->node[b->open[depth]].tag;
}

/* What keeps an end tag from closing things outside. */
static int
is_scope(int tag)
{
	return tag == TAG_table || tag == TAG_td || tag == TAG_th || tag == TAG_caption || tag == TAG_object || tag == TAG_template;
}

/* Closes the innermost open element of one of two tags, unless a boundary comes first. */
static void
close_open(struct builder *b, int tag, int other, int bound1, int bound2)
{
	if (!b->count[tag] && !b->count[other])
		return;
	for (int d = b->depth; d > 0; d--) {
		int t = tag_at(b, d);

		if (t == tag || t == other) {
			pop_to(b, d - 1);
			return;
		}
		if (t == bound1 || t == bound2 || t == TAG_table || ((tag == TAG_p || tag == TAG_a) && (is_scope(t) || t == TAG_button)))
			return;
	}
}

/* The end tags that authors leave out. */
static void
imply_ends(struct builder *b, int tag)
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
	case TAG_a:
		close_open(b, TAG_a, TAG_a, TAG_body, TAG_body);
		break;
	}
	if (html_flags[tag] & H_BLOCK && tag != TAG_td && tag != TAG_th && tag != TAG_tr)
		close_open(b, TAG_p, TAG_p, TAG_body, TAG_body);
	if (html_flags[tag] & H_HEAD && html_flags[tag_at(b, b->depth)] & H_HEAD)
		pop_to(b, b->depth - 1);
}

static void
end_tag(struct builder *b, int tag)
{
	int block = html_flags[tag] & (H_BLOCK | H_DROP) || tag == TAG_object;

	if (html_flags[tag] & (H_INLINE | H_VOID)) {
		if (tag == TAG_br)
			add_node(b->h, b->open[b->depth], TAG_br, b->depth + 1);
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
		if ((!block && html_flags[t] & H_BLOCK) || (is_scope(t) && tag != TAG_table && tag != TAG_tr &&
		     tag != TAG_tbody && tag != TAG_thead && tag != TAG_tfoot))
			return;
	}
}

/* One attribute from p; keeps it when its name is known.  Returns where the next begins. */
static const char *
attribute(struct builder *b, const char *p)
{
	const char *name = p, *v, *end = b->end;
	size_t n_name, n;
	int id, quote = 0;

	for (p++; p < end && !is_space(*p) && *p != '/' && *p != '>' && *p != '='; )
		p++;
	n_name = (size_t)(p - name);
	while (p < end && is_space(*p))
		p++;
	v = p;
	n = 0;
	if (p < end && *p == '=') {
		for (p++; p < end && is_space(*p); )
			p++;
		if (p < end && (*p == '"' || *p == '\''))
			quote = *p++;
		v = p;
		if (quote) {
			p = memchr(p, quote, (size_t)(end - p));
			p = p ? p : end;
		} else {
			while (p < end && !is_space(*p) && *p != '>')
				p++;
		}
		n = (size_t)(p - v);
		p += quote && p < end;
	}
	id = find_name(attr_names, ATTR_COUNT, name, n_name);
	if (id >= 0 && b->n_attr < ATTR_MAX) {
		struct html_attr *a = &b->attrs[b->n_attr++];

		a->name = (uint32_t)id;
		a->v = decode(b->h, v, n, 1, &a->n);
		b->h->used++;           /* keep the NUL; "=" or a blank of the source made room for it */
	}
	return p;
}

/* Text up to "</name" that ends what holds no tags. */
static const char *
raw_end(const char *p, const char *end, const char *name, size_t n)
{
	while ((p = memchr(p, '<', (size_t)(end - p)))) {
		if ((size_t)(end - p) > n + 2 && p[1] == '/') {
			size_t i = 0;

			while (i < n && lower((unsigned char)p[2 + i]) == lower((unsigned char)name[i]))
				i++;
			if (i == n && (is_space(p[2 + n]) || p[2 + n] == '/' || p[2 + n] == '>'))
				return p;
		}
		p++;
	}
	return NULL;
}

static void
push_attrs(struct builder *b, uint32_t at)
{
	struct html *h = b->h;

	h->node[at].attr = (uint32_t)h->n_attr;
	h->node[at].n_attr = (uint16_t)b->n_attr;
	for (int i = 0; i < b->n_attr; i++)
		VEC_PUSH(h->attr, h->n_attr, h->cap_attr, b->attrs[i]);
}

/* An element begins; p is past its '>'.  Returns where to go on. */
static const char *
start_tag(struct builder *b, int tag, const char *name, size_t n_name, int closed, const char *p)
{
	uint32_t at;
	const char *stop;

	if (html_flags[tag] & H_INLINE || tag == TAG_head)
		return p;
	if (tag == TAG_html || tag == TAG_body) {       /* one of each; the first's attributes count */
		if (!b->count[tag]) {
			at = tag == TAG_html ? 0 : add_node(b->h, 0, TAG_body, 1);
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
	at = add_node(b->h, b->open[b->depth], tag, b->depth + 1);
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
			b->h->node[at].text = decode(b->h, p, (size_t)(stop - p), 0, &b->h->node[at].len);
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

/* <!-- -->, <!DOCTYPE>, <? >, </ >: p is at '<'.  Returns where it ends. */
static const char *
skip_markup(const char *p, const char *end)
{
	const char *q;

	if (end - p < 4 || memcmp(p, "<!--", 4) != 0) {
		q = memchr(p, '>', (size_t)(end - p));
		return q ? q + 1 : end;
	}
	p += 4;
	if (p < end && *p == '>')
		return p + 1;
	if (end - p >= 2 && p[0] == '-' && p[1] == '>')
		return p + 2;
	for (q = p; (q = memchr(q, '-', (size_t)(end - q))); q++) {
		if (end - q >= 3 && q[1] == '-' && q[2] == '>')
			return q + 3;
		if (end - q >= 4 && q[1] == '-' && q[2] == '!' && q[3] == '>')
			return q + 4;
	}
	return end;
}

/* Whether a '<' begins a tag or a comment, or is text. */
static int
is_markup(const char *p, const char *end)
{
	if (end - p >= 2 && (p[1] == '!' || p[1] == '?' || (unsigned)(p[1] | 32) - 'a' < 26))
		return 1;
	return end - p >= 3 && p[1] == '/';
}

/* A tag or comment whose '<' is at p.  Returns past it. */
static const char *
markup(struct builder *b, const char *p)
{
	const char *end = b->end, *name;
	int ending, tag, closed = 0;
	size_t n;

	if (p[1] == '!' || p[1] == '?')
		return skip_markup(p, end);
	ending = p[1] == '/';
	name = p + 1 + ending;
	if ((unsigned)(*name | 32) - 'a' >= 26)
		return skip_markup(p, end);
	for (p = name; p < end && !is_space(*p) && *p != '/' && *p != '>'; )
		p++;
	n = (size_t)(p - name);
	tag = find_name(tag_names, TAG_other - 1, name, n) + 1;
	tag = tag ? tag : TAG_other;
	b->n_attr = 0;
	while (p < end && *p != '>') {
		closed = *p == '/';
		p = is_space(*p) || *p == '/' ? p + 1 : attribute(b, p);
	}
	if (p >= end)
		return end;             /* cut within a tag: there is none */
	p++;
	if (!ending)
		return start_tag(b, tag, name, n, closed, p);
	end_tag(b, tag);
	return p;
}

void
html_parse(struct html *h, const char *s, size_t n)
{
	struct builder b = { .h = h, .s = s, .end = s + n };
	const char *p = s, *lt;

	memset(h, 0, sizeof *h);
	if (n > UINT32_MAX / 2)
		n = UINT32_MAX / 2;
	h->pool = xmalloc(2 * n + 16);
	add_node(h, 0, TAG_html, 0);
	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	while (p < b.end) {
		lt = memchr(p, '<', (size_t)(b.end - p));
		while (lt && !is_markup(lt, b.end))
			lt = memchr(lt + 1, '<', (size_t)(b.end - lt - 1));
		add_text(&b, p, (size_t)((lt ? lt : b.end) - p));
		p = lt ? markup(&b, lt) : b.end;
	}
}

void
html_free(struct html *h)
{
	free(h->node);
	free(h->attr);
	free(h->pool);
	memset(h, 0, sizeof *h);
}

const char *
html_attr(const struct html *h, uint32_t node, int name)
{
	const struct html_node *e = &h->node[node];

	for (uint32_t i = 0; i < e->n_attr; i++)
		if ((int)h->attr[e->attr + i].name == name)
			return h->attr[e->attr + i].v;
	return NULL;
}
