/* rules - FILE ...: MB/s of processor time of each quality rule, one thread, over documents that none of them leaves out */
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

int
main(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	static const struct tool tool = { "rules", "FILE ...", "", opts };
	static const char *const lists[] = { "gopher-rep,gopher,c4,fineweb", "gopher-rep", "gopher", "c4", "fineweb" };
	struct buf all = { 0 }, text = { 0 };
	struct rules *r[5];
	struct docs_in *docs;
	struct doc doc;
	size_t *end = NULL, n = 0, cap = 0;
	int first = cli_parse(argc, argv, &tool);

	for (int i = 0; i < 5; i++)
		r[i] = rules_new(lists[i], NULL);
	docs = docs_open(argc - first, argv + first, 0);
	while (docs_next(docs, &doc)) {
		int stays = 1;

		for (int i = 0; i < 5 && stays; i++) {
			buf_clear(&text);
			buf_add(&text, doc.text, doc.text_len);
			stays = !rules_apply(r[i], "en", &text);
		}
		if (!stays)
			continue;
		buf_add(&all, doc.text, doc.text_len);
		VEC_PUSH(end, n, cap, all.n);
	}
	docs_close(docs);
	printf("%zu documents, %.1f MB\n", n, 1e-6 * (double)all.n);
	for (int i = 0; i < 5; i++) {
		printf("%-32s %8.1f MB/s\n", lists[i], 1e-6 * (double)all.n / measure(r[i], &all, end, n));
		rules_free(r[i]);
	}
	buf_free(&all);
	buf_free(&text);
	free(end);
	return 0;
}
