/* salvage - the whole frames of a damaged stream */
#ifndef LM_SALVAGE_H
#define LM_SALVAGE_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

struct salvage {
	uint64_t frames, records, lost;         /* kept; bytes that belong to no whole frame */
};
/* Writes to `out` a stream of every D frame among the n bytes whose checksums hold, under the first whole
 * HEAD.  -1 when there is no HEAD: then nothing is written. */
int salvage(const unsigned char *bytes, size_t n, const char *out, struct salvage *);
struct err;
/* The same of a file; NULL: standard input.  -1 with the reason. */
int salvage_file(const char *path, const char *out, struct salvage *, struct err *);
#endif
