/* minhash - how much two texts have in common: shingles, signatures, bands, Jaccard */
/* SPDX-License-Identifier: MIT */
#include "text/same/minhash.h"
#include "base/mem.h"
#include "base/order.h"
#include "base/rng.h"
#include "text/uni.h"
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 1024, LANES = 8 };    /* functions at a time; of these, so many side by side */
typedef uint64_t lanes __attribute__((vector_size(LANES * sizeof(uint64_t))));

/* Compiled for what processors may have; the loader picks, and results are the same. */
#if defined __x86_64__ && defined __gnu_linux__ && !defined __clang__
#define EACH_CPU __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define EACH_CPU
#endif

static uint64_t
mix(uint64_t h)
{
	h = (h ^ h >> 32) * 0xe9846af9b1a615du;
	h = (h ^ h >> 32) * 0xe9846af9b1a615du;
	return h ^ h >> 28;
}

/* Hashes of the text's words, in order. */
static void
find_words(struct shingles *s, const char *text, size_t n)
{
	uint64_t h = 0;
	size_t len, letters = 0;

	s->n_words = 0;
	for (size_t i = 0; i <= n; i += len) {
		unsigned char byte = i < n ? (unsigned char)text[i] : ' ';
		uint32_t c = byte;
		int in_word = byte < 0x80 && (byte == '_' || uni_alpha(byte) || uni_digit(byte));

		len = 1;
		if (byte >= 0x80) {
			c = uni_decode(text + i, n - i, &len);
			in_word = uni_word(c);
			c = uni_lower(c);
		} else if (byte >= 'A' && byte <= 'Z') {
			c |= 32;
		}
		if (in_word) {
			h = (h ^ c) * 0x9fb21c651e98df25u;
			h ^= h >> 29;
			letters++;
		} else if (letters) {
			VEC_PUSH(s->words, s->n_words, s->cap_words, mix(h + letters));
			h = letters = 0;
		}
	}
}

void
shingles_make(struct shingles *s, const char *text, size_t n, size_t ngram)
{
	size_t k;

	find_words(s, text, n);
	s->n = 0;
	s->sketch = 0;
	k = s->n_words < ngram ? s->n_words : ngram;
	for (size_t i = 0; k && i + k <= s->n_words; i++) {
		uint64_t h = k;

		for (size_t j = 0; j < k; j++)
			h = (h ^ s->words[i + j]) * 0x9e3779b97f4a7c15u + (h >> 31);
		VEC_PUSH(s->v, s->n, s->cap, mix(h));
	}
}

void
shingles_sort(struct shingles *s)
{
	size_t unique = 0;

	if (s->n)
		qsort(s->v, s->n, sizeof *s->v, order_u64);
	for (size_t i = 0; i < s->n; i++)
		if (i == 0 || s->v[i] != s->v[i - 1])
			s->v[unique++] = s->v[i];
	s->n = unique;
}

double
shingles_jaccard(const struct shingles *x, const struct shingles *y)
{
	int half = x->sketch || y->sketch ? 32 : 0;
	int cut = (x->sketch && x->n == SKETCH) || (y->sketch && y->n == SKETCH);
	size_t i = 0, j = 0, both = 0, all = 0;

	for (; (i < x->n || j < y->n) && !(cut && all == SKETCH); all++) {
		uint64_t a = i < x->n ? x->v[i] >> half : UINT64_MAX, b = j < y->n ? y->v[j] >> half : UINT64_MAX;

		both += a == b;
		i += a <= b;
		j += b <= a;
	}
	return all ? (double)both / (double)all : 1;
}

void
shingles_from_sketch(struct shingles *s, const uint32_t *sketch, size_t n)
{
	s->n = 0;
	s->sketch = 1;
	for (size_t i = 0; i < n; i++)
		VEC_PUSH(s->v, s->n, s->cap, (uint64_t)sketch[i] << 32);
}

size_t
shingles_sketch(const struct shingles *s, uint32_t sketch[SKETCH])
{
	size_t n = s->n < SKETCH ? s->n : SKETCH;

	for (size_t i = 0; i < n; i++)
		sketch[i] = (uint32_t)(s->v[i] >> 32);
	return n;
}

void
shingles_free(struct shingles *s)
{
	free(s->v);
	free(s->words);
}

void
minhash_init(struct minhash *m, size_t bands, size_t rows, uint64_t seed)
{
	m->bands = bands;
	m->rows = rows;
	m->a = xcalloc(bands * rows + LANES, sizeof *m->a);
	m->b = xcalloc(bands * rows + LANES, sizeof *m->b);
	for (size_t i = 0; i < bands * rows; i++) {
		m->a[i] = rng_at(seed, i, 0, 0, 0) | 1;
		m->b[i] = rng_at(seed, i, 1, 0, 0);
	}
}

/* The least value of each of LANES functions. */
EACH_CPU static void
least_of(const uint64_t *v, size_t n, const uint64_t *a, const uint64_t *b, uint64_t *least)
{
	lanes x, y, best = ~(lanes){ 0 };

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	for (size_t i = 0; i < n; i++) {
		lanes h = v[i] * x + y, less = (lanes)(h < best);

		best = (h & less) | (best & ~less);
	}
	memcpy(least, &best, sizeof best);
}

void
minhash_keys(const struct minhash *m, const struct shingles *s, uint64_t *keys)
{
	uint64_t least[ROWS_MAX + LANES];

	memset(keys, 0, m->bands * sizeof *keys);
	for (size_t band = 0, step = ROWS_MAX / m->rows; s->n && band < m->bands; band += step) {
		size_t bands = m->bands - band < step ? m->bands - band : step, n = bands * m->rows;

		for (size_t k = 0; k < n; k += LANES)
			least_of(s->v, s->n, m->a + band * m->rows + k, m->b + band * m->rows + k, least + k);
		for (size_t j = 0; j < bands; j++)
			keys[band + j] = rng_hash(least + j * m->rows, m->rows * sizeof *least, band + j) | 1;
	}
}

void
minhash_free(struct minhash *m)
{
	free(m->a);
	free(m->b);
}
