/* spill - counts of pieces that memory had no room for, on disk */
#ifndef LM_SPILL_H
#define LM_SPILL_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "vocab/train/words.h"

#define SPILL_PARTS 256         /* a piece is in the part that its hash says, all of whose counts are added at once */

struct spill;
/* All words go into a new run of *s, which is made if need be, and are forgotten in memory. */
int      spill_words(struct spill **s, struct words *, struct err *);
/* The runs of the other, which may be none, are this one's too. */
void     spill_join(struct spill **s, struct spill *other);
/* The words of a part of all runs are added to others. */
int      spill_part(const struct spill *, size_t part, struct words *to, struct err *);
size_t   spill_runs(const struct spill *);      /* of NULL: 0 */
void     spill_free(struct spill *);
#endif
