/* known - what earlier runs of dedup saw: read, copied and extended */
/* SPDX-License-Identifier: MIT */
#include "text/same/known.h"
#include "stream/stream.h"
#include "stream/tens.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GROUP = 4096 };          /* documents a frame */
enum { HASHES, KEYS, PIECES, SKETCHES, SKETCH_N, ID_N, IDS, PARTS };

/* Each frame is an image of these tensors; HASHES holds the halves of the text's and of the URL's, PIECES those of paragraphs and lines. */
static const struct { const char *name; enum tens_dtype dtype; } parts[PARTS] = {
	{ "hashes", TENS_I64 }, { "keys", TENS_I64 }, { "parts", TENS_I64 },
	{ "sketch", TENS_I32 }, { "sketch_n", TENS_I32 }, { "id_n", TENS_I32 }, { "id", TENS_U8 }
};

struct known {
	size_t         bands, n;
	struct buf     part[PARTS];
	struct stream_out *out;
};

static void
put_frame(struct known *k)
{
	struct tens_new t = { 0 };
	struct buf image = { 0 };

	for (int p = 0; p < PARTS; p++)
		tens_declare(&t, parts[p].name, parts[p].dtype, 1, &(uint64_t){ k->part[p].n / tens_size(parts[p].dtype) });
	tens_header(&t, &image);
	for (int p = 0; p < PARTS; p++) {
		buf_add(&image, k->part[p].p, k->part[p].n);
		buf_clear(&k->part[p]);
	}
	stream_put(k->out, 1, NULL, image.p, image.n);
	buf_free(&image);
	k->n = 0;
}

void
known_put(struct known *k, const char *id, size_t n, const struct traits *t)
{
	const struct hash128 h[2] = { t->text, t->url };
	uint32_t sketch[SKETCH], counts[2] = { (uint32_t)shingles_sketch(t->shingles, sketch), (uint32_t)n };

	buf_add(&k->part[HASHES], h, sizeof h);
	buf_add(&k->part[KEYS], t->keys, k->bands * sizeof *t->keys);
	buf_add(&k->part[SKETCHES], sketch, counts[0] * sizeof *sketch);
	buf_add(&k->part[SKETCH_N], &counts[0], sizeof *counts);
	buf_add(&k->part[IDS], id, n);
	buf_add(&k->part[ID_N], &counts[1], sizeof *counts);
	if (++k->n == GROUP)
		put_frame(k);
}

void
known_put_part(struct known *k, struct hash128 h)
{
	buf_add(&k->part[PIECES], &h, sizeof h);
}

/* The tensors of a frame, checked: how many documents, or -1. */
static long
take_apart(const struct tens_set *set, size_t bands, const struct tens *t[PARTS])
{
	size_t n, sketches = 0, ids = 0;

	for (int p = 0; p < PARTS; p++)
		if (!(t[p] = tens_find(set, parts[p].name)) || t[p]->dtype != parts[p].dtype ||
		    (uintptr_t)t[p]->data % tens_size(parts[p].dtype))
			return -1;
	n = t[ID_N]->count;
	if (t[PIECES]->count % 2 || t[SKETCH_N]->count != n || t[HASHES]->count != 4 * n || t[KEYS]->count != bands * n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		uint32_t s = ((const uint32_t *)t[SKETCH_N]->data)[i];

		if (s > SKETCH)
			return -1;
		sketches += s;
		ids += ((const uint32_t *)t[ID_N]->data)[i];
	}
	return sketches == t[SKETCHES]->count && ids == t[IDS]->count ? (long)n : -1;
}

int
known_frame(const void *image, size_t size, size_t bands, known_each *each, known_part *piece, void *ctx, struct err *err)
{
	struct tens_set set;
	const struct tens *t[PARTS];
	struct shingles sh = { 0 };
	size_t sketch = 0, id = 0;
	long n;
	int rc = 0;

	if (tens_parse(&set, image, size, err))
		return -1;
	if ((n = take_apart(&set, bands, t)) < 0)
		rc = err_set(err, "no index of dedup, or one that is damaged");
	for (long i = 0; i < n && rc == 0; i++) {
		uint32_t n_sketch = ((const uint32_t *)t[SKETCH_N]->data)[i], n_id = ((const uint32_t *)t[ID_N]->data)[i];
		const struct hash128 *h = (const struct hash128 *)t[HASHES]->data + 2 * i;
		struct json name;
		struct traits known = { h[0], h[1], (const uint64_t *)t[KEYS]->data + (size_t)i * bands, &sh, 0 };

		shingles_from_sketch(&sh, (const uint32_t *)t[SKETCHES]->data + sketch, n_sketch);
		rc = json_parse(&name, (const char *)t[IDS]->data + id, n_id, err) ||
		     each(ctx, (const char *)t[IDS]->data + id, n_id, &known, err) ? -1 : 0;
		sketch += n_sketch;
		id += n_id;
	}
	for (size_t i = 0; rc == 0 && i < t[PIECES]->count / 2; i++)
		piece(ctx, ((const struct hash128 *)t[PIECES]->data)[i]);
	shingles_free(&sh);
	tens_free(&set);
	return rc;
}

static int
check_head(const char *head, const struct near_opts *o, struct err *err)
{
	struct json j;

	if (json_parse(&j, head, strlen(head), err))
		return -1;
	if (json_int(json_get(j, "ngram"), 0) != (long long)o->ngram || json_int(json_get(j, "bands"), 0) != (long long)o->bands ||
	    json_int(json_get(j, "rows"), 0) != (long long)o->rows)
		return err_set(err, "no index of dedup with --ngram=%zu --bands=%zu --rows=%zu", o->ngram, o->bands, o->rows);
	return 0;
}

struct known *
known_open(const char *path, const struct near_opts *o, known_each *each, known_part *piece, void *ctx, struct err *err)
{
	char *name = xstrdup(path), *head;
	struct stream *in = access(path, F_OK) == 0 ? stream_open(1, &name, "tens") : NULL;
	struct known *k = xcalloc(1, sizeof *k);
	struct buf fields = { 0 };
	struct frame f;
	int more = in && stream_data(in, &f), rc = in ? check_head(stream_head(in), o, err) : 0;

	k->bands = o->bands;
	buf_printf(&fields, "\"ngram\":%zu,\"bands\":%zu,\"rows\":%zu", o->ngram, o->bands, o->rows);
	head = in ? head_next(stream_head(in), "tens", fields.p) : head_new("tens", fields.p);
	if (rc == 0)
		k->out = stream_create(path, head);
	for (; rc == 0 && more; more = stream_data(in, &f)) {
		rc = known_frame(f.data, f.data_len, o->bands, each, piece, ctx, err);
		stream_put(k->out, f.nrec, NULL, f.data, f.data_len);
	}
	if (in)
		stream_close(in);
	buf_free(&fields);
	free(head);
	free(name);
	if (rc == 0)
		return k;
	err_in(err, path);
	free(k);
	return NULL;
}

void
known_finish(struct known *k)
{
	if (k->n || k->part[PIECES].n)
		put_frame(k);
	stream_finish(k->out);
	for (int p = 0; p < PARTS; p++)
		buf_free(&k->part[p]);
	free(k);
}
