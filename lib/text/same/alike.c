/* alike - documents that wait until all are there: which are alike, and which one of them stays */
/* SPDX-License-Identifier: MIT */
#include "text/same/alike.h"
#include "base/json.h"
#include "text/same/sorter.h"
#include "text/same/shelf.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BY_URL (1u << 31)       /* in the lower half of an exact entry's key; hashes there have 31 bits */

struct alike {
	struct dedup_opts opts;
	struct dedup_sink sink;
	struct near   *near;
	struct shelf  *shelf;           /* known ones have their sketch for a text */
	struct sorter *exact;           /* 95 bits of hash, BY_URL, document */
	uint8_t       *why;             /* enum dedup_by + 1 of what an exact method found */
	float         *worth;           /* unless the first one stays */
	size_t         n_why, cap_why, n_worth, cap_worth;
	uint32_t       n, known;
};

struct alike *
alike_new(const struct dedup_opts *opts, const struct dedup_sink *sink, struct err *err)
{
	struct alike *a = xcalloc(1, sizeof *a);

	a->opts = *opts;
	a->sink = *sink;
	a->exact = sorter_new(opts->memory / 4);
	if ((a->near = near_new(opts->near.bands, opts->memory, err)) && (a->shelf = shelf_new(err)))
		return a;
	alike_free(a);
	return NULL;
}

void
alike_free(struct alike *a)
{
	if (!a)
		return;
	near_free(a->near);
	sorter_free(a->exact);
	shelf_free(a->shelf);
	free(a->why);
	free(a->worth);
	free(a);
}

static int
put_hash(struct alike *a, struct hash128 h, unsigned kind, struct err *err)
{
	return h.a ? sorter_put(a->exact, h.a, (h.b >> 33 << 32) | (uint64_t)kind << 32 | a->n, err) : 0;
}

static int
put_traits(struct alike *a, const struct traits *t, float worth, struct err *err)
{
	VEC_PUSH(a->why, a->n_why, a->cap_why, t->barred ? DEDUP_AGAINST + 1 : 0);
	if (a->opts.keep != DEDUP_FIRST)
		VEC_PUSH(a->worth, a->n_worth, a->cap_worth, worth);
	if (!t->barred && (put_hash(a, t->text, 0, err) || put_hash(a, t->url, BY_URL, err)))
		return -1;
	if (near_put(a->near, t->barred ? NULL : t->keys, err))
		return -1;
	a->n++;
	return 0;
}

static float
worth_of(const struct alike *a, const struct doc *d)
{
	struct json meta;
	double x = -INFINITY;

	if (a->opts.keep == DEDUP_LONGEST)
		return (float)d->text_len;
	if (a->opts.keep == DEDUP_MOST && json_parse(&meta, d->meta, d->meta_len, NULL) == 0)
		x = json_num(json_get(meta, a->opts.keep_key), x);
	return (float)x;
}

int
alike_put(struct alike *a, const struct doc *d, const struct traits *t, struct err *err)
{
	struct doc stays = *d;

	if (t->barred)
		stays.text_len = 0;
	if (shelf_put(a->shelf, &stays, err))
		return -1;
	return put_traits(a, t, worth_of(a, d), err);
}

int
alike_known(struct alike *a, const char *id, size_t n, const struct traits *t, struct err *err)
{
	struct buf meta = { 0 };
	uint32_t sketch[SKETCH];
	size_t k = shingles_sketch(t->shingles, sketch);
	int rc;

	buf_str(&meta, "{\"id\":");
	buf_add(&meta, id, n);
	buf_char(&meta, '}');
	rc = shelf_put(a->shelf, &(struct doc){ (const char *)sketch, meta.p, k * sizeof *sketch, meta.n }, err);
	buf_free(&meta);
	a->known = a->n + 1;
	return rc ? rc : put_traits(a, t, INFINITY, err);
}

static int
fetch(void *ctx, uint32_t doc, struct shingles *s, struct buf *scratch, struct err *err)
{
	const struct alike *a = ctx;

	if (shelf_get(a->shelf, doc, NULL, scratch, err))
		return -1;
	if (doc < a->known) {
		shingles_from_sketch(s, (const uint32_t *)(void *)scratch->p, scratch->n / sizeof(uint32_t));
	} else {
		shingles_make(s, buf_text(scratch), scratch->n, a->opts.near.ngram);
		shingles_sort(s);
	}
	return 0;
}

/* The document's name appended: its id as JSON, else its number among those of this run. */
static int
get_name(const struct alike *a, uint32_t doc, struct buf *name, struct err *err)
{
	struct buf b = { 0 };
	struct json meta, id = { 0 };
	int rc = shelf_get(a->shelf, doc, &b, NULL, err);

	if (rc == 0 && json_parse(&meta, b.p, b.n, NULL) == 0)
		id = json_get(meta, "id");
	if (id.p)
		json_raw(name, id);
	else
		buf_printf(name, "%u", doc - a->known);
	buf_free(&b);
	return rc;
}

static int
tell_edge(void *ctx, uint32_t x, uint32_t y, double jaccard, struct err *err)
{
	struct alike *a = ctx;
	struct buf nx = { 0 }, ny = { 0 };
	int rc = get_name(a, x, &nx, err) || get_name(a, y, &ny, err) ? -1 : 0;

	if (rc == 0)
		a->sink.edge(a->sink.ctx, nx.p, ny.p, jaccard);
	buf_free(&nx);
	buf_free(&ny);
	return rc;
}

/* Joins documents of equal text or URL with the first of them. */
static int
join_exact(struct alike *a, struct err *err)
{
	struct entry e, was = { 0, 0 };
	uint32_t first = 0;
	int more;

	while ((more = sorter_get(a->exact, &e, err)) > 0) {
		uint32_t doc = (uint32_t)e.value;
		enum dedup_by m = e.value >> 32 & BY_URL ? DEDUP_URL : DEDUP_TEXT;

		if (e.key != was.key || e.value >> 32 != was.value >> 32) {
			first = doc;
		} else {
			near_join(a->near, first, doc);
			if (m == DEDUP_TEXT || !a->why[doc])
				a->why[doc] = (uint8_t)(m + 1);
			if (m == DEDUP_TEXT && a->sink.edge && near_pair(a->near, first, doc, err))
				return -1;
		}
		was = e;
	}
	sorter_free(a->exact);
	a->exact = NULL;
	return more;
}

/* Which of each cluster stays, by its first document; NULL: that one. */
static uint32_t *
choose(struct alike *a)
{
	uint32_t *best;

	if (a->opts.keep == DEDUP_FIRST)
		return NULL;
	best = xcalloc((size_t)a->n + 1, sizeof *best);
	for (uint32_t i = 0; i < a->n; i++) {
		uint32_t first = near_first(a->near, i);

		if (first == i || a->worth[i] > a->worth[best[first]])
			best[first] = i;
	}
	return best;
}

/* Documents that stay, in order; what made the others go is counted. */
static int
tell_docs(struct alike *a, const uint32_t *best, uint64_t *dropped, struct err *err)
{
	struct buf meta = { 0 }, text = { 0 };
	int rc = 0;

	for (uint32_t i = a->known; i < a->n && rc == 0; i++) {
		uint32_t first = near_first(a->near, i), stays = best ? best[first] : first;

		if (stays != i || a->why[i] == DEDUP_AGAINST + 1) {
			uint8_t why = a->why[i] ? a->why[i] : a->why[stays];

			dropped[why ? why - 1 : DEDUP_MINHASH]++;
			continue;
		}
		buf_clear(&meta);
		buf_clear(&text);
		if ((rc = shelf_get(a->shelf, i, &meta, &text, err)) == 0)
			a->sink.doc(a->sink.ctx, &(struct doc){ buf_text(&text), meta.p, text.n, meta.n });
	}
	buf_free(&meta);
	buf_free(&text);
	return rc;
}

/* Clusters of two and more, in the order of their first documents, who stays in front: members chained through next[]. */
static int
tell_clusters(struct alike *a, const uint32_t *best, struct err *err)
{
	uint32_t *next = xcalloc((size_t)a->n + 1, sizeof *next), *last = xcalloc((size_t)a->n + 1, sizeof *last);
	struct buf b = { 0 };
	int rc = 0;

	for (uint32_t i = 0; i < a->n; i++) {
		uint32_t first = near_first(a->near, i);

		if (first != i)
			next[last[first]] = i;
		last[first] = i;
	}
	for (uint32_t i = 0; i < a->n && rc == 0; i++) {
		uint32_t stays = best ? best[i] : i;

		if (near_first(a->near, i) != i || !next[i])
			continue;
		buf_clear(&b);
		buf_char(&b, '[');
		rc = get_name(a, stays, &b, err);
		for (uint32_t k = i; rc == 0; k = next[k]) {
			if (k != stays) {
				buf_char(&b, ',');
				rc = get_name(a, k, &b, err);
			}
			if (!next[k])
				break;
		}
		buf_char(&b, ']');
		if (rc == 0)
			a->sink.cluster(a->sink.ctx, b.p);
	}
	buf_free(&b);
	free(next);
	free(last);
	return rc;
}

int
alike_end(struct alike *a, uint64_t dropped[DEDUP_METHODS], struct near_counts *pairs, struct err *err)
{
	struct near_find how = { a->opts.near.min_jaccard, NULL, DEDUP_TEXT + 1, fetch, a->sink.edge ? tell_edge : NULL, a, pairs };
	uint32_t *best;
	int rc;

	if (shelf_flush(a->shelf, err) || join_exact(a, err))
		return -1;
	/* of equal texts the first is compared with others; what has another's URL is too, so that order matters less */
	how.mark = a->why;
	if (near_find(a->near, &how, err))
		return -1;
	best = choose(a);
	rc = tell_docs(a, best, dropped, err);
	if (rc == 0 && a->sink.cluster)
		rc = tell_clusters(a, best, err);
	free(best);
	return rc;
}
