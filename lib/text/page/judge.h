/* judge - blocks of a page weighed one by one, by what was learned from pages whose content is known */
#ifndef LM_JUDGE_H
#define LM_JUDGE_H
/* SPDX-License-Identifier: MIT */
#include "text/page/furniture.h"

enum { BLOCK_FEATURES = 101 };

/* A block's own text, that which no inner block holds, and what is known of it: each from 0 to 255. */
struct block {
	uint32_t node, words;
	uint32_t running;                       /* letters outside of links, if they are many */
	uint32_t alike;                         /* the first block of the same elements and classes: itself, or one before */
	uint8_t  kept;                          /* by the rules */
	uint8_t  x[BLOCK_FEATURES];
};
/* The blocks below top in the order of the page, to be freed, and so is *owner: for each text its block, + 1, or 0 when it is never content.
 * What the rules leave out has MARK_DROP, what they keep is below root. */
struct block *page_blocks(const struct work *, uint32_t top, uint32_t root, size_t *n, uint32_t **owner);

/* The element whose blocks are judged: all of the page, or of what is for readers without scripts if the root is in that. */
uint32_t judge_top(const struct html *, uint32_t root);
/* Puts the judgement in place of the rules': below the element that is returned MARK_DROP is on texts alone. */
uint32_t judge_mark(struct work *, uint32_t root);
#endif
