/*
 * toks - tokens in a stream: blocks of documents, or after shard records of exactly T+1 tokens.
 *
 * A block is u32 n_tok, n_doc, flags, 0 | tokens, u16 or u32 | u32 end[n_doc], exclusive, of the
 * documents that end here | the mask when flag 1 is set: bit i%8 of byte i/8 says that token i counts
 * as a target (predicted from token i-1); each part padded with zeros to 8 bytes.
 */
#ifndef LM_TOKS_H
#define LM_TOKS_H
/* SPDX-License-Identifier: MIT */
#include "stream/stream.h"

enum { TOKS_MASK = 1, TOKS_FROM_BEFORE = 2, TOKS_INTO_NEXT = 4 };

struct toks_head {
	int      wide;          /* tokens are u32, else u16 */
	int      seq;           /* T of sharded streams, 0 else */
	int      masked;        /* HEAD says "mask":true: every block has one */
	long long n_vocab;
	int      eot;           /* -1: none */
	char     vocab[32];     /* "crc32c:XXXXXXXX" or "" */
};

struct toks_block {
	uint32_t        n_tok, n_doc, flags;
	const uint32_t *tok;    /* widened to u32 whatever the stream has; good until the next call */
	const uint32_t *end;    /* [n_doc], ascending, each <= n_tok */
	const uint8_t  *mask;   /* NULL: all count */
};

/* Pure: one frame's data checked and taken apart, tokens below n_vocab included; 0 or -1.  *wide is scratch for the widened tokens. */
int toks_unpack(struct toks_block *, const void *data, size_t n, const struct toks_head *, struct buf *wide, struct err *);

static inline int toks_mask_bit(const uint8_t *mask, size_t i) { return !mask || (mask[i >> 3] >> (i & 7) & 1); }

/* Reading, damage ends the program.  HEADs of joined segments must agree in what tokens depend on. */
struct toks_in;
struct toks_in         *toks_open(int nfiles, char **files);
const struct toks_head *toks_info(struct toks_in *);
const char             *toks_meta(struct toks_in *);            /* HEAD meta */
int                     toks_next(struct toks_in *, struct toks_block *);       /* 0 at the end */
struct stream          *toks_stream(struct toks_in *);          /* for messages */
const char             *toks_from(struct toks_in *);            /* the earliest date that HEAD and the frames */
const char             *toks_to(struct toks_in *);              /* read so far name, and the latest; "": none */
void                    toks_close(struct toks_in *);

/* What a stream holds, one at a time: documents, or after shard records. */
struct item {
	const uint32_t *tok;    /* [n_tok] */
	const uint8_t  *mask;   /* [n_tok], 0 or 1 each; NULL: all count */
	const uint32_t *end;    /* [n_doc] ends of documents within a record, exclusive; NULL of a document */
	size_t          n_tok, n_doc;
};
int toks_next_item(struct toks_in *, struct item *);    /* 0 at the end; good until the next call */
/* The next document, put together from the blocks; 0 at the end. */
int toks_next_doc(struct toks_in *, struct item *);
/* The same a part at a time, at most a block of tokens, good until the next call; more: the document goes on. */
int toks_next_part(struct toks_in *, const uint32_t **tok, size_t *n, int *more);

/* Writing.  head_fields gives what toks_out needs in HEAD beside what the input said. */
struct toks_out;
void             toks_head_fields(struct buf *, const struct toks_head *);      /* "dtype":..,"vocab":.. without braces */
struct toks_out *toks_create(const char *path, const char *head, const struct toks_head *);
/* One whole document (blocks are filled and cut as it suits), or one record of a sharded stream with
 * the ends of documents within it. mask: one byte a token here, 0 or 1; NULL: all count. */
void toks_put_doc(struct toks_out *, const uint32_t *tok, const uint8_t *mask, size_t n);
/* A part of a document that goes on: toks_put_doc puts its last. */
void toks_put_part(struct toks_out *, const uint32_t *tok, size_t n);
void toks_put_record(struct toks_out *, const uint32_t *tok, const uint8_t *mask, const uint32_t *end, size_t n_doc);
void toks_put_item(struct toks_out *, const struct item *);     /* as a record when HEAD has seq, else as a document */
/* The range of days is made to hold this one (ISO 8601; its first ten bytes count); "": none so far. */
void toks_widen(char range[2][11], const char *date, size_t n);
/* The date of a document just put: D frames carry the range of theirs. */
void toks_date(struct toks_out *, const char *date, size_t n);
void toks_finish(struct toks_out *);
#endif
