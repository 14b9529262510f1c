/* table - the inside of a vocabulary: what readers fill in and the encoder looks up */
#ifndef LM_TABLE_H
#define LM_TABLE_H
/* SPDX-License-Identifier: MIT */
#include "vocab/split.h"
#include "vocab/vocab.h"
#include <string.h>

enum {                          /* of each id */
	TOKEN_SPECIAL = 1,      /* stands for itself only; never made by merging */
	TOKEN_ADDED   = 2,      /* found in the text before merging only: specials, and others such as <think> */
	TOKEN_BYTE    = 4,      /* byte fallback: <0xHH> */
	TOKEN_LOST    = 8,      /* nothing makes it: bytes kept for decoding only */
	TOKEN_HOLE    = 16      /* no such id */
};

enum { PREFIX_EACH = 1, PREFIX_FIRST }; /* a space in front of each text between specials, or of a whole text only */

#define NO_TOKEN UINT32_MAX
#define NO_MERGE (UINT32_MAX >> 7)      /* of a pair that makes nothing; merges are fewer */
#define WHOLE_MAX 512           /* bytes from which on no piece is a token by itself */
#define VOCAB_MAX (1u << 24)    /* ids */
#define MERGE_MAX (1u << 20)    /* ids that may be merged: two of them and a rank fill 64 bits */

struct merge {
	uint32_t a, b, made, rank;
};

enum { STRIP_LEFT = 1, STRIP_RIGHT = 2 };

struct added {                  /* what is found in the text before merging */
	const char *p;          /* its bytes, in the pool at `at`: table_finish sets it */
	uint32_t at, len, id;
	int      strip;         /* blanks beside it are its own */
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
	int       lone;                 /* that space: not where the text begins with one */
	int       blank;                /* U+2581 in the text is a space */
	int       spm_text;             /* text goes through charsmap_apply first: */
	struct buf charsmap;            /* its map, or none */
	int       squeeze, fuse_unk;    /* unk once for several characters in a row */
	int       drops;                /* what has no token is left out, where there is no unk: as Hugging Face and llama.cpp do */
	float    *score;                /* [n] unigram: no merges, the likeliest path */
	float     lowest;               /* of all scores */
	size_t    longest;              /* bytes of the longest token that has one */
	struct unigram_tree *tree;
	int       bos, eot, unk;        /* -1: none */
	struct split *split;
	/* made by vocab_finish */
	uint64_t *hash;                 /* bytes -> the high half of their hash, id; UINT64_MAX empty */
	size_t    hash_mask;
	uint32_t  byte[256];            /* the id of one byte, or NO_TOKEN */
	int       all_bytes, byte_fallback;     /* none of them is NO_TOKEN; there are tokens that are TOKEN_BYTE */
	uint32_t *dense;                /* [65536] of two bytes: the rank, or NO_MERGE */
	uint64_t *pair;                 /* a (20 bits), b (20), 1 + rank (24); 0 empty */
	uint64_t *maybe;                /* bits: most pairs that make nothing are told by this smaller table */
	int       pair_shift, maybe_shift;
	uint32_t  base;                 /* what a merge of rank r makes is r + base */
	uint32_t *made;                 /* or made[r] */
	uint32_t *order;                /* or, where tokens share ranks, made[number of the merge], whose rank is order[number] */
	struct arena index, tables;     /* hash; pair, maybe and dense: on huge pages, for they are read at random */
	struct added *added;            /* by their bytes; first: of each first byte */
	size_t    n_added, added_cap, first[257];
	int       added_newline;        /* one of them has a newline within, or takes one that a letter follows */
	int       added_first;          /* the byte that all of them begin with; -1: there are several */
};

struct vocab *table_new(size_t limit);
/* Gives id these bytes; -1 when it has some already or is too large.  TOKEN_ADDED: it is the last of v->added too. */
int table_set(struct vocab *, uint64_t id, const void *bytes, size_t n, int flags, struct err *);
/* Tables for look-ups by bytes; then merges may be added by bytes or by id, or made from the tokens. */
void table_index(struct vocab *);
uint64_t table_hash(const void *bytes, size_t n);
uint32_t table_find(const struct vocab *, const void *bytes, size_t n);        /* what merging can make; or NO_TOKEN */
uint32_t table_find_hashed(const struct vocab *, const void *bytes, size_t n, uint64_t hash);
/* The next merge; what it makes is looked up in table_pairs. */
void table_merge(struct vocab *, uint32_t a, uint32_t b);
/* Every way to cut a token in two tokens, in the order of rank[id] (UINT32_MAX: not made by merging). */
void table_merges_from_ranks(struct vocab *, const uint32_t *rank);
/* The same from scores, one an id and no NaN, the highest first: SentencePiece's BPE. */
void table_merges_from_scores(struct vocab *, const float *score);
/* Scores for unigram, one an id and no NaN. */
void table_scores(struct vocab *, const float *score);
/* A map as charsmap_apply takes it, copied; -1 when it is none. */
int  table_charsmap(struct vocab *, const void *map, size_t n, struct err *);
/* The tables of the merges; -1 when there are too many, or one makes no token. */
int  table_pairs(struct vocab *, struct err *);
/* The rest: those, specials, BOS and EOT by name.  Frees the vocabulary on failure. */
struct vocab *table_finish(struct vocab *, struct err *);

#define KEY_MAX 16              /* less bytes than this are a key of two words, the length in the last byte */

static inline void
key_load(const unsigned char *p, size_t n, uint64_t *lo, uint64_t *hi)
{
	uint32_t first, last;

	*hi = 0;
	if (n >= 8) {                   /* two loads that overlap, each within the bytes */
		memcpy(lo, p, 8), memcpy(hi, p + n - 8, 8);
		*hi = n > 8 ? *hi >> (128 - 8 * n) : 0;
	} else if (n >= 4) {
		memcpy(&first, p, 4), memcpy(&last, p + n - 4, 4);
		*lo = first | (uint64_t)last << (8 * n - 32);
	} else {
		*lo = n ? p[0] | (uint64_t)p[n / 2] << n / 2 * 8 | (uint64_t)p[n - 1] << 8 * (n - 1) : 0;
	}
}

/* Of 16 bytes in two words, those of the first n < 16. */
static inline uint64_t low_mask(size_t n) { return n < 8 ? ((uint64_t)1 << 8 * n) - 1 : ~(uint64_t)0; }
static inline uint64_t high_mask(size_t n) { return n < 8 ? 0 : ((uint64_t)1 << 8 * (n - 8)) - 1; }

/* key_load where 16 bytes may be read. */
static inline void
key_masked(const void *p, size_t n, uint64_t *lo, uint64_t *hi)
{
	memcpy(lo, p, 8), memcpy(hi, (const char *)p + 8, 8);
	*lo &= low_mask(n), *hi &= high_mask(n);
}

static inline uint64_t
key_hash(uint64_t lo, uint64_t hi)
{
	uint64_t h = (lo ^ (hi << 29 | hi >> 35)) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32) * 0xff51afd7ed558ccdu;
	return h ^ h >> 32;
}

/* The line of memory where table_find_hashed begins is asked for. */
static inline void
table_expect(const struct vocab *v, uint64_t hash)
{
	__builtin_prefetch(v->hash + (hash & v->hash_mask));
}

/* The first token that bytes of that hash may be, or NO_TOKEN: what is said of it is asked for. */
static inline uint32_t
table_perhaps(const struct vocab *v, uint64_t hash)
{
	size_t h = hash & v->hash_mask;

	while (v->hash[h] != UINT64_MAX && (v->hash[h] ^ hash) >> 32)
		h = (h + 1) & v->hash_mask;
	__builtin_prefetch(v->tok + (v->hash[h] & (VOCAB_MAX - 1)));
	return (uint32_t)v->hash[h];
}

static inline uint64_t
table_mix(uint32_t a, uint32_t b)
{
	return ((uint64_t)a << 20 | b) * 0x9e3779b97f4a7c15u;
}

/* The number of the merge of a and b, ascending with rank, or NO_MERGE; mix is table_mix(a, b). */
static inline uint32_t
table_merge_of(const struct vocab *v, uint32_t a, uint32_t b, uint64_t mix)
{
	uint64_t key = (uint64_t)a << 20 | b, at = mix >> v->maybe_shift, slot = mix >> v->pair_shift;

	if (!(v->maybe[at >> 6] >> (at & 63) & 1))
		return NO_MERGE;
	for (;; slot++) {               /* the table goes on past its last slot as far as it must */
		if (v->pair[slot] >> 24 == key && v->pair[slot])
			return ((uint32_t)v->pair[slot] & 0xffffff) - 1;
		if (!v->pair[slot])
			return NO_MERGE;
	}
}

/* The lines of memory that table_merge_of will read are asked for. */
static inline void
table_ask(const struct vocab *v, uint64_t mix)
{
	__builtin_prefetch(v->maybe + (mix >> v->maybe_shift >> 6));
	__builtin_prefetch(v->pair + (mix >> v->pair_shift));
}

/* The rank of the pair, or NO_MERGE. */
static inline uint32_t
table_rank(const struct vocab *v, uint32_t a, uint32_t b, uint64_t mix)
{
	uint32_t i = table_merge_of(v, a, b, mix);

	return v->order && i != NO_MERGE ? v->order[i] : i;
}

/* What a pair of that rank makes. */
static inline uint32_t
table_made(const struct vocab *v, uint32_t a, uint32_t b, uint32_t rank)
{
	if (!v->made)
		return v->base + rank;
	return v->made[v->order ? table_merge_of(v, a, b, table_mix(a, b)) : rank];
}

/* For SentencePiece: cut before spaces where that changes nothing, else not at all. */
void table_split_spaces(struct vocab *);

/* The readers: each told by vocab_parse from the file's first bytes. */
struct vocab *tokenizer_json(const char *text, size_t n, const char *pattern, struct err *);
struct vocab *tiktoken_file(const char *text, size_t n, const char *pattern, struct err *);
struct vocab *pair_files(const char *json, size_t n, const char *merges, size_t m, const char *pattern, struct err *err);
struct vocab *gguf_file(const unsigned char *p, size_t n, const char *pattern, struct err *err);
int is_spm_file(const unsigned char *p, size_t n);
struct vocab *spm_file(const unsigned char *p, size_t n, struct err *err);
struct vocab *llama2c_file(const unsigned char *p, size_t n, struct err *);
/* The bytes that GPT-2's letters stand for, into an emptied buffer; -1 when one stands for none. */
int letters_bytes(const char *text, size_t n, struct buf *out);
/* Text with SentencePiece's U+2581 as spaces, likewise. */
void blanks_bytes(const char *text, size_t n, struct buf *out);
/* The byte that "<0x0A>" names, -1: none. */
int fallback_byte(const char *text, size_t n);
/* The next merge from two tokens in GPT-2's letters, a blank between them; -1 when they are none. */
int letters_merge(struct vocab *, const char *text, size_t n);
/* Base64 at p up to what is none, into an emptied buffer; returns where it ends. */
const char *base64_bytes(const char *p, const char *e, struct buf *out);
/* GPT-2's alphabet: the code point that stands for a byte, and back (-1: none). */
uint32_t byte_letter(int byte);
int      letter_byte(uint32_t c);
#endif
