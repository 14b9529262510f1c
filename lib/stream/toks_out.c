/* toks_out - tokens into a stream; see toks.h for the layout of a block */
/* SPDX-License-Identifier: MIT */
#include "stream/toks.h"
#include "base/cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK ((size_t)1 << 17)         /* tokens a frame holds before it is put out */

struct toks_out {
	struct stream_out *s;
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

void toks_date(struct toks_out *o, const char *date, size_t n) { toks_widen(o->dates, date, n); }

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
toks_put_item(struct toks_out *o, const struct item *it)
{
	if (o->h.seq)
		toks_put_record(o, it->tok, it->mask, it->end, it->n_doc);
	else
		toks_put_doc(o, it->tok, it->mask, it->n_tok);
}

void
toks_finish(struct toks_out *o)
{
	flush(o, 0);
	stream_finish(o->s);
	buf_free(&o->block), buf_free(&o->end), buf_free(&o->mask);
	free(o);
}
