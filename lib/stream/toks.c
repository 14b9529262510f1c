/* toks - tokens in a stream; see toks.h for the layout of a block */
/* SPDX-License-Identifier: MIT */
#include "stream/toks.h"
#include "base/cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK ((size_t)1 << 17)         /* tokens a frame holds before it is put out */

static size_t round8(size_t n) { return (n + 7) & ~(size_t)7; }

static int
head_parse(struct toks_head *h, const char *text, size_t n, struct err *e)
{
	struct json j;
	struct buf v = { 0 };

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
	h->eot = (int)json_int(json_get(j, "eot"), -1);
	if (h->eot >= h->n_vocab)
		return err_set(e, "HEAD: \"eot\" is no token");
	h->seq = (int)json_int(json_get(j, "seq"), 0);
	if (h->seq < 0 || h->seq > 1 << 24)
		return err_set(e, "HEAD: \"seq\" is out of range");
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
	if (h->masked) {
		json_key(b, "mask");
		buf_str(b, "true");
	}
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
	size = 16 + round8((size_t)w[0] * (h->wide ? 4 : 2)) + round8((size_t)w[1] * 4) +
	    (w[2] & TOKS_MASK ? round8(((size_t)w[0] + 7) / 8) : 0);
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
	at += round8((size_t)w[0] * (h->wide ? 4 : 2));
	k->tok = (const uint32_t *)(const void *)wide->p;
	k->end = (const uint32_t *)(const void *)(p + at);
	for (i = 0; i < w[1]; i++) {
		uint32_t end;
		memcpy(&end, p + at + 4 * i, 4);
		if (end > w[0] || end < last)
			return err_set(e, "the ends of documents are out of order (document %zu of the block)", i);
		last = end;
	}
	at += round8((size_t)w[1] * 4);
	k->mask = w[2] & TOKS_MASK ? p + at : NULL;
	return 0;
}

/* ---- dates: the range of days, "2026-11-22" each, as the meta of a D frame: {"from":..,"to":..} */

static void
widen(char range[2][11], const char *date, size_t n)
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
			widen(range, v.p + 1, (size_t)(v.end - v.p) - 2);
	}
}

/* ---- reading */

struct toks_in {
	struct stream    *s;
	struct toks_head  h;
	struct buf        wide;
	struct toks_block k;            /* toks_next_doc: the block, and where in it */
	int               have;
	uint32_t          doc, tok;
	struct buf        dtok, dmask;
	char              dates[2][11];
};

struct toks_in *
toks_open(int nfiles, char **files)
{
	struct toks_in *t = xcalloc(1, sizeof *t);
	struct frame f = { 0 };
	struct err e;

	t->s = stream_open(nfiles, files, "toks");
	while (f.kind != 'H')
		stream_next(t->s, &f);
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

int
toks_next_doc(struct toks_in *t, struct toks_doc *d)
{
	int open = 0;

	buf_clear(&t->dtok), buf_clear(&t->dmask);
	for (;;) {
		if (!t->have) {
			if (!toks_next(t, &t->k)) {
				if (open)
					stream_damaged(t->s, "the last document does not end");
				return 0;
			}
			t->have = 1;
			t->doc = t->tok = 0;
		}
		if (t->doc < t->k.n_doc) {
			take(t, t->tok, t->k.end[t->doc] - t->tok);
			t->tok = t->k.end[t->doc++];
			break;
		}
		if (t->tok < t->k.n_tok) {
			take(t, t->tok, t->k.n_tok - t->tok);
			open = 1;
		}
		if (t->h.seq && t->dtok.n) {    /* the filled-up tail of a record is a document of its own */
			t->have = 0;
			break;
		}
		t->have = 0;
	}
	*d = (struct toks_doc){ (const uint32_t *)(const void *)t->dtok.p, t->h.masked ? (const uint8_t *)t->dmask.p : NULL,
		t->dtok.n / 4 };
	return 1;
}

void
toks_close(struct toks_in *t)
{
	stream_close(t->s);
	buf_free(&t->wide), buf_free(&t->dtok), buf_free(&t->dmask);
	free(t);
}

/* ---- writing */

struct toks_out {
	struct stream   *s;
	struct toks_head h;
	struct buf       block, end, mask;      /* block: 16 bytes to be written last, then the tokens */
	size_t           n_tok, n_doc, n_rec;
	char             dates[2][11];  /* of the block being filled */
	int              open;          /* the last document goes on */
	uint32_t         before;        /* TOKS_FROM_BEFORE: it began in a block before this one */
};

static void
begin(struct toks_out *o)
{
	static const char room[16];

	buf_clear(&o->block), buf_clear(&o->end), buf_clear(&o->mask);
	buf_add(&o->block, room, sizeof room);
	o->n_tok = o->n_doc = o->n_rec = 0;
}

struct toks_out *
toks_create(const char *path, const char *head, const struct toks_head *h)
{
	struct toks_out *o = xcalloc(1, sizeof *o);

	o->h = *h;
	o->s = stream_create(path, head);
	begin(o);
	return o;
}

static void
put_tokens(struct toks_out *o, const uint32_t *tok, const uint8_t *mask, size_t n)
{
	size_t i, size = o->h.wide ? 4 : 2;
	char *p;

	buf_need(&o->block, n * size);
	for (i = 0, p = o->block.p + o->block.n; i < n; i++, p += size) {
		uint16_t s = (uint16_t)tok[i];
		if ((long long)tok[i] >= o->h.n_vocab)
			die("a token %u in a vocabulary of %lld", tok[i], o->h.n_vocab);
		if (o->h.wide)
			memcpy(p, &tok[i], 4);
		else
			memcpy(p, &s, 2);
	}
	o->block.n += n * size;
	for (i = 0; o->h.masked && i < n; i++) {
		size_t bit = o->n_tok + i;
		if (bit % 8 == 0)
			buf_char(&o->mask, 0);
		if (!mask || mask[i])
			o->mask.p[bit / 8] |= (char)(1 << bit % 8);
	}
	o->n_tok += n;
}

static void
flush(struct toks_out *o, uint32_t flags)
{
	uint32_t w[4] = { (uint32_t)o->n_tok, (uint32_t)o->n_doc, flags | (o->h.masked ? TOKS_MASK : 0), 0 };
	char meta[64] = "";

	if (!o->n_tok && !o->n_doc)
		return;
	memcpy(o->block.p, w, 16);
	buf_zeros(&o->block, 8);
	buf_add(&o->block, o->end.p, o->end.n);
	buf_zeros(&o->block, 8);
	if (o->h.masked) {
		buf_add(&o->block, o->mask.p, o->mask.n);
		buf_zeros(&o->block, 8);
	}
	if (*o->dates[0])
		snprintf(meta, sizeof meta, "{\"from\":\"%s\",\"to\":\"%s\"}", o->dates[0], o->dates[1]);
	stream_put(o->s, o->h.seq ? o->n_rec : o->n_doc, meta, o->block.p, o->block.n);
	memset(o->dates, 0, sizeof o->dates);
	begin(o);
}

void toks_date(struct toks_out *o, const char *date, size_t n) { widen(o->dates, date, n); }

static void
put_end(struct toks_out *o, size_t at)
{
	uint32_t end = (uint32_t)at;

	buf_add(&o->end, &end, 4);
	o->n_doc++;
}

/* Tokens of a document that goes on or ends. */
static void
put_some(struct toks_out *o, const uint32_t *tok, const uint8_t *mask, size_t n)
{
	uint8_t first = 0;

	if (!o->open && o->n_tok && o->n_tok + n > BLOCK)
		flush(o, 0);
	if (!o->open && n && o->h.masked) {     /* nothing predicts a document's first token */
		put_tokens(o, tok, &first, 1);
		tok++, n--;
		mask = mask ? mask + 1 : NULL;
	}
	o->open = 1;
	while (o->n_tok + n > BLOCK) {  /* longer than a block: it goes on in the next */
		size_t k = BLOCK - o->n_tok;
		put_tokens(o, tok, mask, k);
		flush(o, o->before | TOKS_INTO_NEXT);
		o->before = TOKS_FROM_BEFORE;
		tok += k, n -= k;
		mask = mask ? mask + k : NULL;
	}
	put_tokens(o, tok, mask, n);
}

void
toks_put_part(struct toks_out *o, const uint32_t *tok, size_t n)
{
	if (n)
		put_some(o, tok, NULL, n);
}

void
toks_put_doc(struct toks_out *o, const uint32_t *tok, const uint8_t *mask, size_t n)
{
	put_some(o, tok, mask, n);
	put_end(o, o->n_tok);
	if (o->before)
		flush(o, o->before);
	o->open = 0;
	o->before = 0;
}

void
toks_put_record(struct toks_out *o, const uint32_t *tok, const uint8_t *mask, const uint32_t *end, size_t n_doc)
{
	size_t base = o->n_tok;

	put_tokens(o, tok, mask, (size_t)o->h.seq + 1);
	for (size_t i = 0; i < n_doc; i++)
		put_end(o, base + end[i]);
	o->n_rec++;
	if (o->n_tok >= BLOCK)
		flush(o, 0);
}

void
toks_finish(struct toks_out *o)
{
	flush(o, 0);
	stream_finish(o->s);
	buf_free(&o->block), buf_free(&o->end), buf_free(&o->mask);
	free(o);
}
