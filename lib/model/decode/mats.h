/* mats - a model's weights as decoding reads them: matrices in 32, 16, 8 or 4 bits, vectors in fp32 */
#ifndef LM_MATS_H
#define LM_MATS_H
/* SPDX-License-Identifier: MIT */
#include "kern/panels.h"
#include "model/model.h"
#include "model/weights.h"

enum { MATS_AS_IS = -1 };

struct mats {
	struct panels tok, head;                /* head: when it is not tied to tok */
	struct mats_layer {
		struct panels qkv, o, up, down;
		struct panels narrow, wide;     /* (r,C), (C,r): a bottleneck beside the feed-forward part; N 0: none */
	} *layer;
	float *vec;                             /* norms, biases, learned positions, at: */
	struct layer_offsets *at;               /* [l], of the vectors alone; SIZE_MAX: none */
	size_t norm_f, norm_f_b, pos;
	float *keys;                            /* (n_keys, L, 2, KV*D) before every sequence: of virtual tokens; NULL: none */
	int    n_keys;
	size_t bytes;                           /* of all */
	int    L;
};

/* A model's weights, from memory or out of its files; the model's own are no longer needed then.  quant: QUANT_F32,
 * QUANT_BF16, QUANT_Q8_0, QUANT_Q4_0 for all matrices, or MATS_AS_IS: as they are kept, F16, F64 and mixtures in fp32. */
struct mats *mats_new(const struct model *, int quant);
/* Likewise, of weights in memory. */
struct mats *mats_here(const struct config *, const struct params *, const float *w, int quant);
void         mats_free(struct mats *);
/* "f32", "bf16", "q8", "q4" (and GGUF's names); -2: no such. */
int          mats_type(const char *name);
static inline const struct panels *
mats_head(const struct mats *m)
{
	return m->head.N ? &m->head : &m->tok;
}
#endif
