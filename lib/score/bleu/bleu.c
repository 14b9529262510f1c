/* bleu - BLEU and chrF with the definitions of sacreBLEU 2: what a segment counts */
/* SPDX-License-Identifier: MIT */
#include "score/bleu/bleu.h"
#include "base/order.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "text/uni.h"
#include <stdlib.h>
#include <string.h>

/* A text as units (words, characters): unit i is the bytes from[i] to to[i] of it. */
struct units {
	struct buf text;
	size_t    *from, *to;
	size_t     n, from_cap, to_cap;
};
/* The n-grams of one order as hashes, sorted. */
struct grams {
	uint64_t *v;
	size_t    n, cap;
};
enum { GRAMS = CHRF_ORDER + CHRF_WORDS };

struct bleu {
	struct bleu_opts o;
	struct mttok    *tok;
	struct units     units;
	struct buf       lower, words;
	struct grams     hyp[GRAMS], *ref;      /* ref: (refs, GRAMS) */
	int              refs;
};

struct bleu *
bleu_new(const struct bleu_opts *o)
{
	struct bleu *b = xcalloc(1, sizeof *b);

	b->o = *o;
	b->tok = mttok_new(o->chrf ? MTTOK_NONE : o->tok);
	return b;
}

void
bleu_free(struct bleu *b)
{
	if (!b)
		return;
	mttok_free(b->tok);
	buf_free(&b->units.text);
	free(b->units.from);
	free(b->units.to);
	buf_free(&b->lower);
	buf_free(&b->words);
	for (int i = 0; i < GRAMS; i++)
		free(b->hyp[i].v);
	for (int i = 0; i < b->refs * GRAMS; i++)
		free(b->ref[i].v);
	free(b->ref);
	free(b);
}

static void
unit_add(struct units *u, size_t from, size_t to)
{
	size_t n = u->n;

	VEC_PUSH(u->from, n, u->from_cap, from);
	VEC_PUSH(u->to, u->n, u->to_cap, to);
}

/* The words of u->text. */
static void
units_words(struct units *u)
{
	u->n = 0;
	for (size_t i = 0, at = 0; i <= u->text.n; i++)
		if (i == u->text.n || u->text.p[i] == ' ') {
			if (i > at)
				unit_add(u, at, i);
			at = i + 1;
		}
}

/* The characters of u->text, from which the spaces are taken. */
static void
units_chars(struct units *u)
{
	size_t n = 0, len;

	for (size_t i = 0; i < u->text.n; i++)
		if (u->text.p[i] != ' ')
			u->text.p[n++] = u->text.p[i];
	u->text.n = n;
	u->n = 0;
	for (size_t i = 0; i < n; i += len) {
		uni_decode(u->text.p + i, n - i, &len);
		unit_add(u, i, i + len);
	}
}

/* chrF++'s words: one mark of ASCII punctuation is parted from either the end or the front of a word. */
static void
part_marks(const struct units *u, struct buf *out)
{
	static const char marks[] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

	buf_clear(out);
	buf_add(out, "", 0);
	for (size_t i = 0; i < u->n; i++) {
		const char *p = u->text.p + u->from[i];
		size_t n = u->to[i] - u->from[i], first, cut = n;

		uni_decode(p, n, &first);
		if (first < n && memchr(marks, p[n - 1], sizeof marks - 1))
			cut = n - 1;
		else if (first < n && memchr(marks, p[0], sizeof marks - 1))
			cut = 1;
		buf_add(out, p, cut);
		buf_char(out, ' ');
		buf_add(out, p + cut, n - cut);
		buf_char(out, ' ');
	}
}

/* n-grams of orders 1 to `orders`. */
static void
count_grams(const struct units *u, int orders, struct grams *g)
{
	for (size_t k = 1; k <= (size_t)orders; k++, g++) {
		g->n = 0;
		for (size_t i = 0; i + k <= u->n; i++) {
			uint64_t h = rng_hash(u->text.p + u->from[i], u->to[i + k - 1] - u->from[i], k);
			VEC_PUSH(g->v, g->n, g->cap, h);
		}
		if (g->n)
			qsort(g->v, g->n, sizeof *g->v, order_u64);
	}
}

/* All n-grams that the metric asks for; returns the number of words (BLEU). */
static size_t
take_text(struct bleu *b, struct bleu_text t, struct grams *g)
{
	struct units *u = &b->units;
	size_t len;
	char c[4];

	if (b->o.lowercase) {
		buf_clear(&b->lower);
		buf_add(&b->lower, "", 0);
		for (const char *p = t.p, *end = p + t.n; p < end; p += len)
			buf_add(&b->lower, c, utf8_put(c, uni_lower(uni_decode(p, (size_t)(end - p), &len))));
		t.p = b->lower.p;
		t.n = b->lower.n;
	}
	mttok_run(b->tok, t.p, t.n, &u->text);
	units_words(u);
	if (!b->o.chrf) {
		count_grams(u, BLEU_ORDER, g);
		return u->n;
	}
	part_marks(u, &b->words);
	units_chars(u);
	count_grams(u, CHRF_ORDER, g);
	if (b->o.words) {
		buf_clear(&u->text);
		buf_add(&u->text, b->words.p, b->words.n);
		units_words(u);
		count_grams(u, b->o.words, g + CHRF_ORDER);
	}
	return u->n;
}

/* How often x is in g. */
static uint32_t
times(const struct grams *g, uint64_t x)
{
	size_t low = 0, high = g->n, i;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (g->v[mid] < x)
			low = mid + 1;
		else
			high = mid;
	}
	for (i = low; i < g->n && g->v[i] == x;)
		i++;
	return (uint32_t)(i - low);
}

/* n-grams of h that are in a reference, each as often at most as in the one that has it most often.  ref: every GRAMS. */
static uint32_t
matches(const struct grams *h, const struct grams *ref, int refs)
{
	uint32_t sum = 0;

	for (size_t i = 0, run; i < h->n; i += run) {
		uint32_t most = 0;
		for (run = 1; i + run < h->n && h->v[i + run] == h->v[i];)
			run++;
		for (int r = 0; r < refs && most < run; r++) {
			uint32_t t = times(&ref[r * GRAMS], h->v[i]);
			most = t > most ? t : most;
		}
		sum += most < run ? most : (uint32_t)run;
	}
	return sum;
}

static void
chrf_count(struct bleu *b, int refs, uint32_t *count)
{
	int orders = CHRF_ORDER + b->o.words;
	struct bleu_score s;
	double best = -1;

	for (int r = 0; r < refs; r++) {
		double sum[BLEU_COUNTS] = { 0 };
		for (int k = 0; k < orders; k++) {
			const struct grams *h = &b->hyp[k], *g = &b->ref[r * GRAMS + k];
			sum[3 * k] = g->n ? (double)h->n : 0;
			sum[3 * k + 1] = (double)g->n;
			sum[3 * k + 2] = matches(h, g, 1);
		}
		bleu_score(&b->o, sum, &s);
		if (s.score > best) {
			best = s.score;
			for (int k = 0; k < BLEU_COUNTS; k++)
				count[k] = (uint32_t)sum[k];
		}
	}
}

void
bleu_count(struct bleu *b, struct bleu_text hyp, const struct bleu_text *ref, int refs, uint32_t count[BLEU_COUNTS])
{
	size_t n, nearest = 0, gap = SIZE_MAX;

	if (refs > b->refs) {
		b->ref = xreallocarray(b->ref, (size_t)refs * GRAMS, sizeof *b->ref);
		memset(b->ref + b->refs * GRAMS, 0, (size_t)(refs - b->refs) * GRAMS * sizeof *b->ref);
		b->refs = refs;
	}
	memset(count, 0, BLEU_COUNTS * sizeof *count);
	n = take_text(b, hyp, b->hyp);
	for (int r = 0; r < refs; r++) {
		size_t m = take_text(b, ref[r], b->ref + r * GRAMS), d = m > n ? m - n : n - m;
		if (d < gap || (d == gap && m < nearest)) {
			gap = d;
			nearest = m;
		}
	}
	if (b->o.chrf) {
		chrf_count(b, refs, count);
		return;
	}
	count[0] = (uint32_t)n;
	count[1] = (uint32_t)nearest;
	for (int k = 0; k < BLEU_ORDER; k++) {
		count[2 + k] = matches(&b->hyp[k], b->ref + k, refs);
		count[2 + BLEU_ORDER + k] = (uint32_t)b->hyp[k].n;
	}
}
