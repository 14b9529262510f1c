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

struct name {
	uint64_t half[2];
};

/* n bytes from s, of which none from end on is read, in lower case and filled up with zeros. */
static struct name
name_at(const char *s, size_t n, const char *end)
{
	const uint64_t ones = 0x0101010101010101u;
	struct name k = { { 0 } };

	if (end - s >= NAME_MAX_LEN)
		memcpy(k.half, s, NAME_MAX_LEN);
	else
		memcpy(k.half, s, n);
	k.half[1] &= n > 8 ? UINT64_MAX >> (8 * (16 - n)) : 0;
	k.half[0] &= n < 8 ? (1ull << 8 * n) - 1 : UINT64_MAX;
	for (int i = 0; i < 2; i++) {           /* the upper bit of each byte: it is past '@', and not past 'Z' */
		uint64_t low = k.half[i] & 0x7f * ones, from = low + (0x80 - 'A') * ones, past = low + (0x7f - 'Z') * ones;

		k.half[i] |= (from & ~past & ~k.half[i] & 0x80 * ones) >> 2;
	}
	return k;
}

/* Where in its index a name belongs, or is: a place whose number, from 1, is 0 is free. */
static inline uint8_t *
place(uint8_t index[TREE_NAMES], const char (*names)[NAME_MAX_LEN], struct name key)
{
	size_t i = (key.half[0] ^ key.half[1] * 31) * 0x9e3779b97f4a7c15u >> 32;

	for (; index[i %= TREE_NAMES]; i++) {
		uint64_t half[2];

		memcpy(half, names[index[i] - 1], sizeof half);
		if (half[0] == key.half[0] && half[1] == key.half[1])
			break;
	}
	return &index[i];
}

static void
fill_index(uint8_t index[TREE_NAMES], const char (*names)[NAME_MAX_LEN], int n)
{
	for (int i = 0; i < n; i++)
		*place(index, names, name_at(names[i], strlen(names[i]), names[i] + NAME_MAX_LEN)) = (uint8_t)(i + 1);
}

/* The number of a name in its table, or -1. */
static int
find_name(uint8_t index[TREE_NAMES], const char (*names)[NAME_MAX_LEN], const char *s, size_t len, const char *end)
{
	return len < NAME_MAX_LEN ? *place(index, names, name_at(s, len, end)) - 1 : -1;
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
		if (used && attribute && s[1] != '#' && s[used] != ';' && s + 1 + used < end &&
		    (s[1 + used] == '=' || (unsigned)(s[1 + used] | 32) - 'a' < 26 || (unsigned)s[1 + used] - '0' < 10))
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
	id = find_name(b->attr_index, attr_names, name, n_name, end);
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
	tag = find_name(b->tag_index, tag_names, name, n, end) + 1;
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

int
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
	while (p < b.end && h->n < HTML_NODES) {
		lt = memchr(p, '<', (size_t)(b.end - p));
		while (lt && !is_markup(lt, b.end))
			lt = memchr(lt + 1, '<', (size_t)(b.end - lt - 1));
		tree_text(&b, p, (size_t)((lt ? lt : b.end) - p));
		p = lt ? markup(&b, lt) : b.end;
	}
	return p < b.end ? -1 : 0;
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
html_attr_of(const struct html *h, uint32_t node, int name)
{
	const struct html_attr *a = &h->attr[h->node[node].attr];

	while ((int)a->name != name)
		a++;
	return a->v;
}
