/* bleu: every number of sacreBLEU's own code that is at hand; tokenizers; chrF by hand */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/json.h"
#include "score/bleu/bleu.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 8 };

/* Texts of a JSON list, to be freed. */
static int
texts(struct json list, struct bleu_text *v)
{
	struct json_iter it = json_walk(list);
	int n = 0;

	while (n < MOST && json_next(&it)) {
		v[n].p = json_dup(it.value);
		v[n].n = strlen(v[n].p);
		n++;
	}
	return n;
}

struct corpus {
	struct bleu_text hyp[MOST], ref[MOST][MOST];    /* ref: (segment, reference) */
	int              n, refs;
};

static void
load(struct corpus *c, struct json j)
{
	struct json_iter it = json_walk(json_get(j, "refs"));
	struct bleu_text v[MOST];

	c->n = texts(json_get(j, "hyps"), c->hyp);
	for (c->refs = 0; json_next(&it); c->refs++) {
		texts(it.value, v);
		for (int i = 0; i < c->n; i++)
			c->ref[i][c->refs] = v[i];
	}
}

static double
score(const struct corpus *c, const struct bleu_opts *o, int from, int to, struct bleu_score *s)
{
	struct bleu *b = bleu_new(o);
	double sum[BLEU_COUNTS] = { 0 };
	uint32_t count[BLEU_COUNTS];

	for (int i = from; i < to; i++) {
		bleu_count(b, c->hyp[i], c->ref[i], c->refs, count);
		for (int k = 0; k < BLEU_COUNTS; k++)
			sum[k] += count[k];
	}
	bleu_score(o, sum, s);
	bleu_free(b);
	return s->score;
}

static int
four(struct json list, const double *v)
{
	struct json_iter it = json_walk(list);

	for (int i = 0; i < BLEU_ORDER; i++)
		if (!json_next(&it) || !(fabs(json_num(it.value, NAN) - v[i]) < 1e-9))
			return 0;
	return 1;
}

static void
corpus(struct json j)
{
	char *name = json_dup(json_get(j, "name"));
	struct json_iter it = json_walk(json_get(j, "sentence_eff"));
	struct bleu_opts o = { .smooth_value = -1 };
	struct bleu_score s;
	struct corpus c;
	double got;
	int good = 1;

	load(&c, j);
	for (int m = 0; m < BLEU_SMOOTHS; m++) {
		struct json want = json_get(j, bleu_smooth_name[m]);
		o.smooth = (enum bleu_smooth)m;
		got = score(&c, &o, 0, c.n, &s);
		OK(fabs(got - json_num(json_get(want, "score"), NAN)) < 1e-9 && four(json_get(want, "counts"), s.match) &&
		   four(json_get(want, "totals"), s.total) && four(json_get(want, "precisions"), s.precision) &&
		   fabs(s.bp - json_num(json_get(want, "bp"), NAN)) < 1e-9 && s.sys_len == json_num(json_get(want, "sys_len"), NAN) &&
		   s.ref_len == json_num(json_get(want, "ref_len"), NAN), "%s, %s: %.6f and all it is made of", name, bleu_smooth_name[m], got);
	}
	o.smooth = BLEU_EXP;
	o.lowercase = 1;
	OK(fabs(score(&c, &o, 0, c.n, &s) - json_num(json_get(j, "lc_exp"), NAN)) < 1e-9, "%s, lower case", name);
	o.lowercase = 0;
	o.tok = MTTOK_NONE;
	OK(fabs(score(&c, &o, 0, c.n, &s) - json_num(json_get(j, "tok_none"), NAN)) < 1e-9, "%s, tokens as they are", name);
	o.tok = MTTOK_13A;
	o.effective = 1;
	for (int i = 0; i < c.n; i++)
		good &= json_next(&it) && fabs(score(&c, &o, i, i + 1, &s) - json_num(it.value, NAN)) < 1e-9;
	OK(good && !json_next(&it), "%s, each sentence", name);
	for (int i = 0; i < c.n; i++) {
		free((void *)(uintptr_t)c.hyp[i].p);
		for (int r = 0; r < c.refs; r++)
			free((void *)(uintptr_t)c.ref[i][r].p);
	}
	free(name);
}

static void
golden(void)
{
	const char *dir = getenv("LM_TESTDATA");
	struct buf path = { 0 }, out = { 0 };
	struct mttok *t = mttok_new(MTTOK_13A);
	struct json_iter it;
	struct file_map f;
	struct json all;
	struct err e;

	buf_printf(&path, "%s/golden/bleu_golden.json", dir ? dir : "");
	if (!dir || file_map(&f, path.p, &e)) {
		printf("ok %d - numbers of sacreBLEU # SKIP they are not here\n", ++tap_n);
		return;
	}
	OK(json_parse(&all, (const char *)f.p, f.n, &e) == 0, "the golden numbers are JSON");
	for (it = json_walk(json_get(all, "tokenize_13a")); json_next(&it);) {
		char *in = json_dup(json_get(it.value, "in"));
		mttok_run(t, in, strlen(in), &out);
		OK(json_is(json_get(it.value, "out"), out.p), "13a: %s", out.p);
		free(in);
	}
	for (it = json_walk(json_get(all, "corpus")); json_next(&it);)
		corpus(it.value);
	mttok_free(t);
	buf_free(&path);
	buf_free(&out);
	file_unmap(&f);
}

static void
tokens(enum mttok_kind kind, const char *in, const char *want)
{
	struct mttok *t = mttok_new(kind);
	struct buf out = { 0 };

	mttok_run(t, in, strlen(in), &out);
	OK(!strcmp(out.p, want), "%s: %s", mttok_name[kind], out.p);
	mttok_free(t);
	buf_free(&out);
}

/* Worked by hand from the definitions. */
static void
by_hand(void)
{
	struct corpus c = { { { "abcd", 4 } }, { { { "abcx", 4 }, { "zz", 2 } } }, 1, 2 };
	struct bleu_opts o = { .chrf = 1 };
	struct bleu_score s;
	double p = (3.0 / 4 + 2.0 / 3 + 1.0 / 2 + 0) / 4;

	OK(fabs(score(&c, &o, 0, 1, &s) - 100 * p) < 1e-12, "chrF: the better reference, four orders: %.4f", s.score);
	c.ref[0][0] = (struct bleu_text){ "a b", 3 };
	c.hyp[0] = (struct bleu_text){ "a b c", 5 };
	c.refs = 1;
	p = (2.0 / 3 + 1.0 / 2) / 2;
	OK(fabs(score(&c, &o, 0, 1, &s) - 100 * 5 * p / (4 * p + 1)) < 1e-12, "chrF: recall weighs twice, spaces do not count");
	o.words = 2;
	OK(fabs(score(&c, &o, 0, 1, &s) - 100 * 5 * p / (4 * p + 1)) < 1e-12, "chrF++: words and their pairs too");
	c.hyp[0] = (struct bleu_text){ "a b.", 4 };
	c.ref[0][0] = (struct bleu_text){ "a b", 3 };
	p = (2.0 / 3 + 1.0 / 2 + 2.0 / 3 + 1.0 / 2) / 4;
	OK(fabs(score(&c, &o, 0, 1, &s) - 100 * 5 * p / (4 * p + 1)) < 1e-12, "chrF++: a mark is parted from its word");
}

/* Two systems that differ by nothing, and by much. */
static void
resamples(void)
{
	enum { N = 60 };
	uint32_t a[N][BLEU_COUNTS] = { 0 }, b[N][BLEU_COUNTS] = { 0 };
	struct bleu_opts o = { .smooth_value = -1 };
	struct bleu_interval iv;

	for (uint32_t i = 0; i < N; i++) {
		const uint32_t m = 10 + i % 5;
		const uint32_t x[BLEU_COUNTS] = { 20, 20, m, m - 3, m - 5, m - 7, 20, 19, 18, 17 }, y[BLEU_COUNTS] = { 20, 20, m - 4, m - 6, m - 8, 1, 20, 19, 18, 17 };
		memcpy(a[i], x, sizeof x);
		memcpy(b[i], y, sizeof y);
	}
	bleu_bootstrap(&o, a, a, N, 500, 1, &iv);
	OK(iv.p > 0.9 && iv.half > 0.3 && iv.half < 3, "a system is no better than itself: p %.3f, +- %.3f", iv.p, iv.half);
	bleu_bootstrap(&o, a, b, N, 500, 1, &iv);
	OK(iv.p < 0.01, "and better than a worse one: p %.3f", iv.p);
}

int
main(void)
{
	golden();
	tokens(MTTOK_INTL, "Zahl 1.000,5 (\xe2\x80\x9eWort\xe2\x80\x9c) 5 \xe2\x82\xac\xe2\x80\xa6", "Zahl 1.000,5 ( \xe2\x80\x9e Wort \xe2\x80\x9c ) 5 \xe2\x82\xac \xe2\x80\xa6");
	tokens(MTTOK_INTL, "the year 1999. ", "the year 1999.");
	tokens(MTTOK_CHAR, "a \xc3\xa9\xe3\x80\x80z", "a \xc3\xa9 z");
	tokens(MTTOK_NONE, " It's,  so ", "It's, so");
	tokens(MTTOK_13A, "", "");
	by_hand();
	resamples();
	return DONE();
}
