/* pick - N documents of a stream, each as likely as any other */
#ifndef LM_PICK_H
#define LM_PICK_H
/* SPDX-License-Identifier: MIT */
#include "stream/docs.h"

struct pick;
/* Holds up to n documents at any time (Vitter 1985, algorithm R); equal streams and seeds, equal picks. */
struct pick *pick_new(size_t n, uint64_t seed);
void         pick_add(struct pick *, const struct doc *);
/* The next of those picked, in the order of the stream; 0 after the last. */
int          pick_next(struct pick *, struct doc *);
void         pick_free(struct pick *);
#endif
