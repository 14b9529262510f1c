/* llmc - GPT-2 checkpoints of llm.c: version 3 in fp32, version 5 in bf16 */
#ifndef LM_LLMC_H
#define LM_LLMC_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include <stdio.h>

int llmc_is(const void *bytes, size_t n);
/* Pure: its weights; rows that only pad the vocabulary are dropped.  0 or -1; on -1 nothing needs to be freed. */
int llmc_parse(struct model *, const void *bytes, size_t n, struct err *);
/* Version 3, the vocabulary padded with zeros to a multiple of 128.  -1: not a GPT-2; write errors stay in the FILE. */
int llmc_write(const struct model *, FILE *, struct err *);
#endif
