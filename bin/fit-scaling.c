/* fit-scaling - runs -> scaling laws */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "score/scaling/scaling.h"
#include <math.h>
#include <stdlib.h>

static const char *out = "-", *plot;
static struct scaling_keys keys = { "params", "tokens", "flops", "loss" };
static struct scaling_opts o = { .delta = 1e-3 };
static long long samples = 200, seed, bins = 20, drop;
static struct strs budget, predict;
static int json;
static const struct opt opts[] = {
	{ 'o', "output", OPT_STR, &out, "FILE", "write to FILE [standard output]", OPT_QUIET },
	{ 0, "budget", OPT_LIST, &budget, "FLOPS", "the best model for this compute", OPT_RESULT },
	{ 0, "predict", OPT_LIST, &predict, "N,D", "the loss of N parameters after D tokens", OPT_RESULT },
	{ 0, "drop", OPT_INT, &drop, "N", "leave out the N runs of highest loss [0]", OPT_RESULT },
	{ 0, "delta", OPT_NUM, &o.delta, "X", "where Huber's loss becomes straight", OPT_RESULT },
	{ 0, "bins", OPT_INT, &bins, "N", "parts of compute, for approach 1", OPT_RESULT },
	{ 0, "bootstrap", OPT_INT, &samples, "N", "resamples for the errors, 0: none", OPT_RESULT },
	{ 'S', "seed", OPT_INT, &seed, "N", "seed of the resamples [0]", OPT_RESULT },
	{ 0, "params", OPT_STR, &keys.params, "KEY", "the key of parameters", OPT_RESULT },
	{ 0, "tokens", OPT_STR, &keys.tokens, "KEY", "of tokens seen", OPT_RESULT },
	{ 0, "flops", OPT_STR, &keys.flops, "KEY", "of compute, where there are no tokens", OPT_RESULT },
	{ 0, "loss", OPT_STR, &keys.loss, "KEY", "of the loss", OPT_RESULT },
	{ 0, "plot", OPT_STR, &plot, "FILE", "also draw the runs and the laws, as SVG", OPT_QUIET },
	{ 'j', "json", OPT_FLAG, &json, NULL, "write JSON", OPT_RESULT },
	{ 0 }
};
static const struct tool tool = { "fit-scaling", "Fit scaling laws to training runs.", "[FILE ...]", opts };

/* A number above 0 that ends at `stop`. */
static double
number(const char *option, const char *s, int stop, const char **rest)
{
	char *end;
	double x = strtod(s, &end);

	if (end == s || *end != stop || !isfinite(x) || x <= 0)
		die_usage("%s=%s: %s is needed", option, s, stop ? "N,D" : "a number above 0");
	*rest = end + 1;
	return x;
}

static void
check(void)
{
	if (!(o.delta > 0))
		die_usage("--delta: above 0");
	if (bins < 3 || bins > 100000 || samples < 0 || samples > 1000000 || samples == 1 || drop < 0)
		die_usage("--bins: 3 or more; --bootstrap: 0, or from 2 to 1000000; --drop: 0 or more");
	o.bins = (int)bins;
}

/* What is asked, with ten times the largest run after it. */
static void
asked(struct scaling_ask *a, const struct scaling_runs *r)
{
	double *c = xcalloc((size_t)budget.n + 1, sizeof *c), (*p)[2] = xcalloc((size_t)predict.n + 3, sizeof *p);
	const char *rest;

	for (int i = 0; i < budget.n; i++)
		c[i] = number("--budget", budget.v[i], 0, &rest);
	for (int i = 0; i < predict.n; i++) {
		p[i][0] = number("--predict", predict.v[i], ',', &rest);
		p[i][1] = number("--predict", rest, 0, &rest);
	}
	a->budgets = budget.n;
	a->predicts = predict.n;
	scaling_more(a, c, p, r);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct scaling_runs r = { 0 };
	struct scaling_report rep = { .runs = &r };
	struct scaling_spread *spread;
	struct scaling fit;
	struct buf text = { 0 };
	struct err e;
	double *v;

	check();
	for (int i = first; i < argc || i == first; i++)
		if (scaling_read(&r, i < argc ? argv[i] : "-", &keys, &e))
			die_err(&e);
	if ((size_t)drop >= r.n)
		die("%zu runs, %lld of them to be dropped", r.n, drop);
	scaling_drop(&r, (size_t)drop);
	asked(&rep.ask, &r);
	scaling_fit(&fit, &r, NULL, &o, NULL);
	v = xcalloc(scaling_count(&rep.ask), sizeof *v);
	spread = xcalloc(scaling_count(&rep.ask), sizeof *spread);
	scaling_numbers(&fit, &rep.ask, v);
	if (samples)
		scaling_bootstrap(&r, &o, &fit, &rep.ask, (int)samples, (uint64_t)seed, spread);
	rep.fit = &fit;
	rep.v = v;
	rep.spread = samples ? spread : NULL;
	rep.samples = (int)samples;
	rep.dropped = (int)drop;
	(json ? scaling_json : scaling_text)(&rep, &text);
	if (file_write(out, 0, text.p, text.n, &e))
		die_err(&e);
	buf_clear(&text);
	if (plot)
		scaling_svg(&r, &fit, &text);
	if (plot && file_write(plot, 0, text.p, text.n, &e))
		die_err(&e);
	free((void *)(uintptr_t)rep.ask.budget);
	free((void *)(uintptr_t)rep.ask.predict);
	free(v);
	free(spread);
	scaling_free(&r);
	buf_free(&text);
	return EXIT_OK;
}
