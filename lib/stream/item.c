/* item - what a toks stream holds, one at a time: documents, or after shard records */
/* SPDX-License-Identifier: MIT */
#include "stream/item.h"
#include "base/mem.h"
#include <stdlib.h>

struct items {
	struct toks_in   *in;
	struct toks_block block;        /* of records: the one that is being given out */
	size_t            at, doc;      /* in it: the first token and the first end not yet given */
	struct buf        mask, end;    /* the record's */
};

struct items *
items_open(int nfiles, char **files)
{
	struct items *s = xcalloc(1, sizeof *s);

	s->in = toks_open(nfiles, files);
	return s;
}

struct toks_in *
items_toks(struct items *s)
{
	return s->in;
}

/* The next record of a stream of records, of which a block holds some. */
static int
next_record(struct items *s, struct item *it)
{
	size_t len = (size_t)toks_info(s->in)->seq + 1;

	while (s->at == s->block.n_tok) {
		if (!toks_next(s->in, &s->block))
			return 0;
		s->at = s->doc = 0;
	}
	buf_clear(&s->mask);
	buf_clear(&s->end);
	for (size_t i = 0; i < len; i++)
		buf_char(&s->mask, toks_mask_bit(s->block.mask, s->at + i));
	for (; s->doc < s->block.n_doc && s->block.end[s->doc] <= s->at + len; s->doc++) {
		uint32_t end = (uint32_t)(s->block.end[s->doc] - s->at);

		buf_add(&s->end, &end, sizeof end);
	}
	*it = (struct item){ .tok = s->block.tok + s->at, .n_tok = len, .n_doc = s->end.n / sizeof(uint32_t),
	                     .mask = toks_info(s->in)->masked ? (const uint8_t *)s->mask.p : NULL,
	                     .end = (const uint32_t *)(const void *)s->end.p };
	s->at += len;
	return 1;
}

int
items_next(struct items *s, struct item *it)
{
	struct toks_doc d;

	if (toks_info(s->in)->seq)
		return next_record(s, it);
	if (!toks_next_doc(s->in, &d))
		return 0;
	*it = (struct item){ .tok = d.tok, .mask = d.mask, .n_tok = d.n };
	return 1;
}

void
items_close(struct items *s)
{
	toks_close(s->in);
	buf_free(&s->mask);
	buf_free(&s->end);
	free(s);
}

void
item_put(struct toks_out *out, int seq, const struct item *it)
{
	if (seq)
		toks_put_record(out, it->tok, it->mask, it->end, it->n_doc);
	else
		toks_put_doc(out, it->tok, it->mask, it->n_tok);
}
