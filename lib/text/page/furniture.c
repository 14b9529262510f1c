/* furniture - what is around a page's content: menus, notices, comments, what is hidden */
/* SPDX-License-Identifier: MIT */
#include "text/page/furniture.h"
#include "base/list.h"
#include <stdlib.h>
#include <string.h>

/* Letters of a text: blanks do not count, a character of three bytes (CJK) for two. */
static uint32_t
weight(const char *s, size_t n)
{
	const uint64_t ones = 0x0101010101010101u;
	uint32_t w = 0;
	size_t i = 0;

	while (i < n) {
		unsigned char c = (unsigned char)s[i];
		uint64_t x = 0x80 * ones;

		if (n - i >= 8)
			memcpy(&x, s + i, 8);
		if (!(x & 0x80 * ones)) {       /* eight of ASCII: those past a blank get the upper bit */
			w += (uint32_t)(((x + 0x5f * ones) >> 7 & ones) * ones >> 56);
			i += 8;
		} else {
			w += c > ' ' && (c & 0xc0) != 0x80 ? 1 + (c >= 0xe0) : 0;
			i++;
		}
	}
	return w;
}

static int
is_hidden(const struct html *h, uint32_t at)
{
	const char *style = html_attr(h, at, ATTR_style), *p;
	const char *aria = html_attr(h, at, ATTR_aria_hidden);

	if (html_attr(h, at, ATTR_hidden) || (aria && strcmp(aria, "true") == 0))
		return 1;
	if (style && (p = strstr(style, "display"))) {
		for (p += 7; *p == ' ' || *p == ':'; )
			p++;
		if (strncmp(p, "none", 4) == 0)
			return 1;
	}
	return 0;
}

/* What tabs and folds show, one at a time: content, though hidden for now. */
static int
shown_in_turn(const struct html *h, uint32_t at)
{
	const char *role = html_attr(h, at, ATTR_role);

	for (int up = 0; up < 4 && at; up++, at = h->node[at].parent)
		if (h->node[at].tag == TAG_details)
			return 1;
	return role && strcmp(role, "tabpanel") == 0;
}

int
furniture_hidden(const struct html *h, uint32_t at)
{
	return is_hidden(h, at) && !shown_in_turn(h, at);
}

static int
role_drops(const char *role)
{
	static const char *const roles[] = { "navigation", "complementary", "banner", "contentinfo", "search", "dialog",
		"alertdialog", "menu", "menubar", "tooltip", "alert" };

	return role && ROW_OF(roles, role, strlen(role)) >= 0;
}

/* Whether a paragraph within a link is running text: a card is a link as a whole. */
static int
in_card(const struct work *w, uint32_t at)
{
	uint32_t n = 0;

	for (uint32_t i = at + 1; i < w->ends[at]; i++)
		n += w->letters[i];
	return n >= 80 && !(w->about & ABOUT_ARTICLE);
}

/* Characters, links and running text of each element, bottom up; what is dropped weighs nothing. */
static void
weigh(struct work *w)
{
	struct html *h = &w->h;
	struct {
		uint32_t block, own, link;      /* the block it is in; a block's text outside of inner ones, and of that in links */
		int      state;                 /* 1 dropped, 2 in a link */
	} *at = xcalloc(h->n, sizeof *at);

	memset(w->m, 0, h->n * sizeof *w->m);
	for (uint32_t i = 1; i < h->n; i++) {
		struct html_node *e = &h->node[i];
		uint32_t up = e->parent, n;

		at[i].state = at[up].state | (e->user & MARK_DROP || html_flags[e->tag] & H_DROP) | (e->tag == TAG_a ? 2 : 0);
		if (e->tag == TAG_p && at[i].state & 2 && in_card(w, i))
			at[i].state &= ~2;
		at[i].block = html_flags[e->tag] & H_BLOCK ? i : at[up].block;
		if (e->tag == TAG_a && !(at[i].state & 1))
			w->m[i].links = 1;
		if (e->tag != TAG_TEXT || at[i].state & 1)
			continue;
		w->m[i].text = n = w->letters[i];
		w->m[i].link = at[i].state & 2 ? n : 0;
		at[at[i].block].own += n;
		at[at[i].block].link += w->m[i].link;
	}
	for (uint32_t i = (uint32_t)h->n - 1; i > 0; i--) {
		struct mass *m = &w->m[i], *up = &w->m[h->node[i].parent];
		int tag = h->node[i].tag;
		double n = at[i].own - at[i].link, share = at[i].own ? n / at[i].own : 0;

		if (at[i].own && !(html_flags[tag] & H_HEAD))
			m->good += n * share * (n < 80 ? n / 80 : 1);
		up->text += m->text;
		up->link += m->link;
		up->links += m->links;
		up->good += m->good;
		up->code |= m->code || tag == TAG_pre || tag == TAG_table || tag == TAG_code;
	}
	free(at);
}

/* Whether an element is furniture, judged by what it is called; w->m is of the page with all in it. */
static int
is_furniture(const struct work *w, uint32_t i, int level)
{
	const struct html *h = &w->h;
	int tag = h->node[i].tag, kind = w->kind[i], block = html_flags[tag] & H_BLOCK || tag == TAG_other;
	int whole = tag == TAG_body || tag == TAG_article || tag == TAG_main;

	if (kind & 1 << NAMES_NOTICE && block && !whole && w->m[i].good < .9 * w->m[0].good)
		return 1;
	if (w->m[i].good > .4 * w->m[0].good && w->m[i].good > 200)
		return 0;                               /* most of the page */
	if (kind & 1 << NAMES_INLINE || (tag == TAG_sup && w->m[i].link && w->m[i].link == w->m[i].text))
		return 1;                               /* the latter are marks of footnotes */
	if (tag == TAG_nav || tag == TAG_aside || tag == TAG_footer || role_drops(html_attr(h, i, ATTR_role)))
		return 1;
	if (tag == TAG_figcaption && !w->m[h->node[i].parent].code)
		return 1;                               /* what it says of a picture that is not here */
	if (!block || whole || level >= BY_ELEMENT)
		return 0;
	if (kind & 1 << NAMES_PICTURE && w->about & ABOUT_ARTICLE && !(w->about & ABOUT_FORUM) && !w->m[i].code)
		return 1;
	return kind & 1 << NAMES_FURNITURE || (kind & 1 << NAMES_COMMENT && level == BY_NAME);
}

void
furniture_letters(struct work *w)
{
	w->letters = xcalloc(w->h.n, sizeof *w->letters);
	for (size_t i = 0; i < w->h.n; i++)
		if (w->h.node[i].tag == TAG_TEXT)
			w->letters[i] = weight(w->h.node[i].text, w->h.node[i].len);
}

/* Marks what is left out before the content is looked for. */
void
furniture_mark(struct work *w, int level)
{
	struct html *h = &w->h;

	for (uint32_t i = 1; i < h->n; i++)
		h->node[i].user &= (uint16_t)~MARK_DROP;
	weigh(w);
	for (uint32_t i = 1; i < h->n; i++) {
		int drop = 0, tag = h->node[i].tag;

		if (tag == TAG_TEXT || html_flags[tag] & H_DROP)
			continue;
		/* what is much of the page will be shown in turn too, though it does not say so */
		drop = furniture_hidden(h, i) && !(w->m[i].good > (w->about & ABOUT_ARTICLE ? .4 : .1) * w->m[0].good && w->m[i].good > 200);
		if (level < NOTHING && is_furniture(w, i, level))
			drop = 1;
		if (drop) {
			h->node[i].user |= MARK_DROP;
			i = w->ends[i] - 1;
		}
	}
	weigh(w);
}
