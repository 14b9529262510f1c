/* decode_int - what decode.c and decode_walk.c share */
#ifndef LM_DECODE_INT_H
#define LM_DECODE_INT_H
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "model/decode/cache.h"
#include "model/decode/decode.h"
#include "model/net/layers.h"

enum {
	FEED_ROWS = 448,        /* rows that go through the layers at once: two tiles of attention */
	FEW = 24,               /* up to so many, all threads walk through the layers together, and matrices are read once */
	WAKE = 4 << 20,         /* bytes of weights times rows, below which to wake other threads costs more than it gains */
	BY_ROW = 64             /* the first positions of a prompt, which attend each by itself: few keys, many prompts */
};

struct decoder {
	struct config cfg;
	const struct mats *mats;
	int    n_seq, T, before;        /* before: virtual tokens, which no length counts */
	int   *more;                    /* (n_seq) */
	struct cache *cache;
	struct arena arena;
	float *cosine, *sine;
	float *x, *mid, *normed, *qkv, *o, *act, *pre, *narrow, *mean, *rstd, *tmp, *hidden;
	struct qk_norm qk;
	int8_t  *xq;                    /* (FEED_ROWS, widest input) of the product at hand, for Q8_0 and Q4_0 */
	float   *xd;
	int32_t *xs;
	uint32_t *pos;                  /* (FEED_ROWS) */
	float *all_k, *all_v;           /* (T, KV*D): a long prompt's, for attention in tiles */
};

enum product_kind { MAKE_QKV, MAKE_O, MAKE_UP, MAKE_NARROW, MAKE_WIDE, MAKE_DOWN, MAKE_LOGITS };

/* The rows at hand; each thread has its own copy and walks through the layers with it. */
struct feed {
	struct decoder *d;
	const int      *seq;
	const uint32_t *tok;
	const uint8_t  *want;
	size_t rows, wanted;
	float *logits;                  /* (wanted, V) or NULL */
	int    team, prefill;
	struct par_team *meet;
	const struct mats_layer *m;
	const struct layer_offsets *at;
	int    l;
	enum product_kind product;      /* that of the step */
};

/* From tokens to hidden states of those wanted, and their logits. */
void decode_walk(struct feed *);
#endif
