/* bleu_score - scores of summed counts, their resamples, the signature */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "score/bleu/bleu.h"
#include "base/order.h"
#include "base/par.h"
#include "base/rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const bleu_smooth_name[BLEU_SMOOTHS] = { "exp", "floor", "add-k", "none" };

/* From sums of counts, as sacreBLEU: means of precision and recall over the orders that both sides have. */
static double
chrf_score(int orders, const double *sum)
{
	const double beta2 = 2 * 2;
	double precision = 0, recall = 0;
	int n = 0;

	for (int i = 0; i < orders; i++, sum += 3)
		if (sum[0] > 0 && sum[1] > 0) {
			precision += sum[2] / sum[0];
			recall += sum[2] / sum[1];
			n++;
		}
	if (precision + recall <= 0)
		return 0;
	precision /= n;
	recall /= n;
	return 100 * ((1 + beta2) * precision * recall / (beta2 * precision + recall));
}

static double
smooth_value(const struct bleu_opts *o)
{
	return o->smooth_value >= 0 ? o->smooth_value : o->smooth == BLEU_FLOOR ? 0.1 : 1;
}

/* Chen and Cherry 2014, methods 1 to 3, as sacreBLEU has them.  Returns the orders that count. */
static int
precisions(const struct bleu_opts *o, struct bleu_score *s)
{
	int orders = BLEU_ORDER;
	double halves = 1;

	for (int n = 0; n < BLEU_ORDER; n++) {
		if (o->smooth == BLEU_ADD_K && n > 0) {
			s->match[n] += smooth_value(o);
			s->total[n] += smooth_value(o);
		}
		if (s->total[n] <= 0)
			break;
		if (o->effective)
			orders = n + 1;
		if (s->match[n] > 0)
			s->precision[n] = 100 * s->match[n] / s->total[n];
		else if (o->smooth == BLEU_EXP)
			s->precision[n] = 100 / ((halves *= 2) * s->total[n]);
		else if (o->smooth == BLEU_FLOOR)
			s->precision[n] = 100 * smooth_value(o) / s->total[n];
	}
	return orders;
}

void
bleu_score(const struct bleu_opts *o, const double sum[BLEU_COUNTS], struct bleu_score *s)
{
	double logs = 0, any = 0;
	int orders;

	memset(s, 0, sizeof *s);
	if (o->chrf) {
		s->score = chrf_score(CHRF_ORDER + o->words, sum);
		return;
	}
	s->sys_len = sum[0];
	s->ref_len = sum[1];
	s->ratio = sum[1] > 0 ? sum[0] / sum[1] : 0;
	s->bp = sum[0] >= sum[1] ? 1 : sum[0] > 0 ? exp(1 - sum[1] / sum[0]) : 0;
	for (int n = 0; n < BLEU_ORDER; n++) {
		any += s->match[n] = sum[2 + n];
		s->total[n] = sum[2 + BLEU_ORDER + n];
	}
	if (any <= 0)
		return;
	orders = precisions(o, s);
	for (int n = 0; n < orders; n++)
		logs += s->precision[n] > 0 ? log(s->precision[n]) : -9999999999;
	s->score = s->bp * exp(logs / orders);
}

struct resamples {
	const struct bleu_opts *o;
	const uint32_t (*count)[BLEU_COUNTS];
	size_t   n;
	uint64_t seed;
	double  *score;
};

/* The score of resample k: the same segments for every system. */
static void
resample(size_t k, void *ctx)
{
	struct resamples *r = ctx;
	double sum[BLEU_COUNTS] = { 0 };
	struct bleu_score s;

	for (size_t i = 0; i < r->n; i++) {
		const uint32_t *c = r->count[(size_t)(rng_unit(rng_at(r->seed, k, i, 0, 0)) * (double)r->n)];
		for (int j = 0; j < BLEU_COUNTS; j++)
			sum[j] += c[j];
	}
	bleu_score(r->o, sum, &s);
	r->score[k] = s.score;
}

/* Sorts the scores. */
static void
interval(double *v, int n, double *mean, double *half)
{
	*mean = 0;
	for (int i = 0; i < n; i++)
		*mean += v[i] / n;
	qsort(v, (size_t)n, sizeof *v, order_double);
	*half = (v[n - n / 40 - 1] - v[n / 40]) / 2;
}

static double
whole_score(const struct resamples *r)
{
	double sum[BLEU_COUNTS] = { 0 };
	struct bleu_score s;

	for (size_t i = 0; i < r->n; i++)
		for (int j = 0; j < BLEU_COUNTS; j++)
			sum[j] += r->count[i][j];
	bleu_score(r->o, sum, &s);
	return s.score;
}

void
bleu_bootstrap(const struct bleu_opts *o, const uint32_t (*count)[BLEU_COUNTS], const uint32_t (*base)[BLEU_COUNTS],
    size_t n, int samples, uint64_t seed, struct bleu_interval *iv)
{
	double *v = xmalloc(2 * (size_t)samples * sizeof *v), *w = v + samples, mean = 0, diff;
	struct resamples r = { o, count, n, seed, v };
	int above = 0;

	memset(iv, 0, sizeof *iv);
	par_for((size_t)samples, resample, &r);
	if (base) {
		diff = whole_score(&r);
		r.count = base;
		r.score = w;
		par_for((size_t)samples, resample, &r);
		diff = fabs(diff - whole_score(&r));
		for (int i = 0; i < samples; i++)
			mean += fabs(v[i] - w[i]) / samples;
		for (int i = 0; i < samples; i++)
			above += fabs(v[i] - w[i]) - mean >= diff;     /* equal systems: always */
		iv->p = (above + 1.0) / (samples + 1.0);
		interval(w, samples, &iv->base_mean, &iv->base_half);
	}
	interval(v, samples, &iv->mean, &iv->half);
	free(v);
}

void
bleu_signature(const struct bleu_opts *o, int refs, int samples, uint64_t seed, struct buf *b)
{
	buf_printf(b, "nrefs:%d", refs);
	if (samples)
		buf_printf(b, "|bs:%d|seed:%llu", samples, (unsigned long long)seed);
	buf_printf(b, "|case:%s|eff:%s", o->lowercase ? "lc" : "mixed", o->effective || o->chrf ? "yes" : "no");
	if (o->chrf) {
		buf_printf(b, "|nc:%d|nw:%d|space:no", CHRF_ORDER, o->words);
	} else {
		buf_printf(b, "|tok:%s|smooth:%s", mttok_name[o->tok], bleu_smooth_name[o->smooth]);
		if (o->smooth == BLEU_FLOOR || o->smooth == BLEU_ADD_K)
			buf_printf(b, "[%.2f]", smooth_value(o));
	}
	buf_str(b, "|version:2.6.0-" PACKAGE_NAME "-" PACKAGE_VERSION);
}
