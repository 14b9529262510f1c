/* crawl-clean - bytes -> documents: web archives, pages, archives of pages, text */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "base/par.h"
#include "stream/docs.h"
#include "text/clean.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH       256                 /* pages */
#define BATCH_BYTES ((size_t)16 << 20)  /* or so many bytes, then the batch is worked on */

static const char *out_path = "-", *format = "auto", *split = "file", *extract = "main", *rejects, *stats;
static const char *rule_list, *redact_list, *langs, *respect;
static double lang_min = .65;
static struct strs sets;
static int tidy;

static const struct opt opts[] = {
	{ 0, "format", OPT_STR, &format, "KIND", "auto, warc, wet, html, text, jsonl, archive [auto]", OPT_RESULT },
	{ 0, "split", OPT_STR, &split, "UNIT", "a document of plain text: file, line, para [file]", OPT_RESULT },
	{ 0, "extract", OPT_STR, &extract, "PART", "of a page: main, all [main]", OPT_RESULT },
	{ 0, "lang", OPT_STR, &langs, "LIST", "keep these languages only: en,de", OPT_RESULT },
	{ 0, "lang-min", OPT_NUM, &lang_min, "SCORE", "with at least this score [0.65]", OPT_RESULT },
	{ 0, "rules", OPT_STR, &rule_list, "LIST", "gopher-rep, gopher, c4, fineweb, none", OPT_RESULT },
	{ 0, "set", OPT_LIST, &sets, "RULE.NAME=VALUE", "another threshold of a rule", OPT_RESULT },
	{ 0, "tidy", OPT_FLAG, &tidy, NULL, "tidy documents too that come as such", OPT_RESULT },
	{ 0, "redact", OPT_STR, &redact_list, "LIST", "take out email, ip, phone, key, card", OPT_RESULT },
	{ 0, "respect", OPT_STR, &respect, "LIST", "leave out who asks for it: noindex, noarchive, tdm", OPT_RESULT },
	{ 0, "rejects", OPT_STR, &rejects, "FILE", "write what is left out to FILE, with the reason", OPT_QUIET },
	{ 0, "stats", OPT_STR, &stats, "FILE", "write counts to FILE, as JSON", OPT_QUIET },
	{ 'o', "output", OPT_STR, &out_path, "FILE", "write to FILE, whole or not at all", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "crawl-clean", "Turn web archives, pages and text into documents.", "[FILE ...]", opts };

struct batch {
	const struct clean *clean;
	struct page    page[BATCH];
	struct cleaned done[BATCH];
	size_t         size[BATCH];
	size_t         n;
};

static void
work(size_t i, void *ctx)
{
	struct batch *b = ctx;

	clean_page(b->clean, &b->page[i], &b->done[i]);
}

static void
put(struct docs_out *o, const struct cleaned *c)
{
	docs_put(o, &(struct doc){ .text = c->text.p ? c->text.p : "", .text_len = c->text.n, .meta = c->meta.p, .meta_len = c->meta.n });
}

/* Reads pages into the batch: 0 when there are no more. */
static int
fill(struct source *s, struct batch *b)
{
	struct err err;
	size_t bytes = 0;
	int r = 1;

	for (b->n = 0; b->n < BATCH && bytes < BATCH_BYTES; b->n++) {
		if ((r = source_next(s, &b->page[b->n], &err)) < 0)
			die_err(&err);
		if (r == 0)
			break;
		bytes += b->size[b->n] = b->page[b->n].body.n;
	}
	return r;
}

static void
write_stats(const char *path, const struct tally *t, const struct source *s)
{
	struct err err;
	struct buf json = { 0 };

	tally_json(t, s, &json);
	if (file_write(path, 0, json.p, json.n, &err))
		die_err(&err);
	buf_free(&json);
}

static void
run(struct source *s, const struct clean *c)
{
	static struct batch b;
	struct tally tally = { 0 };
	char *head = source_head(s) ? head_next(source_head(s), "docs", "") : head_new("docs", "");
	struct docs_out *kept = docs_create(out_path, head), *left = rejects ? docs_create(rejects, head) : NULL;
	int more;

	b.clean = c;
	do {
		more = fill(s, &b);
		par_for(b.n, work, &b);
		for (size_t i = 0; i < b.n; i++) {
			tally_add(&tally, &b.done[i], b.size[i]);
			if (!b.done[i].reason)
				put(kept, &b.done[i]);
			else if (left)
				put(left, &b.done[i]);
			cleaned_trim(&b.done[i]);
		}
		progress(tally.in, 0, "pages", "%llu kept", (unsigned long long)tally.out);
	} while (more);
	progress_end();
	if (left)
		docs_finish(left);
	if (stats)
		write_stats(stats, &tally, s);
	docs_finish(kept);
	if (source_damaged(s))
		warn("%llu damaged places were passed over", (unsigned long long)source_damaged(s));
	note(2, "%llu pages in, %llu documents out", (unsigned long long)tally.in, (unsigned long long)tally.out);
	for (size_t i = 0; i < BATCH; i++) {
		page_free(&b.page[i]);
		cleaned_free(&b.done[i]);
	}
	free(head);
}

/* --lang names what lang_detect can answer. */
static void
check_langs(void)
{
	for (const char *p = langs; p && *p; p += strcspn(p, ","), p += *p == ',') {
		int i = 0;

		while (i < lang_count() && (strlen(lang_code(i)) != strcspn(p, ",") || strncmp(lang_code(i), p, strcspn(p, ",")) != 0))
			i++;
		if (i == lang_count())
			die_usage("--lang=%s: unknown is %.*s", langs, (int)strcspn(p, ","), p);
	}
}

int
main(int argc, char **argv)
{
	struct source_opts so = { .say = warn };
	struct clean clean = { 0 };
	struct extract *x;
	struct rules *rules;
	struct source *s;
	struct err err;
	int at = cli_parse(argc, argv, &tool), kind = source_format(format), unit = source_split(split);

	if (kind < 0)
		die_usage("--format=%s: auto, warc, wet, html, text, jsonl or archive", format);
	if (unit < 0)
		die_usage("--split=%s: file, line or para", split);
	if (strcmp(extract, "main") != 0 && strcmp(extract, "all") != 0)
		die_usage("--extract=%s: main or all", extract);
	so.format = (enum source_format)kind;
	so.split = (enum source_split)unit;
	clean.all = strcmp(extract, "all") == 0;
	clean.tidy = tidy;
	if ((redact_list && redact_parse(redact_list, &clean.redact, &err) < 0) || !(rules = rules_new(rule_list, &err)))
		die_usage("%s", err.text);
	if (respect && clean_respect(respect, &clean.respect, &err) < 0)
		die_usage("--respect=%s: %s", respect, err.text);
	for (int i = 0; i < sets.n; i++)
		if (rules_set(rules, sets.v[i], &err) < 0)
			die_usage("--set=%s: %s", sets.v[i], err.text);
	clean.rules = rules;
	check_langs();
	clean.langs = langs;
	clean.lang_min = lang_min;
	if (!(x = extract_new(&err)) || !(s = source_open(argc - at, argv + at, &so, &err)))
		die_err(&err);
	clean.extract = x;
	run(s, &clean);
	source_close(s);
	extract_free(x);
	rules_free(rules);
	return EXIT_OK;
}
