/* repeat - stretches of text that were there before, cut out: winnowing, windows, and sorting in bounded memory */
/* SPDX-License-Identifier: MIT */
#include "text/same/repeat.h"
#include "base/rng.h"
#include "text/same/sorter.h"
#include "text/same/shelf.h"
#include "text/uni.h"
#include <stdlib.h>
#include <string.h>

#define PRIME ((1ull << 61) - 1)
#define BASE  0x17a3c5b9d8e4f21ull

/* A text as units: its bytes, or hashes of its words with where each begins. */
struct units {
	const unsigned char *bytes;     /* NULL: words */
	uint64_t *v;
	size_t   *at;
	size_t    n, cap, cap_at, end;  /* end: of the text */
};

struct repeat {
	enum repeat_unit unit;
	size_t         least, gram;     /* units of a window; of a gram, by which places are chosen */
	size_t         memory;
	uint64_t       out_gram, out_window;    /* BASE to the power of their lengths */
	struct shelf  *shelf;
	struct sorter *places, *wanted; /* (gram, place of a unit among all); places with a gram that is there twice */
	struct sorter *windows, *cuts;  /* (window, place); (from, to) in units */
	uint64_t      *ring;            /* hashes of the grams of a window */
	struct units   units;
	uint64_t       base, n_cuts;    /* the place of the current document's first unit */
	struct buf     meta, text;
};

static uint64_t
times(uint64_t a, uint64_t b)
{
	unsigned __int128 x = (unsigned __int128)a * b;
	uint64_t r = ((uint64_t)x & PRIME) + (uint64_t)(x >> 61);

	return r >= PRIME ? r - PRIME : r;
}

/* The hash of units that goes on by one, and loses the first one: h BASE + in - out BASE^n mod 2^61 - 1. */
static uint64_t
roll(uint64_t h, uint64_t in, uint64_t out, uint64_t power)
{
	h = times(h, BASE) + in + PRIME - times(out, power);
	h = (h & PRIME) + (h >> 61);
	return h >= PRIME ? h - PRIME : h;
}

/* From 1 on, so that a longer run of equal ones has another hash. */
static uint64_t
unit(const struct units *u, size_t i)
{
	return u->bytes ? u->bytes[i] + 1u : u->v[i];
}

static size_t
begin(const struct units *u, size_t i)
{
	return i == u->n ? u->end : u->bytes ? i : u->at[i];
}

static uint64_t
hash_units(const struct units *u, size_t from, size_t n)
{
	uint64_t h = 0;

	for (size_t i = from; i < from + n; i++)
		h = roll(h, unit(u, i), 0, 0);
	return h;
}

struct repeat *
repeat_new(enum repeat_unit unit, size_t least, size_t memory, struct err *err)
{
	struct shelf *shelf = shelf_new(err);
	struct repeat *r;

	if (!shelf)
		return NULL;
	r = xcalloc(1, sizeof *r);
	r->unit = unit;
	r->least = least;
	r->gram = (least + 1) / 2;
	r->memory = memory;
	r->out_gram = r->out_window = 1;
	for (size_t i = 0; i < least; i++) {
		r->out_window = times(r->out_window, BASE);
		if (i < r->gram)
			r->out_gram = times(r->out_gram, BASE);
	}
	r->ring = xcalloc(least, sizeof *r->ring);
	r->shelf = shelf;
	r->places = sorter_new(memory);
	return r;
}

void
repeat_free(struct repeat *r)
{
	if (!r)
		return;
	shelf_free(r->shelf);
	sorter_free(r->places);
	sorter_free(r->wanted);
	sorter_free(r->windows);
	sorter_free(r->cuts);
	free(r->ring);
	free(r->units.v);
	free(r->units.at);
	buf_free(&r->meta);
	buf_free(&r->text);
	free(r);
}

static void
find_units(struct repeat *r, const char *text, size_t n)
{
	struct units *u = &r->units;
	uint64_t h = 0;
	size_t start = 0, len, words = 0;

	u->end = n;
	u->bytes = r->unit == REPEAT_BYTE ? (const unsigned char *)text : NULL;
	u->n = u->bytes ? n : 0;
	for (size_t i = 0; !u->bytes && i <= n; i += len) {
		uint32_t c = i < n ? uni_decode(text + i, n - i, &len) : ' ';

		len = i < n ? len : 1;
		if (uni_word(c)) {
			if (!h)
				start = i;
			h = rng_at(h, uni_lower(c), 0, 0, 0) % (PRIME - 1) + 1;
		} else if (h) {
			VEC_PUSH(u->at, words, u->cap_at, start);
			VEC_PUSH(u->v, u->n, u->cap, h);
			h = 0;
		}
	}
}

/* In each window of `least` units the gram with the least hash, the last of equal ones: so equal windows choose alike. */
static int
choose_places(struct repeat *r, struct err *err)
{
	const struct units *u = &r->units;
	size_t grams = u->n - r->gram + 1, w = r->least - r->gram + 1, best = 0;
	uint64_t *hash = r->ring, h = hash_units(u, 0, r->gram);
	int rc = 0;

	for (size_t i = 0; i < grams && rc == 0; i++) {
		size_t was = best;

		hash[i % w] = h;
		if (i >= w && best == i - w) {
			best = i - w + 1;
			for (size_t k = best + 1; k <= i; k++)
				if (hash[k % w] <= hash[best % w])
					best = k;
		} else if (h <= hash[best % w]) {
			best = i;
		}
		if (i == w - 1 || (i >= w && best != was))
			rc = sorter_put(r->places, hash[best % w], r->base + best, err);
		if (i + 1 < grams)
			h = roll(h, unit(u, i + r->gram), unit(u, i), r->out_gram);
	}
	return rc;
}

int
repeat_put(struct repeat *r, const struct doc *d, struct err *err)
{
	if (shelf_put(r->shelf, d, err))
		return -1;
	find_units(r, d->text, d->text_len);
	if (r->units.n >= r->least && choose_places(r, err))
		return -1;
	r->base += r->units.n;
	return 0;
}

/* From entries (key, place) those whose key is there twice: each place; or for windows what is to be cut there, where a run goes on
 * over its first copy not more than the rest. */
static int
find_twice(struct repeat *r, struct sorter **from, struct sorter *to, int windows, struct err *err)
{
	struct entry e, first = { 0, 0 };
	size_t n = 0;
	int more;

	while ((more = sorter_get(*from, &e, err)) > 0) {
		if (n == 0 || e.key != first.key) {
			first = e;
			n = 1;
			continue;
		}
		n++;
		if (windows) {
			uint64_t end = first.value + r->least;

			if (sorter_put(to, e.value > end ? e.value : end, e.value + r->least, err))
				return -1;
			continue;
		}
		if ((n == 2 && sorter_put(to, first.value, 0, err)) || sorter_put(to, e.value, 0, err))
			return -1;
	}
	sorter_free(*from);
	*from = NULL;
	return more;
}

/* Document i, in units; base goes on by those of the one before. */
static int
next_doc(struct repeat *r, uint64_t i, struct err *err)
{
	r->base = i ? r->base + r->units.n : 0;
	buf_clear(&r->meta);
	buf_clear(&r->text);
	if (shelf_get(r->shelf, i, &r->meta, &r->text, err))
		return -1;
	find_units(r, r->text.p, r->text.n);
	return 0;
}

/* Hashes of the windows around each wanted place. */
static int
hash_windows(struct repeat *r, struct err *err)
{
	struct entry e;
	const struct units *u = &r->units;
	int more = sorter_get(r->wanted, &e, err);

	for (uint64_t i = 0; i < shelf_count(r->shelf) && more >= 0; i++) {
		size_t next = 0, w = r->least - r->gram;        /* windows before `next` are done */
		uint64_t h = 0;

		if (next_doc(r, i, err))
			return -1;
		for (; more > 0 && e.key < r->base + u->n; more = sorter_get(r->wanted, &e, err)) {
			size_t p = (size_t)(e.key - r->base), s = p > w ? p - w : 0;

			if (s > next || next == 0) {
				next = s;
				h = hash_units(u, s, r->least);
				if (sorter_put(r->windows, h, r->base + next++, err))
					return -1;
			}
			for (; next <= p && next + r->least <= u->n; next++) {
				h = roll(h, unit(u, next + r->least - 1), unit(u, next - 1), r->out_window);
				if (sorter_put(r->windows, h, r->base + next, err))
					return -1;
			}
		}
	}
	return more < 0 ? -1 : 0;
}

static int
inside(const struct buf *b, size_t at)
{
	return at < b->n && ((unsigned char)b->p[at] & 0xc0) == 0x80;
}

static int
blank_at(const struct buf *b, size_t at)
{
	return at >= b->n || strchr(" \t\r\n", b->p[at]) != NULL;
}

/* Units [from, to) are left out: the text up to there is added to what is left; *done goes on. */
static void
cut(struct repeat *r, size_t from, size_t to, size_t *done, struct buf *left)
{
	from = begin(&r->units, from);
	to = begin(&r->units, to);
	while (from < to && inside(&r->text, from))
		from++;
	while (to > from && inside(&r->text, to))
		to--;
	if (from >= to)
		return;
	buf_add(left, r->text.p + *done, from - *done);
	if (left->n && !blank_at(left, left->n - 1) && !blank_at(&r->text, to))
		buf_char(left, ' ');
	*done = to;
	r->n_cuts++;
}

/* Documents without what is cut. */
static int
tell_docs(struct repeat *r, void (*out)(void *, const struct doc *), void *ctx, struct err *err)
{
	struct entry e;
	struct buf left = { 0 };
	int more = sorter_get(r->cuts, &e, err), rc = 0;

	for (uint64_t i = 0; i < shelf_count(r->shelf) && more >= 0 && rc == 0; i++) {
		size_t done = 0;

		if ((rc = next_doc(r, i, err)))
			break;
		buf_clear(&left);
		while (more > 0 && e.key < r->base + r->units.n) {
			uint64_t from = e.key, to = e.value;

			while ((more = sorter_get(r->cuts, &e, err)) > 0 && e.key <= to && e.key < r->base + r->units.n)
				to = e.value > to ? e.value : to;
			if (from < to)
				cut(r, (size_t)(from - r->base), (size_t)(to - r->base), &done, &left);
		}
		buf_add(&left, r->text.p + done, r->text.n - done);
		if (done == 0 || strspn(left.p, " \t\r\n") < left.n)
			out(ctx, &(struct doc){ left.p, r->meta.p, left.n, r->meta.n });
	}
	buf_free(&left);
	return more < 0 ? -1 : rc;
}

int
repeat_end(struct repeat *r, void (*out)(void *, const struct doc *), void *ctx, struct err *err)
{
	r->wanted = sorter_new(r->memory / 4);
	if (shelf_flush(r->shelf, err) || find_twice(r, &r->places, r->wanted, 0, err))
		return -1;
	r->windows = sorter_new(r->memory / 2);
	if (hash_windows(r, err))
		return -1;
	sorter_free(r->wanted);
	r->wanted = NULL;
	r->cuts = sorter_new(r->memory / 2);
	if (find_twice(r, &r->windows, r->cuts, 1, err))
		return -1;
	return tell_docs(r, out, ctx, err);
}

uint64_t
repeat_cuts(const struct repeat *r)
{
	return r->n_cuts;
}
