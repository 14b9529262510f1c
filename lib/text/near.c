/* near - texts that are nearly the same, found among many */
/* SPDX-License-Identifier: MIT */
#include "text/near.h"
#include "base/par.h"
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
	struct near_opts opts;
	struct minhash   minhash;
	struct spool    *keys;          /* chunks of CHUNK documents: [bands][CHUNK] */
	uint64_t        *chunk;         /* the one being filled, or read */
	uint32_t        *parent;        /* union-find; a cluster's root is its first document */
	size_t           n, cap;
	uint64_t        *seen;          /* pairs tried, an open hash table of (a << 32 | b) + 1 */
	size_t           n_seen, cap_seen;
	uint64_t         tried, held;
	struct pair      batch[BATCH];
	size_t           n_batch;
	struct bench    *bench;
	near_fetch      *fetch;
	near_edge       *edge;
	void            *ctx;
};

struct near *
near_new(const struct near_opts *opts, struct err *err)
{
	struct spool *keys = spool_new(err);
	struct near *w;

	if (!keys)
		return NULL;
	w = xcalloc(1, sizeof *w);
	w->opts = *opts;
	w->keys = keys;
	minhash_init(&w->minhash, opts->bands, opts->rows, 1);
	w->chunk = xcalloc(opts->bands * CHUNK, sizeof *w->chunk);
	return w;
}

const struct minhash *
near_minhash(const struct near *w)
{
	return &w->minhash;
}

static int
chunk_out(struct near *w, struct err *err)
{
	size_t size = w->opts.bands * CHUNK * sizeof *w->chunk;

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
	for (size_t b = 0; keys && b < w->opts.bands; b++)
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

/* Whether the pair is new; it is not the next time. */
static int
see(struct near *w, uint32_t a, uint32_t b)
{
	uint64_t key = ((uint64_t)a << 32 | b) + 1;
	size_t i;

	if (2 * w->n_seen >= w->cap_seen) {
		uint64_t *old = w->seen;
		size_t n = w->cap_seen;

		w->cap_seen = n ? 2 * n : 1024;
		w->seen = xcalloc(w->cap_seen, sizeof *w->seen);
		w->n_seen = 0;
		for (size_t k = 0; k < n; k++)
			if (old[k])
				see(w, (uint32_t)((old[k] - 1) >> 32), (uint32_t)(old[k] - 1));
		free(old);
	}
	for (i = (size_t)(key * 0x9e3779b97f4a7c15u >> 24) & (w->cap_seen - 1); w->seen[i]; i = (i + 1) & (w->cap_seen - 1))
		if (w->seen[i] == key)
			return 0;
	w->seen[i] = key;
	w->n_seen++;
	return 1;
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
	if (w->fetch(w->ctx, doc, &k->text, &k->err)) {
		k->failed = 1;
		return NULL;
	}
	shingles_make(&k->s[k->turn], k->text.p ? k->text.p : "", k->text.n, w->opts.ngram);
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

		w->tried++;
		if (p->jaccard < w->opts.min_jaccard)
			continue;
		w->held++;
		near_join(w, p->a, p->b);
		if (w->edge && w->edge(w->ctx, p->a, p->b, p->jaccard, err))
			return -1;
	}
	w->n_batch = 0;
	return 0;
}

static int
try_pair(struct near *w, uint32_t a, uint32_t b, struct err *err)
{
	if ((!w->edge && near_first(w, a) == near_first(w, b)) || !see(w, a, b))
		return 0;
	w->batch[w->n_batch++] = (struct pair){ .a = a, .b = b };
	return w->n_batch == BATCH ? batch_out(w, err) : 0;
}

struct keyed {
	uint64_t key;
	uint32_t doc;
};

static int
by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->doc < y->doc ? -1 : x->doc > y->doc;
}

/* Documents with their key of one band, those without shingles left out, sorted; how many. */
static int
read_band(struct near *w, size_t band, struct keyed *v, size_t *n, struct err *err)
{
	uint64_t keys[CHUNK];

	*n = 0;
	for (size_t first = 0; first < w->n; first += CHUNK) {
		size_t count = w->n - first < CHUNK ? w->n - first : CHUNK;

		if (spool_get(w->keys, (first * w->opts.bands + band * CHUNK) * sizeof *keys, keys, count * sizeof *keys, err))
			return -1;
		for (size_t i = 0; i < count; i++)
			if (keys[i])
				v[(*n)++] = (struct keyed){ keys[i], (uint32_t)(first + i) };
	}
	if (*n)
		qsort(v, *n, sizeof *v, by_key);
	return 0;
}

static int
find_in_band(struct near *w, const struct keyed *v, size_t n, struct err *err)
{
	for (size_t i = 1, first = 0; i < n; i++) {
		if (v[i].key != v[first].key) {
			first = i;
			continue;
		}
		for (size_t j = i; j-- > first && i - j <= NEAR_BEFORE; )
			if (try_pair(w, v[j].doc, v[i].doc, err))
				return -1;
		if (i - first > NEAR_BEFORE && try_pair(w, v[first].doc, v[i].doc, err))
			return -1;
	}
	return batch_out(w, err);
}

int
near_find(struct near *w, near_fetch *fetch, near_edge *edge, void *ctx, struct err *err)
{
	struct keyed *v;
	size_t n, threads = (size_t)par_threads();
	int rc = 0;

	if (w->n == 0)
		return 0;
	if (chunk_out(w, err) || spool_flush(w->keys, err))
		return -1;
	w->fetch = fetch;
	w->edge = edge;
	w->ctx = ctx;
	w->bench = xcalloc(threads, sizeof *w->bench);
	for (size_t t = 0; t < threads; t++)
		w->bench[t].doc[0] = w->bench[t].doc[1] = -1;
	v = xreallocarray(NULL, w->n, sizeof *v);
	for (size_t band = 0; band < w->opts.bands && rc == 0; band++)
		rc = read_band(w, band, v, &n, err) || find_in_band(w, v, n, err) ? -1 : 0;
	free(v);
	for (size_t t = 0; t < threads; t++) {
		shingles_free(&w->bench[t].s[0]);
		shingles_free(&w->bench[t].s[1]);
		buf_free(&w->bench[t].text);
	}
	free(w->bench);
	return rc;
}

uint64_t
near_tried(const struct near *w)
{
	return w->tried;
}

uint64_t
near_held(const struct near *w)
{
	return w->held;
}

void
near_free(struct near *w)
{
	if (!w)
		return;
	minhash_free(&w->minhash);
	spool_free(w->keys);
	free(w->chunk);
	free(w->parent);
	free(w->seen);
	free(w);
}
