/* against - texts that must not be in the training data */
/* SPDX-License-Identifier: MIT */
#include "text/same/against.h"
#include "base/json.h"
#include "base/mem.h"
#include "text/same/seen.h"
#include <stdlib.h>

enum { DEPTH = 16 };

struct against {
	size_t          ngram;
	struct seen     set;
	struct shingles shingles;
};

struct against *
against_new(size_t ngram)
{
	struct against *a = xcalloc(1, sizeof *a);

	a->ngram = ngram;
	return a;
}

static struct hash128 shingle(uint64_t h) { return (struct hash128){ h | 1, 0 }; }

static int
add_text(struct against *a, const char *text, size_t n)
{
	shingles_make(&a->shingles, text, n, a->ngram);
	if (a->shingles.n_words < a->ngram)
		return 0;
	for (size_t i = 0; i < a->shingles.n; i++)
		seen_put(&a->set, shingle(a->shingles.v[i]));
	return 1;
}

static int
add_strings(struct against *a, struct json j, int depth)
{
	struct json_iter it;
	struct buf b = { 0 };
	int added = 0;

	if (json_kind(j) == '"' && json_str(j, &b) == 0 && b.n)
		added = add_text(a, b.p, b.n);
	buf_free(&b);
	if (depth == DEPTH || (json_kind(j) != '{' && json_kind(j) != '['))
		return added;
	it = json_walk(j);
	while (json_next(&it))
		added |= add_strings(a, it.value, depth + 1);
	return added;
}

int
against_add(struct against *a, const struct doc *d)
{
	struct json j;

	if (d->text_len)
		return add_text(a, d->text, d->text_len);
	return json_parse(&j, d->meta, d->meta_len, NULL) == 0 && add_strings(a, j, 0);
}

int
against_hit(const struct against *a, const char *text, size_t n, struct shingles *scratch)
{
	shingles_make(scratch, text, n, a->ngram);
	if (scratch->n_words < a->ngram)
		return 0;
	for (size_t i = 0; i < scratch->n; i++)
		if (seen_has(&a->set, shingle(scratch->v[i])))
			return 1;
	return 0;
}

void
against_free(struct against *a)
{
	if (!a)
		return;
	shingles_free(&a->shingles);
	seen_free(&a->set);
	free(a);
}
