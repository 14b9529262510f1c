/* peft - an adapter at rest, as peft has it: a folder with adapter_config.json and adapter_model.safetensors */
#ifndef LM_PEFT_H
#define LM_PEFT_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include <stddef.h>

struct model;

/* Gives a model the adapter that peft's files hold: the text of adapter_config.json, an image of
 * adapter_model.safetensors.  Pure.  -1: damaged, of a kind that is not offered, or not of this model. */
int  adapter_parse(struct model *, const char *config, size_t n_config, const void *image, size_t n, struct err *);
/* A folder with those two files. */
int  adapter_is(const char *dir);
int  adapter_load(struct model *, const char *dir, struct err *);
/* What it names as its model, to be freed; taken from within the folder where it is not there from here. */
char *adapter_base(const char *dir, struct err *);
/* Writes such a folder: a model's adapter, with the model's prog, data and chat template in the metadata.  The
 * weights come last: a folder that has them is whole. */
int  adapter_save(const struct model *, const char *dir, struct err *);
#endif
