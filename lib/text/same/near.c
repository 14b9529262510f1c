/* near - texts that are nearly the same, found among many */
/* SPDX-License-Identifier: MIT */
#include "text/same/near.h"
#include "base/par.h"
#include "text/same/sorter.h"
#include "base/spool.h"
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1024, BATCH = 1024 };

struct pair {
	uint32_t a, b;
	double   jaccard;
};

/* What a thread has at hand to verify: the shingles of the last two documents. */
struct bench {
	struct shingles s[2];
	int64_t         doc[2];
	struct buf      text;
	struct err      err;
	int             failed, turn;
};

struct near {
	size_t           bands, memory;
	struct spool    *keys;          /* chunks of CHUNK documents: [bands][CHUNK] */
	uint64_t        *chunk;         /* the one being filled, or read */
	uint32_t        *parent;        /* union-find; a cluster's root is its first document */
	size_t           n, cap;
	struct sorter   *pairs;         /* with edges: candidates of all bands */
	struct pair      batch[BATCH];
	size_t           n_batch;
	struct bench    *bench;
	struct near_find how;
};

struct near *
near_new(size_t bands, size_t memory, struct err *err)
{
	struct spool *keys = spool_new(err);
	struct near *w;

	if (!keys)
		return NULL;
	w = xcalloc(1, sizeof *w);
	w->bands = bands;
	w->memory = memory;
	w->keys = keys;
	w->chunk = xcalloc(bands * CHUNK, sizeof *w->chunk);
	return w;
}

static int
chunk_out(struct near *w, struct err *err)
{
	size_t size = w->bands * CHUNK * sizeof *w->chunk;

	if (spool_put(w->keys, w->chunk, size, err))
		return -1;
	memset(w->chunk, 0, size);
	return 0;
}

int
near_put(struct near *w, const uint64_t *keys, struct err *err)
{
	uint32_t id;

	if (w->n && w->n % CHUNK == 0 && chunk_out(w, err))
		return -1;
	if (w->n == UINT32_MAX)
		return err_set(err, "more than %u documents", UINT32_MAX);
	for (size_t b = 0; keys && b < w->bands; b++)
		w->chunk[b * CHUNK + w->n % CHUNK] = keys[b];
	id = (uint32_t)w->n;
	VEC_PUSH(w->parent, w->n, w->cap, id);
	return 0;
}

uint32_t
near_first(struct near *w, uint32_t doc)
{
	while (w->parent[doc] != doc)
		doc = w->parent[doc] = w->parent[w->parent[doc]];
	return doc;
}

void
near_join(struct near *w, uint32_t a, uint32_t b)
{
	a = near_first(w, a);
	b = near_first(w, b);
	w->parent[a < b ? b : a] = a < b ? a : b;
}

static struct shingles *
shingles_of(struct near *w, struct bench *k, uint32_t doc)
{
	if (k->doc[0] == doc)
		return &k->s[0];
	if (k->doc[1] == doc)
		return &k->s[1];
	k->turn ^= 1;
	k->doc[k->turn] = -1;
	buf_clear(&k->text);
	if (w->how.fetch(w->how.ctx, doc, &k->s[k->turn], &k->text, &k->err)) {
		k->failed = 1;
		return NULL;
	}
	k->doc[k->turn] = doc;
	return &k->s[k->turn];
}

static void
verify(size_t i, int thread, void *ctx)
{
	struct near *w = ctx;
	struct pair *p = &w->batch[i];
	struct bench *k = &w->bench[thread];
	struct shingles *a, *b;

	p->jaccard = -1;
	if (k->failed || !(b = shingles_of(w, k, p->b)))
		return;
	k->turn = b == &k->s[0] ? 0 : 1;        /* so that fetching a does not push it out */
	a = shingles_of(w, k, p->a);
	if (a)
		p->jaccard = shingles_jaccard(a, b);
}

static int
batch_out(struct near *w, struct err *err)
{
	par_for_on(w->n_batch, verify, w);
	for (int t = 0; t < par_threads(); t++)
		if (w->bench[t].failed) {
			*err = w->bench[t].err;
			return -1;
		}
	for (size_t i = 0; i < w->n_batch; i++) {
		struct pair *p = &w->batch[i];

		w->how.counts->tried++;
		if (p->jaccard < w->how.min_jaccard)
			continue;
		w->how.counts->held++;
		near_join(w, p->a, p->b);
		if (w->how.edge && w->how.edge(w->how.ctx, p->a, p->b, p->jaccard, err))
			return -1;
	}
	w->n_batch = 0;
	return 0;
}

static int
verify_pair(struct near *w, uint32_t a, uint32_t b, struct err *err)
{
	w->batch[w->n_batch++] = (struct pair){ .a = a, .b = b };
	return w->n_batch == BATCH ? batch_out(w, err) : 0;
}

static int
try_pair(struct near *w, uint32_t a, uint32_t b, struct err *err)
{
	if (w->pairs)
		return sorter_put(w->pairs, a, b, err);
	return near_first(w, a) == near_first(w, b) ? 0 : verify_pair(w, a, b, err);
}

/* Documents by their key of one band, those without shingles left out. */
static struct sorter *
read_band(struct near *w, size_t band, struct err *err)
{
	struct sorter *s = sorter_new(w->memory / 2);
	uint64_t keys[CHUNK];

	for (size_t first = 0; first < w->n; first += CHUNK) {
		size_t count = w->n - first < CHUNK ? w->n - first : CHUNK;

		if (spool_get(w->keys, (first * w->bands + band * CHUNK) * sizeof *keys, keys, count * sizeof *keys, err))
			goto failed;
		for (size_t i = 0; i < count; i++)
			if (keys[i] && !(w->how.mark && w->how.mark[first + i] == w->how.skip) && sorter_put(s, keys[i], first + i, err))
				goto failed;
	}
	return s;
failed:
	sorter_free(s);
	return NULL;
}

/* Candidates of one band: of the documents with one key, the first and the last NEAR_BEFORE + 1 are at hand. */
static int
find_in_band(struct near *w, size_t band, struct err *err)
{
	struct sorter *s = read_band(w, band, err);
	uint32_t last[NEAR_BEFORE + 1], first = 0;
	struct entry e, was = { 0, 0 };
	size_t n = 0;
	int more = s ? 1 : -1;

	while (more > 0 && (more = sorter_get(s, &e, err)) > 0) {
		uint32_t doc = (uint32_t)e.value;

		if (e.key != was.key)
			n = 0, first = doc;
		for (size_t k = 1; k <= n && k <= NEAR_BEFORE && more > 0; k++)
			more = try_pair(w, last[(n - k) % (NEAR_BEFORE + 1)], doc, err) ? -1 : 1;
		if (n > NEAR_BEFORE && more > 0)
			more = try_pair(w, first, doc, err) ? -1 : 1;
		last[n++ % (NEAR_BEFORE + 1)] = doc;
		was = e;
	}
	sorter_free(s);
	return more < 0 ? -1 : batch_out(w, err);
}

/* The candidates of all bands, each once. */
static int
verify_all(struct near *w, struct err *err)
{
	struct entry e, was = { UINT64_MAX, 0 };
	int more;

	while ((more = sorter_get(w->pairs, &e, err)) > 0) {
		if ((e.key != was.key || e.value != was.value) && verify_pair(w, (uint32_t)e.key, (uint32_t)e.value, err))
			return -1;
		was = e;
	}
	return more < 0 ? -1 : batch_out(w, err);
}

int
near_pair(struct near *w, uint32_t a, uint32_t b, struct err *err)
{
	if (!w->pairs)
		w->pairs = sorter_new(w->memory / 4);
	return sorter_put(w->pairs, a, b, err);
}

int
near_find(struct near *w, const struct near_find *how, struct err *err)
{
	size_t threads = (size_t)par_threads();
	int rc = 0;

	if (w->n == 0)
		return 0;
	if (chunk_out(w, err) || spool_flush(w->keys, err))
		return -1;
	w->how = *how;
	if (how->edge && !w->pairs)
		w->pairs = sorter_new(w->memory / 4);
	w->bench = xcalloc(threads, sizeof *w->bench);
	for (size_t t = 0; t < threads; t++)
		w->bench[t].doc[0] = w->bench[t].doc[1] = -1;
	for (size_t band = 0; band < w->bands && rc == 0; band++)
		rc = find_in_band(w, band, err);
	if (rc == 0 && w->pairs)
		rc = verify_all(w, err);
	for (size_t t = 0; t < threads; t++) {
		shingles_free(&w->bench[t].s[0]);
		shingles_free(&w->bench[t].s[1]);
		buf_free(&w->bench[t].text);
	}
	free(w->bench);
	return rc;
}

void
near_free(struct near *w)
{
	if (!w)
		return;
	spool_free(w->keys);
	free(w->chunk);
	free(w->parent);
	sorter_free(w->pairs);
	free(w);
}
