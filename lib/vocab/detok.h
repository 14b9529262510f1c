/* detok - texts written as their ids come, in memory that does not grow with them */
#ifndef LM_DETOK_H
#define LM_DETOK_H
/* SPDX-License-Identifier: MIT */
#include "vocab/vocab.h"
#include <stdio.h>

struct toks_in;
struct input;

/* All documents that follow to a file, one after another.  What is written at a time ends with a whole character,
 * but for the last.  Failed writes are the file's to tell of. */
void detok_stream(const struct vocab *, struct toks_in *, FILE *);
/* The same for ids in text, a line a document; -1 when one is none or not below vocab_size. */
int  detok_lines(const struct vocab *, struct input *, FILE *, struct err *);
#endif
