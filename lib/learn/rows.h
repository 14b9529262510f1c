/* rows - many short rollouts side by side in the rows of one pass through a net, without padding between */
#ifndef LM_ROWS_H
#define LM_ROWS_H
/* SPDX-License-Identifier: MIT */
#include "model/net/net.h"
#include "stream/roll.h"

/* One pass: up to B rows of T tokens.  Record i's tokens begin at place first[i] of the B*T; its response token
 * j is predicted at place rows_at(i, j). */
struct rows {
	int                 B, T, used;         /* used: rows that hold something */
	size_t              fill;               /* tokens in the last of them */
	uint32_t           *tok, *start, *target;       /* (B,T); target: the next token, where there is one */
	uint8_t            *want;               /* (B,T): whether a response token is predicted there */
	float              *logp, *entropy, *coef;      /* (B,T); scratch of who runs the pass */
	const struct roll **rec;
	size_t             *first, n, cap;
};

/* T from the longest record, at least two records of that length and about `tokens` a pass. */
void rows_init(struct rows *, size_t longest, int context, size_t tokens);
void rows_free(struct rows *);
void rows_clear(struct rows *);
/* 1, or 0: it does not fit any more (it does after rows_clear, when it is not longer than `longest`). */
int  rows_add(struct rows *, const struct roll *);
size_t rows_fill(struct rows *, const struct roll *, size_t n);         /* cleared, then as many of n as fit: how many */
struct net_batch rows_batch(struct rows *);     /* to be run; fills what is left of the last row */

static inline size_t roll_response(const struct roll *r) { return r->n_tok - r->n_prompt; }
static inline size_t
rows_at(const struct rows *w, size_t i, size_t j)
{
	return w->first[i] + w->rec[i]->n_prompt - 1 + j;
}

/* What a pass takes of a record: a prompt and a response of at least one token each, a length within the model's
 * context, ids within its vocabulary.  0 or -1; nth is for the message. */
int rows_check(const struct roll *, const struct config *, uint64_t nth, struct err *);
size_t rolls_longest(const struct rolls *);
#endif
