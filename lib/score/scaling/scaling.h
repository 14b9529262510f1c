/* scaling - laws fitted to runs: Kaplan's, and Chinchilla's by its three approaches */
#ifndef LM_SCALING_H
#define LM_SCALING_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "model/law.h"
#include <stdint.h>

/* A model of N parameters had this loss after D tokens.  Compute is C = 6 N D throughout. */
struct scaling_point {
	double N, D, loss;
};
/* Runs: each is a curve whose last point is where it ended; all.first[i] to first[i + 1]. */
struct scaling_runs {
	struct scaling_point *v;
	size_t               *first;    /* [n + 1] */
	size_t                n, points, n_cap, points_cap;
};
struct scaling_keys {
	const char *params, *tokens, *flops, *loss;     /* names of JSON keys */
};
/* Adds what a file of JSON lines holds.  Lines with `step` are the log of one run, others a run each: params, and tokens or
 * flops (C / 6 N), and loss.  The curve of a log is that of its `eval_loss`, or else of means of its losses.  0 or -1. */
int  scaling_read(struct scaling_runs *, const char *path, const struct scaling_keys *, struct err *);
void scaling_add(struct scaling_runs *, const struct scaling_point *curve, size_t n);
void scaling_drop(struct scaling_runs *, size_t n);     /* the n runs that end highest */
void scaling_free(struct scaling_runs *);
const struct scaling_point *scaling_end(const struct scaling_runs *, size_t run);

/* ln y = at + slope ln x, by least squares over n points; slope NaN: there were too few. */
struct power {
	double at, slope;
	size_t n;
};
double power_at(const struct power *, double x);

struct scaling {
	struct law   chinchilla, kaplan;        /* NaN where the runs do not tell */
	double       objective, kaplan_objective;
	struct power one, two;                  /* the best N by compute: lowest runs; minima of parabolas */
	struct power frontier;                  /* the lowest loss by compute */
};
struct scaling_opts {
	double delta;           /* where Huber's loss turns from square to straight: of ln loss */
	int    bins;            /* of ln C, for the lowest runs */
};
/* Laws: the least sum of Huber losses of ln loss, from many starts, or from the laws of `near` alone.
 * pick: the runs, with repetitions, NULL: all. */
void scaling_fit(struct scaling *, const struct scaling_runs *, const size_t *pick, const struct scaling_opts *,
    const struct scaling *near);
/* The first half of it: the laws; the runs tell them when there are six or more, with three N and three D. */
void scaling_fit_laws(struct scaling *, const struct scaling_runs *, const size_t *pick, double delta, const struct scaling *near);

/* What is asked: all numbers of a fit, in one row. */
struct scaling_ask {
	const double *budget;           /* C */
	const double (*predict)[2];     /* N, D */
	int budgets, predicts;
};
enum scaling_number {
	SC_E, SC_A, SC_ALPHA, SC_B, SC_BETA, SC_SHARE,          /* Chinchilla, approach 3; N grows with C to the power of SHARE */
	SC_KN, SC_KALPHA, SC_KD, SC_KBETA, SC_KSHARE,           /* Kaplan */
	SC_LC_AT, SC_LC,                                        /* loss = e^AT C^LC of the frontier */
	SC_ONE, SC_TWO,                                         /* N grows with C to the power of this */
	SC_BUDGET                                               /* then 6 a budget: N by approach 1, 2, 3, Kaplan; losses of the last two */
};
enum { SC_BUDGET_N = 6, SC_PREDICT_N = 2 };                     /* then 2 a prediction: loss by Chinchilla, Kaplan */
size_t scaling_count(const struct scaling_ask *);
void   scaling_numbers(const struct scaling *, const struct scaling_ask *, double *out);
/* Each number over `samples` resamples of the runs: standard deviation, and the 2.5th and 97.5th percentile. */
struct scaling_spread {
	double se, low, high;
};
void scaling_bootstrap(const struct scaling_runs *, const struct scaling_opts *, const struct scaling *, const struct scaling_ask *,
    int samples, uint64_t seed, struct scaling_spread *out);

/* All of it, and what ten times more parameters, tokens or compute than those of the largest run bring: scaling_more() adds
 * that to what is asked, behind what is in it (room for one budget, and for three predictions). */
struct scaling_report {
	const struct scaling_runs   *runs;
	const struct scaling        *fit;
	struct scaling_ask           ask;       /* with the last of each being those of scaling_more */
	const double                *v;         /* scaling_numbers */
	const struct scaling_spread *spread;    /* NULL: none */
	int samples, dropped;
};
void scaling_more(struct scaling_ask *, double *budget, double (*predict)[2], const struct scaling_runs *);
void scaling_text(const struct scaling_report *, struct buf *);
void scaling_json(const struct scaling_report *, struct buf *);
/* The runs with the curves of the law, and the best size by compute. */
void scaling_svg(const struct scaling_runs *, const struct scaling *, struct buf *);
#endif
