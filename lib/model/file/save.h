/* save - a model into a file, a stream, a folder */
#ifndef LM_SAVE_H
#define LM_SAVE_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"

/* A file (whole or absent; "-": a tens stream on standard output).  Adds nothing to prog: the caller did. */
int  model_save(const struct model *, const char *path, struct err *);
int  model_save_folder(const struct model *, const char *dir, struct err *);   /* Hugging Face's layout */
#endif
