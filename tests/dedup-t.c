/* dedup-t - sorting on disk, stretches cut against brute force, sketches */
/* SPDX-License-Identifier: MIT */
#include "base/rng.h"
#include "text/same/sorter.h"
#include "text/same/minhash.h"
#include "text/same/repeat.h"
#include "text/same/seen.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void
sorts(size_t n, uint64_t below, size_t memory, const char *what)
{
	struct sorter *s = sorter_new(memory);
	struct rng rng = { 5, 0 };
	struct entry e, was = { 0, 0 };
	uint64_t sum = 0, got = 0, count = 0;
	int ordered = 1, failed = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t key = rng_below(&rng, below), value = rng_next(&rng) >> (i & 63);

		sum += key * 31 + value;
		failed |= sorter_put(s, key, value, NULL);
	}
	for (; sorter_get(s, &e, NULL) == 1; was = e, count++) {
		ordered &= was.key < e.key || (was.key == e.key && was.value <= e.value);
		got += e.key * 31 + e.value;
	}
	OK(!failed && ordered && count == n && got == sum, "%zu entries sorted: %s", n, what);
	OK(sorter_get(s, &e, NULL) == 0, "and that was all");
	sorter_free(s);
}

struct texts {
	struct buf v[64];
	size_t     n;
};

static void
take(void *ctx, const struct doc *d)
{
	struct texts *t = ctx;

	buf_add(&t->v[t->n++], d->text, d->text_len);
}

/* What is left of the texts by definition: of every window of `least` bytes that was there before, what lies past its first copy. */
static void
cut_plainly(const struct texts *in, size_t least, struct texts *out)
{
	struct buf all = { 0 };
	size_t start[65] = { 0 };
	char *gone;

	for (size_t i = 0; i < in->n; i++) {
		buf_add(&all, in->v[i].p, in->v[i].n);
		start[i + 1] = all.n;
	}
	gone = xcalloc(all.n + 1, 1);
	for (size_t i = 0; i < in->n; i++)
		for (size_t s = start[i]; s + least <= start[i + 1]; s++)
			for (size_t k = 0, f = 0; k <= i; k++)
				for (f = start[k]; f + least <= start[k + 1] && f < s; f++)
					if (!memcmp(all.p + f, all.p + s, least)) {
						size_t from = f + least > s ? f + least : s;

						memset(gone + from, 1, s + least - from);
						k = i;
						break;
					}
	for (size_t i = 0; i < in->n; i++) {
		struct buf *b = &out->v[out->n];

		for (size_t s = start[i]; s < start[i + 1]; s++) {
			if (!gone[s])
				buf_char(b, all.p[s]);
			else if (s + 1 < start[i + 1] && !gone[s + 1] && b->n && b->p[b->n - 1] != ' ' && all.p[s + 1] != ' ')
				buf_char(b, ' ');
		}
		out->n += b->n > strspn(b->n ? b->p : "", " ");
	}
	free(gone);
	buf_free(&all);
}

/* Texts of few letters, with copies of one another. */
static void
make_texts(struct texts *t, uint64_t seed, unsigned letters)
{
	struct rng rng = { seed, 0 };

	for (t->n = 0; t->n < 12; t->n++) {
		struct buf *b = &t->v[t->n];

		while (b->n < 200) {
			size_t from = t->n ? (size_t)rng_below(&rng, t->n) : 0, n = rng_below(&rng, 60);

			if (t->n && rng_below(&rng, 3) == 0 && n < t->v[from].n)
				buf_add(b, t->v[from].p + rng_below(&rng, t->v[from].n - n), n);
			else
				buf_char(b, "abcdefgh "[rng_below(&rng, letters)]);
		}
	}
}

static void
cuts_as_defined(uint64_t seed, unsigned letters, size_t least, size_t memory)
{
	struct texts in = { 0 }, want = { 0 }, got = { 0 };
	struct repeat *r = repeat_new(REPEAT_BYTE, least, memory, NULL);
	int same, failed = 0;

	make_texts(&in, seed, letters);
	for (size_t i = 0; i < in.n; i++)
		failed |= repeat_put(r, &(struct doc){ in.v[i].p, "{}", in.v[i].n, 2 }, NULL);
	failed |= repeat_end(r, take, &got, NULL);
	cut_plainly(&in, least, &want);
	same = !failed && got.n == want.n;
	for (size_t i = 0; i < got.n && same; i++)
		same = got.v[i].n == want.v[i].n && !memcmp(got.v[i].p, want.v[i].p, got.v[i].n);
	OK(same && repeat_cuts(r), "runs of %zu, %u letters: cut as by brute force", least, letters);
	for (size_t i = 0; i < 64; i++) {
		buf_free(&in.v[i]);
		buf_free(&want.v[i]);
		buf_free(&got.v[i]);
	}
	repeat_free(r);
}

static void
sketches(void)
{
	struct shingles a = { 0 }, b = { 0 }, sa = { 0 }, sb = { 0 };
	struct buf x = { 0 }, y = { 0 };
	uint32_t sketch[SKETCH];

	for (int i = 0; i < 2000; i++) {
		buf_printf(&x, "w%d ", i);
		buf_printf(&y, "w%d ", i + 500);
	}
	shingles_make(&a, x.p, x.n, 5);
	shingles_sort(&a);
	shingles_make(&b, y.p, y.n, 5);
	shingles_sort(&b);
	shingles_from_sketch(&sa, sketch, shingles_sketch(&a, sketch));
	shingles_from_sketch(&sb, sketch, shingles_sketch(&b, sketch));
	OK(fabs(shingles_jaccard(&a, &b) - 0.6) <= 0.01, "J of two texts");
	OK(fabs(shingles_jaccard(&sa, &b) - 0.6) <= 0.1, "from a sketch");
	OK(fabs(shingles_jaccard(&sa, &sb) - 0.6) <= 0.1, "from two");
	shingles_make(&a, x.p, 500, 5);
	shingles_sort(&a);
	shingles_make(&b, y.p, 1000, 5);
	shingles_sort(&b);
	shingles_from_sketch(&sa, sketch, shingles_sketch(&a, sketch));
	OK(shingles_jaccard(&sa, &b) == shingles_jaccard(&a, &b), "exact, of a text that fits into one");
	shingles_free(&a), shingles_free(&b), shingles_free(&sa), shingles_free(&sb);
	buf_free(&x), buf_free(&y);
}

/* A set that may not grow: what was there is told, and hardly anything else. */
static void
filters(void)
{
	struct seen s = { .max = 1 << 18 };
	int wrong = 0, lost = 0;

	for (uint64_t i = 0; i < 60000; i++)
		wrong += seen_put(&s, hash128(&i, sizeof i));
	for (uint64_t i = 0; i < 60000; i++)
		lost += !seen_put(&s, hash128(&i, sizeof i));
	OK(s.bits && s.n_bits / 8 <= s.max && !s.slots, "seen: a filter within its memory");
	OK(lost == 0, "seen: a filter forgets nothing");
	OK(wrong < 30 && seen_error(&s) > 1e-5 && seen_error(&s) < 1e-3, "seen: %d of 60000 taken for others, %.2g at the end", wrong, seen_error(&s));
	seen_free(&s);
}

int
main(void)
{
	sorts(0, 1, 0, "none");
	sorts(100, 3, 0, "few");
	sorts(200000, UINT64_MAX, 1 << 24, "in memory");
	sorts(200000, 70000, 0, "in runs");
	sorts(200000, 2, 0, "equal keys");
	for (uint64_t seed = 1; seed <= 6; seed++) {
		cuts_as_defined(seed, 9, 10 + (size_t)seed, 1 << 20);
		cuts_as_defined(seed, 2, 9 + (size_t)seed, 1 << 20);
	}
	cuts_as_defined(7, 1, 10, 1 << 20);
	cuts_as_defined(8, 9, 2, 1 << 20);
	sketches();
	filters();
	DONE();
}
