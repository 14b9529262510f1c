/* load - a model out of a file, a stream, a folder: ours, Hugging Face's, GGUF, with an adapter or without */
#ifndef LM_LOAD_H
#define LM_LOAD_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"

/* Whether it is a folder, or a file that begins as safetensors or GGUF do. */
int  model_is(const char *path);
/* `path`: model.safetensors, a Hugging Face folder (config.json, *.safetensors with or without an index,
 * tokenizer.json), GGUF, a folder with an adapter, whose model adapter_config.json names, or "-": a tens stream on
 * standard input (a FILE may be one, too; of several images the last counts).  F32, F16, BF16 and F64 are read;
 * missing, extra or misshapen tensors, or NaN in one, are an error that names it.  0 or -1; on -1 nothing needs to be freed. */
int  model_load(struct model *, const char *path, struct err *);
/* The same, but an adapter stays apart; model_load adds it to the weights, or refuses when it cannot. */
int  model_load_adapted(struct model *, const char *path, struct err *);
/* The same, but what is not LoRA stays apart: for who decodes. */
int  model_open_adapted(struct model *, const char *path, struct err *);
/* The same as model_load, but the weights stay where they are, in the type that they have; w is NULL, but for a stream and an adapter. */
int  model_open(struct model *, const char *path, struct err *);
/* Pure: a safetensors image of ours. */
int  model_parse(struct model *, const void *image, size_t n, struct err *);
/* Only the shape, from a config.json, a folder or a model; no weights are read. */
int  model_load_config(struct config *, const char *path, struct err *);
#endif
