/* extract - which part of a page is its content: what is furniture goes, the densest part stays */
/* SPDX-License-Identifier: MIT */
#include "text/page/judge.h"
#include "text/same/seen.h"
#include <stdlib.h>
#include <string.h>

#define REPEAT 40       /* letters of a paragraph that is left out when it was there before */
#define ENOUGH 700      /* letters of running text that are a page's content without doubt */
#define FEW    400      /* bytes of text: what scripts would show is looked at too */
#define GAIN   2        /* with less, what a more lenient reading must give to be preferred */

void
extracted_clear(struct extracted *e)
{
	buf_clear(&e->text);
	buf_clear(&e->title);
	buf_clear(&e->author);
	buf_clear(&e->date);
	buf_clear(&e->lang);
	buf_clear(&e->url);
	e->asks = e->about = 0;
}

void
extracted_free(struct extracted *e)
{
	buf_free(&e->text);
	buf_free(&e->title);
	buf_free(&e->author);
	buf_free(&e->date);
	buf_free(&e->lang);
	buf_free(&e->url);
}

uint32_t *
html_ends(const struct html *h)
{
	uint32_t *ends = xmalloc(h->n * sizeof *ends);

	for (size_t i = h->n; i-- > 0; )
		ends[i] = h->node[i].last ? ends[h->node[i].last] : (uint32_t)i + 1;
	return ends;
}

/* Descends from an element as long as one child holds nearly all of its running text. */
static uint32_t
descend(const struct work *w, uint32_t at, double share)
{
	double all = w->m[at].good;

	for (;;) {
		uint32_t best = 0;

		for (uint32_t i = w->h.node[at].first; i; i = w->h.node[i].next)
			if (html_flags[w->h.node[i].tag] & H_BLOCK && (!best || w->m[i].good > w->m[best].good))
				best = i;
		if (!best || w->m[best].good < share * all || w->m[best].good <= 0)
			return at;
		if (w->h.node[best].tag == TAG_p || w->h.node[best].tag == TAG_tr || w->h.node[best].tag == TAG_td ||
		    w->h.node[best].tag == TAG_li || w->h.node[best].tag == TAG_pre)
			return at;
		at = best;
	}
}

/* The element that the page itself names its content, if it holds enough of the running text. */
static uint32_t
named_content(const struct work *w)
{
	uint32_t best = 0;
	double all = w->m[0].good;

	for (uint32_t i = 1; i < w->h.n; i++) {
		const char *prop, *role;
		int tag = w->h.node[i].tag, named = 0, body;

		if (w->h.node[i].user & MARK_DROP) {
			i = w->ends[i] - 1;
			continue;
		}
		if (!(html_flags[tag] & H_BLOCK))
			continue;
		prop = html_attr(&w->h, i, ATTR_itemprop), role = html_attr(&w->h, i, ATTR_role);
		body = prop && strcmp(prop, "articleBody") == 0;
		named = body || tag == TAG_article || tag == TAG_main ||
			(role && (strcmp(role, "main") == 0 || strcmp(role, "article") == 0)) || w->kind[i] & 1 << NAMES_BODY;
		if (named && w->m[i].good >= (body ? .3 : .5) * all)
			best = i;       /* the innermost of the best */
	}
	return best;
}

/* The text below an element, blanks as they are, up to a size. */
static void
text_below(const struct work *w, uint32_t at, size_t max, struct buf *out)
{
	buf_clear(out);
	for (uint32_t i = at + 1; i < w->ends[at] && out->n < max; i++)
		if (w->h.node[i].tag == TAG_TEXT)
			buf_add(out, w->h.node[i].text, w->h.node[i].len);
		else if (html_flags[w->h.node[i].tag] & H_BLOCK)
			buf_char(out, ' ');
	buf_add(out, "", 0);
}

/* Of several articles on a page, the one under the page's title: others follow it for who scrolls on. */
static uint32_t
titled_article(const struct work *w, const struct buf *title)
{
	struct buf text = { 0 };
	uint32_t found = 0;
	int n = 0;

	for (uint32_t i = 1; i < w->h.n && title->n >= 10; i++) {
		if (w->h.node[i].user & MARK_DROP || w->h.node[i].tag == TAG_TEXT)
			continue;
		if (w->h.node[i].tag != TAG_article || w->m[i].good < ENOUGH)
			continue;
		n++;
		for (uint32_t k = i + 1; k < w->ends[i] && !found; k++) {
			size_t from = 0;

			if (!(html_flags[w->h.node[k].tag] & H_HEAD))
				continue;
			text_below(w, k, 400, &text);
			while (from < text.n && (unsigned char)text.p[from] <= ' ')
				from++;
			if (text.n - from >= 10 && strncmp(text.p + from, title->p, title->n < 30 ? title->n : 30) == 0)
				found = i;
		}
		i = w->ends[i] - 1;
	}
	buf_free(&text);
	return n > 1 ? found : 0;
}

/* Second pass, within the content: lists of links and the like. */
static void
mark_links(struct work *w, uint32_t root)
{
	struct html *h = &w->h;
	struct buf text = { 0 };

	for (uint32_t i = root + 1; i < w->ends[root]; i++) {
		struct mass *m = &w->m[i];
		int tag = h->node[i].tag, drop = 0;

		if (h->node[i].user & MARK_DROP) {
			i = w->ends[i] - 1;
			continue;
		}
		if (tag == TAG_ul || tag == TAG_ol || tag == TAG_div || tag == TAG_section || tag == TAG_table || tag == TAG_dl || tag == TAG_form)
			drop = m->links > 2 && m->link > .6 * m->text && m->good < .1 * w->m[root].good;
		else if (tag == TAG_p)
			drop = m->links && m->link > .9 * m->text && m->text < 150;
		if (!drop && html_flags[tag] & H_BLOCK && m->text && m->text < 60) {
			text_below(w, i, 200, &text);
			drop = names_line(w->x, text.p, text.n);
		}
		if (drop) {
			h->node[i].user |= MARK_DROP;
			i = w->ends[i] - 1;
		}
	}
	buf_free(&text);
}

static int
holds_block(const struct work *w, uint32_t at)
{
	for (uint32_t i = at + 1; i < w->ends[at]; i++)
		if (html_flags[w->h.node[i].tag] & H_BLOCK)
			return 1;
	return 0;
}

/* Paragraphs, or what else holds no blocks, that stood before: pages repeat them for screens of another size, and as quotes. */
static void
mark_repeats(struct work *w, uint32_t root)
{
	struct seen seen = { 0 };
	struct buf text = { 0 };

	for (uint32_t i = root + 1; i < w->ends[root]; i++) {
		struct html_node *e = &w->h.node[i];

		if (e->user & MARK_DROP || e->tag == TAG_pre || e->tag == TAG_table) {
			i = w->ends[i] - 1;
		} else if (html_flags[e->tag] & H_BLOCK && w->m[i].text >= REPEAT && !holds_block(w, i)) {
			size_t n = 0;

			text_below(w, i, SIZE_MAX, &text);
			for (size_t k = 0; k < text.n; k++)
				if ((unsigned char)text.p[k] > ' ')
					text.p[n++] = text.p[k];
			if (seen_put(&seen, hash128(text.p, n)))
				e->user |= MARK_DROP;
		}
	}
	seen_free(&seen);
	buf_free(&text);
}

/* Where little of what is shown is running text, as in lists of goods or of articles, the content is what holds most of it all. */
static uint32_t
widen(const struct work *w, uint32_t root)
{
	const struct mass *all = &w->m[0], *m = &w->m[root];

	if (!(w->about & ABOUT_FORUM) && w->about & (ABOUT_ARTICLE | ABOUT_PRODUCT))
		return root;
	if (m->text > .5 * all->text || (m->good > 1500 && m->good > .7 * all->good))
		return root;
	while (root && w->m[root].text < .9 * all->text)
		root = w->h.node[root].parent;
	return root;
}

/* The content's root with as much furniture taken out as leaves something. */
static uint32_t
find_content(struct work *w, const struct buf *title)
{
	uint32_t root = 0, named;
	int first = w->about & ABOUT_FORUM ? BY_NAME_WITH_COMMENTS : BY_NAME, level, used = first;
	double good = 0;

	for (uint32_t i = 1; i < w->h.n; i++)
		w->kind[i] = (uint16_t)names_kind(w->x, &w->h, i);
	for (level = first; level <= NOTHING; level++) {
		uint32_t at;

		furniture_mark(w, level);
		if (!(named = titled_article(w, title)))
			named = named_content(w);
		at = descend(w, named, named ? .95 : w->about & ABOUT_ARTICLE ? .85 : .95);
		if (level == first || w->m[at].good > GAIN * good) {
			root = at;
			good = w->m[at].good;
			used = level;
		}
		if (good > (level < BY_ELEMENT ? ENOUGH : 50))
			break;
	}
	if (used != level)
		furniture_mark(w, used);
	root = widen(w, root);
	if (w->m[root].link < .25 * w->m[root].text)
		mark_links(w, root);
	mark_repeats(w, root);
	return root;
}

/* A page's elements are weighed. */
static void
work_begin(struct work *w, struct extracted *e)
{
	page_meta(&w->h, e);
	w->about = e->about;
	w->ends = html_ends(&w->h);
	w->m = xcalloc(w->h.n, sizeof *w->m);
	furniture_letters(w);
	w->kind = xcalloc(w->h.n, sizeof *w->kind);
}

static void
work_end(struct work *w)
{
	free(w->kind);
	free(w->m);
	free(w->letters);
	free(w->ends);
	html_free(&w->h);
}

int
extract_page(const struct extract *x, const char *s, size_t n, unsigned how, struct extracted *e)
{
	struct work w = { .x = x };
	uint32_t root = 0;

	extracted_clear(e);
	if (html_parse(&w.h, s, n) < 0) {
		html_free(&w.h);
		return -1;
	}
	work_begin(&w, e);
	if (how & EXTRACT_ALL)
		furniture_mark(&w, NOTHING);
	else
		root = judge_mark(&w, find_content(&w, &e->title));
	render_tree(&w.h, root, how & EXTRACT_MARKDOWN, &e->text);
	if (!(how & EXTRACT_ALL) && e->text.n < FEW)
		embedded_text(&w.h, how & EXTRACT_MARKDOWN, &e->text);
	work_end(&w);
	return 0;
}
