/* attn - causal attention in tiles, forward and backward; nothing of size T x T is kept */
#ifndef LM_ATTN_H
#define LM_ATTN_H
/* SPDX-License-Identifier: MIT */
#include "kern/drop.h"
#include <stddef.h>
#include <stdint.h>

/* Rows are (B*T); head h of q is at q + row*ld + h*D, of k and v (KV heads, query head h uses h / (H/KV))
 * likewise, so one fused qkv buffer serves with three pointers.  RoPE is already in q and k.
 * start (B*T) or NULL: the first position t' of the row's own sequence that position t attends to.
 * window 0: none; else only the last `window` positions, itself included. */
struct attn {
	int B, T, H, KV, D;
	const float *q, *k, *v;
	size_t ld;
	size_t past, ld_kv;     /* forward, B 1: k and v (past + T), ld_kv apart (0: ld), of which the first `past` have no query */
	const uint32_t *start;
	int window;
	float scale;            /* 1 / sqrt(D) */
	const struct drop *drop;        /* of probabilities, at element (head T + query) T + key; NULL: none */
	uint64_t site;
	float *o;               /* (B*T, H*D), forward: set */
	float *lse;             /* (B,H,T), forward: set (NULL: not wanted), backward: read */
};
/* Online softmax over tiles of keys (Milakov & Gimelshein 2018; Dao et al. 2022).  Parallel over (b, head, tile). */
void attn_fwd(const struct attn *);
/* From do (B*T, H*D): dq, dk, dv are set (same layout and ld as q, k, v).  Sums in one order at any threads;
 * dk and dv of a group are summed over its query heads in order. */
void attn_bwd(const struct attn *, const float *dout, float *dq, float *dk, float *dv);
size_t attn_scratch(const struct attn *);       /* floats that a backward of this shape takes */
/* One query row against cached keys and values (KV*D each, ld_kv apart), in parts that add n keys each: o (H*D).  Pure,
 * for one thread.  top and sum (H) are the softmax's state: -INFINITY and 0 at first, as o is
 * 0; at the end o of a head is divided by its sum. */
void attn_part(const float *q, const float *k, const float *v, size_t ld_kv, size_t n, int H, int KV, int D,
		float scale, float *o, float *top, float *sum);
void attn_end(float *o, const float *sum, int H, int D);
#endif
