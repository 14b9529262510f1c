/* score: rolling windows beside lm-eval's, ratios and their errors */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "score/ppl/ppl.h"
#include "score/window.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>

/* Every token once, in order, with at most L read and all that fits. */
static int
covers(size_t n, size_t L, size_t stride)
{
	struct window w = { 0 };
	size_t next = 1;

	while (window_next(&w, n, L, stride)) {
		if (w.from != next || w.to <= w.from || w.len > L || w.first + w.len + 1 != w.to || w.first >= w.from)
			return 0;
		if (w.first > 0 && w.len != L)
			return 0;
		next = w.to;
	}
	return next == (n < 2 ? 1 : n);
}

static void
windows(void)
{
	int good = 1;

	for (size_t n = 0; n < 40; n++)
		for (size_t L = 1; L < 12; L++)
			for (size_t s = 1; s <= L; s++)
				good &= covers(n, L, s);
	OK(good, "each token is predicted once, with what context fits: every length to 39, window to 11, stride");
}

/* One published list of windows: [[context], [predicted]] each; the token before the first is the prefix. */
static int
same(struct json list, size_t n, size_t L, size_t stride)
{
	struct json_iter it = json_walk(list);
	struct window w = { 0 };

	while (json_next(&it)) {
		struct json_iter two = json_walk(it.value), c, p;
		long long at;
		if (!window_next(&w, n + 1, L, stride))
			return 0;
		json_next(&two);
		c = json_walk(two.value);
		at = (long long)w.first - 1;            /* our token t is its t - 1 */
		while (json_next(&c))
			if (json_int(c.value, -1) != (at < 0 ? -100 : at) || at++ < -1)
				return 0;
		if (at + 1 != (long long)w.from)
			return 0;
		json_next(&two);
		p = json_walk(two.value);
		while (json_next(&p))
			if (json_int(p.value, -1) != at++)
				return 0;
		if (at + 1 != (long long)w.to)
			return 0;
	}
	return !window_next(&w, n + 1, L, stride);
}

static void
golden(void)
{
	const char *dir = getenv("LM_TESTDATA");
	struct buf path = { 0 };
	struct file_map f;
	struct json all, r;
	struct err e;

	buf_printf(&path, "%s/golden/rl_golden.json", dir ? dir : "");
	if (!dir || file_map(&f, path.p, &e)) {
		printf("ok %d - rolling windows # SKIP no golden numbers\n", ++tap_n);
		buf_free(&path);
		return;
	}
	OK(json_parse(&all, (const char *)f.p, f.n, &e) == 0, "the golden numbers are JSON");
	r = json_get(all, "rolling");
	OK(same(json_get(r, "context_len=1"), 34, 10, 10), "rolling windows with one token of context");
	OK(same(json_get(r, "context_len=5"), 34, 10, 6), "rolling windows with five");
	file_unmap(&f);
	buf_free(&path);
}

/* The error of a ratio beside its spread over many draws. */
static void
ratios(void)
{
	double sum = 0, squares = 0, said = 0;
	struct ratio one = { 0 };
	int runs = 400;

	for (int k = 0; k < runs; k++) {
		struct ratio r = { 0 };
		for (int i = 0; i < 100; i++) {
			double y = 1 + 9 * rng_unit(rng_at(1, (uint64_t)k, (uint64_t)i, 0, 0));
			double x = y * (2 + 0.5 * rng_normal(rng_at(1, (uint64_t)k, (uint64_t)i, 1, 0)));
			ratio_add(&r, x, y);
		}
		sum += ratio_value(&r);
		squares += ratio_value(&r) * ratio_value(&r);
		said += ratio_error(&r) / runs;
	}
	squares = sqrt(squares / runs - sum / runs * (sum / runs));
	OK(fabs(sum / runs - 2) < 0.01, "a ratio of sums: %.4f", sum / runs);
	OK(fabs(said / squares - 1) < 0.1, "its error %.4f is its spread %.4f", said, squares);
	ratio_add(&one, 3, 2);
	OK(isnan(ratio_error(&one)) && ratio_value(&one) == 1.5, "one sample has no error");
}

/* Documents of which the last is always still open: those given out are not kept. */
static void
queue(void)
{
	uint32_t tok[2] = { 1, 2 };
	struct tolds t = { 0 };
	const struct told *d;
	size_t given = 0, bad = 0;

	for (uint64_t i = 0; i < 3000; i++) {
		told_add(&t, i, &(struct item){ .tok = tok, .n_tok = 2 });
		told_put(&t, i, 1, (float)i);
		while ((d = told_next(&t, i, 0))) {
			bad += d->item != given || d->logp[1] != (float)given || !isnan(d->logp[0]) || d->tok[1] != 2;
			given++;
		}
	}
	OK(!bad && given == 2999 && t.cap < 100, "%zu documents given out in order, room for %zu kept", given, t.cap);
	while ((d = told_next(&t, 0, 1)))
		given++;
	OK(given == 3000, "and the last");
	told_free(&t);
}

int
main(void)
{
	queue();
	windows();
	golden();
	ratios();
	return DONE();
}
