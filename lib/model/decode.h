/* decode - one token after another: the KV cache, many sequences at once */
#ifndef LM_DECODE_H
#define LM_DECODE_H
/* SPDX-License-Identifier: MIT */
#include "model/params.h"

struct decoder;                 /* a KV cache of n_seq sequences of up to T tokens, and scratch */

/* Keeps the matrices of w packed for its products, so w must not change; it stays the caller's and must outlive it.  T: at most the configuration's where positions are learned. */
struct decoder *decoder_new(const struct config *, const struct params *, const float *w, int n_seq, int T);
void            decoder_free(struct decoder *);
int             decoder_len(const struct decoder *, int seq);   /* tokens in the cache */
void            decoder_cut(struct decoder *, int seq, int len);        /* forget all after len */
void            decoder_copy(struct decoder *, int from, int to);       /* a prompt shared by several samples */

/* Feeds n tokens, tok[i] to sequence seq[i] (several for one sequence: in order, prefill) and writes the
 * logits (n, V) of those with want[i], in order without gaps.  want NULL: all.  What a sequence gets does not
 * depend on which others share the call.  logits NULL: hidden states alone.  -1, and nothing done, when a
 * sequence has no room. */
int decoder_feed(struct decoder *, int n, const int *seq, const uint32_t *tok, const uint8_t *want, float *logits);
#endif
