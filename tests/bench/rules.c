/* rules - FILE ...: MB/s of processor time of each quality rule, one thread: over documents that it keeps, and over all, where the first reason ends it */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "stream/docs.h"
#include "text/rule/rules.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 9 };

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Seconds that the rules take for all texts, which stand in `all` up to end[0], end[1] ... */
static double
measure(const struct rules *r, const struct buf *all, const size_t *end, size_t n)
{
	double time[ROUNDS];
	struct buf text = { 0 };
	struct timespec a, b;

	for (int k = 0; k < ROUNDS; k++) {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
		for (size_t i = 0, from = 0; i < n; from = end[i++]) {
			buf_clear(&text);
			buf_add(&text, all->p + from, end[i] - from);
			rules_apply(r, "en", &text);
		}
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
		time[k] = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
	}
	buf_free(&text);
	qsort(time, ROUNDS, sizeof *time, by_value);
	return time[ROUNDS / 2];
}

/* The documents that `keep` keeps, or all; where they end to *end. */
static struct buf
load(char **path, int n_path, const struct rules *keep, size_t **end, size_t *n)
{
	struct docs_in *docs = docs_open(n_path, path, TEXT_NONE);
	struct buf all = { 0 }, text = { 0 };
	size_t cap = 0;
	struct doc doc;

	*end = NULL;
	*n = 0;
	while (docs_next(docs, &doc)) {
		buf_clear(&text);
		buf_add(&text, doc.text, doc.text_len);
		if (keep && rules_apply(keep, "en", &text))
			continue;
		buf_add(&all, doc.text, doc.text_len);
		VEC_PUSH(*end, *n, cap, all.n);
	}
	docs_close(docs);
	buf_free(&text);
	return all;
}

int
main(int argc, char **argv)
{
	static char *only;
	static const struct opt opts[] = {
		{ 0, "rules", OPT_STR, &only, "LIST", "these alone", OPT_QUIET },
		{ 0 }
	};
	static const struct tool tool = { "rules", "MB/s of quality rules.", "FILE ...", opts };
	static const char *const lists[] = { "gopher-rep,gopher,c4,fineweb", "gopher-rep", "gopher", "c4", "fineweb", "dolma", "refinedweb" };
	int first = cli_parse(argc, argv, &tool);

	printf("%-30s %21s %21s\n", "MB/s of", "what all of it keep", "everything");
	for (int i = 0; i < (only ? 1 : (int)(sizeof lists / sizeof *lists)); i++) {
		const char *list = only ? only : lists[i];
		struct rules *r = rules_new(list, NULL);

		printf("%-30s", list);
		for (int all = 0; all < 2; all++) {
			size_t *end, n;
			struct buf text = load(argv + first, argc - first, all ? NULL : r, &end, &n);

			printf(" %9.1f (%4.1f MB)", 1e-6 * (double)text.n / measure(r, &text, end, n), 1e-6 * (double)text.n);
			free(end);
			buf_free(&text);
		}
		putchar('\n');
		rules_free(r);
	}
	return 0;
}
