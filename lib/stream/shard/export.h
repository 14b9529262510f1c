/* export - tokens and tensors as NumPy reads them, or as bytes alone */
#ifndef LM_EXPORT_H
#define LM_EXPORT_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"

/* A stream of tokens, or of tensors (npy: one array behind the other, as numpy.load reads them in turn; BF16 becomes fp32).
 * Tokens as npy need a file: their number stands in front.  type: that of the stream.  0, -1. */
int export_stream(const char *type, int nfiles, char **files, const char *out, int npy, struct err *);
/* What numpy.save writes before an array (NEP 1, version 1.0), into an emptied buffer: data begins at a multiple of 64.
 * descr: "<f4" ... */
void npy_head(struct buf *, const char *descr, int ndim, const uint64_t *shape);
#endif
