/* toks - tokens in a stream; see toks.h for the layout of a block */
/* SPDX-License-Identifier: MIT */
#include "stream/toks.h"
#include "base/size.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int
head_parse(struct toks_head *h, const char *text, size_t n, struct err *e)
{
	struct json j;
	struct buf v = { 0 };
	long long eot, seq;

	*h = (struct toks_head){ .eot = -1 };
	if (json_parse(&j, text, n, e) < 0)
		return err_in(e, "HEAD");
	if (json_is(json_get(j, "dtype"), "u32"))
		h->wide = 1;
	else if (!json_is(json_get(j, "dtype"), "u16"))
		return err_set(e, "HEAD: \"dtype\" is neither u16 nor u32");
	h->n_vocab = json_int(json_get(j, "n_vocab"), -1);
	if (h->n_vocab < 1 || h->n_vocab > (h->wide ? (long long)UINT32_MAX : 65536))
		return err_set(e, "HEAD: \"n_vocab\" is missing or does not fit the dtype");
	eot = json_int(json_get(j, "eot"), -1);
	seq = json_int(json_get(j, "seq"), 0);
	if (eot < -1 || eot >= h->n_vocab || eot > INT_MAX)
		return err_set(e, "HEAD: \"eot\" is no token");
	if (seq < 0 || seq > 1 << 24)
		return err_set(e, "HEAD: \"seq\" is out of range");
	h->eot = (int)eot, h->seq = (int)seq;
	h->masked = json_bool(json_get(j, "mask"), 0);
	if (json_str(json_get(j, "vocab"), &v) == 0 && v.n < sizeof h->vocab)
		memcpy(h->vocab, v.p, v.n + 1);
	buf_free(&v);
	return 0;
}

void
toks_head_fields(struct buf *b, const struct toks_head *h)
{
	json_add_str(b, "dtype", h->wide ? "u32" : "u16");
	if (*h->vocab)
		json_add_str(b, "vocab", h->vocab);
	json_add_int(b, "n_vocab", h->n_vocab);
	if (h->eot >= 0)
		json_add_int(b, "eot", h->eot);
	if (h->seq)
		json_add_int(b, "seq", h->seq);
	if (h->masked)
		json_add_bool(b, "mask", 1);
}

int
toks_unpack(struct toks_block *k, const void *data, size_t n, const struct toks_head *h, struct buf *wide, struct err *e)
{
	const unsigned char *p = data;
	uint32_t w[4];
	size_t size, at, i;
	uint32_t last = 0;

	if (n < 16)
		return err_set(e, "a block of %zu bytes is too short", n);
	memcpy(w, p, 16);
	*k = (struct toks_block){ .n_tok = w[0], .n_doc = w[1], .flags = w[2] };
	size = 16 + round_up((size_t)w[0] * (h->wide ? 4 : 2), 8) + round_up((size_t)w[1] * 4, 8) +
	    (w[2] & TOKS_MASK ? round_up(((size_t)w[0] + 7) / 8, 8) : 0);
	if (w[3] || w[2] & ~7u || size != n)
		return err_set(e, "a block of %zu bytes whose parts take %zu", n, size);
	if (h->seq && (w[0] % ((uint32_t)h->seq + 1) || w[2] & (TOKS_FROM_BEFORE | TOKS_INTO_NEXT)))
		return err_set(e, "%u tokens are no whole records of %d", w[0], h->seq + 1);
	at = 16;
	buf_clear(wide);
	buf_need(wide, (size_t)w[0] * 4 + 4);
	for (i = 0; i < w[0]; i++) {
		uint32_t t;
		if (h->wide)
			memcpy(&t, p + at + 4 * i, 4);
		else {
			uint16_t s;
			memcpy(&s, p + at + 2 * i, 2);
			t = s;
		}
		if (t >= h->n_vocab)
			return err_set(e, "token %zu of the block is %u, the vocabulary has %lld", i, t, h->n_vocab);
		memcpy(wide->p + 4 * i, &t, 4);
	}
	at += round_up((size_t)w[0] * (h->wide ? 4 : 2), 8);
	k->tok = (const uint32_t *)(const void *)wide->p;
	k->end = (const uint32_t *)(const void *)(p + at);
	for (i = 0; i < w[1]; i++) {
		uint32_t end;
		memcpy(&end, p + at + 4 * i, 4);
		if (end > w[0] || end < last)
			return err_set(e, "the ends of documents are out of order (document %zu of the block)", i);
		last = end;
	}
	at += round_up((size_t)w[1] * 4, 8);
	k->mask = w[2] & TOKS_MASK ? p + at : NULL;
	return 0;
}

/* ---- dates: the range of days, "2026-11-22" each, as the meta of a D frame: {"from":..,"to":..} */

void
toks_widen(char range[2][11], const char *date, size_t n)
{
	char d[11] = "";

	if (n < 10 || date[4] != '-' || date[7] != '-')
		return;
	memcpy(d, date, 10);
	if (!*range[0] || strcmp(d, range[0]) < 0)
		memcpy(range[0], d, 11);
	if (!*range[1] || strcmp(d, range[1]) > 0)
		memcpy(range[1], d, 11);
}

static void
widen_by(char range[2][11], const char *meta, size_t n)
{
	static const char *const keys[] = { "from", "to" };
	struct json j;

	if (!n || json_parse(&j, meta, n, NULL) < 0)
		return;
	for (int i = 0; i < 2; i++) {
		struct json v = json_get(j, keys[i]);
		if (json_kind(v) == '"')
			toks_widen(range, v.p + 1, (size_t)(v.end - v.p) - 2);
	}
}

/* ---- reading */

struct toks_in {
	struct stream    *s;
	struct toks_head  h;
	struct buf        wide;
	struct toks_block k;            /* documents: the block, and where in it */
	uint32_t          doc, tok;
	int               open;         /* the last part's document goes on */
	struct buf        dtok, dmask, ends;    /* of the item that was given out */
	char              dates[2][11];
};

struct toks_in *
toks_open(int nfiles, char **files)
{
	struct toks_in *t = xcalloc(1, sizeof *t);
	struct frame f;
	struct err e;

	t->s = stream_open(nfiles, files, "toks");
	stream_next(t->s, &f);          /* HEAD */
	if (head_parse(&t->h, f.meta, f.meta_len, &e) < 0)
		stream_damaged(t->s, "%s", e.text);
	widen_by(t->dates, f.meta, f.meta_len);
	return t;
}

const char *toks_from(struct toks_in *t) { return t->dates[0]; }
const char *toks_to(struct toks_in *t) { return t->dates[1]; }

const struct toks_head *toks_info(struct toks_in *t) { return &t->h; }
const char *toks_meta(struct toks_in *t) { return stream_head(t->s); }
struct stream *toks_stream(struct toks_in *t) { return t->s; }

int
toks_next(struct toks_in *t, struct toks_block *k)
{
	struct frame f;
	struct err e;

	if (!stream_data(t->s, &f))
		return 0;
	if (toks_unpack(k, f.data, f.data_len, &t->h, &t->wide, &e) < 0)
		stream_damaged(t->s, "%s", e.text);
	widen_by(t->dates, f.meta, f.meta_len);
	return 1;
}

/* The mask of n tokens from `at`, one byte each, appended to dmask; all ones when the block has none. */
static void
take(struct toks_in *t, uint32_t at, uint32_t n)
{
	buf_add(&t->dtok, t->k.tok + at, (size_t)n * 4);
	buf_need(&t->dmask, n);
	for (uint32_t i = 0; i < n; i++)
		t->dmask.p[t->dmask.n++] = (char)toks_mask_bit(t->k.mask, at + i);
}

/* The next part of a document within the block: from there to t->tok.  0 at the end. */
static int
next_part(struct toks_in *t, uint32_t *from)
{
	while (t->doc == t->k.n_doc && t->tok == t->k.n_tok) {
		if (!toks_next(t, &t->k)) {
			if (t->open)
				stream_damaged(t->s, "the last document does not end");
			return 0;
		}
		t->doc = t->tok = 0;
	}
	*from = t->tok;
	t->open = t->doc == t->k.n_doc && !t->h.seq;    /* the filled-up tail of a record is a document of its own */
	t->tok = t->doc < t->k.n_doc ? t->k.end[t->doc++] : t->k.n_tok;
	return 1;
}

int
toks_next_part(struct toks_in *t, const uint32_t **tok, size_t *n, int *more)
{
	uint32_t from;

	if (!next_part(t, &from))
		return 0;
	*tok = t->k.tok + from;
	*n = t->tok - from;
	*more = t->open;
	return 1;
}

int
toks_next_doc(struct toks_in *t, struct item *d)
{
	uint32_t from;

	buf_clear(&t->dtok), buf_clear(&t->dmask);
	do {
		if (!next_part(t, &from))
			return 0;
		take(t, from, t->tok - from);
	} while (t->open);
	*d = (struct item){ .tok = (const uint32_t *)(const void *)t->dtok.p, .mask = t->h.masked ? (const uint8_t *)t->dmask.p : NULL,
		.n_tok = t->dtok.n / 4 };
	return 1;
}

/* The next record of a stream of records, of which a block holds some. */
static int
next_record(struct toks_in *t, struct item *it)
{
	uint32_t len = (uint32_t)t->h.seq + 1;

	while (t->tok == t->k.n_tok) {
		if (!toks_next(t, &t->k))
			return 0;
		t->doc = t->tok = 0;
	}
	buf_clear(&t->dtok), buf_clear(&t->dmask), buf_clear(&t->ends);
	take(t, t->tok, len);
	for (; t->doc < t->k.n_doc && t->k.end[t->doc] <= t->tok + len; t->doc++)
		buf_add(&t->ends, &(uint32_t){ t->k.end[t->doc] - t->tok }, sizeof(uint32_t));
	t->tok += len;
	*it = (struct item){ (const uint32_t *)(const void *)t->dtok.p, t->h.masked ? (const uint8_t *)t->dmask.p : NULL,
		(const uint32_t *)(const void *)t->ends.p, len, t->ends.n / sizeof(uint32_t) };
	return 1;
}

int
toks_next_item(struct toks_in *t, struct item *it)
{
	return t->h.seq ? next_record(t, it) : toks_next_doc(t, it);
}

void
toks_close(struct toks_in *t)
{
	stream_close(t->s);
	buf_free(&t->wide), buf_free(&t->dtok), buf_free(&t->dmask), buf_free(&t->ends);
	free(t);
}
