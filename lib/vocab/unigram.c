/* unigram - the likeliest way to cut a piece in tokens */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/unigram.h"
#include <stdlib.h>

#define UNKNOWN_PENALTY 10      /* SentencePiece's: below the lowest score of all */

void
unigram_free(struct unigram *u)
{
	free(u->node);
	*u = (struct unigram){0};
}

static void
offer(struct unigram_node *to, double score, size_t from, uint32_t id)
{
	if (to->from == UINT32_MAX || score > to->score)
		*to = (struct unigram_node){ (float)score, (uint32_t)from, id };
}

/* All tokens that begin at byte i, the shortest first, and the character itself if it is none. */
static void
offer_tokens(const struct vocab *v, struct unigram_node *node, const unsigned char *p, size_t i, size_t n)
{
	size_t most = n - i < v->longest ? n - i : v->longest;
	double till = node[i].score;
	uint32_t first, len, id;
	int single = 0;

	utf8_next(p + i, p + n, &first);
	for (size_t k = first; k <= most; k += len) {
		if ((id = table_find(v, p + i, k)) != NO_TOKEN) {
			offer(node + i + k, till + v->score[id], i, id);
			single |= k == first;
		}
		if (k == most)
			break;
		utf8_next(p + i + k, p + n, &len);
	}
	if (!single)
		offer(node + i + first, till + (v->lowest - UNKNOWN_PENALTY), i, NO_TOKEN);
}

size_t
unigram_ids(const struct vocab *v, struct unigram *u, const unsigned char *p, size_t n, uint32_t *out, const unsigned char **bad)
{
	size_t m = 0, i;
	uint32_t len, id;

	if (n + 1 > u->cap)
		u->node = xreallocarray(u->node, u->cap = n + n / 2 + 64, sizeof *u->node);
	for (i = 0; i <= n; i++)
		u->node[i] = (struct unigram_node){ 0, UINT32_MAX, NO_TOKEN };
	u->node->score = u->till;
	for (i = 0; i < n; i += len) {
		offer_tokens(v, u->node, p, i, n);
		utf8_next(p + i, p + n, &len);
	}
	u->till = u->node[n].score;
	for (i = n; i > 0; i = u->node[i].from) {       /* the last first */
		const struct unigram_node *t = u->node + i;

		for (size_t k = i; t->id == NO_TOKEN && v->byte_fallback && k-- > t->from; )
			out[m++] = v->byte[p[k]];
		if (t->id == NO_TOKEN && v->byte_fallback)
			continue;
		id = t->id == NO_TOKEN && v->unk >= 0 ? (uint32_t)v->unk : t->id;
		if (id == NO_TOKEN)
			*bad = p + t->from;
		if (t->id != NO_TOKEN || !m || out[m - 1] != id)
			out[m++] = id;
	}
	for (i = 0; i < m / 2; i++)
		id = out[i], out[i] = out[m - 1 - i], out[m - 1 - i] = id;
	return m;
}
