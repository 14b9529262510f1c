/* sorter - pairs of numbers in order, with as much memory as it is given: what is more waits in sorted runs on disk */
#ifndef LM_SORTER_H
#define LM_SORTER_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct entry {
	uint64_t key, value;
};

struct sorter;
/* `memory` bytes at most are held (64 KiB at least); they are taken as entries come. */
struct sorter *sorter_new(size_t memory);
int            sorter_put(struct sorter *, uint64_t key, uint64_t value, struct err *);
/* No more are put: all are got from the first, by key, then by value.  1, 0 at the end, -1 on failure. */
int            sorter_get(struct sorter *, struct entry *, struct err *);
void           sorter_free(struct sorter *);
#endif
