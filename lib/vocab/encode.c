/* encode - text to ids: specials, normalization, cuts, a cache of pieces, merges */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/bpe.h"
#include "vocab/table.h"
#include "vocab/ucd.h"
#include <stdlib.h>
#include <string.h>

#define CACHE_BITS 17
#define CACHE_KEY  15           /* longest piece that is kept, bytes */
#define CACHE_IDS  3

struct kept {                   /* a piece and its ids: 32 bytes, two of a slot in one cache line */
	uint64_t lo, hi;        /* its bytes, its length in the last */
	uint32_t id[CACHE_IDS], n;
};

/* Longer pieces, and those of more ids. */
#define LONG_BITS 14
#define LONG_KEY  64
#define LONG_IDS  12

struct kept_long {
	uint64_t hash;
	uint32_t len, n, id[LONG_IDS];  /* len 0: empty */
	unsigned char bytes[LONG_KEY];
};

/* Pieces found ahead of their look-up, so that the cache's lines are on their way. */
#define AHEAD 128

struct span {
	uint64_t lo, hi;
	const unsigned char *p;
	uint32_t n, slot;               /* slot: UINT32_MAX when the piece is too long to be kept */
};

struct encoder {
	const struct vocab *v;
	struct vocab_opts   opts;
	scan_fn     *scan;
	const unsigned char *cls;
	struct arena memory;
	struct kept *cache;
	struct kept_long *cache_long;
	struct span *ahead;
	struct bpe   bpe;
	struct cuts  cuts;
	struct buf   whole, normal, valid;
	int          more;              /* what comes goes on from a text before: no space in front */
};

struct encoder *
encoder_new(const struct vocab *v, const struct vocab_opts *opts)
{
	struct encoder *e = xcalloc(1, sizeof *e);

	e->v = v;
	if (opts)
		e->opts = *opts;
	e->scan = split_scanner(v->split);
	e->cls = split_classes(v->split);
	arena_init(&e->memory, (sizeof *e->cache << (CACHE_BITS + 1)) + (sizeof *e->cache_long << LONG_BITS) +
		   AHEAD * sizeof *e->ahead + 256);
	e->cache = arena_take(&e->memory, sizeof *e->cache << (CACHE_BITS + 1));
	e->cache_long = arena_take(&e->memory, sizeof *e->cache_long << LONG_BITS);
	e->ahead = arena_take(&e->memory, AHEAD * sizeof *e->ahead);
	return e;
}

void
encoder_free(struct encoder *e)
{
	if (!e)
		return;
	arena_free(&e->memory);
	bpe_free(&e->bpe);
	cuts_free(&e->cuts);
	buf_free(&e->whole);
	buf_free(&e->normal);
	buf_free(&e->valid);
	free(e);
}

static void
room(struct ids *ids, size_t more)
{
	if (ids->cap - ids->n < more)
		ids->v = xreallocarray(ids->v, ids->cap = (ids->n + more) * 3 / 2 + 64, sizeof *ids->v);
}

/* SentencePiece's symbols: characters where there is a token, else their bytes. */
static size_t
characters(const struct vocab *v, const unsigned char *p, size_t n, uint32_t *out, const unsigned char **bad)
{
	const unsigned char *e = p + n;
	size_t m = 0;
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
				out[m++] = (uint32_t)v->unk;
				break;
			}
			if (id == NO_TOKEN)
				*bad = p + i;
			out[m++] = id;
		}
	}
	return m;
}

/* The ids of a piece by look-up and merging, at most n of them; *bad: a byte that no token has. */
static size_t
piece(struct encoder *e, const unsigned char *p, size_t n, uint32_t *out, const unsigned char **bad)
{
	const struct vocab *v = e->v;
	uint32_t id;

	if (v->whole && n < 512 && (id = table_find(v, p, n)) != NO_TOKEN) {
		out[0] = id;
		return 1;
	}
	if (v->spm) {
		size_t m = characters(v, p, n, out, bad);

		return *bad ? 0 : bpe_merge(v, &e->bpe, out, m);
	}
	for (size_t i = 0; i < n; i++)
		if (v->byte[p[i]] == NO_TOKEN) {
			*bad = p + i;
			return 0;
		}
	return bpe_bytes(v, &e->bpe, p, n, out);
}

static size_t
piece_kept(struct encoder *e, const unsigned char *p, size_t n, uint32_t *out, const unsigned char **bad)
{
	struct kept_long *k;
	uint64_t hash;
	size_t m;

	if (n > LONG_KEY)
		return piece(e, p, n, out, bad);
	hash = table_hash(p, n);
	k = e->cache_long + (hash >> (64 - LONG_BITS));
	if (k->hash == hash && k->len == n && !memcmp(k->bytes, p, n)) {
		memcpy(out, k->id, k->n * sizeof *out);
		return k->n;
	}
	m = piece(e, p, n, out, bad);
	if (m <= LONG_IDS && !*bad) {
		k->hash = hash;
		k->len = (uint32_t)n;
		k->n = (uint32_t)m;
		memcpy(k->id, out, m * sizeof *out);
		memcpy(k->bytes, p, n);
	}
	return m;
}

/* A piece, its key and its place in the cache. */
static inline void
span_set(struct span *s, const unsigned char *p, const unsigned char *q, const unsigned char *end)
{
	uint64_t lo = 0, hi = 0, h;
	size_t n = (size_t)(q - p);

	s->p = p;
	s->n = (uint32_t)n;
	s->slot = UINT32_MAX;
	if (n > CACHE_KEY)
		return;
	if (end - p >= 16) {
		memcpy(&lo, p, 8);
		memcpy(&hi, p + 8, 8);
		if (n < 8) {
			lo &= ((uint64_t)1 << 8 * n) - 1;
			hi = 0;
		} else {
			hi &= ((uint64_t)1 << 8 * (n - 8)) - 1;
		}
	} else {
		unsigned char b[16] = {0};

		memcpy(b, p, n);
		memcpy(&lo, b, 8);
		memcpy(&hi, b + 8, 8);
	}
	hi |= (uint64_t)n << 56;
	h = (lo ^ (hi << 29 | hi >> 35)) * 0x9e3779b97f4a7c15u;
	h = (h ^ h >> 32) * 0xff51afd7ed558ccdu;
	s->lo = lo, s->hi = hi;
	s->slot = (uint32_t)(h >> (64 - CACHE_BITS));
}

/* room for the piece's length in ids, and for CACHE_IDS, is at out. */
static inline size_t
span_ids(struct encoder *e, const struct span *s, uint32_t *out, const unsigned char **bad)
{
	struct kept *k = e->cache + 2 * (size_t)s->slot;
	size_t m;

	if (s->slot == UINT32_MAX)
		return piece_kept(e, s->p, s->n, out, bad);
	if (k[0].lo != s->lo || k[0].hi != s->hi) {
		if (k[1].lo == s->lo && k[1].hi == s->hi) {
			k++;
		} else {
			m = piece_kept(e, s->p, s->n, out, bad);
			if (m <= CACHE_IDS && !*bad) {
				k[1] = k[0];
				k[0].lo = s->lo, k[0].hi = s->hi;
				memcpy(k[0].id, out, m * sizeof *out);
				k[0].n = (uint32_t)m;
			}
			return m;
		}
	}
	memcpy(out, k->id, sizeof k->id);
	return k->n;
}

/* The next AHEAD pieces from *p on; how many there are. */
static size_t
look_ahead(struct encoder *e, const unsigned char **p, const unsigned char *text, const unsigned char *end, size_t *cut)
{
	const unsigned char *q;
	size_t n = 0;

	for (; n < AHEAD && *p < end; n++, *p = q) {
		q = e->scan ? e->scan(e->cls, *p, end) : text + e->cuts.end[(*cut)++];
		span_set(e->ahead + n, *p, q, end);
		if (e->ahead[n].slot != UINT32_MAX)
			__builtin_prefetch(e->cache + 2 * (size_t)e->ahead[n].slot);
	}
	return n;
}

/* Text without specials, normalized; base: its offset, for messages. */
static int
encode_cuts(struct encoder *e, const unsigned char *text, size_t n, size_t base, struct ids *ids, struct err *err)
{
	const unsigned char *p = text, *end = text + n, *bad = NULL;
	size_t cut = 0, from, k;

	if (!e->scan && split_ends(e->v->split, &e->cuts, text, n, err))
		return -1;
	while (p < end && !bad) {
		from = (size_t)(p - text);
		k = look_ahead(e, &p, text, end, &cut);
		room(ids, (size_t)(p - text) - from + CACHE_IDS);
		for (size_t i = 0; i < k && !bad; i++)
			ids->n += span_ids(e, e->ahead + i, ids->v + ids->n, &bad);
	}
	if (bad)
		return err_set(err, "byte %zu: the vocabulary has no token for byte 0x%02x", base + (size_t)(bad - text), *bad);
	return 0;
}

static int
encode_text(struct encoder *e, const char *p, size_t n, size_t base, struct ids *ids, struct err *err)
{
	if (!n)
		return 0;
	if (e->v->nfc) {
		buf_clear(&e->normal);
		if (nfc(p, n, &e->normal))
			p = e->normal.p, n = e->normal.n;
	}
	if (e->v->prefix && !e->more && (e->v->spm || *p != ' ')) {
		buf_clear(&e->whole);
		buf_char(&e->whole, ' ');
		buf_add(&e->whole, p, n);
		p = e->whole.p, n = e->whole.n;
	}
	return encode_cuts(e, (const unsigned char *)p, n, base, ids, err);
}

/* The first added token at or after p: its id, *at where it begins; NO_TOKEN. */
static uint32_t
find_added(const struct vocab *v, const char *p, const char *end, const char **at)
{
	for (; p < end; p++) {
		unsigned char b = (unsigned char)*p;

		for (size_t i = v->first[b]; i < v->first[b + 1]; i++) {
			uint32_t id = v->added[i];

			if ((size_t)(end - p) >= v->tok[id].len && !memcmp(p, v->pool.p + v->tok[id].at, v->tok[id].len)) {
				*at = p;
				return id;
			}
		}
	}
	return NO_TOKEN;
}

static int
encode_specials(struct encoder *e, const char *text, size_t n, struct ids *ids, struct err *err)
{
	const struct vocab *v = e->v;
	const char *p = text, *end = text + n, *at;
	uint32_t id;

	while ((id = find_added(v, p, end, &at)) != NO_TOKEN) {
		if (e->opts.special == SPECIAL_REFUSE && (v->flags[id] & TOKEN_SPECIAL))
			return err_set(err, "byte %zu: the text holds the special token %.*s (see --special)",
				       (size_t)(at - text), (int)v->tok[id].len, v->pool.p + v->tok[id].at);
		if (encode_text(e, p, (size_t)(at - p), (size_t)(p - text), ids, err))
			return -1;
		room(ids, 1);
		ids->v[ids->n++] = id;
		p = at + v->tok[id].len;
	}
	return encode_text(e, p, (size_t)(end - p), (size_t)(p - text), ids, err);
}

/* Each maximal subpart that is no UTF-8 becomes U+FFFD. */
static void
replace(struct buf *out, const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + n;
	uint32_t len;

	buf_clear(out);
	while (p < end) {
		size_t ok = utf8_check(p, (size_t)(end - p));

		buf_add(out, p, ok);
		p += ok;
		if (p == end)
			break;
		buf_str(out, "\xef\xbf\xbd");
		utf8_next(p, end, &len);
		p += len;
	}
}

int
encode(struct encoder *e, const char *text, size_t n, struct ids *ids, struct err *err)
{
	if (e->opts.invalid != INVALID_RAW) {
		size_t ok = utf8_check(text, n);

		if (ok < n && e->opts.invalid == INVALID_REFUSE)
			return err_set(err, "byte %zu: not UTF-8", ok);
		if (ok < n) {
			replace(&e->valid, text, n);
			text = e->valid.p, n = e->valid.n;
		}
	}
	if (n > UINT32_MAX / 2)
		return err_set(err, "a text of more than 2 GB");
	if (e->opts.special == SPECIAL_NONE || !e->v->n_added)
		return encode_text(e, text, n, 0, ids, err);
	return encode_specials(e, text, n, ids, err);
}

int
encode_more(struct encoder *e, const char *text, size_t n, struct ids *ids, struct err *err)
{
	int rc;

	e->more = 1;
	rc = encode(e, text, n, ids, err);
	e->more = 0;
	return rc;
}

const struct vocab *
encoder_vocab(const struct encoder *e)
{
	return e->v;
}
