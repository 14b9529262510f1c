/* dedup - drop documents that are there already, exactly or nearly */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "base/list.h"
#include "text/same/dedup.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *output = "-", *by = "text,minhash", *edges_path, *clusters_path;
static const char *unit = "byte", *keep = "first", *index_path;
static long long ngram = 5, bands = 14, rows = 8, against_ngram = 13, min_substring = 100, memory = 1ll << 30;
static struct strs against_paths;
static double min_jaccard = .5;
static const struct opt opts[] = {
	{ 'o', "output", OPT_STR, &output, "FILE", "write to FILE", OPT_QUIET },
	{ 0, "by", OPT_STR, &by, "LIST", "[text,minhash]; url paragraph line substring", OPT_RESULT },
	{ 0, "ngram", OPT_INT, &ngram, "N", "words in a shingle", OPT_RESULT },
	{ 0, "bands", OPT_INT, &bands, "N", "keys of a document", OPT_RESULT },
	{ 0, "rows", OPT_INT, &rows, "N", "minima in a key", OPT_RESULT },
	{ 0, "min-jaccard", OPT_NUM, &min_jaccard, "X", "shingles that near duplicates share", OPT_RESULT },
	{ 0, "min-substring", OPT_INT, &min_substring, "N", "units in a row that are cut [100; words: 50]", OPT_RESULT },
	{ 0, "unit", OPT_STR, &unit, "UNIT", "of these: byte or word", OPT_RESULT },
	{ 0, "keep", OPT_STR, &keep, "WHICH", "of what is alike: first, longest, max:KEY", OPT_RESULT },
	{ 0, "index", OPT_STR, &index_path, "FILE", "drop what earlier runs saw; add what this one sees", OPT_QUIET },
	{ 0, "memory", OPT_INT, &memory, "SIZE", "sort in that much, the rest on disk [1G]", OPT_RESULT },
	{ 0, "against", OPT_LIST, &against_paths, "FILE", "drop what shares words with FILE's documents", OPT_FILE },
	{ 0, "against-ngram", OPT_INT, &against_ngram, "N", "that many in a row", OPT_RESULT },
	{ 0, "edges", OPT_STR, &edges_path, "FILE", "write the near pairs to FILE", OPT_QUIET },
	{ 0, "clusters", OPT_STR, &clusters_path, "FILE", "write the clusters to FILE", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "dedup", "Drop documents that are there already.", "[FILE ...]", opts };

static unsigned
parse_by(void)
{
	unsigned bits = 0;
	const char *list = by, *name;
	size_t n;
	int m;

	while (list_next(&list, &name, &n)) {
		if ((m = list_row(dedup_names, DEDUP_AGAINST, sizeof *dedup_names, name, n)) < 0)
			die_usage("--by=%s: '%.*s' is none of url, text, paragraph, line, minhash, substring", by, (int)n, name);
		bits |= 1u << m;
	}
	if (!bits && !against_paths.n)
		die_usage("--by: by what?");
	if (edges_path && !(bits >> DEDUP_MINHASH & 1))
		die_usage("--edges: only with --by=minhash");
	return bits;
}

static void
check_sizes(void)
{
	if (against_ngram < 1 || against_ngram > 1000)
		die_usage("--against-ngram: 1 to 1000");
	if (ngram < 1 || ngram > 1000 || bands < 1 || bands > 1000 || rows < 1 || rows > 1000)
		die_usage("--ngram, --bands, --rows: 1 to 1000");
	if (!(min_jaccard >= 0 && min_jaccard <= 1))
		die_usage("--min-jaccard: 0 to 1");
	if (memory < 1 << 20)
		die_usage("--memory: 1M at least");
	if (!cli_given(&min_substring) && cli_one_of("unit", unit, "byte,word"))
		min_substring = 50;
	if (min_substring < 2 || min_substring > 1 << 20)
		die_usage("--min-substring: 2 to 1M");
}

/* The options as the library has them. */
static struct dedup_opts
gather(void)
{
	struct dedup_opts o = { .by = parse_by(), .near = { (size_t)ngram, (size_t)bands, (size_t)rows, min_jaccard } };

	check_sizes();
	if (strncmp(keep, "max:", 4) == 0 && keep[4])
		o.keep = DEDUP_MOST, o.keep_key = keep + 4;
	else if (strcmp(keep, "longest") == 0)
		o.keep = DEDUP_LONGEST;
	else if (strcmp(keep, "first") != 0)
		die_usage("--keep=%s: first, longest or max:KEY", keep);
	o.words = cli_one_of("unit", unit, "byte,word");
	o.min_substring = (size_t)min_substring;
	o.index = index_path;
	o.wait = cli_given(&memory);
	o.memory = (size_t)memory;
	if (!(o.by & (1u << DEDUP_PARAGRAPH | 1u << DEDUP_LINE)))
		cli_prog_set("memory", NULL);   /* these alone take what is like old for old when it is full */
	return o;
}

/* The index as it is now is part of how the result came about. */
static void
name_index(void)
{
	char crc[CRC32C_TEXT];

	if (!index_path || access(index_path, F_OK) != 0)
		return;
	cli_crc(index_path, crc);
	cli_prog_set("index", crc);
}

static struct stream_out *out;
static struct file_out *edges, *clusters;

static void
put_doc(void *ctx, const struct doc *d)
{
	(void)ctx;
	docs_put(out, d);
}

static void
put_edge(void *ctx, const char *a, const char *b, double jaccard)
{
	(void)ctx;
	fprintf(file_stream(edges), "[%s,%s,%.6f]\n", a, b, jaccard);
}

static void
put_cluster(void *ctx, const char *names)
{
	(void)ctx;
	fprintf(file_stream(clusters), "%s\n", names);
}

/* The documents of all --against files, each read by itself, whatever it is; NULL when there are none. */
static struct against *
read_against(void)
{
	struct against *a = against_paths.n ? against_new((size_t)against_ngram) : NULL;
	struct doc doc;

	for (int i = 0; i < against_paths.n; i++) {
		char *path = xstrdup(against_paths.v[i]);
		struct docs_in *in = docs_open(1, &path, TEXT_WHOLE);
		uint64_t brief = 0;

		while (docs_next(in, &doc))
			brief += !against_add(a, &doc);
		if (brief)
			note(1, "%s: %llu of %llu documents have no %lld words in a row and count for nothing", path,
			     (unsigned long long)brief, (unsigned long long)docs_count(in), against_ngram);
		docs_close(in);
		free(path);
	}
	return a;
}

static void
report(const struct dedup *d)
{
	struct buf b = { 0 };
	struct near_counts pairs = dedup_pairs(d);

	for (enum dedup_by m = 0; m < DEDUP_METHODS; m++)
		if (dedup_dropped(d, m))
			buf_printf(&b, ", %llu %ss dropped by %s", (unsigned long long)dedup_dropped(d, m),
			           m == DEDUP_PARAGRAPH || m == DEDUP_LINE || m == DEDUP_SUBSTRING ? dedup_names[m] : "document", dedup_names[m]);
	note(1, "%llu documents kept%s", (unsigned long long)dedup_kept(d), buf_text(&b));
	if (pairs.tried)
		note(2, "%llu candidate pairs tried, %llu held", (unsigned long long)pairs.tried, (unsigned long long)pairs.held);
	if (dedup_error(d) > 0)
		note(1, "memory was full: at the end one new paragraph or line in %.3g was taken for an old one", 1 / dedup_error(d));
	buf_free(&b);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct dedup_opts o = gather();
	struct against *against = read_against();
	struct dedup_sink sink = { NULL, put_doc, edges_path ? put_edge : NULL, clusters_path ? put_cluster : NULL };
	struct docs_in *in = docs_open(argc - first, argv + first, TEXT_NONE);
	struct dedup *d;
	char *head;
	struct doc doc;
	struct err err;

	o.against = against;
	name_index();
	head = head_next(docs_head(in), "docs", "");
	out = stream_create(output, head);
	edges = cli_create(edges_path);
	clusters = cli_create(clusters_path);
	if (!(d = dedup_new(&o, &sink, &err)))
		die_err(&err);
	while (docs_next(in, &doc)) {
		if (dedup_put(d, &doc, &err))
			die_err(&err);
		progress(docs_count(in), 0, "documents", "%s", "");
	}
	if (dedup_end(d, &err))
		die_err(&err);
	progress_end();
	docs_close(in);
	if ((edges && file_commit(edges, &err)) || (clusters && file_commit(clusters, &err)))
		die_err(&err);
	stream_finish(out);
	dedup_commit(d);
	report(d);
	dedup_free(d);
	against_free(against);
	free(head);
	return EXIT_OK;
}
