/* bleu - BLEU (Papineni et al. 2002) and chrF (Popovic 2015, 2017) with the definitions of sacreBLEU 2 (Post 2018) */
#ifndef LM_BLEU_H
#define LM_BLEU_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "score/bleu/mttok.h"
#include <stdint.h>

enum bleu_smooth { BLEU_EXP, BLEU_FLOOR, BLEU_ADD_K, BLEU_NO_SMOOTH, BLEU_SMOOTHS };
extern const char *const bleu_smooth_name[BLEU_SMOOTHS];
enum { BLEU_ORDER = 4, CHRF_ORDER = 6, CHRF_WORDS = 2, BLEU_COUNTS = 3 * (CHRF_ORDER + CHRF_WORDS) };

struct bleu_opts {
	enum mttok_kind  tok;
	enum bleu_smooth smooth;
	double           smooth_value;  /* what floor and add-k add; negative: .1 and 1 */
	int              lowercase;
	int              effective;     /* only the orders that the hypothesis is long enough for: for one sentence */
	int              chrf;          /* chrF instead of BLEU; tok, smooth and effective do not matter */
	int              words;         /* chrF: word n-grams up to this order, 0 to CHRF_WORDS; 2 is chrF++ */
};

struct bleu_text {
	const char *p;
	size_t      n;
};

struct bleu;
struct bleu *bleu_new(const struct bleu_opts *);
void bleu_free(struct bleu *);

/* What one segment counts, for scores of sums.  BLEU: words of the hypothesis, of the nearest reference; n-grams that match,
 * up to BLEU_ORDER; n-grams.  chrF: n-grams of the hypothesis, of the best reference, of both, by order.
 * All texts are UTF-8; refs > 0. */
void bleu_count(struct bleu *, struct bleu_text hyp, const struct bleu_text *ref, int refs, uint32_t count[BLEU_COUNTS]);

struct bleu_score {
	double score, bp, ratio;                /* the score from 0 to 100; chrF: the score alone */
	double sys_len, ref_len;
	double match[BLEU_ORDER], total[BLEU_ORDER], precision[BLEU_ORDER];   /* with what smoothing adds */
};
/* The score of the segments whose counts were summed. */
void bleu_score(const struct bleu_opts *, const double sum[BLEU_COUNTS], struct bleu_score *);

/* A 95 % interval from `samples` resamples of n segments (Koehn 2004): the mean of the scores and half the interval.
 * With the counts of a baseline on the same segments, *p is the chance of a difference this large between equals. */
struct bleu_interval {
	double mean, half;
	double base_mean, base_half, p;
};
void bleu_bootstrap(const struct bleu_opts *, const uint32_t (*count)[BLEU_COUNTS], const uint32_t (*base)[BLEU_COUNTS],
    size_t n, int samples, uint64_t seed, struct bleu_interval *);

/* "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:..."; samples 0: none were drawn. */
void bleu_signature(const struct bleu_opts *, int refs, int samples, uint64_t seed, struct buf *);
#endif
