/* pieces - a cache of pieces in front of look-ups and merges; look-ups go in groups, so that memory is asked ahead */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/bpe.h"
#include "vocab/pieces.h"
#include "vocab/table.h"
#include "vocab/unigram.h"
#include <stdlib.h>
#include <string.h>

#define CACHE_LEAST 12          /* bits: slots of two pieces, a quarter of a MB */
#define CACHE_MOST 18
#define CACHE_IDS  6
#define KEPT_MAX   (1u << 20)   /* ids below it are kept */

struct kept {                   /* a piece of less than KEY_MAX bytes and its ids: 32 bytes, two of a slot in one cache line */
	uint64_t lo, hi;        /* its bytes, its length in the last */
	uint64_t x, y;          /* how many ids (4 bits), six of them (20 bits each) */
};

/* Longer pieces, an eighth as many slots, one each. */
#define LONG_LESS 3
#define LONG_KEY  64
#define LONG_IDS  12

struct kept_long {
	uint64_t hash;
	uint32_t len, n, id[LONG_IDS];  /* len 0: empty */
	unsigned char bytes[LONG_KEY];
};

#define IDS_MANY ((size_t)1 << 16)

#define AHEAD 128               /* pieces found before they are looked up, so that the cache's lines are on their way */

struct span {
	uint64_t lo, hi, hash;
	const unsigned char *p;
	size_t n;
};

struct pieces {
	const struct vocab *v;
	struct arena memory;            /* of the caches, which grow with the text that was seen */
	size_t       seen;
	int          bits;
	struct kept *cache;
	struct kept_long *cache_long;
	struct span  ahead[AHEAD];
	struct bpe   bpe;
	struct unigram unigram;
	struct cuts  cuts;
	const unsigned char *bad;       /* a byte that no token has */
};

static inline struct kept *
slot(const struct pieces *c, uint64_t hash)
{
	return c->cache + 2 * (hash >> (64 - c->bits));
}

static inline struct kept_long *
slot_long(const struct pieces *c, uint64_t hash)
{
	return c->cache_long + (hash >> (64 + LONG_LESS - c->bits));
}

static void
caches(struct pieces *c, int bits)
{
	size_t n = (size_t)2 << bits, n_long = (size_t)1 << (bits - LONG_LESS);

	c->bits = bits;
	arena_init(&c->memory, n * sizeof *c->cache + n_long * sizeof *c->cache_long);
	c->cache = arena_take(&c->memory, n * sizeof *c->cache);
	c->cache_long = arena_take(&c->memory, n_long * sizeof *c->cache_long);
}

/* Caches four times as large, with what is in them. */
static void
grow(struct pieces *c)
{
	struct pieces old = *c;

	caches(c, old.bits + 2);
	for (const struct kept *k = old.cache; k < old.cache + ((size_t)2 << old.bits); k++)
		if (k->x) {
			struct kept *to = slot(c, key_hash(k->lo, k->hi));

			to[to->x != 0] = *k;
		}
	for (const struct kept_long *k = old.cache_long; k < old.cache_long + ((size_t)1 << (old.bits - LONG_LESS)); k++)
		if (k->len)
			*slot_long(c, k->hash) = *k;
	arena_free(&old.memory);
}

/* Text to come: with that the caches are about as large as it, at most; where there is little of it memory is not touched for nothing. */
static void
expect(struct pieces *c, size_t n)
{
	c->seen += n;
	while (c->bits < CACHE_MOST && c->seen / 2 >= sizeof *c->cache << (c->bits + 1))
		grow(c);
}

struct pieces *
pieces_new(const struct vocab *v)
{
	struct pieces *c = xcalloc(1, sizeof *c);

	c->v = v;
	caches(c, CACHE_LEAST);
	return c;
}

void
pieces_free(struct pieces *c)
{
	arena_free(&c->memory);
	bpe_free(&c->bpe);
	unigram_free(&c->unigram);
	cuts_free(&c->cuts);
	free(c);
}

void
ids_need(struct ids *ids, size_t more)
{
	if (ids->full && ids->n > IDS_MANY)
		ids->full(ids, ids->ctx);
	if (ids->cap - ids->n < more)
		ids->v = xreallocarray(ids->v, ids->cap = (ids->n + more) * 3 / 2 + 64, sizeof *ids->v);
}

/* SentencePiece's symbols after m others: characters where there is a token, else their bytes. */
static size_t
characters(struct pieces *c, const unsigned char *p, size_t n, uint32_t *out, size_t m)
{
	const struct vocab *v = c->v;
	const unsigned char *e = p + n;
	uint32_t len, id;

	for (; p < e; p += len) {
		utf8_next(p, e, &len);
		id = table_find(v, p, len);
		if (id != NO_TOKEN) {
			out[m++] = id;
			continue;
		}
		for (uint32_t i = 0; i < len; i++) {
			id = v->byte[p[i]];
			if (id == NO_TOKEN && v->unk >= 0) {
				if (!v->fuse_unk || !m || out[m - 1] != (uint32_t)v->unk)
					out[m++] = (uint32_t)v->unk;
				break;
			}
			if (id != NO_TOKEN)
				out[m++] = id;
			else if (!v->drops)
				c->bad = p + i;
		}
	}
	return m;
}

/* The symbols of bytes some of which may have no token: then they are unk, or nothing. */
static size_t
bytes(struct pieces *c, const unsigned char *p, size_t n, uint32_t *out)
{
	const struct vocab *v = c->v;
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (v->byte[p[i]] != NO_TOKEN)
			out[m++] = v->byte[p[i]];
		else if (v->unk >= 0 && (!v->fuse_unk || !m || out[m - 1] != (uint32_t)v->unk))
			out[m++] = (uint32_t)v->unk;
		else if (v->unk < 0 && !v->drops)
			c->bad = p + i;
	return m;
}

/* The ids of a piece by look-up and merging, at most n of them. */
static size_t
piece(struct pieces *c, const struct span *s, uint32_t *out)
{
	const struct vocab *v = c->v;
	const unsigned char *p = s->p;
	size_t n = s->n;
	uint32_t id;

	if (v->whole && n < WHOLE_MAX && (id = table_find_hashed(v, p, n, n <= LONG_KEY ? s->hash : table_hash(p, n))) != NO_TOKEN) {
		out[0] = id;
		return 1;
	}
	if (v->spm) {
		size_t m = characters(c, p, n, out, 0);

		return c->bad ? 0 : bpe_merge(v, &c->bpe, out, m);
	}
	if (!v->all_bytes)
		return bpe_merge(v, &c->bpe, out, bytes(c, p, n, out));
	return bpe_bytes(v, &c->bpe, p, n, out);
}

static size_t
piece_long(struct pieces *c, const struct span *s, uint32_t *out)
{
	struct kept_long *k;
	size_t m;

	if (s->n > LONG_KEY)
		return piece(c, s, out);
	k = slot_long(c, s->hash);
	if (k->hash == s->hash && k->len == s->n && !memcmp(k->bytes, s->p, s->n)) {
		memcpy(out, k->id, k->n * sizeof *out);
		return k->n;
	}
	m = piece(c, s, out);
	if (m <= LONG_IDS && !c->bad) {
		k->hash = s->hash;
		k->len = (uint32_t)s->n;
		k->n = (uint32_t)m;
		memcpy(k->id, out, m * sizeof *out);
		memcpy(k->bytes, s->p, s->n);
	}
	return m;
}

/* A piece of less than KEY_MAX bytes that the cache has not. */
static size_t
piece_short(struct pieces *c, const struct span *s, uint32_t *out)
{
	struct kept *k = slot(c, s->hash);
	size_t m = piece(c, s, out);
	uint32_t top = 0;
	uint64_t id[CACHE_IDS] = {0};

	if (m > CACHE_IDS || c->bad)
		return m;
	for (size_t i = 0; i < m; i++)
		top |= out[i], id[i] = out[i];
	if (top >= KEPT_MAX)
		return m;
	k[1] = k[0];
	k->lo = s->lo, k->hi = s->hi;
	k->x = m | id[0] << 4 | id[1] << 24 | id[2] << 44;
	k->y = id[3] | id[4] << 20 | id[5] << 40;
	return m;
}

/* Room for the piece's length in ids, and for CACHE_IDS, is at out. */
static inline size_t
span_ids(struct pieces *c, const struct span *s, uint32_t *out)
{
	const struct kept *k = slot(c, s->hash);

	if (s->n >= KEY_MAX)
		return piece_long(c, s, out);
	k += ((k->lo ^ s->lo) | (k->hi ^ s->hi)) != 0;          /* no branch: which of the two nobody can foretell */
	if (((k->lo ^ s->lo) | (k->hi ^ s->hi)) != 0)
		return piece_short(c, s, out);
	out[0] = k->x >> 4 & (KEPT_MAX - 1);
	out[1] = k->x >> 24 & (KEPT_MAX - 1);
	out[2] = (uint32_t)(k->x >> 44);
	if ((k->x & 15) > 3) {
		out[3] = k->y & (KEPT_MAX - 1);
		out[4] = k->y >> 20 & (KEPT_MAX - 1);
		out[5] = (uint32_t)(k->y >> 40);
	}
	return k->x & 15;
}

/* A piece of n bytes, its key and its place in the cache, which is asked for. */
static inline void
span_set(struct pieces *c, struct span *s, const unsigned char *p, size_t n, const unsigned char *end)
{
	s->p = p;
	s->n = n;
	if (n < KEY_MAX) {
		if (end - p >= 16)
			key_masked(p, n, &s->lo, &s->hi);
		else
			key_load(p, n, &s->lo, &s->hi);
		s->hi |= (uint64_t)n << 56;
		s->hash = key_hash(s->lo, s->hi);
		__builtin_prefetch(slot(c, s->hash));
	} else if (n <= LONG_KEY) {
		s->hash = table_hash(p, n);
		__builtin_prefetch(slot_long(c, s->hash));
	}
}

/* The next AHEAD pieces from *p on; how many there are. */
static size_t
look_ahead(struct pieces *c, const unsigned char **from, const unsigned char *end)
{
	const unsigned char *p = *from;
	uint32_t len[AHEAD];
	size_t n = split_ahead(c->v->split, p, end, len, AHEAD);

	for (size_t i = 0; i < n; p += len[i++])
		span_set(c, c->ahead + i, p, len[i], end);
	*from = p;
	return n;
}

/* The same for cuts that were made. */
static size_t
take_cuts(struct pieces *c, const unsigned char **from, const unsigned char *text, const unsigned char *end, size_t *cut)
{
	const unsigned char *p = *from, *q;
	size_t n = 0;

	for (; n < AHEAD && p < end; p = q) {
		size_t at = c->cuts.end[(*cut)++];

		q = text + (at & ~CUT_DROPPED);
		if (!(at & CUT_DROPPED))
			span_set(c, c->ahead + n++, p, (size_t)(q - p), end);
	}
	*from = p;
	return n;
}

/* Scores add up over a whole text, roundings included, as in SentencePiece: so what was found before does not help. */
static void
unigram_text(struct pieces *c, const unsigned char *p, const unsigned char *end, struct ids *ids)
{
	uint32_t len;

	c->unigram.till = 0;
	for (; p < end && !c->bad; p += len) {
		split_ahead(c->v->split, p, end, &len, 1);
		unigram_ids(c->v, &c->unigram, p, len, ids, &c->bad);
	}
}

/* The first piece as if a space were in front of it, which a copy of the text would cost as much memory as that; its length. */
static size_t
piece_front(struct pieces *c, const unsigned char *p, const unsigned char *end, struct ids *ids)
{
	uint32_t len;
	size_t m;

	split_ahead(c->v->split, p, end, &len, 1);
	ids_need(ids, (size_t)len + 1);
	m = characters(c, (const unsigned char *)" ", 1, ids->v + ids->n, 0);
	if (c->bad)
		c->bad = p;
	else if ((m = characters(c, p, len, ids->v + ids->n, m)) && !c->bad)
		ids->n += bpe_merge(c->v, &c->bpe, ids->v + ids->n, m);
	return len;
}

int
pieces_encode(struct pieces *c, const unsigned char *text, size_t n, int front, size_t base, struct ids *ids, struct err *err)
{
	const unsigned char *p = text, *end = text + n;
	size_t cut = 0, from, k;
	int scans = split_scans(c->v->split);

	c->bad = NULL;
	expect(c, n);
	if (!scans && split_ends(c->v->split, &c->cuts, text, n, err))
		return -1;
	if (c->v->score)
		unigram_text(c, p, end, ids);
	else if (front)
		p += piece_front(c, p, end, ids);
	while (!c->v->score && p < end && !c->bad) {
		from = (size_t)(p - text);
		k = scans ? look_ahead(c, &p, end) : take_cuts(c, &p, text, end, &cut);
		ids_need(ids, (size_t)(p - text) - from + CACHE_IDS);
		for (size_t i = 0; i < k && !c->bad; i++)
			ids->n += span_ids(c, c->ahead + i, ids->v + ids->n);
	}
	if (c->bad)
		return err_set(err, "byte %zu: the vocabulary has no token for byte 0x%02x", base + (size_t)(c->bad - text), *c->bad);
	return 0;
}
