/* mix - several token streams read as one, each for its share of the tokens */
#ifndef LM_MIX_H
#define LM_MIX_H
/* SPDX-License-Identifier: MIT */
#include "stream/toks.h"

struct mix;
struct mix *mix_new(void);
/* Adds a stream: the files joined, as toks_open does.  -1 when its tokens are not those of the first: another vocabulary, width or
 * record length. */
int         mix_add(struct mix *, int nfiles, char **files, double weight, struct err *);
struct toks_in *mix_toks(struct mix *, int i);          /* stream i, from 0; NULL past the last */
/* The next document or record: of the stream that is furthest behind its share.  0 when that one has no more: then *ended, if not
 * NULL, is its number and *tokens what it gave. */
int         mix_next(struct mix *, struct item *, int *ended, uint64_t *tokens);
void        mix_close(struct mix *);
#endif
