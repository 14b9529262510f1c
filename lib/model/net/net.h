/* net - the transformer, forward and backward, over a batch of rows; the weights stay outside */
#ifndef LM_NET_H
#define LM_NET_H
/* SPDX-License-Identifier: MIT */
#include "kern/drop.h"
#include "kern/ops.h"
#include "model/params.h"

struct model;
struct net;                     /* activations and scratch for up to B rows of T tokens, from one arena */

/* NET_GRAD: room for a backward too; NET_RECOMPUTE: the same bits in less of it, for of each layer the input alone is
 * kept and the rest computed again (Chen et al. 2016).  Beside any of them NET_BF16 or NET_F16: what products multiply is
 * rounded to that, and so are q, k, v, the output of attention and the input of the activation, which are kept in 16 bits;
 * the residual stream, sums, norms, softmax, attention's products and all that is in g or w stay fp32.  (What is small in
 * F16 is lost: coefficients of the head want a scale, and g is to be divided by it.) */
enum net_use { NET_FORWARD, NET_GRAD, NET_RECOMPUTE, NET_BF16 = 4, NET_F16 = 8 };

int net_half(const char *dtype);        /* of "f32" 0, of "bf16" and "f16" what they are called above; else -1 */

/* use: of enum net_use.  Ends the program when memory lacks. */
struct net *net_new(const struct config *, const struct params *, int B, int T, int use);
/* A model with its adapter, if it has one: then gradients (g below) are the adapter's, in its layout, and the model's own
 * weights have none. */
struct net *net_of(const struct model *, int B, int T, int use);
size_t      net_bytes(const struct model *, int B, int T, int use);     /* what net_of will take; weights are not looked at */
size_t      net_scratch(const struct config *, int B, int T, int use);  /* and what the kernels take for a step of it */
void        net_free(struct net *);

/* tok (B,T).  start (B,T), or NULL: the first position in its row that a token may attend to (its document's
 * first token); positions count from there.  Many short sequences are packed into a row this way: no padding. */
struct net_batch {
	int             B, T;
	const uint32_t *tok;
	const uint32_t *start;
};

/* Dropout from the next net_forward on, and in its backward, as GPT-2 has it: of the embeddings, of attention's probabilities,
 * and of what attention and the feed-forward part add.  NULL: none, as at first. */
void net_drop(struct net *, const struct drop *);

/* frozen (par.n, kept by the caller): weights whose gradients nobody wants, so that those of matrices and embeddings are
 * not computed, and g is not touched there.  NULL: none, as at first.  An adapter's are all wanted. */
void net_freeze(struct net *, const uint8_t *frozen);

/* Fills the hidden states (B*T, C) after the final norm, and zeroes their gradient. */
void         net_forward(struct net *, const float *w, const struct net_batch *);
const float *net_hidden(const struct net *);    /* (B*T, C) */
float       *net_dhidden(struct net *);         /* (B*T, C): add to it before net_backward */

/* The head: logp[i] = log softmax(scale * logits)[target[i]] of each row i in [0, B*T), never holding all
 * logits.  entropy, when not NULL: of each row's distribution, nats.
 * coef, when not NULL: d objective / d logp[i]; rows with 0 are skipped (their logp is still filled when
 * `all` is set, else 0).  Then the gradients are added: of the hidden states to net_dhidden, of the head's
 * weights to g.  Cross-entropy is coef = -1 on the supervised rows.
 * teacher, when not NULL: rows with a coefficient have op_distill's logp; scale is 1 and entropy NULL then. */
struct net_head {
	const uint32_t *target;
	const float    *coef;
	float           scale;          /* 1 / temperature */
	int             all;
	float          *logp, *entropy;
	const uint8_t  *want;           /* rows to fill where coef is NULL or `all` set; NULL: every one */
	const struct net_teacher *teacher;
};
/* Another model of the same vocabulary, its net made for the same B and T and through net_forward with the same batch. */
struct net_teacher {
	struct net       *net;
	const float      *w;
	struct op_distill by;
};
void net_head(struct net *, const float *w, float *g, const struct net_head *);

/* Logits of rows [first, first + n), (n, V): for exact KL, tables of next tokens. */
void net_logits(struct net *, const float *w, size_t first, size_t n, float *logits);

/* Attention of layer l, head h in row 0 of the batch at hand: probabilities p (T,T), query by key, 0 where it does not
 * look.  The net was made with NET_GRAD. */
void net_attn(const struct net *, int l, int h, float *p);

/* From net_dhidden back to every weight: g (par.total) is added to.  Each weight gradient is one chain over
 * the rows of the step in order, so a step cut into several forward/backward calls has the same bits. */
void net_backward(struct net *, const float *w, float *g);

/* Ends a step: adds to g what was kept apart until then, and forgets it.  Call it after the last net_backward
 * of a step, before g is used.  (A tied embedding has two chains of sums, from the head and from the tokens read:
 * only when both are whole can they be added so that the split into calls leaves no trace.) */
void net_finish(struct net *, float *g);
#endif
