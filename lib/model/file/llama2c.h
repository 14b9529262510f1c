/* llama2c - checkpoints of llama2.c: legacy and version 1 in fp32, version 2 in int8 */
#ifndef LM_LLAMA2C_H
#define LM_LLAMA2C_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include <stdio.h>

/* Pure: whether the bytes look like one (the legacy kind has no magic: its seven numbers must make sense). */
int llama2c_is(const void *bytes, size_t n);
/* Pure: its weights, rows of q and k put from adjacent pairs to halves; int8 is dequantised.  Norm epsilon 1e-5
 * and base 10000, as llama2.c has them.  0 or -1; on -1 nothing needs to be freed. */
int llama2c_parse(struct model *, const void *bytes, size_t n, struct err *);
/* The legacy fp32 form that run.c reads.  -1: the shape is not llama2.c's; write errors stay in the FILE. */
int llama2c_write(const struct model *, FILE *, struct err *);
#endif
