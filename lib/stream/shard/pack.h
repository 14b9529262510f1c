/* pack - documents of any length into records of exactly T+1 tokens */
#ifndef LM_PACK_H
#define LM_PACK_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

enum pack_how {
	PACK_CONCAT,    /* one document after another; a record begins with the last token of the one before,
	                 * so that each token but a document's first is a target once */
	PACK_BEST_FIT   /* whole documents, each where it leaves the least room (Ding et al. 2024, arXiv
	                 * 2404.10830); those longer than a record are cut, pieces overlapping by one token */
};

/* A record: tok, mask (0 or 1 each) and, ascending, the ends of documents within it, exclusive.  Where a record begins with
 * a token that ends a document, the document's end is there in both records. */
typedef void pack_put(void *ctx, const uint32_t *tok, const uint8_t *mask, const uint32_t *end, size_t n_doc);

/* Records of T+1 tokens go to put() as they are full; what is not filled by documents is `fill`, mask 0.  Best-fit keeps
 * up to PACK_OPEN records open, and gives up the fullest when it needs another. */
enum { PACK_OPEN = 512 };
struct pack;
struct pack *pack_new(size_t T, enum pack_how, uint32_t fill, pack_put *, void *ctx);
/* One document; mask: one byte a token, NULL: all count.  Its first token is never a target. */
void         pack_doc(struct pack *, const uint32_t *tok, const uint8_t *mask, size_t n);
void         pack_end(struct pack *);   /* what is still open, filled up */
uint64_t     pack_filled(const struct pack *);  /* places taken by fill */
void         pack_free(struct pack *);
#endif
