/* weights - a model's weights as tensors of safetensors images: names, shapes, turned matrices */
#ifndef LM_WEIGHTS_H
#define LM_WEIGHTS_H
/* SPDX-License-Identifier: MIT */
#include "base/quant.h"
#include "model/params.h"
#include "stream/tens.h"

/* As tensors of the table's names, in Hugging Face's layout (Conv1D matrices turned), F32.  Declare, then write in the
 * same order. */
void weights_declare(const struct params *, struct tens_new *);
void weights_write(const struct params *, const float *w, void (*put)(void *ctx, const void *, size_t), void *ctx);

/* Reading, from one or several images (shards).  Check says whether all are there, floats, in the right shape:
 * 0, or -1 with the tensor's name. */
int  weights_check(const struct params *, const struct tens_set *, int n_sets, struct err *);

/* Where a tensor of the table stands, as its file has it: mapped, not read yet. */
struct weight_src {
	enum quant  type;
	const void *data;
	int         turned;             /* (in, out) in the file */
	int         pairs;              /* rows of so many heads stand in adjacent pairs; 0: in halves, or no heads */
};
/* src (par.n), of images that weights_check() found whole. */
void weights_find(const struct params *, const struct tens_set *, int n_sets, struct weight_src *src);
void weights_here(const struct params *, const float *w, struct weight_src *src);       /* those in memory */
/* Row r of a tensor in memory's order, of type *type: within the file, or put into tmp (shape[1] floats). */
const void *weights_row(const struct param *, const struct weight_src *, size_t r, enum quant *type, float *tmp);
void weights_widen_row(const struct param *, const struct weight_src *, size_t r, float *out);  /* the same in fp32 */
/* 0, or -1 with the name of a tensor that has NaN or an infinity. */
int  weights_finite(const struct params *, const struct weight_src *, struct err *);
/* All of them to w (par.total; gaps are left alone).  mapped: they are of files, which are not read again. */
void weights_widen(const struct params *, const struct weight_src *, int mapped, float *w);

/* Rotation by adjacent pairs (2i, 2i+1) and by halves (i, i+D/2): where row r of heads of D rows in pairs stands
 * among rows in halves. */
static inline size_t
weights_half_row(size_t r, size_t D)
{
	return r / D * D + r % D / 2 + r % 2 * (D / 2);
}

/* The other way: where row r of heads in halves stands among rows in pairs. */
static inline size_t
weights_pair_row(size_t r, size_t D)
{
	size_t i = r % D;

	return r - i + (i < D / 2 ? 2 * i : 2 * (i - D / 2) + 1);
}

/* A sink for weights_write: bytes appended to a struct buf. */
void weights_to_buf(void *buf, const void *, size_t);
/* Likewise, a FILE, whose error is sticky: look at ferror. */
void weights_to_file(void *file, const void *, size_t);
#endif
