/* clean - the steps of crawl-clean on one page, and their account */
/* SPDX-License-Identifier: MIT */
#include "text/rule/clean.h"
#include "base/json.h"
#include "base/list.h"
#include "text/markup/gutenberg.h"
#include "text/markup/latex.h"
#include "text/markup/wiki.h"
#include "text/charset.h"
#include "text/rule/code.h"
#include "text/tidy.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void
add(struct buf *meta, const char *key, const struct buf *value)
{
	if (!value->n)
		return;
	json_key(meta, key);
	json_quote(meta, value->p, value->n);
}

/* The text made regular, in place. */
static void
tidy(struct cleaned *out, int laid_out)
{
	struct buf raw = out->text;

	out->text = out->utf8;
	out->utf8 = raw;
	buf_clear(&out->text);
	if (laid_out)
		tidy_laid_out(buf_text(&raw), raw.n, &out->text);
	else
		tidy_text(buf_text(&raw), raw.n, &out->text);
}

/* What LaTeX's text says of itself, and the text. */
static void
from_latex(const struct clean *c, struct page *p, struct cleaned *out)
{
	struct latex doc = { .text = { 0 } };

	latex_read(buf_text(&out->utf8), out->utf8.n, c->markdown, &doc);
	buf_add(&out->text, buf_text(&doc.text), doc.text.n);
	tidy_text(buf_text(&doc.title), doc.title.n, &p->title);
	tidy_text(buf_text(&doc.author), doc.author.n, &p->author);
	tidy_text(buf_text(&doc.date), doc.date.n, &p->date);
	latex_free(&doc);
}

/* The page's bytes as text. */
static void
to_text(const struct clean *c, struct page *p, struct cleaned *out)
{
	int html = p->kind == PAGE_HTML || p->kind == PAGE_BOOK;
	const char *from;

	if (p->kind == PAGE_DOC) {
		buf_add(&out->text, buf_text(&p->body), p->body.n);
		return;
	}
	if (p->kind == PAGE_WIKI) {
		wikitext(buf_text(&p->body), p->body.n, c->markdown, &out->text);
		return;
	}
	from = charset_of(buf_text(&p->body), p->body.n, p->charset, html);
	buf_clear(&out->utf8);
	if (html && charset_keeps(buf_text(&p->body), p->body.n, from)) {
		struct buf utf8 = p->body;

		p->body = out->utf8;
		out->utf8 = utf8;
	} else {
		charset_convert(buf_text(&p->body), p->body.n, from, html || p->kind == PAGE_LATEX ? &out->utf8 : &out->text);
	}
	if (html) {
		int all = c->all || p->kind == PAGE_BOOK;

		if (extract_page(c->extract, buf_text(&out->utf8), out->utf8.n, (all ? EXTRACT_ALL : 0) | (c->markdown ? EXTRACT_MARKDOWN : 0), &out->ex) < 0)
			out->reason = "too_large";
		buf_add(&out->text, buf_text(&out->ex.text), out->ex.text.n);
	} else if (p->kind == PAGE_LATEX) {
		from_latex(c, p, out);
	}
	if (p->kind == PAGE_TEXT || p->kind == PAGE_HTML)
		gutenberg_cut(&out->text, &p->title, &p->author);
}

static int
is_blank(const struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if ((unsigned char)b->p[i] > ' ')
			return 0;
	return 1;
}

static void
make_meta(const struct clean *c, const struct page *p, struct cleaned *out)
{
	static const char *const found[] = { "reason", "lang", "lang_score", "quality", NULL };        /* out here */
	struct buf *m = &out->meta;
	struct json own;

	buf_char(m, '{');
	if (p->meta.n) {
		if (json_parse(&own, p->meta.p, p->meta.n, NULL) == 0)
			json_add_rest(m, own, found);
	} else {
		add(m, "id", &p->id);
		add(m, "url", p->url.n ? &p->url : &out->ex.url);
		add(m, "date", p->date.n ? &p->date : &out->ex.date);
		add(m, "source", &p->source);
		if (p->offset >= 0)
			json_add_int(m, "offset", p->offset);
	}
	if (out->lang.code[0]) {
		json_add_str(m, "lang", out->lang.code);
		json_add_num(m, "lang_score", round(out->lang.score * 1000) / 1000);
	}
	if (out->quality >= 0)
		json_add_num(m, "quality", round(out->quality * 10000) / 10000);
	add(m, "title", p->title.n ? &p->title : &out->ex.title);
	add(m, "author", p->author.n ? &p->author : &out->ex.author);
	if (p->language)
		json_add_str(m, "language", p->language);
	add(m, "license", &out->licence);
	add(m, "header", &out->header);
	if (out->parts.n) {
		json_key(m, "langs");
		buf_add(m, out->parts.p, out->parts.n);
	}
	if (c->signals == SIGNALS_META && out->signals.n) {
		json_key(m, "signals");
		buf_add(m, out->signals.p, out->signals.n);
	}
	if (out->reason)
		json_add_str(m, "reason", out->reason);
	buf_char(m, '}');
}

static const struct {
	const char *name, *reason;
	unsigned    asks;
} requests[] = {
	{ "noindex", "respect.noindex", ASKS_NOINDEX },
	{ "noarchive", "respect.noarchive", ASKS_NOARCHIVE },
	{ "tdm", "respect.tdm", ASKS_TDM },
};

int
clean_respect(const char *list, unsigned *what, struct err *err)
{
	const char *name;
	size_t n;
	int i;

	*what = 0;
	while (list_next(&list, &name, &n)) {
		if ((i = ROW_OF(requests, name, n)) < 0)
			return err_set(err, "unknown is %.*s: noindex, noarchive or tdm", (int)n, name);
		*what |= requests[i].asks;
	}
	return 0;
}

/* Why a page is left out at its own wish, or NULL. */
static const char *
asked(const struct clean *c, const struct page *p, const struct cleaned *out)
{
	for (size_t i = 0; i < 3; i++)
		if (c->respect & (p->asks | out->ex.asks) & requests[i].asks)
			return requests[i].reason;
	return NULL;
}

/* The values of all rules, for the line of --signals or the metadata. */
static void
measure(const struct clean *c, struct cleaned *out)
{
	double value[128];
	int n = rules_values();

	rules_measure(c->rules, &out->text, value);
	if (c->signals != SIGNALS_TSV)
		buf_char(&out->signals, '{');
	for (int i = 0; i < n; i++)
		if (c->signals == SIGNALS_TSV)
			buf_printf(&out->signals, "\t%.6g", value[i]);
		else
			json_add_num(&out->signals, rules_value_name(i), round(value[i] * 1e6) / 1e6);
	if (c->signals != SIGNALS_TSV)
		buf_char(&out->signals, '}');
}

/* By its address, before anything is done with it. */
static const char *
blocked(const struct clean *c, const struct page *p, struct cleaned *out)
{
	struct json meta;
	struct buf *url = &out->utf8;

	if (p->url.n)
		return filter_blocks(c->filter, p->url.p, p->url.n) ? "block" : NULL;
	if (json_parse(&meta, buf_text(&p->meta), p->meta.n, NULL) || json_str(json_get(meta, "url"), url))
		return NULL;
	return filter_blocks(c->filter, buf_text(url), url->n) ? "block" : NULL;
}

static void
judge(const struct clean *c, struct page *p, struct cleaned *out)
{
	out->reason = blocked(c, p, out);
	if (out->reason)
		return;
	to_text(c, p, out);
	if (out->reason)
		return;
	if (c->tidy || p->kind != PAGE_DOC)
		tidy(out, p->kind != PAGE_TEXT && p->kind != PAGE_DOC);         /* blanks are regular, but for code */
	out->reason = is_blank(&out->text) ? "empty" : asked(c, p, out);
	if (out->reason)
		return;
	if (p->kind == PAGE_CODE)
		code_header(&out->text, &out->header, &out->licence);
	if (c->by_para)
		parts_choose(c, &out->text, &out->parts);
	clean_lang(c, buf_text(&out->text), out->text.n, &out->lang);
	if (c->signals)
		measure(c, out);
	if (c->langs && (!clean_in_list(c->langs, out->lang.code) || out->lang.score < c->lang_min))
		out->reason = "lang";
	if (!out->reason)
		out->reason = filter_text(c->filter, out->text.p, out->text.n);
	if (!out->reason && c->rules)
		out->reason = rules_apply(c->rules, out->lang.code, &out->text);
	if (!out->reason && is_blank(&out->text))
		out->reason = "empty";
	if (!out->reason && c->quality) {
		out->quality = fasttext_prob(c->quality, out->text.p, out->text.n, c->quality_label);
		if (out->quality < c->quality_min)
			out->reason = "quality";
	}
	if (!out->reason && c->redact)
		out->redacted = redact(&out->text, c->redact);
}

/* Buffers are kept from page to page, but not those of large ones. */
static void
trim(struct buf *b)
{
	if (b->cap > 1 << 14)
		buf_free(b);
}

void
clean_page(const struct clean *c, struct page *p, struct cleaned *out)
{
	buf_clear(&out->text);
	buf_clear(&out->meta);
	extracted_clear(&out->ex);
	buf_clear(&out->utf8);
	buf_clear(&out->header), buf_clear(&out->licence), buf_clear(&out->parts), buf_clear(&out->signals);
	out->redacted = 0;
	out->quality = -1;
	memset(&out->lang, 0, sizeof out->lang);
	out->reason = p->reason;
	if (!out->reason)
		judge(c, p, out);
	make_meta(c, p, out);
	trim(&p->body);
	trim(&out->utf8);
	trim(&out->ex.text);
}

void
cleaned_trim(struct cleaned *out)
{
	trim(&out->text);
}

void
tally_add(struct tally *t, const struct cleaned *c, size_t bytes_in)
{
	int i;

	t->in++;
	t->in_bytes += bytes_in;
	if (!c->reason) {
		t->out++;
		t->out_bytes += c->text.n;
		t->redacted += c->redacted;
		return;
	}
	for (i = 0; i < t->n_row && strcmp(t->row[i].reason, c->reason) != 0; i++)
		;
	if (i == t->n_row)
		t->row[t->n_row++].reason = c->reason;
	t->row[i].n++;
	t->row[i].bytes += bytes_in;
}

void
tally_json(const struct tally *t, const struct source *s, struct buf *out)
{
	buf_char(out, '{');
	json_add_int(out, "in", (long long)t->in);
	json_add_int(out, "in_bytes", (long long)t->in_bytes);
	json_add_int(out, "out", (long long)t->out);
	json_add_int(out, "out_bytes", (long long)t->out_bytes);
	json_add_int(out, "redacted", (long long)t->redacted);
	json_key(out, "rejected");
	buf_char(out, '{');
	for (int i = 0; i < t->n_row; i++) {
		json_key(out, t->row[i].reason);
		buf_char(out, '{');
		json_add_int(out, "n", (long long)t->row[i].n);
		json_add_int(out, "bytes", (long long)t->row[i].bytes);
		buf_char(out, '}');
	}
	buf_char(out, '}');
	json_add_int(out, "skipped", (long long)source_skipped(s));
	json_add_int(out, "damaged", (long long)source_damaged(s));
	buf_str(out, "}\n");
}
