/* judge - trees learned from pages whose content is known say which blocks are content */
/* SPDX-License-Identifier: MIT */
#include "text/page/judge.h"
#include "base/lanes.h"
#include <stdlib.h>

enum { DEPTH = 5, FEWEST = 16 };          /* of fewer blocks little can be told: the rules stand */
#define ALIKE .5        /* how much of a judgement is that of all blocks that are alike */
#define LEAST .05       /* of the running text that the rules keep; a judgement that leaves less of it is none */

/* A tree asks the same of all blocks at each of its levels; the answers are the number of its leaf. */
struct tree {
	uint8_t feature[DEPTH], above[DEPTH];
	int16_t leaf[1 << DEPTH];
};
#include "text/page/judge_tables.h"

/* Of as many blocks as there are lanes. */
static void
score_some(const struct block *b, size_t n, int *score)
{
	unsigned char x[BLOCK_FEATURES][sizeof(lanes)] = { { 0 } }, leaf[sizeof(lanes)];

	for (size_t i = 0; i < n; i++) {
		score[i] = JUDGE_BASE;
		for (int f = 0; f < BLOCK_FEATURES; f++)
			x[f][i] = b[i].x[f];
	}
	for (size_t t = 0; t < sizeof trees / sizeof *trees; t++) {
		lanes at = { 0 };

		for (int d = 0; d < DEPTH; d++)
			at |= (lanes)(lanes_at(x[trees[t].feature[d]]) > trees[t].above[d]) & (unsigned char)(1 << d);
		memcpy(leaf, &at, sizeof leaf);
		for (size_t i = 0; i < n; i++)
			score[i] += trees[t].leaf[leaf[i]];
	}
}

void
judge_scores(const struct block *b, size_t n, int *score)
{
	for (size_t i = 0; i < n; i += sizeof(lanes))
		score_some(b + i, n - i < sizeof(lanes) ? n - i : sizeof(lanes), score + i);
}

uint32_t
judge_top(const struct html *h, uint32_t root)
{
	while (root && !(html_flags[h->node[h->node[root].parent].tag] & H_DROP))
		root = h->node[root].parent;
	return root;
}

/* Whether the text of a node, or the first that is in it, stays. */
static int
shown(const struct work *w, uint32_t at, const uint32_t *owner, const uint8_t *keep)
{
	for (uint32_t i = at; i < w->ends[at]; i++)
		if (w->letters[i])
			return keep[owner[i]];
	return 1;
}

uint32_t
judge_mark(struct work *w, uint32_t root)
{
	size_t n;
	uint32_t *owner, top = judge_top(&w->h, root);
	struct block *blocks = page_blocks(w, top, root, &n, &owner);
	double running[2] = { 0 };      /* letters: as the rules keep them, as the judgement does */
	uint8_t *keep = xcalloc(n + 1, 1);
	int *scores = xcalloc(n + 1, sizeof *scores);
	struct sum {
		double score, n;
	} *sums = xcalloc(n + 1, sizeof *sums);         /* of blocks that are alike */

	judge_scores(blocks, n, scores);
	for (size_t i = 0; i < n; i++) {
		sums[blocks[i].alike].score += scores[i];
		sums[blocks[i].alike].n++;
	}
	for (size_t i = 0; i < n; i++) {
		struct sum *s = &sums[blocks[i].alike];

		keep[i + 1] = (1 - ALIKE) * scores[i] + ALIKE * s->score / s->n > 0;
		running[0] += blocks[i].kept ? blocks[i].running : 0;
		running[1] += keep[i + 1] ? blocks[i].running : 0;
	}
	for (size_t i = 0; (n < FEWEST || running[1] < LEAST * running[0]) && i < n; i++)
		keep[i + 1] = blocks[i].kept;
	for (uint32_t i = 0; i < w->h.n; i++)
		if ((w->h.node[i].tag == TAG_TEXT || w->h.node[i].tag == TAG_math) && !shown(w, i, owner, keep))
			w->h.node[i].user |= MARK_DROP;
		else
			w->h.node[i].user &= (uint16_t)~MARK_DROP;
	free(keep);
	free(scores);
	free(sums);
	free(owner);
	free(blocks);
	return top;
}
