/* image - a model as one safetensors image, and a model out of the images of a folder */
#ifndef LM_IMAGE_H
#define LM_IMAGE_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "stream/tens.h"

enum image_kind { IMAGE_OURS, IMAGE_FOLDER };   /* a folder keeps configuration and tokenizer in files of their own */

/* Fills a model of that shape from n images (shards; metadata from the first that has any).  keep: the weights stay
 * in the images, if they can (m->src).  Pure but for
 * memory, which is taken only once all sizes agree.  0 or -1; on -1 nothing needs to be freed. */
int  image_take(struct model *, const struct config *, const struct tens_set *, int n, int keep, struct err *);
/* The header of an image (its bytes up to the data), then the data. */
void image_header(const struct model *, enum image_kind, struct buf *);
void image_data(const struct model *, enum image_kind, void (*put)(void *ctx, const void *, size_t), void *ctx);

/* A Hugging Face folder. */
int folder_is(const char *path);
int folder_open(struct model *, const char *dir, struct err *);        /* as model_open */
int folder_has_chat(const char *dir);          /* a chat template, known or not */
int folder_config(struct config *, const char *dir, struct err *);
#endif
