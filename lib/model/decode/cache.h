/* cache - keys and values of many sequences, in pages that sequences with a common beginning share */
#ifndef LM_CACHE_H
#define LM_CACHE_H
/* SPDX-License-Identifier: MIT */
#include "base/quant.h"
#include "model/config.h"
#include <stdint.h>

enum { CACHE_PAGE = 32 };       /* tokens */

struct cache;

/* type: QUANT_F32, QUANT_BF16, or QUANT_Q8_0 for int8 with a scale a head and token.  Pages come as sequences grow,
 * and are kept for others when they shrink. */
struct cache *cache_new(const struct config *, enum quant type, int n_seq, int T);
void cache_free(struct cache *);
int  cache_len(const struct cache *, int seq);          /* tokens */
void cache_cut(struct cache *, int seq, int len);       /* forget all after len */
void cache_copy(struct cache *, int from, int to);      /* `to` becomes `from`, by sharing its pages */
void cache_grow(struct cache *, int seq, int n);        /* n tokens more, to be put; only its own pages are written */
size_t cache_bytes(const struct cache *);               /* of all pages that there ever were at once */

/* k and v (KV*D) of layer l at position t of a sequence. */
void cache_put(struct cache *, int l, int seq, size_t t, const float *k, const float *v);
/* All of [0, n) of a layer: k, v (n, KV*D). */
void cache_read(const struct cache *, int l, int seq, size_t n, float *k, float *v);
/* Attention of the query heads q that share key/value head kv to keys [first, n): o like q.  scale: 1 / sqrt(D). */
void cache_look(const struct cache *, int l, int seq, int kv, size_t first, size_t n, const float *q, float scale, float *o);
#endif
