/* seen - what was there before: a set of 128-bit hashes */
#ifndef LM_SEEN_H
#define LM_SEEN_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

struct hash128 {
	uint64_t a, b;
};
struct hash128 hash128(const void *, size_t n);

/* All zero to begin with.  16 bytes a slot, three to six eighths of them in use. */
struct seen {
	struct hash128 *slots;
	size_t          n, cap;
};
int  seen_put(struct seen *, struct hash128);   /* whether it was there; it is now */
int  seen_has(const struct seen *, struct hash128);
void seen_free(struct seen *);
#endif
