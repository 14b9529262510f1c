/* rows - many short rollouts side by side in the rows of one pass through a net, without padding between */
/* SPDX-License-Identifier: MIT */
#include "learn/rows.h"
#include "base/mem.h"
#include "base/size.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void
rows_init(struct rows *w, size_t longest, int context, size_t tokens)
{
	size_t T = most(longest, 256), B, n;

	if (T > (size_t)context)
		T = (size_t)context;
	B = tokens / T < 2 ? 2 : tokens / T;
	n = B * T;
	*w = (struct rows){ .B = (int)B, .T = (int)T };
	w->tok = xcalloc(n, sizeof *w->tok);
	w->start = xcalloc(n, sizeof *w->start);
	w->target = xcalloc(n, sizeof *w->target);
	w->want = xcalloc(n, sizeof *w->want);
	w->logp = xcalloc(n, sizeof *w->logp);
	w->entropy = xcalloc(n, sizeof *w->entropy);
	w->coef = xcalloc(n, sizeof *w->coef);
}

void
rows_free(struct rows *w)
{
	free(w->tok);
	free(w->start);
	free(w->target);
	free(w->want);
	free(w->logp);
	free(w->entropy);
	free(w->coef);
	free(w->rec);
	free(w->first);
	memset(w, 0, sizeof *w);
}

void
rows_clear(struct rows *w)
{
	w->used = 0;
	w->fill = 0;
	w->n = 0;
}

/* What is left of the last row: tokens that see themselves alone. */
static void
close_row(struct rows *w)
{
	size_t row = (size_t)(w->used - 1) * w->T;

	for (size_t t = w->fill; w->used && t < (size_t)w->T; t++) {
		w->tok[row + t] = w->target[row + t] = 0;
		w->start[row + t] = (uint32_t)t;
		w->want[row + t] = 0;
	}
}

int
rows_add(struct rows *w, const struct roll *r)
{
	size_t at, n = r->n_tok;

	if (!w->used || w->fill + n > (size_t)w->T) {
		if (w->used == w->B || n > (size_t)w->T)
			return 0;
		close_row(w);
		w->used++;
		w->fill = 0;
	}
	at = (size_t)(w->used - 1) * w->T + w->fill;
	for (size_t t = 0; t < n; t++) {
		w->tok[at + t] = r->tok[t];
		w->target[at + t] = t + 1 < n ? r->tok[t + 1] : 0;
		w->start[at + t] = (uint32_t)w->fill;
		w->want[at + t] = t + 1 >= r->n_prompt && t + 1 < n;
	}
	w->fill += n;
	if (w->n == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 64;
		w->rec = xreallocarray(w->rec, w->cap, sizeof *w->rec);
		w->first = xreallocarray(w->first, w->cap, sizeof *w->first);
	}
	w->rec[w->n] = r;
	w->first[w->n++] = at;
	return 1;
}

size_t
rows_fill(struct rows *w, const struct roll *v, size_t n)
{
	rows_clear(w);
	while (w->n < n && rows_add(w, &v[w->n]))
		;
	return w->n;
}

struct net_batch
rows_batch(struct rows *w)
{
	close_row(w);
	return (struct net_batch){ w->used, w->T, w->tok, w->start };
}

int
rows_check(const struct roll *r, const struct config *c, uint64_t nth, struct err *e)
{
	if (!r->n_prompt)
		return err_set(e, "record %" PRIu64 ": no prompt, not even a first token, to predict its response from", nth);
	if (r->n_tok <= r->n_prompt)
		return err_set(e, "record %" PRIu64 ": its response is empty", nth);
	if (r->n_tok > (size_t)c->T)
		return err_set(e, "record %" PRIu64 ": %u tokens, and the model's context is %d", nth, r->n_tok, c->T);
	for (size_t t = 0; t < r->n_tok; t++)
		if (r->tok[t] >= (uint32_t)c->V)
			return err_set(e, "record %" PRIu64 ": token %u, and the model's vocabulary has %d", nth, r->tok[t], c->V);
	return 0;
}

size_t
rolls_longest(const struct rolls *all)
{
	size_t max = 1;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].n_tok > max)
			max = all->v[i].n_tok;
	return max;
}
