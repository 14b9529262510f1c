/* shelf - documents put aside in a temporary file, and had back by their number */
#ifndef LM_SHELF_H
#define LM_SHELF_H
/* SPDX-License-Identifier: MIT */
#include "stream/docs.h"

struct shelf;
struct shelf *shelf_new(struct err *);
int           shelf_put(struct shelf *, const struct doc *, struct err *);
uint64_t      shelf_count(const struct shelf *);
/* No more are put; then any number of threads may get. */
int           shelf_flush(struct shelf *, struct err *);
/* Document i, its meta and its text appended; either may be NULL. */
int           shelf_get(const struct shelf *, uint64_t i, struct buf *meta, struct buf *text, struct err *);
void          shelf_free(struct shelf *);
#endif
