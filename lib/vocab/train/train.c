/* train - byte-level BPE from counts of pieces, with pair counts kept up to date merge by merge */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/train/pairs.h"
#include "vocab/split.h"
#include "vocab/table.h"
#include "vocab/train/train.h"
#include <stdlib.h>
#include <string.h>

struct word {                   /* a distinct piece */
	size_t   at;            /* in pool */
	uint32_t len, hash;
	uint64_t count;
};

#define FRONT_BITS 16

struct front {                  /* a short piece that was met before, and its word */
	uint64_t lo, hi;
	size_t   word;
};

struct trainer {
	struct trainer_opts o;
	struct split *split;
	struct cuts   cuts;
	struct buf    pool;
	struct word  *word;
	size_t        n, cap;
	uint32_t     *slot;             /* into word, UINT32_MAX empty */
	size_t        mask;
	uint64_t      pieces;
	struct front *front;            /* [1 << FRONT_BITS] by key_hash */
};

static int
check(const struct trainer_opts *o, struct err *err)
{
	for (int i = 0; i < o->n_special; i++) {
		if (!*o->special[i] || utf8_check(o->special[i], strlen(o->special[i])) < strlen(o->special[i]))
			return err_set(err, "a special token that is empty or not UTF-8");
		for (int k = 0; k < i; k++)
			if (!strcmp(o->special[i], o->special[k]))
				return err_set(err, "special token %s comes twice", o->special[i]);
	}
	if (o->size < 256 + (size_t)o->n_special || o->size > VOCAB_MAX)
		return err_set(err, "a size of %zu: 256 bytes and %d specials need %d at least", o->size, o->n_special,
			       256 + o->n_special);
	if (o->unit == UNIT_BPE && o->size > MERGE_MAX)
		return err_set(err, "a size of %zu: merging makes %u tokens at most", o->size, MERGE_MAX);
	return 0;
}

static const char *
pattern(const struct trainer_opts *o)
{
	return o->unit == UNIT_CHAR ? "[\\s\\S]" : o->pattern;
}

struct trainer *
trainer_new(const struct trainer_opts *o, struct err *err)
{
	struct trainer *t;

	if (check(o, err))
		return NULL;
	t = xcalloc(1, sizeof *t);
	t->o = *o;
	t->split = split_new(pattern(o), err);
	if (!t->split) {
		free(t);
		return NULL;
	}
	t->mask = 4095;
	t->slot = xmalloc((t->mask + 1) * sizeof *t->slot);
	memset(t->slot, 255, (t->mask + 1) * sizeof *t->slot);
	t->front = xcalloc((size_t)1 << FRONT_BITS, sizeof *t->front);
	return t;
}

void
trainer_free(struct trainer *t)
{
	if (!t)
		return;
	split_free(t->split);
	cuts_free(&t->cuts);
	buf_free(&t->pool);
	free(t->word);
	free(t->slot);
	free(t->front);
	free(t);
}

uint64_t
trainer_pieces(const struct trainer *t, uint64_t *distinct)
{
	*distinct = t->n;
	return t->pieces;
}

static void
grow(struct trainer *t)
{
	t->mask = 2 * t->mask + 1;
	t->slot = xreallocarray(t->slot, t->mask + 1, sizeof *t->slot);
	memset(t->slot, 255, (t->mask + 1) * sizeof *t->slot);
	for (size_t i = 0; i < t->n; i++) {
		size_t h = t->word[i].hash & t->mask;

		while (t->slot[h] != UINT32_MAX)
			h = (h + 1) & t->mask;
		t->slot[h] = (uint32_t)i;
	}
}

/* The word of a piece, new or met before. */
static size_t
word_of(struct trainer *t, const char *p, size_t n)
{
	uint32_t code = (uint32_t)(table_hash(p, n) >> 32), i;
	size_t h = code & t->mask;
	struct word w = { t->pool.n, (uint32_t)n, code, 0 };

	for (; (i = t->slot[h]) != UINT32_MAX; h = (h + 1) & t->mask)
		if (t->word[i].hash == code && t->word[i].len == n && !memcmp(t->pool.p + t->word[i].at, p, n))
			return i;
	t->slot[h] = (uint32_t)t->n;
	buf_add(&t->pool, p, n);
	VEC_PUSH(t->word, t->n, t->cap, w);
	if (2 * t->n > t->mask)
		grow(t);
	return t->n - 1;
}

static void
add_count(struct trainer *t, const char *p, size_t n, uint64_t count)
{
	size_t i = word_of(t, p, n);

	t->word[i].count += count;
}

/* A piece of a text that ends at e. */
static inline void
add_piece(struct trainer *t, const char *p, size_t n, const char *e)
{
	uint64_t lo, hi;
	struct front *f;

	t->pieces++;
	if (n >= KEY_MAX) {
		add_count(t, p, n, 1);
		return;
	}
	if (e - p >= 16)
		key_masked(p, n, &lo, &hi);
	else
		key_load((const unsigned char *)p, n, &lo, &hi);
	hi |= (uint64_t)n << 56;
	f = t->front + (key_hash(lo, hi) >> (64 - FRONT_BITS));
	if (f->lo != lo || f->hi != hi)
		*f = (struct front){ lo, hi, word_of(t, p, n) };
	t->word[f->word].count++;
}

/* A text without specials. */
static int
add_text(struct trainer *t, const char *p, size_t n, struct err *err)
{
	const char *e = p + n;
	uint32_t len[256];
	size_t from = 0, k;

	if (split_scans(t->split)) {
		while (p < e) {
			k = split_ahead(t->split, (const unsigned char *)p, (const unsigned char *)e, len, 256);
			for (size_t i = 0; i < k; p += len[i++])
				add_piece(t, p, len[i], e);
		}
		return 0;
	}
	if (split_ends(t->split, &t->cuts, p, n, err))
		return -1;
	for (size_t i = 0; i < t->cuts.n; from = t->cuts.end[i++])
		add_piece(t, p + from, t->cuts.end[i] - from, e);
	return 0;
}

/* The longest special at p, or 0. */
static size_t
special_at(const struct trainer *t, const char *p, const char *e)
{
	size_t best = 0;

	for (int i = 0; i < t->o.n_special; i++) {
		size_t n = strlen(t->o.special[i]);

		if (n > best && (size_t)(e - p) >= n && *p == *t->o.special[i] && !memcmp(p, t->o.special[i], n))
			best = n;
	}
	return best;
}

int
trainer_add(struct trainer *t, const char *text, size_t n, struct err *err)
{
	const char *p = text, *e = text + n, *from = text;
	unsigned char first[256] = {0};
	size_t len;

	if (n > UINT32_MAX)
		return err_set(err, "a text of more than 4 GB");
	for (int i = 0; i < t->o.n_special; i++)
		first[(unsigned char)*t->o.special[i]] = 1;
	while (p < e) {
		if (t->o.n_special < 2 && !(p = t->o.n_special ? memchr(p, *t->o.special[0], (size_t)(e - p)) : NULL))
			break;
		if (!first[(unsigned char)*p] || !(len = special_at(t, p, e))) {
			p++;
			continue;
		}
		if (add_text(t, from, (size_t)(p - from), err))
			return -1;
		from = p += len;
	}
	return add_text(t, from, (size_t)(e - from), err);
}

void
trainer_join(struct trainer *t, struct trainer *other)
{
	for (size_t i = 0; i < other->n; i++)
		add_count(t, other->pool.p + other->word[i].at, other->word[i].len, other->word[i].count);
	t->pieces += other->pieces;
	trainer_free(other);
}

/* The specials and the bytes, in the order of their letters, as Hugging Face's trainer has them. */
static void
first_tokens(const struct trainer *t, struct vocab *v, uint32_t *of_byte)
{
	uint32_t id = 0;

	for (int i = 0; i < t->o.n_special; i++)
		table_set(v, id++, t->o.special[i], strlen(t->o.special[i]), TOKEN_SPECIAL | TOKEN_ADDED, NULL);
	for (uint32_t c = 0; c <= 0x143; c++) {
		int b = letter_byte(c);
		char byte = (char)b;

		if (b < 0)
			continue;
		of_byte[b] = id;
		table_set(v, id++, &byte, 1, 0, NULL);
	}
}

/* Words that may be tokens: more than a byte, short enough to be looked up whole, and of UTF-8. */
static int
may_be_token(const struct trainer *t, const struct word *w)
{
	const char *p = t->pool.p + w->at;

	return w->len > 1 && w->len < WHOLE_MAX && w->count >= t->o.min_count && utf8_check(p, w->len) == w->len;
}

struct candidate {
	uint64_t    count;
	const char *bytes;
	uint32_t    len;
};

static int
by_count(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;
	int c;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	c = memcmp(b->bytes, a->bytes, a->len < b->len ? a->len : b->len);
	return c ? c : (a->len < b->len) - (a->len > b->len);
}

static void
whole_words(const struct trainer *t, struct vocab *v, size_t next)
{
	struct candidate *c = xreallocarray(NULL, t->n + 1, sizeof *c);
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (may_be_token(t, t->word + i))
			c[n++] = (struct candidate){ t->word[i].count, t->pool.p + t->word[i].at, t->word[i].len };
	qsort(c, n, sizeof *c, by_count);
	for (size_t i = 0; i < n && next < t->o.size; i++)
		table_set(v, next++, c[i].bytes, c[i].len, 0, NULL);
	free(c);
	table_index(v);
	v->whole = 1;
}

static int
joined_pairs(struct trainer *t, struct vocab *v, const uint32_t *of_byte, size_t first, size_t *merges, struct err *err)
{
	struct pairs *p = pairs_new();
	uint32_t *sym = NULL;
	size_t cap = 0;
	int rc = 0;

	for (size_t i = 0; i < first; i++)
		pairs_token(p, v->pool.p + v->tok[i].at, v->tok[i].len, v->flags[i] & TOKEN_SPECIAL);
	for (size_t i = 0; i < t->n && !rc; i++) {
		const struct word *w = t->word + i;

		if (w->len > cap)
			sym = xreallocarray(sym, cap = 2 * (size_t)w->len, sizeof *sym);
		for (uint32_t k = 0; k < w->len; k++)
			sym[k] = of_byte[(unsigned char)t->pool.p[w->at + k]];
		rc = pairs_word(p, sym, w->len, w->count, err);
	}
	free(sym);
	*merges = rc ? 0 : pairs_merge(p, t->o.size, t->o.min_count);
	pairs_tokens(p, v);
	table_index(v);
	pairs_merges(p, v);
	pairs_free(p);
	return rc;
}

struct vocab *
trainer_finish(struct trainer *t, size_t *merges, struct err *err)
{
	struct vocab *v = table_new(t->o.size);
	size_t first = 256 + (size_t)t->o.n_special;
	uint32_t of_byte[256];
	int rc = 0;

	*merges = 0;
	first_tokens(t, v, of_byte);
	if (t->o.unit == UNIT_BPE)
		rc = joined_pairs(t, v, of_byte, first, merges, err);
	else if (t->o.unit == UNIT_BYTE)
		table_index(v);
	else
		whole_words(t, v, first);
	v->split = split_new(pattern(&t->o), err);
	trainer_free(t);
	if (!rc)
		return table_finish(v, err);
	vocab_free(v);
	return NULL;
}
