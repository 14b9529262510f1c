/* net_int - what the parts of the net share: activations of each layer, scratch of a step */
#ifndef LM_NET_INT_H
#define LM_NET_INT_H
/* SPDX-License-Identifier: MIT */
#include "kern/attn.h"
#include "model/adapter.h"
#include "model/net/layers.h"
#include "model/net/net.h"

/* What the backward reads again; norms' and activations' outputs are computed anew there. */
struct acts {
	float *x, *mid;                         /* (rows,C) before attention, before the feed-forward part */
	float *mean1, *rstd1, *mean2, *rstd2;   /* (rows) */
	float *qkv;                             /* (rows, width_qkv) after norms and rotation */
	struct qk_norm qk;
	float *o;                               /* (rows, H*D) */
	float *lse;                             /* (B,H,T) */
	float *pre;                             /* (rows, width_up) */
	uint16_t *qkv16, *o16, *pre16;          /* NET_BF16, NET_F16: what is kept of those, which all layers then share; or NULL */
};

enum { NET_PROMPT = 16 };      /* of enum net_use: the net that a prompt runs through, whose weights have no gradients */

/* Where dropout is: the embeddings, and three places in each layer. */
enum drop_site { DROP_EMBED, DROP_PROB, DROP_ATTN, DROP_FFN, DROP_LAYER = 3 };

struct net {
	struct config cfg;
	const struct params *par;
	const struct adapter *adapter;          /* NULL: none */
	const uint8_t *frozen;                  /* (par->n), NULL: none */
	int    B, T, half;                      /* half: 0, NET_BF16 or NET_F16 */
	enum net_use grad;
	int    inner;                           /* NET_PROMPT */
	struct arena arena;
	struct acts *layer;                     /* [L]; buffers of its own with NET_GRAD, only x with NET_RECOMPUTE */
	float *cosine, *sine;                   /* (T, D/2) */
	float *last, *mean_f, *rstd_f;          /* what the final norm is given */
	float *hidden, *dhidden;                /* (rows,C) */

	/* The batch at hand. */
	int       b, t, packed;                 /* packed: start was given */
	enum linear linear;
	uint32_t *tok, *pos, *start;            /* (rows) */
	struct drop drop;

	/* Scratch. */
	float *normed;                          /* (rows,C) */
	float *act, *dact, *dpre;               /* (rows,F) (rows,F) (rows, width_up) */
	float *dres, *dnormed;                  /* (rows,C) */
	float *dqkv, *dout;                     /* (rows, width_qkv) (rows, H*D) */
	float *tmp, *tmp2;                      /* (rows, H*D), for q/k norms */
	float *u, *du;                          /* (rows, 3 r), for branches */
	float *seen, *dseen;                    /* (rows,P), one head's probabilities of P virtual tokens */
	float *ga;                              /* the adapter's gradient, during a backward */

	/* The head, `chunk` rows at a time. */
	size_t    chunk;
	uint32_t *row, *target;                 /* (rows) (chunk) */
	float    *logits;                       /* (chunk,V) */
	float    *x, *dx, *coef, *logp, *entropy;

	/* The tokens' chain of a tied embedding's gradient, until net_finish. */
	float   *held;                          /* (V,C) */
	uint8_t *touched;                       /* (V) */

	/* Virtual tokens: sums of the gradients of their keys and values until net_finish, by query head. */
	float      *held_k, *held_v;            /* (L,P, H*D) */
	struct net *prompt, *of;                /* the net that a prompt runs through; of it, the one that looks at it */
	const float *w;                         /* of the last net_forward */
};

/* y = what dropout leaves of x at a place of layer l (+ residual, unless NULL). */
void net_dropped(const struct net *, float *y, const float *x, const float *residual, enum drop_site, int l);
/* Layer l from its x, all of its acts and out (rows,C); out NULL: the acts alone. */
void net_layer(struct net *, const float *w, int l, float *out);
/* The step of attention in layer l, forward and backward. */
struct attn net_attention(const struct net *, int l);

/* Where the gradients of weights [offset, offset + count) go, NULL: nobody wants any of them, or g is NULL. */
float *net_grad(const struct net *, float *g, size_t offset, size_t count);

/* Attention of layer l looks at the virtual tokens too: after attn_fwd, after attn_bwd. */
void virtual_fwd(struct net *, int l);
void virtual_bwd(struct net *, int l);
/* dk, dv (P, KV*D, ld apart) += the sums of layer l, which are forgotten. */
void virtual_take(struct net *, int l, float *dk, float *dv, size_t ld);
/* The rows (T,C) of a prompt through all layers of a net of their own. */
void virtual_run(struct net *, const float *w, const float *rows);

/* How many virtual tokens there are. */
static inline size_t
virtual_count(const struct net *n)
{
	return n->adapter && !n->adapter->layer ? (size_t)n->adapter->r : 0;
}

/* The branch at a place of layer l, NULL where there is none. */
static inline const struct branch *
branch_of(const struct net *n, int l, enum branch_at at)
{
	const struct branch *b = n->adapter && n->adapter->layer ? &n->adapter->layer[l][at] : NULL;

	return b && b->n ? b : NULL;
}
#endif
