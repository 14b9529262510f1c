/* batch - records of a token stream as rows: tokens, targets and what each target counts */
/* SPDX-License-Identifier: MIT */
#include "learn/batch.h"
#include "base/crc32c.h"
#include <stdlib.h>
#include <string.h>

struct batches {
	struct batches_opts opts;
	struct toks_in     *in;
	struct toks_block   block;
	size_t              at, doc;    /* in the block: next token, next end of a document */
	int                 T, epoch;
	int                 begins, last;       /* the next token is a document's first; the record was filled up */
	/* the record that is being put together: T+1 tokens */
	uint32_t           *tok;
	uint8_t            *mask, *first;       /* counts as a target; begins a document */
	size_t              have;
	uint64_t            count, left_over;
	uint32_t            crc;
	char               *from, *to;  /* dates of the first epoch, once it is over */
};

struct batches *
batches_open(const struct batches_opts *o, struct err *e)
{
	struct toks_in *in = toks_open(o->nfiles, o->files);
	int seq = toks_info(in)->seq, T = seq ? seq : o->T ? o->T : o->cut;
	struct batches *b;

	if (!T || (o->T && o->T != T)) {
		toks_close(in);
		if (!T)
			err_set(e, "the stream was not through shard: -T says how long a record is to be");
		else
			err_set(e, "the stream's records are of -T %d, not %d", T, o->T);
		return NULL;
	}
	b = xcalloc(1, sizeof *b);
	b->opts = *o;
	b->in = in;
	b->T = T;
	b->begins = 1;
	b->tok = xcalloc((size_t)T + 1, sizeof *b->tok);
	b->mask = xcalloc((size_t)T + 1, 1);
	b->first = xcalloc((size_t)T + 1, 1);
	return b;
}

void
batches_close(struct batches *b)
{
	if (!b)
		return;
	toks_close(b->in);
	free(b->from);
	free(b->to);
	free(b->tok);
	free(b->mask);
	free(b->first);
	free(b);
}

int batches_T(const struct batches *b) { return b->T; }
const struct toks_head *batches_info(struct batches *b) { return toks_info(b->in); }
const char *batches_meta(struct batches *b) { return toks_meta(b->in); }
uint64_t batches_count(const struct batches *b) { return b->count; }
uint32_t batches_crc(const struct batches *b) { return b->crc; }
uint64_t batches_left_over(const struct batches *b) { return b->left_over; }

void
batches_dates(const struct batches *b, const char **from, const char **to)
{
	*from = b->from ? b->from : toks_from(b->in);
	*to = b->to ? b->to : toks_to(b->in);
}

/* Makes a whole record of the last tokens; the block is left empty, so that the end is found again. */
static int
fill_up(struct batches *b)
{
	for (; b->have <= (size_t)b->T; b->have++) {
		b->tok[b->have] = 0;
		b->mask[b->have] = b->first[b->have] = 0;
	}
	b->last = 1;
	return 1;
}

/* The next block with tokens in it, from the next epoch when this one is over; 0: no more. */
static int
next_block(struct batches *b)
{
	for (;;) {
		if (toks_next(b->in, &b->block)) {
			b->at = b->doc = 0;
			if (!(b->block.flags & TOKS_FROM_BEFORE))
				b->begins = 1;
			if (b->block.n_tok)
				return 1;
			continue;
		}
		if (b->opts.cut && b->have > 1)
			return fill_up(b);
		b->left_over += b->have;
		b->have = 0;
		if (++b->epoch >= b->opts.epochs)
			return 0;
		if (!b->from) {
			b->from = xstrdup(toks_from(b->in));
			b->to = xstrdup(toks_to(b->in));
		}
		toks_close(b->in);
		b->in = toks_open(b->opts.nfiles, b->opts.files);
		b->begins = 1;
	}
}

/* Takes what the block has for the record, at most all of it. */
static void
take(struct batches *b)
{
	const struct toks_block *k = &b->block;
	size_t n = (size_t)b->T + 1 - b->have, left = k->n_tok - b->at;

	if (n > left)
		n = left;
	memcpy(b->tok + b->have, k->tok + b->at, n * sizeof *b->tok);
	for (size_t i = 0; i < n; i++) {
		b->mask[b->have + i] = (uint8_t)toks_mask_bit(k->mask, b->at + i);
		b->first[b->have + i] = (uint8_t)b->begins;
		b->begins = 0;
		while (b->doc < k->n_doc && k->end[b->doc] <= b->at + i + 1) {
			b->doc++;
			b->begins = 1;
		}
	}
	b->have += n;
	b->at += n;
}

/* Puts the next record together: 1, 0 at the end.  The caller is done with it before the next call. */
static int
next_record(struct batches *b)
{
	size_t R = (size_t)b->T + 1;

	if (b->last)
		b->have = 0;
	if (b->have == R) {             /* what of the last one goes into this one */
		b->have = toks_info(b->in)->seq ? 0 : 1;
		b->tok[0] = b->tok[R - 1];
		b->first[0] = b->first[R - 1];
	}
	while (b->have < R) {
		if (b->at == b->block.n_tok && (b->last || !next_block(b)))
			return 0;
		if (!b->last)
			take(b);
	}
	b->mask[0] = 0;
	b->crc = crc32c(b->crc, b->tok, R * sizeof *b->tok);
	b->crc = crc32c(b->crc, b->mask, R);
	b->count++;
	return 1;
}

uint64_t
batches_skip(struct batches *b, uint64_t n)
{
	uint64_t i = 0;

	while (i < n && next_record(b))
		i++;
	return i;
}

void
batch_init(struct batch *x, const struct batches *b, int max)
{
	size_t n = (size_t)max * (size_t)b->T;

	memset(x, 0, sizeof *x);
	x->max = max;
	x->T = b->T;
	x->tok = xcalloc(n, sizeof *x->tok);
	x->target = xcalloc(n, sizeof *x->target);
	x->coef = xcalloc(n, sizeof *x->coef);
	if (b->opts.doc_mask)
		x->start = xcalloc(n, sizeof *x->start);
}

void
batch_free(struct batch *x)
{
	free(x->tok);
	free(x->target);
	free(x->coef);
	free(x->start);
	memset(x, 0, sizeof *x);
}

int
batch_read(struct batch *x, struct batches *b)
{
	size_t T = (size_t)x->T;

	x->supervised = 0;
	for (x->rows = 0; x->rows < x->max && next_record(b); x->rows++) {
		size_t at = (size_t)x->rows * T;
		uint32_t start = 0;
		memcpy(x->tok + at, b->tok, T * sizeof *b->tok);
		memcpy(x->target + at, b->tok + 1, T * sizeof *b->tok);
		for (size_t i = 0; i < T; i++) {
			x->coef[at + i] = b->mask[i + 1] ? -1 : 0;
			x->supervised += b->mask[i + 1];
			if (b->first[i])
				start = (uint32_t)i;
			if (x->start)
				x->start[at + i] = start;
		}
	}
	return x->rows;
}

struct batch
batch_part(const struct batch *x, int n, int i, int *first)
{
	struct batch part = *x;
	size_t at;

	*first = (int)((long long)x->rows * i / n);
	at = (size_t)*first * (size_t)x->T;
	part.rows = (int)((long long)x->rows * (i + 1) / n) - *first;
	part.tok += at;
	part.target += at;
	part.coef += at;
	if (part.start)
		part.start += at;
	return part;
}
