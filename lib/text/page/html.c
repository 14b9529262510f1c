/* html - the tokenizer; the WHATWG HTML standard, section 13.2.5, less what text does not need */
/* SPDX-License-Identifier: MIT */
#include "text/page/tree.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 16

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

/* Where in its index a name belongs, or is: a place whose number, from 1, is 0 is free. */
static uint8_t *
place(uint8_t index[TREE_NAMES], const char (*names)[NAME_MAX_LEN], const char key[NAME_MAX_LEN])
{
	uint64_t half[2];
	size_t i;

	memcpy(half, key, sizeof half);
	i = (half[0] ^ half[1] * 31) * 0x9e3779b97f4a7c15u >> 32;
	while (index[i %= TREE_NAMES] && memcmp(names[index[i] - 1], key, NAME_MAX_LEN) != 0)
		i++;
	return &index[i];
}

static void
fill_index(uint8_t index[TREE_NAMES], const char (*names)[NAME_MAX_LEN], int n)
{
	for (int i = 0; i < n; i++)
		*place(index, names, names[i]) = (uint8_t)(i + 1);
}

/* The number of a name in its table, or -1. */
static int
find_name(uint8_t index[TREE_NAMES], const char (*names)[NAME_MAX_LEN], const char *s, size_t len)
{
	char key[NAME_MAX_LEN] = { 0 };

	if (len >= sizeof key)
		return -1;
	for (size_t i = 0; i < len; i++)
		key[i] = (char)html_lower((unsigned char)s[i]);
	return *place(index, names, key) - 1;
}

const char *
html_decode(struct html *h, const char *s, size_t n, int attribute, uint32_t *len)
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

/* One attribute from p; keeps it when its name is known.  Returns where the next begins. */
static const char *
attribute(struct tree *b, const char *p)
{
	const char *name = p, *v, *end = b->end;
	size_t n_name, n;
	int id, quote = 0;

	for (p++; p < end && !html_blank(*p) && *p != '/' && *p != '>' && *p != '='; )
		p++;
	n_name = (size_t)(p - name);
	while (p < end && html_blank(*p))
		p++;
	v = p;
	n = 0;
	if (p < end && *p == '=') {
		for (p++; p < end && html_blank(*p); )
			p++;
		if (p < end && (*p == '"' || *p == '\''))
			quote = *p++;
		v = p;
		if (quote) {
			p = memchr(p, quote, (size_t)(end - p));
			p = p ? p : end;
		} else {
			while (p < end && !html_blank(*p) && *p != '>')
				p++;
		}
		n = (size_t)(p - v);
		p += quote && p < end;
	}
	id = find_name(b->attr_index, attr_names, name, n_name);
	if (id >= 0 && b->n_attr < ATTR_MAX) {
		struct html_attr *a = &b->attrs[b->n_attr++];

		a->name = (uint32_t)id;
		a->v = html_decode(b->h, v, n, 1, &a->n);
		b->h->used++;           /* keep the NUL; "=" or a blank of the source made room for it */
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
markup(struct tree *b, const char *p)
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
	for (p = name; p < end && !html_blank(*p) && *p != '/' && *p != '>'; )
		p++;
	n = (size_t)(p - name);
	tag = find_name(b->tag_index, tag_names, name, n) + 1;
	tag = tag ? tag : TAG_other;
	b->n_attr = 0;
	while (p < end && *p != '>') {
		closed = *p == '/';
		p = html_blank(*p) || *p == '/' ? p + 1 : attribute(b, p);
	}
	if (p >= end)
		return end;             /* cut within a tag: there is none */
	p++;
	if (!ending)
		return tree_start(b, tag, name, n, closed, p);
	tree_end(b, tag);
	return p;
}

void
html_parse(struct html *h, const char *s, size_t n)
{
	struct tree b = { .h = h, .s = s };
	const char *p = s, *lt;

	memset(h, 0, sizeof *h);
	if (n > UINT32_MAX / 2)
		n = UINT32_MAX / 2;
	b.end = s + n;
	h->pool = xmalloc(2 * n + 16);
	fill_index(b.tag_index, tag_names, TAG_other - 1);
	fill_index(b.attr_index, attr_names, ATTR_COUNT);
	tree_node(h, 0, TAG_html, 0);
	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	while (p < b.end) {
		lt = memchr(p, '<', (size_t)(b.end - p));
		while (lt && !is_markup(lt, b.end))
			lt = memchr(lt + 1, '<', (size_t)(b.end - lt - 1));
		tree_text(&b, p, (size_t)((lt ? lt : b.end) - p));
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
