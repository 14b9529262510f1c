/* shards - where tokens go: one stream or several of a size, or files that other programs train from */
#ifndef LM_SHARDS_H
#define LM_SHARDS_H
/* SPDX-License-Identifier: MIT */
#include "stream/toks.h"

enum shards_format {
	SHARDS_LMS,             /* a stream */
	SHARDS_LLMC,            /* llm.c: 256 int32 (magic, version, tokens), then the tokens: u16, or u32 as version 7 */
	SHARDS_MEGATRON,        /* NAME.bin with the tokens, NAME.idx with a sequence and a document for each item */
	SHARDS_NPY,             /* NumPy: an array of tokens, or of records by tokens */
	SHARDS_RAW              /* the tokens, u16 or u32 */
};

struct shards;
/*
 * path: as stream_create; with size > 0 its name gets -00000, -00001 ... before the extension, and a file is full once it
 * has that many tokens.  Formats with a header that counts need a file.  head is for streams.  NULL with the reason.
 */
struct shards *shards_create(const char *path, enum shards_format, uint64_t size, const char *head, const struct toks_head *, struct err *);
int            shards_put(struct shards *, const struct item *, struct err *);
/* Whose documents are in a record is not kept: the range of dates of all that was read counts for what is put. */
void           shards_dates(struct shards *, struct toks_in *);
int            shards_finish(struct shards *, struct err *);    /* frees it, either way */
#endif
