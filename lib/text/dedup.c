/* dedup - documents that are there already, exactly or nearly, left out */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/dedup.h"
#include "base/json.h"
#include "base/par.h"
#include "base/spool.h"
#include "text/seen.h"
#include <stdlib.h>
#include <string.h>

enum { BATCH = 256, BATCH_BYTES = 8 << 20 };
#define NOWHERE UINT64_MAX

const char *const dedup_names[DEDUP_METHODS] = { "url", "paragraph", "line", "text", "minhash", "against" };

/* A document on its way: what was read, and what is worked out of it by any thread. */
struct job {
	struct buf      meta, text;
	struct hash128  hash;
	uint64_t       *keys;
	struct shingles shingles;
	int             hit;            /* shares words with what it must not */
};

struct dedup {
	struct dedup_opts opts;
	struct dedup_sink sink;
	struct job    jobs[BATCH];
	size_t        n_jobs, job_bytes;
	struct near  *near;             /* set: documents wait */
	struct seen   urls, texts, parts;
	struct spool *docs, *names;     /* those that wait: two u32 lengths, meta, text; the ids of all */
	uint64_t     *place, *name_at;  /* in docs, NOWHERE for what is dropped; in names */
	size_t        n_place, cap_place, n_name, cap_name;
	uint64_t      kept, dropped[DEDUP_METHODS];
	uint32_t      n;
};

static int
by(const struct dedup *d, enum dedup_by m)
{
	return d->opts.by >> m & 1;
}

struct dedup *
dedup_new(const struct dedup_opts *opts, const struct dedup_sink *sink, struct err *err)
{
	struct dedup *d = xcalloc(1, sizeof *d);

	d->opts = *opts;
	d->sink = *sink;
	if ((by(d, DEDUP_MINHASH) || sink->cluster) && (!(d->near = near_new(&opts->near, err)) || !(d->docs = spool_new(err))))
		goto failed;
	if ((sink->edge || sink->cluster) && !(d->names = spool_new(err)))
		goto failed;
	for (size_t i = 0; i < BATCH && d->near; i++)
		d->jobs[i].keys = xcalloc(opts->near.bands, sizeof(uint64_t));
	return d;
failed:
	dedup_free(d);
	return NULL;
}

void
dedup_free(struct dedup *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < BATCH; i++) {
		buf_free(&d->jobs[i].meta);
		buf_free(&d->jobs[i].text);
		free(d->jobs[i].keys);
		shingles_free(&d->jobs[i].shingles);
	}
	near_free(d->near);
	seen_free(&d->urls);
	seen_free(&d->texts);
	seen_free(&d->parts);
	spool_free(d->docs);
	spool_free(d->names);
	free(d->place);
	free(d->name_at);
	free(d);
}

/* Lines or paragraphs that were in the stream before taken out of the text; blanks around them do not count. */
static void
drop_parts(struct dedup *d, struct buf *text, enum dedup_by m)
{
	const char *mark = m == DEDUP_LINE ? "\n" : "\n\n";
	struct buf left = { 0 };
	size_t len = strlen(mark), n;

	for (size_t i = 0; i <= text->n; i += n + len) {
		const char *p = text->p + i, *end = memmem(p, text->n - i, mark, len);
		size_t from = 0, to;
		uint32_t id = 0;

		n = end ? (size_t)(end - p) : text->n - i;
		for (to = n; to && strchr(" \t\r\n", p[to - 1]); to--)
			;
		while (from < to && strchr(" \t\r\n", p[from]))
			from++;
		if (from < to && seen_put(&d->parts, hash128(p + from, to - from), &id)) {
			d->dropped[m]++;
			continue;
		}
		if (left.n)
			buf_str(&left, mark);
		buf_add(&left, p, n);
	}
	buf_free(text);
	*text = left;
}

static int
blank(const struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!strchr(" \t\r\n", b->p[i]))
			return 0;
	return 1;
}

/* The URL without its fragment and the slash at its end, appended; its length. */
static size_t
url_of(const struct buf *meta, struct buf *url)
{
	struct json j;
	char *hash;

	if (json_parse(&j, meta->p, meta->n, NULL) || json_str(json_get(j, "url"), url))
		return 0;
	if (url->n && (hash = memchr(url->p, '#', url->n)))
		url->n = (size_t)(hash - url->p);
	while (url->n && url->p[url->n - 1] == '/')
		url->n--;
	return url->n;
}

static void
work(size_t i, void *ctx)
{
	struct dedup *d = ctx;
	struct job *j = &d->jobs[i];

	if (by(d, DEDUP_TEXT))
		j->hash = hash128(j->text.p, j->text.n);
	if (d->opts.against)
		j->hit = against_hit(d->opts.against, j->text.p, j->text.n, &j->shingles);
	if (!by(d, DEDUP_MINHASH))
		return;
	shingles_make(&j->shingles, j->text.p, j->text.n, d->opts.near.ngram);
	minhash_keys(near_minhash(d->near), &j->shingles, j->keys);
}

static int
keep_name(struct dedup *d, const struct job *j, struct err *err)
{
	struct json meta, id = { 0 };
	struct buf number = { 0 };
	int rc;

	VEC_PUSH(d->name_at, d->n_name, d->cap_name, spool_size(d->names));
	if (json_parse(&meta, j->meta.p, j->meta.n, NULL) == 0)
		id = json_get(meta, "id");
	buf_printf(&number, "%u", d->n);
	rc = id.p ? spool_put(d->names, id.p, (size_t)(id.end - id.p), err) : spool_put(d->names, number.p, number.n, err);
	buf_free(&number);
	return rc;
}

static int
get_name(const struct dedup *d, uint32_t doc, struct buf *name, struct err *err)
{
	uint64_t at = d->name_at[doc], end = doc + 1 < d->n_name ? d->name_at[doc + 1] : spool_size(d->names);

	buf_need(name, (size_t)(end - at));
	if (spool_get(d->names, at, name->p + name->n, (size_t)(end - at), err))
		return -1;
	name->n += (size_t)(end - at);
	name->p[name->n] = 0;
	return 0;
}

/* Puts a document aside, or notes that it is dropped. */
static int
put_aside(struct dedup *d, const struct job *j, int stays, struct err *err)
{
	uint32_t size[2] = { (uint32_t)j->meta.n, (uint32_t)j->text.n };
	uint64_t at = stays ? spool_size(d->docs) : NOWHERE;

	VEC_PUSH(d->place, d->n_place, d->cap_place, at);
	if (!stays)
		return 0;
	if (spool_put(d->docs, size, sizeof size, err) || spool_put(d->docs, j->meta.p, j->meta.n, err))
		return -1;
	return spool_put(d->docs, j->text.p, j->text.n, err);
}

static int
tell_edge(void *ctx, uint32_t a, uint32_t b, double jaccard, struct err *err)
{
	struct dedup *d = ctx;
	struct buf x = { 0 }, y = { 0 };
	int rc = get_name(d, a, &x, err) || get_name(d, b, &y, err) ? -1 : 0;

	if (rc == 0)
		d->sink.edge(d->sink.ctx, x.p, y.p, jaccard);
	buf_free(&x);
	buf_free(&y);
	return rc;
}

/* One document in its turn, after what threads could do. */
static int
judge(struct dedup *d, struct job *j, struct err *err)
{
	struct buf url = { 0 };
	struct doc doc = { j->text.p, j->meta.p, j->text.n, j->meta.n };
	uint32_t first = d->n;
	enum dedup_by m = DEDUP_METHODS;

	if (d->names && keep_name(d, j, err))
		return -1;
	if (j->hit)
		m = DEDUP_AGAINST;
	else if (by(d, DEDUP_URL) && url_of(&j->meta, &url) && seen_put(&d->urls, hash128(url.p, url.n), &first))
		m = DEDUP_URL;
	else if (by(d, DEDUP_TEXT) && seen_put(&d->texts, j->hash, &first))
		m = DEDUP_TEXT;
	buf_free(&url);
	if (m != DEDUP_METHODS)
		d->dropped[m]++;
	if (d->near) {
		if (near_put(d->near, m == DEDUP_METHODS && by(d, DEDUP_MINHASH) ? j->keys : NULL, err) ||
		    put_aside(d, j, m == DEDUP_METHODS, err))
			return -1;
		near_join(d->near, first, d->n);
		if (m == DEDUP_TEXT && d->sink.edge && tell_edge(d, first, d->n, 1, err))
			return -1;
	} else if (m == DEDUP_METHODS) {
		d->kept++;
		d->sink.doc(d->sink.ctx, &doc);
	}
	d->n++;
	return 0;
}

static int
batch_out(struct dedup *d, struct err *err)
{
	par_for(d->n_jobs, work, d);
	for (size_t i = 0; i < d->n_jobs; i++)
		if (judge(d, &d->jobs[i], err))
			return -1;
	d->n_jobs = d->job_bytes = 0;
	return 0;
}

int
dedup_put(struct dedup *d, const struct doc *doc, struct err *err)
{
	struct job *j = &d->jobs[d->n_jobs];

	buf_clear(&j->meta);
	buf_clear(&j->text);
	buf_add(&j->meta, doc->meta, doc->meta_len);
	buf_add(&j->text, doc->text, doc->text_len);
	for (enum dedup_by m = DEDUP_PARAGRAPH; m <= DEDUP_LINE; m++)
		if (by(d, m) && j->text.n) {
			drop_parts(d, &j->text, m);
			if (blank(&j->text))
				return 0;
		}
	d->n_jobs++;
	d->job_bytes += j->text.n;
	return d->n_jobs == BATCH || d->job_bytes >= BATCH_BYTES ? batch_out(d, err) : 0;
}

/* Document at a place, its meta and text appended; either may be NULL. */
static int
get_doc(const struct dedup *d, uint32_t doc, struct buf *meta, struct buf *text, struct err *err)
{
	uint64_t at = d->place[doc];
	uint32_t size[2];

	if (spool_get(d->docs, at, size, sizeof size, err))
		return -1;
	at += sizeof size;
	if (meta) {
		buf_need(meta, size[0]);
		if (spool_get(d->docs, at, meta->p + meta->n, size[0], err))
			return -1;
		meta->n += size[0];
	}
	buf_need(text, size[1]);
	if (spool_get(d->docs, at + size[0], text->p + text->n, size[1], err))
		return -1;
	text->n += size[1];
	return 0;
}

static int
fetch(void *ctx, uint32_t doc, struct buf *text, struct err *err)
{
	return get_doc(ctx, doc, NULL, text, err);
}

/* Clusters of two and more, in the order of their first documents: members chained through next[]. */
static int
tell_clusters(struct dedup *d, struct err *err)
{
	uint32_t *next = xcalloc((size_t)d->n + 1, sizeof *next), *last = xcalloc((size_t)d->n + 1, sizeof *last);
	struct buf b = { 0 };
	int rc = 0;

	for (uint32_t i = 0; i < d->n; i++) {
		uint32_t first = near_first(d->near, i);

		if (first != i)
			next[last[first]] = i;
		last[first] = i;
	}
	for (uint32_t i = 0; i < d->n && rc == 0; i++) {
		if (near_first(d->near, i) != i || !next[i])
			continue;
		buf_clear(&b);
		for (uint32_t k = i; rc == 0; k = next[k]) {
			buf_char(&b, k == i ? '[' : ',');
			rc = get_name(d, k, &b, err);
			if (!next[k])
				break;
		}
		buf_char(&b, ']');
		if (rc == 0)
			d->sink.cluster(d->sink.ctx, b.p);
	}
	buf_free(&b);
	free(next);
	free(last);
	return rc;
}

int
dedup_end(struct dedup *d, struct err *err)
{
	struct buf meta = { 0 }, text = { 0 };
	int rc = 0;

	if (batch_out(d, err))
		return -1;
	if (!d->near)
		return 0;
	if (spool_flush(d->docs, err) || near_find(d->near, fetch, d->sink.edge ? tell_edge : NULL, d, err))
		return -1;
	for (uint32_t i = 0; i < d->n && rc == 0; i++) {
		struct doc doc;

		if (d->place[i] == NOWHERE)
			continue;
		if (near_first(d->near, i) != i) {
			d->dropped[DEDUP_MINHASH]++;
			continue;
		}
		buf_clear(&meta);
		buf_clear(&text);
		if ((rc = get_doc(d, i, &meta, &text, err)))
			break;
		doc = (struct doc){ text.p, meta.p, text.n, meta.n };
		d->kept++;
		d->sink.doc(d->sink.ctx, &doc);
	}
	buf_free(&meta);
	buf_free(&text);
	return rc || !d->sink.cluster ? rc : tell_clusters(d, err);
}

uint64_t
dedup_kept(const struct dedup *d)
{
	return d->kept;
}

uint64_t
dedup_dropped(const struct dedup *d, enum dedup_by m)
{
	return d->dropped[m];
}

const struct near *
dedup_near(const struct dedup *d)
{
	return d->near;
}
