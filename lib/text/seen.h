/* seen - what was there before: a set of 128-bit hashes, each with the number of who brought it */
#ifndef LM_SEEN_H
#define LM_SEEN_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

struct hash128 {
	uint64_t a, b;
};
struct hash128 hash128(const void *, size_t n);

/* All zero to begin with.  24 bytes a slot, a quarter to a half of them in use. */
struct seen {
	struct seen_slot *slots;
	size_t            n, cap;
};
/* Whether the hash was there: then *id is what it first came with, else it is put with *id. */
int  seen_put(struct seen *, struct hash128, uint32_t *id);
void seen_free(struct seen *);
#endif
