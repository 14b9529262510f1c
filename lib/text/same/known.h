/* known - what earlier runs of dedup saw: the file of --index, a stream of tensors, read and extended */
#ifndef LM_KNOWN_H
#define LM_KNOWN_H
/* SPDX-License-Identifier: MIT */
#include "text/same/alike.h"

/* About 112 bytes a document for its keys, 32 for its hashes, 4 a shingle up to 256 of them, and its id; 16 a paragraph or line. */
struct known;
typedef int known_each(void *ctx, const char *id, size_t n, const struct traits *, struct err *);
typedef void known_part(void *ctx, struct hash128);
/* Opens the file to be extended; it may be absent.  Each document in it is told of, in order (id: JSON, "null" for none), and each
 * paragraph or line; -1 from there ends it.  One made with other shingles, bands or rows is an error. */
struct known *known_open(const char *path, const struct near_opts *, known_each *, known_part *, void *ctx, struct err *);
/* The documents in the data of one frame, aligned to 64.  Pure. */
int           known_frame(const void *image, size_t n, size_t bands, known_each *, known_part *, void *ctx, struct err *);
void          known_put(struct known *, const char *id, size_t n, const struct traits *);
void          known_put_part(struct known *, struct hash128);
void          known_finish(struct known *);     /* the file appears, with what was there before in front; frees it */
#endif
