/* params - the table of a model's weights: names, shapes and places in one flat array of floats */
#ifndef LM_PARAMS_H
#define LM_PARAMS_H
/* SPDX-License-Identifier: MIT */
#include "model/config.h"
#include <stddef.h>
#include <stdint.h>

/* In memory every matrix is [out][in], whatever the file has.  Within a layer q, k, v stand one after
 * another, so do gate and up: each group is also one matrix. */
struct param {
	char     name[80];      /* Hugging Face's */
	int      ndim;
	uint64_t shape[2];      /* in memory: (out, in) */
	int      conv1d;        /* Hugging Face keeps it [in][out]: turned at the door (GPT-2) */
	size_t   offset, count; /* in floats */
};

/* A vector is one row. */
static inline size_t param_rows(const struct param *p) { return p->ndim == 2 ? (size_t)p->shape[0] : 1; }
static inline size_t param_cols(const struct param *p) { return (size_t)p->shape[p->ndim == 2]; }

struct params {
	struct param *v;
	int    n, cap;
	size_t total;           /* floats, padding included: gaps hold 0 for ever */
	/* Offsets of what the layers read: [l] for each layer. SIZE_MAX: this family has none. */
	size_t tok, pos, norm_f, norm_f_b, head;        /* head = tok when tied */
	struct layer_offsets {
		size_t norm1, norm1_b, qkv, qkv_b, q_norm, k_norm, o, o_b;
		size_t norm2, norm2_b, up, up_b, down, down_b;  /* up: (2F,C) gate over up when gated */
	} *layer;
};

void params_init(struct params *, const struct config *);
void params_free(struct params *);
/* For tables of other things (a score head, an adapter), all zero to begin with: the next tensor right after the last one;
 * returns its offset.  cols 0: a vector.  Groups start at a multiple of 64 bytes. */
size_t params_add(struct params *, size_t rows, size_t cols, int conv1d, const char *fmt, ...) LM_PRINTF(5, 6);
void   params_group(struct params *);
const struct param *params_find(const struct params *, const char *name);
int    params_ends(const char *name, const char *tail); /* whether the name ends so */
/* N(0, 0.02), residual projections N(0, 0.02 / sqrt(2L)), gains 1, biases 0 (GPT-2's rule); a weight's value
 * depends on (seed, its name, its index) alone. */
void params_random(const struct params *, const struct config *, uint64_t seed, float *w);
size_t params_count(const struct params *);             /* parameters, padding not counted */
/* Matrix parameters without embeddings, and FLOPs of forward + backward for one token in a context of T:
 * 6 (matrices + head) + 6 L T C, causal attention counted half. */
size_t params_matrix(const struct params *, const struct config *);
double params_flops(const struct params *, const struct config *, int T);
#endif
