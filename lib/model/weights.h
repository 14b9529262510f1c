/* weights - a model's weights as tensors of safetensors images: names, shapes, turned matrices */
#ifndef LM_WEIGHTS_H
#define LM_WEIGHTS_H
/* SPDX-License-Identifier: MIT */
#include "model/params.h"
#include "stream/tens.h"

/* Anything shaped like the weights (weights, gradients, moments) can be kept as tensors named prefix + the
 * table's name, in Hugging Face's layout (Conv1D matrices turned), F32.  Declare, then write in the same order. */
void weights_declare(const struct params *, const char *prefix, struct tens_new *);
void weights_write(const struct params *, const float *w, void (*put)(void *ctx, const void *, size_t), void *ctx);

/* Reading, from one or several images (shards).  Check says whether all are there, floats, in the right shape:
 * 0, or -1 with the tensor's name.  Then read fills w (par.total; gaps are left alone). */
int  weights_check(const struct params *, const char *prefix, const struct tens_set *, int n_sets, struct err *);
void weights_read(const struct params *, const char *prefix, const struct tens_set *, int n_sets, float *w);

/* Rotation by adjacent pairs (2i, 2i+1) and by halves (i, i+D/2): where row r of heads of D rows in pairs stands
 * among rows in halves. */
static inline size_t
weights_half_row(size_t r, size_t D)
{
	return r / D * D + r % D / 2 + r % 2 * (D / 2);
}

/* A sink for weights_write: bytes appended to a struct buf. */
void weights_to_buf(void *buf, const void *, size_t);
/* Likewise, a FILE, whose error is sticky: look at ferror. */
void weights_to_file(void *file, const void *, size_t);
#endif
