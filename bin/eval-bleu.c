/* eval-bleu - hypotheses and references -> BLEU or chrF */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "score/bleu/bleu.h"
#include "stream/input.h"
#include <stdlib.h>
#include <string.h>

static const char *tok = "13a", *smooth = "exp", *chrf, *paired, *out = "-";
static double value = -1;
static long long samples, seed = 12345;
static int lowercase, sentence, json;
static const struct opt opts[] = {
	{ 'o', "output", OPT_STR, &out, "FILE", "write to FILE [standard output]", OPT_QUIET },
	{ 0, "tok", OPT_STR, &tok, "NAME", "13a, intl, char or none", OPT_RESULT },
	{ 0, "smooth", OPT_STR, &smooth, "NAME", "exp, floor, add-k or none", OPT_RESULT },
	{ 0, "smooth-value", OPT_NUM, &value, "X", "what floor and add-k add [0.1, 1]", OPT_RESULT },
	{ 'l', "lowercase", OPT_FLAG, &lowercase, NULL, "capitals count as small letters", OPT_RESULT },
	{ 0, "chrf", OPT_MAYBE, &chrf, "WORDS", "chrF; with words of up to order 2: chrF++", OPT_RESULT },
	{ 0, "sentence", OPT_FLAG, &sentence, NULL, "the score of each line", OPT_RESULT },
	{ 0, "bootstrap", OPT_INT, &samples, "N", "a 95 % interval from N resamples [1000 if paired]", OPT_RESULT },
	{ 0, "paired", OPT_STR, &paired, "FILE", "also compare with these hypotheses", OPT_FILE },
	{ 'S', "seed", OPT_INT, &seed, "N", "seed of the resamples", OPT_RESULT },
	{ 'j', "json", OPT_FLAG, &json, NULL, "write JSON", OPT_RESULT },
	{ 0 }
};
static const struct tool tool = { "eval-bleu", "Compare texts with references: BLEU, chrF.", "HYPOTHESES REFERENCES ...", opts };

static struct bleu_opts o;

struct lines {
	const char       *name;
	struct buf        text;
	struct bleu_text *v;
	size_t            n, cap;
};

static int
named(const char *option, const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(name, names[i]))
			return i;
	die_usage("%s=%s: none of those that --help names", option, name);
}

static void
check(int files)
{
	if (files < 2)
		die_usage("hypotheses, then one or more files of references");
	o.tok = (enum mttok_kind)named("--tok", tok, mttok_name, MTTOK_COUNT);
	o.smooth = (enum bleu_smooth)named("--smooth", smooth, bleu_smooth_name, BLEU_SMOOTHS);
	if (cli_given(&value) && !(value >= 0))
		die_usage("--smooth-value: 0 or more");
	if (chrf && strcmp(chrf, "") && strcmp(chrf, "0") && strcmp(chrf, "1") && strcmp(chrf, "2"))
		die_usage("--chrf: words of order 0 to 2");
	if (sentence && (paired || samples))
		die_usage("--sentence has no --bootstrap and no --paired");
	if (samples < 0 || samples > 1000000)
		die_usage("--bootstrap: from 0 to 1000000");
	if (paired && !samples)
		samples = 1000;
	o.smooth_value = value;
	o.lowercase = lowercase;
	o.effective = sentence;
	o.chrf = chrf != NULL;
	o.words = chrf && *chrf ? *chrf - '0' : 0;
}

static void
read_lines(struct lines *l, const char *name)
{
	struct input *in;
	struct err e;
	size_t bad;

	l->name = name;
	if (!(in = input_open(name, 1, &e)) || input_all(in, &l->text, (size_t)1 << 32, &e))
		die_err(&e);
	input_close(in);
	if (!l->text.n)
		die("%s: no bytes", name);
	if ((bad = utf8_check(l->text.p, l->text.n)) < l->text.n)
		die("%s: not UTF-8 (byte %zu)", name, bad);
	for (const char *p = l->text.p, *end = p + l->text.n, *nl; p < end; p = nl + 1) {
		struct bleu_text t = { p, 0 };
		if (!(nl = memchr(p, '\n', (size_t)(end - p))))
			nl = end;
		t.n = (size_t)(nl - p);
		VEC_PUSH(l->v, l->n, l->cap, t);
	}
}

/* The counts of every line of `hyp`: (n, BLEU_COUNTS), to be freed. */
static uint32_t (*
count(struct bleu *b, const struct lines *hyp, const struct lines *ref, int refs))[BLEU_COUNTS]
{
	uint32_t (*c)[BLEU_COUNTS] = xcalloc(hyp->n, sizeof *c);
	struct bleu_text *one = xcalloc((size_t)refs, sizeof *one);

	for (int r = 0; r < refs; r++)
		if (ref[r].n != hyp->n)
			die("%s has %zu lines, %s has %zu", hyp->name, hyp->n, ref[r].name, ref[r].n);
	for (size_t i = 0; i < hyp->n; i++) {
		for (int r = 0; r < refs; r++)
			one[r] = ref[r].v[i];
		bleu_count(b, hyp->v[i], one, refs, c[i]);
	}
	free(one);
	return c;
}

static void
json_four(struct buf *b, const char *key, const double *v)
{
	json_key(b, key);
	for (int n = 0; n < BLEU_ORDER; n++)
		buf_printf(b, "%c%.17g", n ? ',' : '[', v[n]);
	buf_char(b, ']');
}

static void
print_json(struct buf *b, const struct bleu_score *s, const struct bleu_interval *iv, const char *signature)
{
	buf_char(b, '{');
	json_add_num(b, o.chrf ? "chrf" : "bleu", s->score);
	if (!o.chrf) {
		json_four(b, "precisions", s->precision);
		json_add_num(b, "bp", s->bp);
		json_add_num(b, "ratio", s->ratio);
		json_add_num(b, "sys_len", s->sys_len);
		json_add_num(b, "ref_len", s->ref_len);
		json_four(b, "counts", s->match);
		json_four(b, "totals", s->total);
	}
	if (samples) {
		json_add_num(b, "mean", iv->mean);
		json_add_num(b, "ci", iv->half);
	}
	if (paired) {
		json_add_num(b, "base_mean", iv->base_mean);
		json_add_num(b, "base_ci", iv->base_half);
		json_add_num(b, "p", iv->p);
	}
	json_add_str(b, "signature", signature);
	buf_str(b, "}\n");
}

static void
print_text(struct buf *b, const struct bleu_score *s, const struct bleu_interval *iv, const char *signature)
{
	buf_printf(b, "%s|%s = %.2f", !o.chrf ? "BLEU" : o.words ? "chrF2++" : "chrF2", signature, s->score);
	if (samples)
		buf_printf(b, " (mean %.2f +- %.2f)", iv->mean, iv->half);
	for (int n = 0; n < BLEU_ORDER && !o.chrf; n++)
		buf_printf(b, "%c%.1f", n ? '/' : ' ', s->precision[n]);
	if (!o.chrf)
		buf_printf(b, " (BP = %.3f ratio = %.3f hyp_len = %.0f ref_len = %.0f)", s->bp, s->ratio, s->sys_len, s->ref_len);
	buf_char(b, '\n');
	if (paired)
		buf_printf(b, "%s: mean %.2f +- %.2f, p = %.4f\n", paired, iv->base_mean, iv->base_half, iv->p);
}

/* The score of n segments together. */
static void
report(struct buf *b, const uint32_t (*c)[BLEU_COUNTS], const uint32_t (*base)[BLEU_COUNTS], size_t n, const char *signature)
{
	double sum[BLEU_COUNTS] = { 0 };
	struct bleu_interval iv = { 0 };
	struct bleu_score s;

	for (size_t i = 0; i < n; i++)
		for (int j = 0; j < BLEU_COUNTS; j++)
			sum[j] += c[i][j];
	bleu_score(&o, sum, &s);
	if (samples)
		bleu_bootstrap(&o, c, base, n, (int)samples, (uint64_t)seed, &iv);
	if (json)
		print_json(b, &s, &iv, signature);
	else if (sentence)
		buf_printf(b, "%.4f\n", s.score);
	else
		print_text(b, &s, &iv, signature);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool), refs = argc - first - 1;
	struct buf text = { 0 }, signature = { 0 };
	struct lines hyp = { 0 }, base = { 0 }, *ref;
	uint32_t (*c)[BLEU_COUNTS], (*cb)[BLEU_COUNTS] = NULL;
	struct bleu *b;
	struct err e;

	check(argc - first);
	ref = xcalloc((size_t)refs, sizeof *ref);
	read_lines(&hyp, argv[first]);
	for (int r = 0; r < refs; r++)
		read_lines(&ref[r], argv[first + 1 + r]);
	b = bleu_new(&o);
	c = count(b, &hyp, ref, refs);
	if (paired) {
		read_lines(&base, paired);
		cb = count(b, &base, ref, refs);
	}
	bleu_signature(&o, refs, (int)samples, (uint64_t)seed, &signature);
	if (!sentence)
		report(&text, c, cb, hyp.n, signature.p);
	for (size_t i = 0; sentence && i < hyp.n; i++)
		report(&text, c + i, NULL, 1, signature.p);
	if (file_write(out, 0, text.p, text.n, &e))
		die_err(&e);
	bleu_free(b);
	free(c);
	free(cb);
	for (int r = 0; r < refs; r++)
		free(ref[r].v), buf_free(&ref[r].text);
	free(hyp.v), buf_free(&hyp.text);
	free(base.v), buf_free(&base.text);
	free(ref);
	buf_free(&text);
	buf_free(&signature);
	return EXIT_OK;
}
