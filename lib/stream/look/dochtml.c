/* dochtml - documents as a page to be read in a browser */
/* SPDX-License-Identifier: MIT */
#include "stream/look/dochtml.h"
#include "base/json.h"
#include "base/order.h"
#include <stdlib.h>
#include <string.h>

#define SHOWN 4000              /* bytes of a text */

struct group {
	char      *reason;              /* "": kept */
	struct buf body;
	size_t     n, bytes;
};

struct dochtml {
	struct group *v;
	size_t        n, cap, docs;
};

static const char style[] =
	":root{color-scheme:light dark;--ink:#1a1a1a;--dim:#6b6b6b;--paper:#fff;--card:#f6f6f4;--line:#e2e2de;--mark:#8a3b12}\n"
	"@media(prefers-color-scheme:dark){:root{--ink:#e8e8e6;--dim:#9b9b98;--paper:#161615;--card:#1f1f1e;--line:#343432;--mark:#e0926a}}\n"
	"body{font:16px/1.55 system-ui,sans-serif;max-width:52em;margin:2.5em auto;padding:0 1.2em;background:var(--paper);color:var(--ink)}\n"
	"h1{font-size:1.3em;margin:0 0 .2em}h2{font-size:1.05em;margin:2.5em 0 .6em;padding-bottom:.3em;border-bottom:1px solid var(--line)}\n"
	"h2 span,.sum{color:var(--dim);font-weight:normal}\n"
	"table{border-collapse:collapse;margin:1em 0;font-variant-numeric:tabular-nums}td{padding:.15em 1.2em .15em 0}td+td{text-align:right}\n"
	"td:last-child{width:12em;padding:0}td i{display:block;height:.7em;min-width:2px;background:var(--mark);opacity:.55;border-radius:2px}\n"
	"a{color:inherit;text-decoration-color:var(--line)}\n"
	"details{background:var(--card);border:1px solid var(--line);border-radius:6px;margin:.5em 0}\n"
	"summary{cursor:pointer;padding:.5em .8em;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.1em .9em;margin:0;padding:.3em .8em;font-size:.82em;color:var(--dim)}\n"
	"dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}\n"
	"pre{font:14px/1.5 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:0;padding:.7em .8em;border-top:1px solid var(--line)}\n"
	"em{color:var(--mark)}\n";

/* At most n bytes of it, no character cut. */
static size_t
at_most(const char *s, size_t len, size_t n)
{
	if (len <= n)
		return len;
	while (n && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

struct dochtml *
dochtml_new(void)
{
	return xcalloc(1, sizeof(struct dochtml));
}

static struct group *
group_of(struct dochtml *h, const char *reason)
{
	struct group g = { 0 };

	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->v[i].reason, reason) == 0)
			return &h->v[i];
	g.reason = xstrdup(reason);
	VEC_PUSH(h->v, h->n, h->cap, g);
	return &h->v[h->n - 1];
}

/* All keys but those that stand elsewhere. */
static void
metadata(struct buf *b, struct json meta)
{
	struct json_iter it = json_walk(meta);
	struct buf key = { 0 }, value = { 0 };

	buf_str(b, "<dl>");
	while (json_next(&it)) {
		buf_clear(&key), buf_clear(&value);
		if (json_is(it.key, "reason") || json_is(it.key, "title") || json_str(it.key, &key))
			continue;
		if (json_str(it.value, &value))
			buf_add(&value, it.value.p, (size_t)(it.value.end - it.value.p));
		buf_str(b, "<dt>");
		buf_html(b, buf_text(&key), key.n);
		buf_str(b, "</dt><dd>");
		if (json_is(it.key, "url") && value.n > 4 && memcmp(value.p, "http", 4) == 0) {
			buf_str(b, "<a href=\"");
			buf_html(b, value.p, value.n);
			buf_str(b, "\" rel=\"noreferrer\">");
			buf_html(b, value.p, value.n);
			buf_str(b, "</a>");
		} else {
			buf_html(b, buf_text(&value), at_most(buf_text(&value), value.n, 600));
		}
		buf_str(b, "</dd>");
	}
	buf_str(b, "</dl>");
	buf_free(&key);
	buf_free(&value);
}

void
dochtml_add(struct dochtml *h, const struct doc *d)
{
	struct json meta;
	struct buf reason = { 0 }, title = { 0 };
	struct group *g;
	size_t shown = at_most(d->text, d->text_len, SHOWN), begin = 0;

	if (json_parse(&meta, d->meta, d->meta_len, NULL))
		meta = (struct json){ 0 };
	json_str(json_get(meta, "reason"), &reason);
	if (json_str(json_get(meta, "title"), &title) || !title.n)
		json_str(json_get(meta, "url"), &title);
	g = group_of(h, buf_text(&reason));
	g->n++;
	g->bytes += d->text_len;
	h->docs++;
	buf_str(&g->body, "<details><summary>");
	while (begin < shown && (unsigned char)d->text[begin] <= ' ')
		begin++;
	if (title.n) {
		buf_str(&g->body, "<b>");
		buf_html(&g->body, title.p, at_most(title.p, title.n, 120));
		buf_str(&g->body, "</b> ");
	}
	buf_str(&g->body, "<span class=sum>");
	buf_html(&g->body, d->text + begin, at_most(d->text + begin, d->text_len - begin, 200));
	buf_str(&g->body, "</span></summary>");
	metadata(&g->body, meta);
	buf_str(&g->body, "<pre>");
	buf_html(&g->body, d->text, shown);
	if (!d->text_len)
		buf_str(&g->body, "<em>no text</em>");
	else if (shown < d->text_len)
		buf_printf(&g->body, "\n<em>... %zu bytes more</em>", d->text_len - shown);
	buf_str(&g->body, "</pre></details>\n");
	buf_free(&reason);
	buf_free(&title);
}

static int
more_of(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->n != y->n ? ORDER(y->n, x->n) : strcmp(x->reason, y->reason);
}

static void
name(struct buf *out, const struct group *g)
{
	if (*g->reason)
		buf_html(out, g->reason, strlen(g->reason));
	else
		buf_str(out, "kept");
}

void
dochtml_end(struct dochtml *h, struct buf *out)
{
	if (h->n)
		qsort(h->v, h->n, sizeof *h->v, more_of);
	buf_str(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
	    "<title>Documents</title>\n<style>\n");
	buf_str(out, style);
	buf_printf(out, "</style></head><body>\n<h1>%zu document%s</h1>\n<table>\n", h->docs, h->docs == 1 ? "" : "s");
	for (size_t i = 0; i < h->n; i++) {
		buf_printf(out, "<tr><td><a href=\"#g%zu\">", i);
		name(out, &h->v[i]);
		buf_printf(out, "</a></td><td>%zu</td><td>%.1f&nbsp;%%</td><td><i style=\"width:%.1f%%\"></i></td></tr>\n", h->v[i].n,
		    100. * (double)h->v[i].n / (double)h->docs, 100. * (double)h->v[i].n / (double)h->v[0].n);
	}
	buf_str(out, "</table>\n");
	for (size_t i = 0; i < h->n; i++) {
		buf_printf(out, "<h2 id=\"g%zu\">", i);
		name(out, &h->v[i]);
		buf_printf(out, " <span>%zu, %.1f KB on average</span></h2>\n", h->v[i].n, (double)h->v[i].bytes / 1e3 / (double)h->v[i].n);
		buf_add(out, h->v[i].body.p, h->v[i].body.n);
		buf_free(&h->v[i].body);
		free(h->v[i].reason);
	}
	buf_str(out, "</body></html>");
	free(h->v);
	free(h);
}
