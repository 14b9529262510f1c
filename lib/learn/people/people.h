/* people - what persons said of responses, kept in a file each; and how far they agree */
#ifndef LM_PEOPLE_H
#define LM_PEOPLE_H
/* SPDX-License-Identifier: MIT */
#include "learn/prefer/prefread.h"

enum { PEOPLE_SCALES = 4, PEOPLE_MOST = 9 };    /* scales; responses that are put in order at once */
extern const char *const people_scale[PEOPLE_SCALES];

/* One saying: of the responses to a question their order, or of one of them a rating. */
struct said {
	uint32_t item;                  /* which question: a checksum of its responses, as they stand in the stream */
	int      answer;                /* 0: the order; else which response, from 1 */
	int      scale, rating;         /* of a response; 1 to 5, 0: skipped */
	char     order[2 * PEOPLE_MOST];        /* best first, by their numbers in the stream: "2>1=3"; or "skip" */
};
struct sayings {
	struct said *v;
	size_t       n, cap;
};

/* A line of the file, appended, and back: pure, 0 or -1. */
void people_print(const struct said *, struct buf *);
int  people_parse(struct said *, const char *line, size_t n, struct err *);
/* All lines of a file; an absent one is empty. */
int  people_read(struct sayings *, const char *path, struct err *);
/* The last said of it, or NULL. */
const struct said *people_find(const struct sayings *, uint32_t item, int answer, int scale);
/* The place of each response in an order, 0 the best, equal for ties; -1: not in it.  How many are; 0: skipped, -1: no order. */
int  people_places(const char *order, int place[PEOPLE_MOST]);

/* Each question is put to the person at the terminal: the responses of a group to be put in order, and with `rate` each
 * of them to be rated on the scales; what is said is kept in `answers` at each key, and is not asked again.  Responses
 * are shown in an order that the seed draws.  What is better than what makes `pairs`, scored by the last scale where it
 * was given.  -1 also when the person stops before the end. */
struct people_ask {
	uint64_t    seed;
	const char *answers;    /* NULL: not kept */
	int         rate;
};
int people_ask(const struct people_ask *, const struct rolls *, const struct vocab *, struct rolls *pairs, size_t *ties,
	struct err *);

/* What each rater's file says: counts, means and standard errors of ratings; and between them the agreement: Cohen's
 * kappa for each two on what is better, Krippendorff's alpha of all (nominal for orders, interval for ratings). */
int people_summary(int nfiles, char **files, int json, struct buf *, struct err *);
#endif
