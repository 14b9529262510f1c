/* table - the inside of a vocabulary: what readers fill in and the encoder looks up */
#ifndef LM_TABLE_H
#define LM_TABLE_H
/* SPDX-License-Identifier: MIT */
#include "vocab/split.h"
#include "vocab/vocab.h"

enum {                          /* of each id */
	TOKEN_SPECIAL = 1,      /* stands for itself only; never made by merging */
	TOKEN_ADDED   = 2,      /* found in the text before merging: specials, and others such as <think> */
	TOKEN_BYTE    = 4,      /* byte fallback: <0xHH> */
	TOKEN_LOST    = 8,      /* nothing makes it: bytes kept for decoding only */
	TOKEN_HOLE    = 16      /* no such id */
};

#define NO_TOKEN UINT32_MAX
#define NO_MERGE UINT64_MAX
#define VOCAB_MAX (1u << 24)    /* ids */

struct merge {
	uint32_t a, b, made, rank;
};

struct vocab {
	size_t    n;                    /* ids */
	size_t    limit;                /* ids that a file of its size can hold: memory is bounded by what arrived */
	struct buf pool;                /* all tokens' bytes */
	struct { uint32_t at, len; } *tok;      /* [n] into pool */
	uint8_t  *flags;                /* [n] */
	struct merge *merges;           /* in the order of the file, ranks ascending */
	size_t    n_merges, merges_cap;
	int       whole;                /* a piece that is a token is that token, whatever the merges say */
	int       spm;                  /* characters, not bytes, are merged; a space in front; byte fallback */
	int       nfc;                  /* text is normalized first */
	int       prefix;               /* spm: the space in front; byte-level: add_prefix_space */
	int       bos, eot, unk;        /* -1: none */
	struct split *split;
	/* made by vocab_finish */
	uint32_t *hash;                 /* bytes -> id, NO_TOKEN empty */
	size_t    hash_mask;
	uint32_t  byte[256];            /* the id of one byte, or NO_TOKEN */
	uint64_t *dense;                /* [65536] of two bytes: rank << 32 | made, or NO_MERGE */
	struct { uint64_t key, value; } *pair;  /* a << 32 | b -> rank << 32 | made */
	uint64_t  pair_mask;
	struct arena tables;            /* dense and pair: on huge pages, for they are read at random */
	uint32_t *added;                /* ids of TOKEN_ADDED, grouped by first byte, longest first */
	size_t    n_added, first[257];
};

struct vocab *table_new(size_t limit);
/* Gives id these bytes; -1 when it has some already or is too large. */
int table_set(struct vocab *, uint64_t id, const void *bytes, size_t n, int flags, struct err *);
/* Tables for look-ups by bytes; then merges may be added by bytes or by id, or made from the tokens. */
void table_index(struct vocab *);
uint64_t table_hash(const unsigned char *bytes, size_t n);
uint32_t table_find(const struct vocab *, const void *bytes, size_t n);        /* what merging can make; or NO_TOKEN */
int  table_merge(struct vocab *, uint32_t a, uint32_t b, struct err *);
/* Every way to cut a token in two tokens, in the order of rank[id] (UINT32_MAX: not made by merging). */
void table_merges_from_ranks(struct vocab *, const uint32_t *rank);
/* The same from scores, one an id and no NaN, the highest first: SentencePiece's BPE. */
void table_merges_from_scores(struct vocab *, const float *score);
/* The rest: pair table, specials, BOS and EOT by name.  Frees the vocabulary on failure. */
struct vocab *table_finish(struct vocab *, struct err *);

static inline size_t
table_slot(const struct vocab *v, uint32_t a, uint32_t b)
{
	return (size_t)((((uint64_t)a << 32 | b) * 0x9e3779b97f4a7c15u) >> 20 & v->pair_mask);
}

/* What a and b make: rank << 32 | id, or NO_MERGE; slot is table_slot(v, a, b). */
static inline uint64_t
table_pair_at(const struct vocab *v, uint32_t a, uint32_t b, size_t slot)
{
	uint64_t key = (uint64_t)a << 32 | b;

	for (;; slot = (slot + 1) & v->pair_mask) {
		if (v->pair[slot].key == key)
			return v->pair[slot].value;
		if (v->pair[slot].key == UINT64_MAX)
			return NO_MERGE;
	}
}

static inline uint64_t
table_pair(const struct vocab *v, uint32_t a, uint32_t b)
{
	return table_pair_at(v, a, b, table_slot(v, a, b));
}

/* For SentencePiece: cut before spaces where that changes nothing, else not at all. */
void table_split_spaces(struct vocab *);

/* The readers: each told by vocab_parse from the file's first bytes. */
struct vocab *tokenizer_json(const char *text, size_t n, const char *pattern, struct err *);
struct vocab *tiktoken_file(const char *text, size_t n, const char *pattern, struct err *);
struct vocab *pair_files(const char *json, size_t n, const char *merges, size_t m, const char *pattern, struct err *err);
struct vocab *gguf_file(const unsigned char *p, size_t n, const char *pattern, struct err *err);
struct vocab *llama2c_file(const unsigned char *p, size_t n, struct err *);
/* The bytes that GPT-2's letters stand for, into an emptied buffer; -1 when one stands for none. */
int letters_bytes(const char *text, size_t n, struct buf *out);
/* Text with SentencePiece's U+2581 as spaces, likewise. */
void blanks_bytes(const char *text, size_t n, struct buf *out);
/* GPT-2's alphabet: the code point that stands for a byte, and back (-1: none). */
uint32_t byte_letter(int byte);
int      letter_byte(uint32_t c);
#endif
