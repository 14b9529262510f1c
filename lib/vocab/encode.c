/* encode - text to ids: what is not UTF-8, specials, normalization; the rest in pieces */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "base/nfc.h"
#include "base/utf8.h"
#include "vocab/charsmap.h"
#include "vocab/pieces.h"
#include "vocab/table.h"
#include "vocab/ucd.h"
#include <stdlib.h>
#include <string.h>

struct encoder {
	const struct vocab *v;
	struct vocab_opts   opts;
	struct pieces *pieces;
	struct buf   whole, normal, blanks, valid;
	size_t       offset;            /* of the text in one that it goes on from: no space in front */
	int          more;
};

struct encoder *
encoder_new(const struct vocab *v, const struct vocab_opts *opts)
{
	struct encoder *e = xcalloc(1, sizeof *e);

	e->v = v;
	if (opts)
		e->opts = *opts;
	e->pieces = pieces_new(v);
	return e;
}

void
encoder_free(struct encoder *e)
{
	if (!e)
		return;
	pieces_free(e->pieces);
	buf_free(&e->whole);
	buf_free(&e->normal);
	buf_free(&e->blanks);
	buf_free(&e->valid);
	free(e);
}

static int
encode_text(struct encoder *e, const char *p, size_t n, size_t base, struct ids *ids, struct err *err)
{
	const struct vocab *v = e->v;
	int front;

	if (!n)
		return 0;
	if (v->nfc) {
		buf_clear(&e->normal);
		if (nfc(p, n, &e->normal))
			p = e->normal.p, n = e->normal.n;
	}
	if (v->blank && memmem(p, n, "\xe2\x96\x81", 3)) {
		blanks_bytes(p, n, &e->blanks);
		p = e->blanks.p, n = e->blanks.n;
	}
	front = v->prefix && !v->spm_text && !e->more && (base == 0 || v->prefix == PREFIX_EACH) && !(v->lone && *p == ' ');
	if (front && (!v->spm || v->score || v->whole || !split_scans(v->split))) {
		buf_clear(&e->whole);
		buf_char(&e->whole, ' ');
		buf_add(&e->whole, p, n);
		p = e->whole.p, n = e->whole.n;
		front = 0;
	}
	return pieces_encode(e->pieces, (const unsigned char *)p, n, front, e->offset + base, ids, err);
}

/* Of the added tokens in [lo, hi), alike before byte k, the first whose byte k is not below b. */
static size_t
added_from(const struct vocab *v, size_t lo, size_t hi, size_t k, unsigned b)
{
	while (lo < hi) {
		size_t i = lo + (hi - lo) / 2;

		if ((unsigned char)v->added[i].p[k] < b)
			lo = i + 1;
		else
			hi = i;
	}
	return lo;
}

/* The longest added token that p begins with, or NULL: as they are sorted, those that go on as the text does lie together. */
static const struct added *
added_at(const struct vocab *v, const unsigned char *p, size_t n, int none)
{
	size_t lo = v->first[*p], hi = v->first[*p + 1], best = 0;
	const struct added *found = NULL;

	for (size_t k = 1; ; k++) {
		for (; lo < hi && v->added[lo].len == k; lo++)
			if (best < k && (!none || !(v->flags[v->added[lo].id] & TOKEN_SPECIAL)))
				found = v->added + lo, best = k;
		if (lo == hi || k == n)
			return found;
		lo = added_from(v, lo, hi, k, p[k]);
		hi = added_from(v, lo, hi, k, p[k] + 1u);
	}
}

/* The first added token at or after p, *at where it begins; NULL.  none: specials are plain text. */
static const struct added *
find_added(const struct vocab *v, const char *p, const char *end, int none, const char **at)
{
	const struct added *a;

	for (; p < end; p++) {
		if (v->added_first >= 0 && !(p = memchr(p, v->added_first, (size_t)(end - p))))
			return NULL;
		*at = p;
		if ((a = added_at(v, (const unsigned char *)p, (size_t)(end - p), none)))
			return a;
	}
	return NULL;
}

/* The blanks that p begins with. */
static size_t
blanks_at(const char *p, const char *end)
{
	const char *q = p;
	uint32_t len = 0;

	while (q < end && ucd_space(utf8_next((const unsigned char *)q, (const unsigned char *)end, &len)))
		q += len;
	return (size_t)(q - p);
}

/* The blanks that end at end. */
static size_t
blanks_before(const char *p, const char *end)
{
	const char *q = end;
	size_t last;

	for (; q > p; q -= last) {
		last = utf8_last(p, (size_t)(q - p));
		if (blanks_at(q - last, q) < last)
			break;
	}
	return (size_t)(end - q);
}

static int
encode_specials(struct encoder *e, const char *text, size_t n, struct ids *ids, struct err *err)
{
	const struct vocab *v = e->v;
	const char *p = text, *end = text + n, *at;
	const struct added *a;

	while ((a = find_added(v, p, end, e->opts.special == SPECIAL_NONE, &at))) {
		size_t before = a->strip & STRIP_LEFT ? blanks_before(p, at) : 0;

		if (e->opts.special == SPECIAL_REFUSE && (v->flags[a->id] & TOKEN_SPECIAL))
			return err_set(err, "byte %zu: the text holds the special token %.*s (see --special)",
				       e->offset + (size_t)(at - text), (int)a->len, a->p);
		if (encode_text(e, p, (size_t)(at - p) - before, (size_t)(p - text), ids, err))
			return -1;
		ids_need(ids, 1);
		ids->v[ids->n++] = a->id;
		p = at + a->len;
		p += a->strip & STRIP_RIGHT ? blanks_at(p, end) : 0;
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

/* e->whole becomes the text as SentencePiece normalizes it. */
static void
spm_text(struct encoder *e, const char *text, size_t n)
{
	const struct vocab *v = e->v;
	int front = v->prefix && !e->more;

	buf_clear(&e->whole);
	if (front)
		buf_char(&e->whole, ' ');
	charsmap_apply(v->charsmap.n ? v->charsmap.p : NULL, v->charsmap.n, v->squeeze, text, n, &e->whole);
	if (e->whole.n == (size_t)front)        /* nothing is left */
		buf_clear(&e->whole);
}

int
encode(struct encoder *e, const char *text, size_t n, struct ids *ids, struct err *err)
{
	if (e->opts.invalid != INVALID_RAW) {
		size_t ok = utf8_check(text, n);

		if (ok < n && e->opts.invalid == INVALID_REFUSE)
			return err_set(err, "byte %zu: not UTF-8", e->offset + ok);
		if (ok < n) {
			replace(&e->valid, text, n);
			text = e->valid.p, n = e->valid.n;
		}
	}
	if (n > UINT32_MAX / 2)
		return err_set(err, "a text of more than 2 GB");
	if (e->v->spm_text) {
		spm_text(e, text, n);
		text = e->whole.p, n = e->whole.n;
	}
	if ((e->opts.special == SPECIAL_NONE && !e->v->spm_text) || !e->v->n_added)     /* user-defined symbols are always found */
		return encode_text(e, text, n, 0, ids, err);
	return encode_specials(e, text, n, ids, err);
}

int
encode_more(struct encoder *e, const char *text, size_t n, size_t offset, struct ids *ids, struct err *err)
{
	int rc;

	e->more = 1;
	e->offset = offset;
	rc = encode(e, text, n, ids, err);
	e->more = 0;
	e->offset = 0;
	return rc;
}

size_t
vocab_cut(const struct vocab *v, const char *text, size_t n, size_t from)
{
	return v->added_newline ? n : split_cut(v->split, text, n, from);
}

const struct vocab *
encoder_vocab(const struct encoder *e)
{
	return e->v;
}
