/* scaling_plot - runs and the laws laid through them, as a picture */
/* SPDX-License-Identifier: MIT */
#include "score/chart/chart.h"
#include "base/order.h"
#include "score/scaling/scaling.h"
#include <math.h>
#include <stdlib.h>

enum { CURVE = 60, GROUPS = CHART_COLOURS - 1 };        /* points of a curve; sizes with a colour each, the best's is the last */

static double
compute(const struct scaling_point *p)
{
	return 6 * p->N * p->D;
}

static int
by_params(const void *a, const void *b)
{
	double x = ((const struct scaling_point *)a)->N, y = ((const struct scaling_point *)b)->N;

	return ORDER(x, y);
}

/* Ends of runs by size, first[g] to first[g + 1] of about one N; one group when there are too many.  Returns how many. */
static int
group(struct scaling_point *v, size_t n, size_t *first)
{
	int g = 0;

	qsort(v, n, sizeof *v, by_params);
	first[0] = 0;
	for (size_t i = 1; i < n; i++)
		if (v[i].N > 1.03 * v[first[g]].N) {
			if (++g == GROUPS) {
				g = 0;
				break;
			}
			first[g] = i;
		}
	first[g + 1] = n;
	return g + 1;
}

/* The law for one N along C from `low` to `high`, or for the best N when N is 0. */
static void
curve(struct chart_series *s, const struct law *l, double N, double low, double high)
{
	for (int i = 0; i <= CURVE; i++) {
		double C = low * pow(high / low, (double)i / CURVE), n = N > 0 ? N : law_params(l, C);
		chart_point(s, C, law_loss(l, n, C / 6 / n));
	}
}

static void
losses(struct chart_panel *p, struct scaling_point *v, size_t n, const struct law *l, double low, double high)
{
	size_t first[GROUPS + 2];
	int groups = group(v, n, first);
	struct chart_series *s;
	struct buf name = { 0 };

	chart_init(p, "loss by compute", "FLOP");
	p->log_x = p->log_y = 1;
	for (int g = 0; g < groups; g++) {
		double from = INFINITY, to = 0;
		buf_clear(&name);
		chart_label(v[first[g]].N, &name);
		buf_str(&name, " parameters");
		s = chart_add(p, groups > 1 ? name.p : "runs", g);
		s->points = 1;
		for (size_t i = first[g]; i < first[g + 1]; i++) {
			chart_point(s, compute(&v[i]), v[i].loss);
			from = fmin(from, compute(&v[i]));
			to = fmax(to, compute(&v[i]));
		}
		if (isfinite(l->E) && groups > 1)
			curve(chart_add(p, NULL, g), l, v[first[g]].N, from / 1.5, to * 1.5);
	}
	if (isfinite(l->E)) {
		s = chart_add(p, "the law, best size", GROUPS);
		s->dashed = 1;
		curve(s, l, 0, low, high * 10);
	}
	buf_free(&name);
}

static void
sizes(struct chart_panel *p, const struct scaling *f, double low, double high)
{
	static const char *const name[] = { "approach 1", "approach 2", "approach 3", "Kaplan" };

	chart_init(p, "best number of parameters by compute", "FLOP");
	p->log_x = p->log_y = 1;
	for (int way = 0; way < 4; way++) {
		struct chart_series *s = chart_add(p, name[way], way);
		for (int i = 0; i <= CURVE; i++) {
			double C = low * pow(10 * high / low, (double)i / CURVE);
			chart_point(s, C, way == 0 ? power_at(&f->one, C) : way == 1 ? power_at(&f->two, C) : law_params(way == 2 ? &f->chinchilla : &f->kaplan, C));
		}
		if (!isfinite(s->y[0])) {
			free(s->name);
			s->name = NULL;
		}
	}
}

void
scaling_svg(const struct scaling_runs *r, const struct scaling *f, struct buf *b)
{
	struct scaling_point *v = xmalloc(r->n * sizeof *v);
	struct chart_panel p[2];
	double low = INFINITY, high = 0;

	for (size_t i = 0; i < r->n; i++) {
		v[i] = *scaling_end(r, i);
		low = fmin(low, compute(&v[i]));
		high = fmax(high, compute(&v[i]));
	}
	losses(&p[0], v, r->n, &f->chinchilla, low, high);
	sizes(&p[1], f, low, high);
	chart_svg(p, 2, "Scaling", 800, 800, b);
	chart_free(&p[0]);
	chart_free(&p[1]);
	free(v);
}
