/* crawl-clean - bytes -> documents: web archives, pages, archives of pages, text */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "base/par.h"
#include "stream/docs.h"
#include "text/read/cdx.h"
#include "text/rule/clean.h"
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH       256                 /* pages */
#define BATCH_BYTES ((size_t)16 << 20)  /* or so many bytes, then the batch is worked on */

static const char *out_path = "-", *format = "auto", *split = "file", *extract = "main", *rejects, *stats;
static const char *rule_list, *redact_list, *langs, *lang_by = "page", *lang_model, *quality, *respect, *index_path, *signals;
static double lang_min = .65, quality_min = .5;
static struct strs sets, block, drop, keep;
static long long from;
static int tidy, markdown;

static const struct opt opts[] = {
	{ 0, "format", OPT_STR, &format, "KIND", "warc, wet, html, text, jsonl, archive ... [auto]", OPT_RESULT },
	{ 0, "split", OPT_STR, &split, "UNIT", "a document of plain text: file, line, para [file]", OPT_RESULT },
	{ 0, "extract", OPT_STR, &extract, "PART", "of a page: main, all [main]", OPT_RESULT },
	{ 0, "markdown", OPT_FLAG, &markdown, NULL, "mark headings, quotes, code, tables", OPT_RESULT },
	{ 0, "lang", OPT_STR, &langs, "LIST", "keep these languages only: en,de", OPT_RESULT },
	{ 0, "lang-min", OPT_NUM, &lang_min, "SCORE", "with at least this score [0.65]", OPT_RESULT },
	{ 0, "lang-by", OPT_STR, &lang_by, "UNIT", "page, or para: others' paragraphs go [page]", OPT_RESULT },
	{ 0, "lang-model", OPT_STR, &lang_model, "FILE", "tell languages by a fastText model, by its codes", OPT_FILE },
	{ 0, "quality", OPT_STR, &quality, "LABEL=FILE", "ask a fastText model how likely the label is", OPT_RESULT },
	{ 0, "quality-min", OPT_NUM, &quality_min, "SCORE", "leave out what is less likely [0.5]", OPT_RESULT },
	{ 0, "rules", OPT_STR, &rule_list, "LIST", "gopher-rep gopher c4 fineweb dolma refinedweb code", OPT_RESULT },
	{ 0, "set", OPT_LIST, &sets, "RULE.NAME=VALUE", "another threshold of a rule", OPT_RESULT },
	{ 0, "signals", OPT_MAYBE, &signals, "FILE", "note what rules measure: JSONL, .tsv; else in meta", OPT_RESULT },
	{ 0, "tidy", OPT_FLAG, &tidy, NULL, "tidy documents too that come as such", OPT_RESULT },
	{ 0, "block", OPT_LIST, &block, "FILE", "leave out pages of the hosts and addresses in FILE", OPT_FILE },
	{ 0, "drop", OPT_LIST, &drop, "PCRE", "leave out documents that match", OPT_RESULT },
	{ 0, "keep", OPT_LIST, &keep, "PCRE", "leave out those that do not", OPT_RESULT },
	{ 0, "redact", OPT_STR, &redact_list, "LIST", "take out email, ip, phone, key, card", OPT_RESULT },
	{ 0, "respect", OPT_STR, &respect, "LIST", "leave out who asks for it: noindex, noarchive, tdm", OPT_RESULT },
	{ 0, "from", OPT_INT, &from, "OFFSET", "begin at this byte of the file", OPT_RESULT },
	{ 0, "index", OPT_STR, &index_path, "FILE", "write where each page is to FILE, as CDXJ", OPT_QUIET },
	{ 0, "rejects", OPT_STR, &rejects, "FILE", "write what is left out to FILE, with the reason", OPT_QUIET },
	{ 0, "stats", OPT_STR, &stats, "FILE", "write counts to FILE, as JSON", OPT_QUIET },
	{ 'o', "output", OPT_STR, &out_path, "FILE", "write to FILE [standard output]", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "crawl-clean", "Turn web archives, pages and text into documents.", "[FILE ...]", opts };

struct batch {
	struct page    page[BATCH];
	struct cleaned done[BATCH];
	size_t         size[BATCH];
	size_t         n;
};
struct run {
	const struct clean *clean;
	struct source   *source;
	struct stream_out *kept, *left;
	struct file_out *places, *values;
	struct tally     tally;
	struct buf       line, noted;
	int              more;          /* whether pages follow; -1: err */
	struct err       err;
};

/* finish() tells of failures. */
static void
flush(struct file_out *f, struct buf *text)
{
	if (f && text->n)
		fwrite(text->p, 1, text->n, file_stream(f));
	buf_clear(text);
}

static long
fill(void *batch, void *ctx)
{
	struct batch *b = batch;
	struct run *r = ctx;
	size_t bytes = 0;

	for (b->n = 0; b->n < BATCH && bytes < BATCH_BYTES; b->n++) {
		struct page *p = b->page + b->n;

		if (r->more <= 0 || (r->more = source_next(r->source, p, &r->err)) <= 0)
			break;
		bytes += b->size[b->n] = p->body.n;
		if (r->places)
			cdx_line(p, &r->line);
	}
	flush(r->places, &r->line);
	return b->n ? (long)b->n : -1;
}

static void
work(void *batch, size_t i, int thread, void *ctx)
{
	struct batch *b = batch;

	(void)thread;
	clean_page(((struct run *)ctx)->clean, &b->page[i], &b->done[i]);
}

static void
put(void *batch, void *ctx)
{
	struct batch *b = batch;
	struct run *r = ctx;

	for (size_t i = 0; i < b->n; i++) {
		struct cleaned *c = b->done + i;
		struct stream_out *to = c->reason ? r->left : r->kept;
		struct doc doc = { buf_text(&c->text), c->meta.p, c->text.n, c->meta.n };

		tally_add(&r->tally, c, b->size[i]);
		if (r->values)
			signals_line(r->clean, &b->page[i], c, &r->noted);
		if (to)
			docs_put(to, &doc);
		cleaned_trim(c);
	}
	flush(r->values, &r->noted);
	progress(r->tally.in, 0, "pages", "%llu kept", (unsigned long long)r->tally.out);
}

static void
finish(struct file_out *f, struct buf *text)
{
	struct err err;

	flush(f, text);
	if (f && file_commit(f, &err))
		die_err(&err);
	buf_free(text);
}

static void
run(struct source *s, const struct clean *c)
{
	static struct batch batch[PAR_LINE];
	struct run r = { .clean = c, .source = s, .more = 1 };
	struct par_line l = { .batch = { batch, batch + 1, batch + 2 }, .ctx = &r, .fill = fill, .work = work, .put = put };
	char *head = source_head(s) ? head_next(source_head(s), "docs", "") : head_new("docs", "");
	struct file_out *counts = cli_create(stats);
	struct buf json = { 0 };

	r.kept = stream_create(out_path, head);
	r.left = rejects ? stream_create(rejects, head) : NULL;
	r.places = cli_create(index_path);
	r.values = cli_create(signals && *signals ? signals : NULL);
	signals_names(c, &r.noted);
	par_line(&l);
	progress_end();
	if (r.more < 0)         /* all that is whole, but no END */
		stream_flush(r.kept), die_err(&r.err);
	if (r.left)
		stream_finish(r.left);
	tally_json(&r.tally, s, &json);
	finish(counts, &json);
	finish(r.values, &r.noted);
	finish(r.places, &r.line);
	stream_finish(r.kept);
	if (source_damaged(s))
		warn("%llu damaged places", (unsigned long long)source_damaged(s));
	note(2, "%llu pages in, %llu documents out", (unsigned long long)r.tally.in, (unsigned long long)r.tally.out);
	free(head);
}

static struct fasttext *
load(const char *path)
{
	struct err err;
	struct fasttext *m = path ? fasttext_load(path, &err) : NULL;

	if (path && !m)
		die_err(&err);
	return m;
}

/* LABEL=FILE: the model, and whose probability counts; its content is part of how the result came about. */
static struct fasttext *
load_quality(int *label)
{
	const char *path = quality ? strchr(quality, '=') : NULL;
	struct fasttext *m;
	struct buf name = { 0 };
	char crc[CRC32C_TEXT];

	if (!quality)
		return NULL;
	if (!path)
		die_usage("--quality=%s: LABEL=FILE is needed", quality);
	m = load(path + 1);
	if ((*label = fasttext_find(m, quality, (size_t)(path - quality))) < 0)
		die_usage("--quality=%s: the model has no such label", quality);
	cli_crc(path + 1, crc);
	buf_printf(&name, "%.*s=%s", (int)(path - quality), quality, crc);
	cli_prog_set("quality", name.p);
	buf_free(&name);
	return m;
}

static struct filter *
make_filter(void)
{
	struct filter *f = filter_new();
	struct err err;

	for (int i = 0; i < block.n; i++)
		if (filter_block(f, block.v[i], &err))
			die_err(&err);
	for (int i = 0; i < drop.n; i++)
		if (filter_pattern(f, drop.v[i], 0, &err))
			die_usage("--drop=%s", err.text);
	for (int i = 0; i < keep.n; i++)
		if (filter_pattern(f, keep.v[i], 1, &err))
			die_usage("--keep=%s", err.text);
	return f;
}

int
main(int argc, char **argv)
{
	struct source_opts so = { .say = warn };
	struct clean clean = { 0 };
	struct extract *x;
	struct rules *rules;
	struct fasttext *models[2];
	struct filter *filter;
	struct source *s;
	struct err err;
	const char *at_lang;
	int at = cli_parse(argc, argv, &tool);

	so.format = (enum source_format)cli_one_of("format", format, "auto,warc,wet,html,text,jsonl,archive,wiki,latex");
	so.split = (enum source_split)cli_one_of("split", split, "file,line,para");
	clean.all = cli_one_of("extract", extract, "main,all");
	clean.tidy = tidy;
	if ((redact_list && redact_parse(redact_list, &clean.redact, &err) < 0) || !(rules = rules_new(rule_list, &err)))
		die_usage("%s", err.text);
	if (respect && clean_respect(respect, &clean.respect, &err) < 0)
		die_usage("--respect=%s: %s", respect, err.text);
	for (int i = 0; i < sets.n; i++)
		if (rules_set(rules, sets.v[i], &err) < 0)
			die_usage("--set=%s: %s", sets.v[i], err.text);
	so.code = rules_code(clean.rules = rules);
	clean.by_para = cli_one_of("lang-by", lang_by, "page,para");
	if (signals && *signals)
		cli_prog_set("signals", NULL);  /* beside the result */
	clean.signals = !signals ? SIGNALS_NONE : !*signals ? SIGNALS_META : fnmatch("*.tsv", signals, 0) ? SIGNALS_JSONL : SIGNALS_TSV;
	clean.markdown = markdown;
	clean.filter = filter = make_filter();
	if (from < 0 || (from && argc - at > 1))
		die_usage("--from=%lld: an offset in one file", from);
	so.from = (uint64_t)from;
	clean.lang_model = models[0] = load(lang_model);
	clean.quality = models[1] = load_quality(&clean.quality_label);
	clean.quality_min = quality_min;
	if (langs && *(at_lang = lang_unknown(langs, models[0])))
		die_usage("--lang=%s: unknown is %.*s", langs, (int)strcspn(at_lang, ","), at_lang);
	clean.langs = langs;
	clean.lang_min = lang_min;
	if (!(x = extract_new(&err)) || !(s = source_open(argc - at, argv + at, &so, &err)))
		die_err(&err);
	clean.extract = x;
	run(s, &clean);
	source_close(s);
	extract_free(x);
	rules_free(rules);
	filter_free(filter);
	fasttext_free(models[0]);
	fasttext_free(models[1]);
	return EXIT_OK;
}
