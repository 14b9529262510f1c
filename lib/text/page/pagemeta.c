/* pagemeta - what a page says of itself: title, author, date, language, canonical address */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/page/extract.h"
#include "base/json.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One line of text, blanks made one. */
static void
set(struct buf *out, const char *s, size_t n)
{
	int space = 0;

	buf_clear(out);
	for (size_t i = 0; i < n && out->n < 1000; i++) {
		if ((unsigned char)s[i] <= ' ') {
			space = out->n > 0;
			continue;
		}
		if (space)
			buf_char(out, ' ');
		space = 0;
		buf_char(out, s[i]);
	}
}

/* All text below an element. */
static void
set_text(struct buf *out, const struct html *h, uint32_t at)
{
	struct buf all = { 0 };

	for (uint32_t i = at + 1; i < h->n && h->node[i].depth > h->node[at].depth && all.n < 4096; i++)
		if (h->node[i].tag == TAG_TEXT)
			buf_add(&all, h->node[i].text, h->node[i].len);
		else if (html_flags[h->node[i].tag] & H_BLOCK || h->node[i].tag == TAG_br)
			buf_char(&all, ' ');
	set(out, buf_text(&all), all.n);
	buf_free(&all);
}

static int
word(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p && *p; ) {
		p += strspn(p, " \t\r\n\f,");
		if (strncasecmp(p, name, n) == 0 && strcspn(p, " \t\r\n\f,") == n)
			return 1;
		p += strcspn(p, " \t\r\n\f,");
	}
	return 0;
}

unsigned
robots_asks(const char *value)
{
	unsigned asks = 0;

	if (value[strcspn(value, ":,")] == ':' && !strstr(value, "unavailable_after:"))
		return 0;
	if (word(value, "noindex") || word(value, "none"))
		asks |= ASKS_NOINDEX;
	if (word(value, "noarchive") || word(value, "none"))
		asks |= ASKS_NOARCHIVE;
	return asks;
}

/* How far each field was found: a lower number is a better source. */
struct rank {
	int title, author, date, url;
};

static void
take(struct buf *out, int *rank, int r, const char *s, size_t n)
{
	if (r >= *rank || n == 0)
		return;
	set(out, s, n);
	if (out->n)
		*rank = r;
}

static void
take_url(struct extracted *e, struct rank *r, int rank, const char *v)
{
	if (strncasecmp(v, "http://", 7) == 0 || strncasecmp(v, "https://", 8) == 0)
		take(&e->url, &r->url, rank, v, strlen(v));
}

/* A type of schema.org, or of og:type. */
static unsigned
about_type(const char *s)
{
	static const struct {
		const char *name;
		unsigned    about;
	} types[] = {
		{ "Article", ABOUT_ARTICLE }, { "NewsArticle", ABOUT_ARTICLE }, { "BlogPosting", ABOUT_ARTICLE }, { "Report", ABOUT_ARTICLE },
		{ "ScholarlyArticle", ABOUT_ARTICLE }, { "DiscussionForumPosting", ABOUT_FORUM }, { "QAPage", ABOUT_FORUM },
		{ "Product", ABOUT_PRODUCT }, { "ProductGroup", ABOUT_PRODUCT }, { "og:product", ABOUT_PRODUCT }
	};
	const char *slash = strrchr(s, '/');

	s = slash ? slash + 1 : s;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcasecmp(s, types[i].name) == 0)
			return types[i].about;
	return 0;
}

/* The software that made the page, or a part of its address, that forums have. */
static unsigned
about_forum(const char *s, const char *const *marks)
{
	for (; *marks; marks++)
		if (strcasestr(s, *marks))
			return ABOUT_FORUM;
	return 0;
}

static const char *const forum_makers[] = { "discourse", "phpbb", "vbulletin", "xenforo", "invision", "mybb", "flarum", "nodebb", "vanilla", NULL };
static const char *const forum_paths[] = { "/forum", "forum.", "forums.", "/topic/", "/thread", "viewtopic", "showthread", "/t/", "/questions/", "/discussion/", NULL };

static void
meta(const struct html *h, uint32_t at, struct extracted *e, struct rank *r)
{
	static const struct {
		const char *name;
		char        field;
		int         rank;
	} known[] = {
		{ "og:title", 't', 1 }, { "twitter:title", 't', 3 }, { "dc.title", 't', 2 }, { "citation_title", 't', 0 },
		{ "author", 'a', 1 }, { "article:author", 'a', 3 }, { "dc.creator", 'a', 2 }, { "citation_author", 'a', 0 },
		{ "parsely-author", 'a', 2 }, { "sailthru.author", 'a', 2 },
		{ "article:published_time", 'd', 0 }, { "datepublished", 'd', 1 }, { "date", 'd', 2 }, { "dc.date", 'd', 2 },
		{ "pubdate", 'd', 2 }, { "publishdate", 'd', 2 }, { "citation_publication_date", 'd', 1 },
		{ "parsely-pub-date", 'd', 2 }, { "sailthru.date", 'd', 2 }, { "dc.date.issued", 'd', 2 }, { "og:url", 'u', 2 }
	};
	static const int from[] = { ATTR_name, ATTR_property, ATTR_itemprop };
	const char *value = html_attr(h, at, ATTR_content), *name;

	if (!value)
		return;
	for (size_t f = 0; f < 3; f++) {
		if (!(name = html_attr(h, at, from[f])))
			continue;
		if (strcasecmp(name, "robots") == 0)
			e->asks |= robots_asks(value);
		if (strcasecmp(name, "og:type") == 0)
			e->about |= about_type(value);
		if (strcasecmp(name, "generator") == 0)
			e->about |= about_forum(value, forum_makers);
		if (strcasecmp(name, "tdm-reservation") == 0 && strcmp(value, "1") == 0)
			e->asks |= ASKS_TDM;
		for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
			if (strcasecmp(name, known[i].name) != 0)
				continue;
			if (known[i].field == 't')
				take(&e->title, &r->title, known[i].rank, value, strlen(value));
			if (known[i].field == 'a' && !strstr(value, "://"))
				take(&e->author, &r->author, known[i].rank, value, strlen(value));
			if (known[i].field == 'd')
				take(&e->date, &r->date, known[i].rank, value, strlen(value));
			if (known[i].field == 'u')
				take_url(e, r, known[i].rank, value);
		}
	}
}

static void
take_json(struct json v, struct buf *out, int *rank, int r)
{
	char *s = json_dup(v);

	if (s)
		take(out, rank, r, s, strlen(s));
	free(s);
}

/* schema.org as JSON-LD: an object, a list of them, or a graph; looked into to a small depth. */
static void
linked_data(struct json v, struct extracted *e, struct rank *r, int depth)
{
	struct json_iter it;
	struct json author;
	char *type;
	int n = 0;

	if (depth > 3)
		return;
	if (json_kind(v) == '[') {
		it = json_walk(v);
		while (json_next(&it) && n++ < 64)
			linked_data(it.value, e, r, depth + 1);
		return;
	}
	if (json_kind(v) != '{')
		return;
	if ((type = json_dup(json_get(v, "@type"))))
		e->about |= about_type(type);
	free(type);
	take_json(json_get(v, "datePublished"), &e->date, &r->date, 1);
	author = json_get(v, "author");
	if (json_kind(author) == '[') {
		it = json_walk(author);
		if (json_next(&it))
			author = it.value;
	}
	if (json_kind(author) == '{')
		author = json_get(author, "name");
	take_json(author, &e->author, &r->author, 2);
	linked_data(json_get(v, "@graph"), e, r, depth + 1);
}

static void
element(const struct html *h, uint32_t i, struct extracted *e, struct rank *r)
{
	const char *prop = html_attr(h, i, ATTR_itemprop), *rel = html_attr(h, i, ATTR_rel), *v;
	struct buf tmp = { 0 };
	struct json ld;

	if ((v = html_attr(h, i, ATTR_itemtype)))
		e->about |= about_type(v);
	if (h->node[i].tag == TAG_link && word(rel, "canonical") && (v = html_attr(h, i, ATTR_href)))
		take_url(e, r, 1, v);
	if (h->node[i].tag == TAG_time && (v = html_attr(h, i, ATTR_datetime)))
		take(&e->date, &r->date, prop && strcmp(prop, "datePublished") == 0 ? 1 : 4, v, strlen(v));
	if (h->node[i].tag == TAG_script && (v = html_attr(h, i, ATTR_type)) && strcasecmp(v, "application/ld+json") == 0 &&
	    json_parse(&ld, h->node[i].text, h->node[i].len, NULL) == 0)
		linked_data(ld, e, r, 0);
	if ((prop && strcmp(prop, "author") == 0 && h->node[i].tag != TAG_meta && r->author > 3) ||
	    (h->node[i].tag == TAG_a && word(rel, "author") && r->author > 4)) {
		set_text(&tmp, h, i);
		if (tmp.n < 100)
			take(&e->author, &r->author, prop ? 3 : 4, buf_text(&tmp), tmp.n);
	}
	if (h->node[i].tag == TAG_h1 && r->title > 4) {
		set_text(&tmp, h, i);
		if (tmp.n > 2 && memcmp(tmp.p + tmp.n - 2, "\xc2\xb6", 2) == 0)      /* the pilcrow that links to itself */
			tmp.n -= 2;
		take(&e->title, &r->title, 4, buf_text(&tmp), tmp.n);
	}
	buf_free(&tmp);
}

void
page_meta(const struct html *h, struct extracted *e)
{
	struct rank r = { 9, 9, 9, 9 };
	const char *lang = html_attr(h, 0, ATTR_lang);

	if (lang)
		set(&e->lang, lang, strlen(lang));
	for (uint32_t i = 1; i < h->n; i++) {
		if (h->node[i].tag == TAG_meta)
			meta(h, i, e, &r);
		else if (h->node[i].tag == TAG_title)
			take(&e->title, &r.title, 5, h->node[i].text, h->node[i].len);
		else if (h->node[i].tag != TAG_TEXT && (h->node[i].n_attr || h->node[i].tag == TAG_h1))
			element(h, i, e, &r);
	}
	if (e->url.n)
		e->about |= about_forum(e->url.p, forum_paths);
}
