/* decode - one token after another: many sequences at once, over weights in any precision */
#ifndef LM_DECODE_H
#define LM_DECODE_H
/* SPDX-License-Identifier: MIT */
#include "model/decode/mats.h"

struct decoder;                 /* a KV cache of n_seq sequences of up to T tokens, and scratch */

/* The mats stay the caller's and must outlive it.  T: at most the configuration's where positions are learned.
 * cache: QUANT_F32, QUANT_BF16 or QUANT_Q8_0, of the keys and values. */
struct decoder *decoder_new(const struct config *, const struct mats *, int n_seq, int T, enum quant cache);
void            decoder_free(struct decoder *);
int             decoder_len(const struct decoder *, int seq);   /* tokens in the cache */
void            decoder_cut(struct decoder *, int seq, int len);        /* forget all after len */
void            decoder_copy(struct decoder *, int from, int to);       /* a prompt shared by several samples: not copied until they part */
size_t          decoder_cache_bytes(const struct decoder *);

/* Feeds n tokens, tok[i] to sequence seq[i] (several for one sequence: in order) and writes the
 * logits (n, V) of those with want[i], in order without gaps.  want NULL: all.  What a sequence gets does not
 * depend on which others share the call, nor on how its own tokens are cut into calls.  logits NULL: hidden states
 * alone.  -1, and nothing done, when a sequence has no room. */
int decoder_feed(struct decoder *, int n, const int *seq, const uint32_t *tok, const uint8_t *want, float *logits);
/* The same for prompts, without logits: attention in tiles and, where the processor has such products, activations in
 * bf16 beside weights in bf16; so keys and values differ a little from decoder_feed's.  Within decoder_prefill they
 * depend on nothing else either. */
int decoder_prefill(struct decoder *, int n, const int *seq, const uint32_t *tok);
#endif
