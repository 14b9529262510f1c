/* embedded - what a page shows by script alone: texts in its JSON (schema.org, state of an application) */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/page/extract.h"
#include "base/json.h"
#include "base/list.h"
#include "text/same/seen.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH = 24, INNER = 3, PROSE = 80, TEXT_MAX = 1 << 20 };

struct gather {
	struct buf *out;
	struct seen seen;
	int         markdown;
	int         inner;              /* how many JSON texts this one is in */
};

static void gather(struct gather *, struct json, const char *key, int depth);

/* Whether a key is one that texts stand under. */
static int
holds_text(const char *key)
{
	static const char *const keys[] = { "articleBody", "body", "bodyHtml", "content", "cooked", "description", "html", "reviewBody", "text" };

	return ROW_OF(keys, key, strlen(key)) >= 0;
}

static int
is_prose(const char *s, size_t n)
{
	size_t blanks = 0;

	for (size_t i = 0; i < n; i++)
		blanks += s[i] == ' ';
	return n >= PROSE && blanks > n / 12;
}

/* A text, plain or HTML, as a paragraph of its own. */
static void
add_text(struct gather *g, const char *s, size_t n)
{
	struct html h = { 0 };

	if (seen_put(&g->seen, hash128(s, n)) || g->out->n > TEXT_MAX)
		return;
	if (g->out->n)
		buf_str(g->out, "\n\n");
	html_parse(&h, s, n);
	render_tree(&h, 0, g->markdown, g->out);
	html_free(&h);
}

static void
gather_string(struct gather *g, struct json v, const char *key)
{
	struct buf s = { 0 };
	struct json in;

	if (json_str(v, &s) == 0 && s.n >= PROSE) {
		if ((s.p[0] == '{' || s.p[0] == '[') && g->inner < INNER) {
			g->inner++;
			if (json_parse(&in, s.p, s.n, NULL) == 0)
				gather(g, in, "", 0);
			g->inner--;
		} else if (holds_text(key) && (strchr(s.p, '<') || is_prose(s.p, s.n))) {
			add_text(g, s.p, s.n);
		}
	}
	buf_free(&s);
}

static void
gather(struct gather *g, struct json v, const char *key, int depth)
{
	struct json_iter it;

	if (json_kind(v) == '"') {
		gather_string(g, v, key);
		return;
	}
	if ((json_kind(v) != '{' && json_kind(v) != '[') || depth == DEPTH)
		return;
	it = json_walk(v);
	while (json_next(&it)) {
		char *name = it.object ? json_dup(it.key) : NULL;

		gather(g, it.value, name ? name : key, depth + 1);
		free(name);
	}
}

void
embedded_text(const struct html *h, int markdown, struct buf *text)
{
	struct buf found = { 0 };
	struct gather g = { .out = &found, .markdown = markdown };
	const char *v;
	struct json j;

	for (uint32_t i = 1; i < h->n; i++) {
		const struct html_node *e = &h->node[i];

		if (e->tag == TAG_TEXT)
			continue;
		if (e->tag == TAG_script && (v = html_attr(h, i, ATTR_type)) && strcasestr(v, "json") && json_parse(&j, e->text, e->len, NULL) == 0)
			gather(&g, j, "", 0);
		if ((v = html_attr(h, i, ATTR_data_preloaded)) && json_parse(&j, v, strlen(v), NULL) == 0)
			gather(&g, j, "", 0);
	}
	if (found.n > 2 * text->n) {
		struct buf was = *text;

		*text = found;
		found = was;
	}
	buf_free(&found);
	seen_free(&g.seen);
}
