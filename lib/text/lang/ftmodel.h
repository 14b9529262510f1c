/* ftmodel - a fastText file taken apart; for text/lang/fasttext.c */
#ifndef LM_FTMODEL_H
#define LM_FTMODEL_H
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/mem.h"
#include <stdint.h>

/* A matrix (rows, dim) in the file's bytes: floats, or codes of a product quantizer. */
struct ftquant {
	int32_t dim, parts, width, last;        /* parts of `width` columns each, the last of `last` */
	const unsigned char *centroids;         /* [parts][256][width] floats */
};
struct ftmatrix {
	int64_t rows, dim;
	const unsigned char *values;            /* (rows, dim) floats; NULL: codes */
	const unsigned char *codes, *norms;     /* (rows, parts); (rows), NULL: rows as they are */
	struct ftquant quant, norm;
	float *unpacked;                        /* values are these, if not NULL */
};
void   ftmatrix_add(const struct ftmatrix *, int64_t row, float *to);   /* adds a row to to[dim] */
double ftmatrix_dot(const struct ftmatrix *, int64_t row, const float *);

/* A bit set for each bucket that was kept, at the bucket & mask. */
struct ft_kept {
	uint64_t *bits;
	size_t    mask;
};
enum ft_loss { FT_TREE = 1, FT_NEGATIVE, FT_SOFTMAX, FT_ALL };
struct fasttext {
	struct file_map map;
	int          dim, ngrams, minn, maxn;
	enum ft_loss loss;
	uint32_t     buckets;
	uint64_t     inverse;           /* 2^64 / buckets, rounded up */
	int32_t      n_words, n_labels;
	const char **entry;             /* words, then labels: in the file's bytes */
	struct { uint32_t hash; int32_t id; } *slots;   /* open hash table of entries, + 1 */
	uint32_t     n_slots;
	int          pruned;
	struct { int32_t from, to; } *kept;     /* open hash table of buckets, to: row + 1, 0 free */
	uint32_t     n_kept;
	struct ft_kept kept_bits;
	struct ftmatrix in, out;
	struct { int32_t left, right; } *tree;  /* inner nodes n_labels .. 2 n_labels - 2 */
};
int32_t ftmodel_find(const struct fasttext *, const char *word, size_t n, uint32_t hash);       /* -1: unknown */
int64_t ftmodel_pruned(const struct fasttext *, uint32_t bucket);       /* its row; -1: was thrown away */
/* 0: it was surely thrown away; no branch, for nobody can tell which. */
static inline uint32_t
ft_kept(struct ft_kept k, uint32_t bucket)
{
	return (uint32_t)(k.bits[(bucket & k.mask) / 64] >> bucket % 64 & 1);
}

/* h mod buckets by a multiplication (Lemire, Kaser, Kurz 2019). */
static inline uint32_t
ft_bucket(uint32_t h, uint32_t buckets, uint64_t inverse)
{
	return (uint32_t)((unsigned __int128)(inverse * h) * buckets >> 64);
}

/* FNV-1a, with bytes as signed characters. */
#define FT_HASH 2166136261u
static inline uint32_t ft_hash_add(uint32_t h, char c) { return (h ^ (uint32_t)(int8_t)c) * 16777619u; }
static inline uint32_t
ft_hash(const char *s, size_t n)
{
	uint32_t h = FT_HASH;

	for (size_t i = 0; i < n; i++)
		h = ft_hash_add(h, s[i]);
	return h;
}
static inline int ft_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == 0; }
#endif
