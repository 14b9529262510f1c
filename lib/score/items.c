/* items - what is scored on its own: the documents of a token stream, or the records of a sharded one */
/* SPDX-License-Identifier: MIT */
#include "score/items.h"
#include <stdlib.h>

struct items {
	struct toks_in   *in;
	struct toks_block block;
	size_t            at, doc;      /* sharded: next token and end of a document in the block */
	int               doc_mask;
	uint8_t          *mask;
	uint32_t         *start;
};

struct items *
items_open(int nfiles, char **files, int doc_mask)
{
	struct items *s = xcalloc(1, sizeof *s);
	size_t n;

	s->in = toks_open(nfiles, files);
	s->doc_mask = doc_mask;
	n = (size_t)toks_info(s->in)->seq + 1;
	s->mask = xcalloc(n, 1);
	s->start = xcalloc(n, sizeof *s->start);
	return s;
}

const struct toks_head *items_info(struct items *s) { return toks_info(s->in); }

static int
next_record(struct items *s, struct item *it)
{
	size_t n = (size_t)toks_info(s->in)->seq + 1;
	uint32_t start = 0;

	while (s->at >= s->block.n_tok) {
		if (!toks_next(s->in, &s->block))
			return 0;
		s->at = s->doc = 0;
	}
	for (size_t i = 0; i < n; i++) {
		s->mask[i] = (uint8_t)(i && toks_mask_bit(s->block.mask, s->at + i));
		while (s->doc < s->block.n_doc && s->block.end[s->doc] <= s->at + i) {
			if (s->block.end[s->doc++] == s->at + i)
				start = (uint32_t)i;
		}
		s->start[i] = start;
	}
	*it = (struct item){ s->block.tok + s->at, s->mask, s->doc_mask ? s->start : NULL, n };
	s->at += n;
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
	*it = (struct item){ d.tok, d.mask, NULL, d.n };
	return 1;
}

void
items_close(struct items *s)
{
	if (!s)
		return;
	toks_close(s->in);
	free(s->mask);
	free(s->start);
	free(s);
}
