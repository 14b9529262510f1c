/* dedup - documents that are there already, exactly or nearly, left out */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/same/dedup.h"
#include "base/json.h"
#include "base/par.h"
#include "text/same/alike.h"
#include "text/same/known.h"
#include "text/same/repeat.h"
#include <stdlib.h>
#include <string.h>

enum { BATCH = 256, BATCH_BYTES = 8 << 20 };

const char *const dedup_names[DEDUP_METHODS] = { "url", "paragraph", "line", "text", "minhash", "substring", "against" };

/* A document on its way: what was read, and what is worked out of it by any thread. */
struct job {
	struct buf      meta, text;
	struct hash128  text_hash, url_hash;    /* .a 0: none */
	uint64_t       *keys;
	struct shingles shingles;
	int             hit;            /* shares words with what it must not */
};

struct dedup {
	struct dedup_opts opts;
	struct dedup_sink sink;
	struct job     jobs[BATCH];
	size_t         n_jobs, job_bytes;
	struct minhash minhash;
	struct alike  *alike;           /* set: documents wait */
	struct known  *known;
	struct repeat *repeat;
	struct seen    urls, texts, parts;
	uint64_t       kept, dropped[DEDUP_METHODS];
	uint64_t       n;
	struct near_counts pairs;
	int            failed;          /* why is in err */
	struct err     err;
};

static int
by(const struct dedup *d, enum dedup_by m)
{
	return d->opts.by >> m & 1;
}

static void
put_out(void *ctx, const struct doc *doc)
{
	struct dedup *d = ctx;

	d->kept++;
	d->sink.doc(d->sink.ctx, doc);
}

/* A document that stays goes on: out, or to where its parts are looked at. */
static void
put_on(void *ctx, const struct doc *doc)
{
	struct dedup *d = ctx;

	if (!d->repeat)
		put_out(d, doc);
	else if (!d->failed && repeat_put(d->repeat, doc, &d->err))
		d->failed = 1;
}

static int
take_known(void *ctx, const char *id, size_t n, const struct traits *t, struct err *err)
{
	struct dedup *d = ctx;
	struct traits wanted = *t;

	if (!by(d, DEDUP_TEXT))
		wanted.text.a = 0;
	if (!by(d, DEDUP_URL))
		wanted.url.a = 0;
	if (!by(d, DEDUP_MINHASH))
		wanted.keys = NULL;
	return alike_known(d->alike, id, n, &wanted, err);
}

static void
take_part(void *ctx, struct hash128 h)
{
	struct dedup *d = ctx;

	if (by(d, DEDUP_PARAGRAPH) || by(d, DEDUP_LINE))
		seen_put(&d->parts, h);
}

struct dedup *
dedup_new(const struct dedup_opts *opts, const struct dedup_sink *sink, struct err *err)
{
	struct dedup *d = xcalloc(1, sizeof *d);
	struct dedup_sink alike = { d, put_on, sink->edge, sink->cluster };
	unsigned whole = 1u << DEDUP_TEXT | 1u << DEDUP_URL | 1u << DEDUP_MINHASH;

	d->opts = *opts;
	d->sink = *sink;
	d->parts.max = opts->memory / 2;
	if (by(d, DEDUP_MINHASH) || sink->cluster || opts->keep != DEDUP_FIRST || opts->index || (opts->wait && opts->by & whole)) {
		minhash_init(&d->minhash, opts->near.bands, opts->near.rows, 1);
		for (size_t i = 0; i < BATCH; i++)
			d->jobs[i].keys = xcalloc(opts->near.bands, sizeof(uint64_t));
		if (!(d->alike = alike_new(opts, &alike, err)))
			goto failed;
	}
	if (by(d, DEDUP_SUBSTRING) &&
	    !(d->repeat = repeat_new(opts->words ? REPEAT_WORD : REPEAT_BYTE, opts->min_substring, opts->memory, err)))
		goto failed;
	if (!opts->index || (d->known = known_open(opts->index, &opts->near, take_known, take_part, d, err)))
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
	minhash_free(&d->minhash);
	alike_free(d->alike);
	repeat_free(d->repeat);
	seen_free(&d->urls);
	seen_free(&d->texts);
	seen_free(&d->parts);
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

		n = end ? (size_t)(end - p) : text->n - i;
		for (to = n; to && strchr(" \t\r\n", p[to - 1]); to--)
			;
		while (from < to && strchr(" \t\r\n", p[from]))
			from++;
		if (from < to) {
			struct hash128 h = hash128(p + from, to - from);

			if (seen_put(&d->parts, h)) {
				d->dropped[m]++;
				continue;
			}
			if (d->known)
				known_put_part(d->known, h);
		}
		if (left.n)
			buf_str(&left, mark);
		buf_add(&left, p, n);
	}
	buf_free(text);
	*text = left;
}

/* Of the URL without its fragment and the slash at its end; none without URL. */
static struct hash128
hash_url(const struct buf *meta)
{
	struct json j;
	struct buf url = { 0 };
	struct hash128 h = { 0, 0 };
	char *hash;

	if (json_parse(&j, meta->p, meta->n, NULL) || json_str(json_get(j, "url"), &url))
		return h;
	if (url.n && (hash = memchr(url.p, '#', url.n)))
		url.n = (size_t)(hash - url.p);
	while (url.n && url.p[url.n - 1] == '/')
		url.n--;
	if (url.n)
		h = hash128(url.p, url.n);
	buf_free(&url);
	return h;
}

static void
work(size_t i, void *ctx)
{
	struct dedup *d = ctx;
	struct job *j = &d->jobs[i];

	j->text_hash = j->url_hash = (struct hash128){ 0, 0 };
	if (by(d, DEDUP_TEXT) || d->known)
		j->text_hash = hash128(j->text.p, j->text.n);
	if (by(d, DEDUP_URL) || d->known)
		j->url_hash = hash_url(&j->meta);
	if (d->opts.against)
		j->hit = against_hit(d->opts.against, j->text.p, j->text.n, &j->shingles);
	if (!by(d, DEDUP_MINHASH) && !d->known)
		return;
	shingles_make(&j->shingles, j->text.p, j->text.n, d->opts.near.ngram);
	minhash_keys(&d->minhash, &j->shingles, j->keys);
	if (d->known)
		shingles_sort(&j->shingles);
}

/* Into the file of what was seen, for later runs; all that could be asked for then. */
static void
remember(struct dedup *d, const struct job *j, const struct traits *t)
{
	struct json meta, id = { 0 };
	struct buf number = { 0 };

	if (json_parse(&meta, j->meta.p, j->meta.n, NULL) == 0)
		id = json_get(meta, "id");
	buf_printf(&number, "%llu", (unsigned long long)d->n);
	if (id.p)
		known_put(d->known, id.p, (size_t)(id.end - id.p), t);
	else
		known_put(d->known, number.p, number.n, t);
	buf_free(&number);
}

static int
put_aside(struct dedup *d, struct job *j, const struct doc *doc, struct err *err)
{
	struct traits t = { j->text_hash, j->url_hash, j->keys, &j->shingles, j->hit };

	if (d->known && !j->hit)
		remember(d, j, &t);
	if (!by(d, DEDUP_TEXT))
		t.text.a = 0;
	if (!by(d, DEDUP_URL))
		t.url.a = 0;
	if (!by(d, DEDUP_MINHASH))
		t.keys = NULL;
	return alike_put(d->alike, doc, &t, err);
}

/* One document in its turn, after what threads could do. */
static int
judge(struct dedup *d, struct job *j, struct err *err)
{
	struct doc doc = { j->text.p, j->meta.p, j->text.n, j->meta.n };
	enum dedup_by m = DEDUP_METHODS;

	d->n++;
	if (d->alike)
		return put_aside(d, j, &doc, err);
	if (j->hit)
		m = DEDUP_AGAINST;
	else if (j->url_hash.a && seen_put(&d->urls, j->url_hash))
		m = DEDUP_URL;
	else if (j->text_hash.a && seen_put(&d->texts, j->text_hash))
		m = DEDUP_TEXT;
	if (m == DEDUP_METHODS)
		put_on(d, &doc);
	else
		d->dropped[m]++;
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
			if (!j->text.n || strspn(j->text.p, " \t\r\n") == j->text.n)
				return 0;
		}
	d->n_jobs++;
	d->job_bytes += j->text.n;
	return d->n_jobs == BATCH || d->job_bytes >= BATCH_BYTES ? batch_out(d, err) : 0;
}

int
dedup_end(struct dedup *d, struct err *err)
{
	if (batch_out(d, err) || (d->alike && alike_end(d->alike, d->dropped, &d->pairs, err)))
		return -1;
	if (d->failed) {
		*err = d->err;
		return -1;
	}
	if (!d->repeat)
		return 0;
	if (repeat_end(d->repeat, put_out, d, err))
		return -1;
	d->dropped[DEDUP_SUBSTRING] = repeat_cuts(d->repeat);
	return 0;
}

void
dedup_commit(struct dedup *d)
{
	if (d->known)
		known_finish(d->known);
	d->known = NULL;
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

double
dedup_error(const struct dedup *d)
{
	return seen_error(&d->parts);
}

struct near_counts
dedup_pairs(const struct dedup *d)
{
	return d->pairs;
}
