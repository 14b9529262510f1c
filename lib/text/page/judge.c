/* judge - trees learned from pages whose content is known say which blocks are content */
/* SPDX-License-Identifier: MIT */
#include "text/page/judge.h"
#include "base/lanes.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>

enum { DEPTH = 4 };
enum { FEW = 16, FEWEST = 8 };          /* of few blocks little can be told: the rules stand; of the fewest not even whether any is content */
#define ALIKE .5        /* how much of a judgement is that of all blocks that are alike */
#define SURE .75        /* how much of the way to the best cut of a page is gone from the cut of all */
#define LEAST .05       /* of the running text that the rules keep; a judgement that leaves less of it is none */
#define TRUST (JUDGE_SCALE / 2) /* in the rules, on pages that say that they are articles, as the rules expect */
#define HOPE .2         /* a page whose blocks are all less likely content than that has none: scripts would show it */

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

/* The scores of n blocks: above 0 it is content. */
static void
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

/* Part of a score is that of all blocks that are alike. */
static void
like_others(const struct block *b, size_t n, int *score)
{
	struct sum {
		double score, n;
	} *sums = xcalloc(n + 1, sizeof *sums);

	for (size_t i = 0; i < n; i++) {
		sums[b[i].alike].score += score[i];
		sums[b[i].alike].n++;
	}
	for (size_t i = 0; i < n; i++)
		score[i] = (int)((1 - ALIKE) * score[i] + ALIKE * sums[b[i].alike].score / sums[b[i].alike].n);
	free(sums);
}

/* The score that parts a page so that the F1 of its words is expected to be highest, each block being content by its chance
 * (Lipton, Elkan & Naryanaswamy 2014: up to a half of that F1 in chance). */
static int
best_cut(const struct block *b, const int *score, size_t n)
{
	enum { STEP = JUDGE_SCALE / 10, STEPS = 160 };
	double words[STEPS] = { 0 }, chance[STEPS], content = 0, got = 0, hit = 0, best = 0;
	int cut = 0;

	for (size_t i = 0; i < n; i++) {
		int at = score[i] + STEPS / 2 * STEP;

		words[at < 0 ? 0 : at / STEP < STEPS ? at / STEP : STEPS - 1] += b[i].words;
	}
	for (int k = 0; k < STEPS; k++) {
		chance[k] = 1 / (1 + exp(-((k - STEPS / 2 + .5) * STEP - JUDGE_BASE) / JUDGE_SCALE));
		content += words[k] * chance[k];
	}
	for (int k = STEPS; k-- > 0; ) {
		got += words[k];
		hit += words[k] * chance[k];
		if (2 * hit > best * (got + content)) {
			best = 2 * hit / (got + content);
			cut = (k - STEPS / 2) * STEP;
		}
	}
	return cut;
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
	double cut;
	int hope = (int)(JUDGE_SCALE * log(HOPE / (1 - HOPE))) + JUDGE_BASE, best = INT_MIN, none;
	int article = w->about & ABOUT_ARTICLE && !(w->about & ABOUT_FORUM);

	judge_scores(blocks, n, scores);
	for (size_t i = 0; article && i < n; i++)
		scores[i] += blocks[i].kept ? TRUST : -TRUST;
	like_others(blocks, n, scores);
	for (size_t i = 0; i < n; i++)
		best = scores[i] > best ? scores[i] : best;
	none = n >= FEWEST && best <= hope;
	cut = none ? best : SURE * best_cut(blocks, scores, n);
	for (size_t i = 0; i < n; i++) {
		keep[i + 1] = scores[i] > cut;
		running[0] += blocks[i].kept ? blocks[i].running : 0;
		running[1] += keep[i + 1] ? blocks[i].running : 0;
	}
	for (size_t i = 0; !none && (n < FEW || running[1] < LEAST * running[0]) && i < n; i++)
		keep[i + 1] = blocks[i].kept;
	for (uint32_t i = 0; i < w->h.n; i++)
		if ((w->h.node[i].tag == TAG_TEXT || w->h.node[i].tag == TAG_math) && !shown(w, i, owner, keep))
			w->h.node[i].user |= MARK_DROP;
		else
			w->h.node[i].user &= (uint16_t)~MARK_DROP;
	free(keep);
	free(scores);
	free(owner);
	free(blocks);
	return top;
}
