/* salvage - the whole frames of a damaged stream */
#ifndef LM_SALVAGE_H
#define LM_SALVAGE_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

struct salvage {
	uint64_t frames, records, lost;         /* kept; bytes that belong to no whole frame */
};
struct err;
/* Writes to `out` a stream of every D frame of a file (NULL: standard input) whose checksums hold, under the first whole
 * HEAD.  -1 with the reason, when there is no HEAD too: then nothing is written. */
int salvage_file(const char *path, const char *out, struct salvage *, struct err *);
#endif
