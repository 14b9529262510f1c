/* table - a vocabulary's tables, and the simple questions to it */
/* SPDX-License-Identifier: MIT */
#include "vocab/table.h"
#include "base/crc32c.h"
#include "vocab/charsmap.h"
#include "vocab/unigram.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vocab *
table_new(size_t limit)
{
	struct vocab *v = xcalloc(1, sizeof *v);

	v->limit = limit < VOCAB_MAX ? limit : VOCAB_MAX;
	v->bos = v->eot = v->unk = -1;
	return v;
}

void
vocab_free(struct vocab *v)
{
	if (!v)
		return;
	buf_free(&v->pool);
	free(v->tok);
	free(v->flags);
	free(v->merges);
	split_free(v->split);
	arena_free(&v->index);
	arena_free(&v->tables);
	buf_free(&v->charsmap);
	free(v->score);
	unigram_tree_free(v->tree);
	free(v->made);
	free(v->order);
	free(v->added);
	free(v);
}

int
table_set(struct vocab *v, uint64_t id, const void *bytes, size_t n, int flags, struct err *err)
{
	if (id >= v->limit)
		return err_set(err, "token id %llu is too large for such a file", (unsigned long long)id);
	if (n > UINT32_MAX - v->pool.n)
		return err_set(err, "the tokens are longer than 4 GB");
	if (id >= v->n) {
		size_t n_new = id + 1;

		if (n_new < v->n + v->n / 2)
			n_new = v->n + v->n / 2;        /* holes at the end are cut off in table_index */
		v->tok = xreallocarray(v->tok, n_new, sizeof *v->tok);
		v->flags = xreallocarray(v->flags, n_new, 1);
		memset(v->tok + v->n, 0, (n_new - v->n) * sizeof *v->tok);
		memset(v->flags + v->n, TOKEN_HOLE, n_new - v->n);
		v->n = n_new;
	}
	if (!(v->flags[id] & TOKEN_HOLE))
		return err_set(err, "token id %llu comes twice", (unsigned long long)id);
	v->tok[id].at = (uint32_t)v->pool.n;
	v->tok[id].len = (uint32_t)n;
	v->flags[id] = (uint8_t)flags;
	if ((flags & TOKEN_ADDED) && n)
		VEC_PUSH(v->added, v->n_added, v->added_cap, ((struct added){ NULL, (uint32_t)v->pool.n, (uint32_t)n, (uint32_t)id, 0 }));
	buf_add(&v->pool, bytes, n);
	return 0;
}

uint64_t
table_hash(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t h = 0, lo, hi;

	for (; n >= KEY_MAX; p += 8, n -= 8) {
		memcpy(&lo, p, 8);
		h = (h + lo + 1) * 0xff51afd7ed558ccdu;
		h ^= h >> 32;
	}
	key_load(p, n, &lo, &hi);
	return key_hash(lo ^ h, hi | (uint64_t)n << 56);
}

/* The slot with these bytes, or the empty one where they belong. */
static uint64_t *
slot_of(const struct vocab *v, const void *bytes, size_t n, uint64_t code)
{
	size_t h = code & v->hash_mask;
	uint64_t x;

	for (; (x = v->hash[h]) != UINT64_MAX; h = (h + 1) & v->hash_mask) {
		uint32_t id = (uint32_t)x;

		if ((x ^ code) >> 32 == 0 && v->tok[id].len == n && !memcmp(v->pool.p + v->tok[id].at, bytes, n))
			break;
	}
	return v->hash + h;
}

#define GROUP 64                /* tokens that are hashed before they are put, so that memory is asked ahead */

static void
index_group(struct vocab *v, size_t from, size_t to)
{
	uint64_t code[GROUP], *slot;

	for (size_t i = from; i < to; i++) {
		code[i - from] = table_hash(v->pool.p + v->tok[i].at, v->tok[i].len);
		table_expect(v, code[i - from]);
	}
	for (size_t i = from; i < to; i++) {
		if (v->flags[i] || !v->tok[i].len)
			continue;
		slot = slot_of(v, v->pool.p + v->tok[i].at, v->tok[i].len, code[i - from]);
		if (*slot == UINT64_MAX)
			*slot = (code[i - from] & ~(uint64_t)UINT32_MAX) | i;
		else
			v->flags[i] |= TOKEN_LOST;      /* the first of two equal ones is used */
	}
}

void
table_index(struct vocab *v)
{
	size_t size = 16;

	while (v->n && (v->flags[v->n - 1] & TOKEN_HOLE))
		v->n--;
	while (size < 2 * v->n)
		size *= 2;
	arena_free(&v->index);
	arena_init(&v->index, size * sizeof *v->hash);
	v->hash = arena_take(&v->index, size * sizeof *v->hash);
	memset(v->hash, 255, size * sizeof *v->hash);
	v->hash_mask = size - 1;
	for (size_t i = 0; i < v->n; i += GROUP)
		index_group(v, i, v->n - i < GROUP ? v->n : i + GROUP);
	for (int b = 0; b < 256; b++) {
		unsigned char c = (unsigned char)b;

		v->byte[b] = table_find(v, &c, 1);
	}
	if (v->spm)
		for (size_t i = 0; i < v->n; i++)
			if (v->flags[i] & TOKEN_BYTE)
				v->byte[(unsigned char)v->pool.p[v->tok[i].at]] = (uint32_t)i;
	v->all_bytes = 1;
	for (int b = 0; b < 256; b++) {
		v->all_bytes &= v->byte[b] != NO_TOKEN;
		v->byte_fallback |= v->byte[b] != NO_TOKEN && (v->flags[v->byte[b]] & TOKEN_BYTE);
	}
}

uint32_t
table_find_hashed(const struct vocab *v, const void *bytes, size_t n, uint64_t code)
{
	return (uint32_t)*slot_of(v, bytes, n, code);           /* of an empty one that is NO_TOKEN */
}

uint32_t
table_find(const struct vocab *v, const void *bytes, size_t n)
{
	return table_find_hashed(v, bytes, n, table_hash(bytes, n));
}

static int
by_bytes(const void *x, const void *y)
{
	const struct added *a = x, *b = y;
	int d = memcmp(a->p, b->p, a->len < b->len ? a->len : b->len);

	return d ? d : a->len != b->len ? (a->len > b->len ? 1 : -1) : (a->id > b->id) - (a->id < b->id);
}

static void
added(struct vocab *v)
{
	struct added *a = v->added, *end = a + v->n_added;

	if (!v->n_added)
		return;
	for (; a < end; a++) {
		a->p = v->pool.p + a->at;
		v->added_newline |= memchr(a->p, '\n', a->len) || ((a->strip & STRIP_LEFT) && (*a->p | 32) >= 'a' && (*a->p | 32) <= 'z');
	}
	qsort(v->added, v->n_added, sizeof *a, by_bytes);
	a = v->added;
	for (size_t b = 0; b <= 256; b++) {
		while (a < end && (unsigned char)*a->p < b)
			a++;
		v->first[b] = (size_t)(a - v->added);
	}
	v->added_first = *v->added->p == *end[-1].p ? (unsigned char)*v->added->p : -1;
}

void
table_scores(struct vocab *v, const float *score)
{
	v->score = xreallocarray(NULL, v->n + 1, sizeof *v->score);
	memcpy(v->score, score, v->n * sizeof *score);
	for (size_t i = 0; i < v->n; i++) {
		if (v->flags[i])
			continue;
		if (!v->longest || score[i] < v->lowest)
			v->lowest = score[i];
		if (v->tok[i].len > v->longest)
			v->longest = v->tok[i].len;
	}
}

int
table_charsmap(struct vocab *v, const void *map, size_t n, struct err *err)
{
	if (charsmap_check(map, n, err))
		return -1;
	buf_clear(&v->charsmap);
	buf_add(&v->charsmap, map, n);
	return 0;
}

/* Whether a cut before each run of spaces changes nothing: no token has a space after something else, and nothing is left out. */
static int
cut_is_safe(const struct vocab *v)
{
	if (v->drops && v->unk < 0 && !v->byte_fallback)
		return 0;
	for (size_t i = 0; i < v->n; i++) {
		const char *p = v->pool.p + v->tok[i].at;

		if (v->flags[i])
			continue;
		for (uint32_t k = 1; k < v->tok[i].len; k++)
			if (p[k] == ' ' && p[k - 1] != ' ')
				return 0;
	}
	return 1;
}

void
table_split_spaces(struct vocab *v)
{
	v->split = split_spaces(cut_is_safe(v));
}

static int
special_named(const struct vocab *v, const char *const *names)
{
	for (; *names; names++)
		for (size_t i = 0; i < v->n; i++)
			if ((v->flags[i] & TOKEN_SPECIAL) && v->tok[i].len == strlen(*names) &&
			    !memcmp(v->pool.p + v->tok[i].at, *names, v->tok[i].len))
				return (int)i;
	return -1;
}

struct vocab *
table_finish(struct vocab *v, struct err *err)
{
	static const char *const bos[] = { "<|begin_of_text|>", "<s>", "<bos>", "<|bos|>", "<|startoftext|>", NULL };
	static const char *const eot[] = { "<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|eos|>", NULL };

	if (!v->n) {
		err_set(err, "a vocabulary without tokens");
		vocab_free(v);
		return NULL;
	}
	if (table_pairs(v, err) || (v->score && unigram_tree(v, err))) {
		vocab_free(v);
		return NULL;
	}
	added(v);
	if (v->bos < 0)
		v->bos = special_named(v, bos);
	if (v->eot < 0)
		v->eot = special_named(v, eot);
	return v;
}

size_t
vocab_size(const struct vocab *v)
{
	return v->n;
}

const char *
vocab_bytes(const struct vocab *v, uint32_t id, size_t *n)
{
	if (id >= v->n || (v->flags[id] & TOKEN_HOLE)) {
		*n = 0;
		return NULL;
	}
	*n = v->tok[id].len;
	return v->pool.p + v->tok[id].at;
}

int
vocab_special(const struct vocab *v, uint32_t id)
{
	return id < v->n && (v->flags[id] & TOKEN_SPECIAL);
}

int64_t
vocab_find(const struct vocab *v, const char *bytes, size_t n)
{
	uint32_t id;

	if (!n)
		return -1;
	for (const struct added *a = v->added; a < v->added + v->n_added; a++)
		if (a->len == n && !memcmp(a->p, bytes, n))
			return a->id;
	id = table_find(v, bytes, n);
	if (id == NO_TOKEN && n == 1)
		id = v->byte[(unsigned char)*bytes];
	return id == NO_TOKEN ? -1 : (int64_t)id;
}

int
vocab_eot(const struct vocab *v)
{
	return v->eot;
}

int
vocab_bos(const struct vocab *v)
{
	return v->bos;
}

void
vocab_crc(const struct vocab *v, char out[CRC32C_TEXT])
{
	uint32_t crc = 0;
	const char *pattern, *norm = v->spm_text ? "spm" : v->nfc ? "NFC" : v->prefix ? "Prepend" : "";

	for (size_t i = 0; i < v->n; i++) {
		uint32_t len = v->tok[i].len;
		uint8_t special = v->flags[i] & TOKEN_SPECIAL;

		crc = crc32c(crc, &len, 4);
		crc = crc32c(crc, v->pool.p + v->tok[i].at, len);
		crc = crc32c(crc, &special, 1);
	}
	for (size_t i = 0; (pattern = split_pattern(v->split, i)); i++)
		crc = crc32c(crc, pattern, strlen(pattern));
	crc = crc32c(crc, norm, strlen(norm));
	crc = crc32c(crc, v->charsmap.p, v->charsmap.n);
	crc32c_text(crc, out);
}
