/* chart - series, and axes with round numbers */
/* SPDX-License-Identifier: MIT */
#include "score/chart/chart.h"
#include <math.h>
#include <stdlib.h>

enum { TICKS = sizeof ((struct chart_axis *)0)->tick / sizeof (double) };

/* A copy without control characters. */
static char *
clean(const char *s)
{
	char *copy = xstrdup(s);

	for (char *c = copy; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	return copy;
}

void
chart_init(struct chart_panel *p, const char *title, const char *x_label)
{
	*p = (struct chart_panel){ .title = clean(title), .x_label = clean(x_label), .x_range = { NAN, NAN }, .y_range = { NAN, NAN } };
}

struct chart_series *
chart_add(struct chart_panel *p, const char *name, int colour)
{
	struct chart_series s = { .name = name ? clean(name) : NULL, .colour = colour };

	VEC_PUSH(p->v, p->n, p->cap, s);
	return &p->v[p->n - 1];
}

void
chart_point(struct chart_series *s, double x, double y)
{
	size_t n = s->n;

	VEC_PUSH(s->x, n, s->x_cap, x);
	VEC_PUSH(s->y, s->n, s->y_cap, y);
}

void
chart_free(struct chart_panel *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].name);
		free(p->v[i].x);
		free(p->v[i].y);
	}
	free(p->v);
	free(p->title);
	free(p->x_label);
}

void
chart_smooth(struct chart_series *s, double span)
{
	double keep = 1 - 1 / span, *sum = xcalloc(s->n + 1, sizeof *sum), *weight = xcalloc(s->n + 1, sizeof *weight);

	for (int back = 0; back < 2; back++) {
		double a = 0, w = 0;
		for (size_t k = 0; k < s->n; k++) {
			size_t i = back ? s->n - 1 - k : k;
			if (!isfinite(s->y[i]))
				continue;
			a = keep * a + s->y[i];
			w = keep * w + 1;
			sum[i] += a;
			weight[i] += w;
		}
	}
	for (size_t i = 0; i < s->n; i++)
		if (weight[i] > 0)
			s->y[i] = sum[i] / weight[i];
	free(sum);
	free(weight);
}

static int
shown(double v, int log)
{
	return isfinite(v) && (!log || v > 0);
}

/* Multiples of 1, 2 or 5 times a power of ten, at most `most` of them. */
static void
even_ticks(struct chart_axis *a, int most)
{
	double span = a->to - a->from, step = pow(10, floor(log10(span / most)));

	for (int k = 0; span / step > most; k++)
		step *= k % 3 == 1 ? 2.5 : 2;
	for (double i = ceil(a->from / step - 1e-9); i * step <= a->to + 1e-9 * step && a->ticks < TICKS; i++)
		a->tick[a->ticks++] = i * step;
}

/* Powers of ten, every few of them where there are many; with their doubles and fives where there are few. */
static void
log_ticks(struct chart_axis *a, int most)
{
	static const double parts[3] = { 1, 2, 5 };
	double low = floor(log10(a->from)), decades = log10(a->to) - log10(a->from), every = 1;
	int n = decades * 3 <= most ? 3 : 1;

	if (decades < 1) {
		even_ticks(a, most);
		return;
	}
	while (decades / every > most)
		every++;
	for (double d = low; a->ticks < TICKS; d += every)
		for (int i = 0; i < n && a->ticks < TICKS; i++) {
			double v = pow(10, d) * parts[i];
			if (v > a->to * (1 + 1e-9))
				return;
			if (v >= a->from * (1 - 1e-9))
				a->tick[a->ticks++] = v;
		}
}

/* From the least and greatest that are shown; with some room, unless the range was given. */
static void
make_axis(struct chart_axis *a, double low, double high, const double *range, int log, int most, double room)
{
	double by;

	*a = (struct chart_axis){ .log = log };
	if (!(low <= high))
		low = log ? 1 : 0, high = log ? 10 : 1;
	if (low == high) {
		by = log ? low / 2 : low != 0 ? fabs(low) / 10 : 1;
		low -= by, high += by;
	}
	by = log ? pow(high / low, room) : (high - low) * room;
	a->from = shown(range[0], log) ? range[0] : log ? low / by : low - by;
	a->to = shown(range[1], log) ? range[1] : log ? high * by : high + by;
	if (!(a->from < a->to))
		a->to = log ? 10 * a->from : a->from + 1;
	if (log)
		log_ticks(a, most);
	else
		even_ticks(a, most);
}

void
chart_axes(const struct chart_panel *p, int most_x, int most_y, struct chart_axis *x, struct chart_axis *y)
{
	double low_x = INFINITY, high_x = -INFINITY, low_y = INFINITY, high_y = -INFINITY;

	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->v[i].n; k++) {
			double vx = p->v[i].x[k], vy = p->v[i].y[k];
			if (!shown(vx, p->log_x) || !shown(vy, p->log_y))
				continue;
			if (vx < p->x_range[0] || vx > p->x_range[1])
				continue;
			low_x = fmin(low_x, vx), high_x = fmax(high_x, vx);
			low_y = fmin(low_y, vy), high_y = fmax(high_y, vy);
		}
	make_axis(x, low_x, high_x, p->x_range, p->log_x, most_x, 0.01);
	make_axis(y, low_y, high_y, p->y_range, p->log_y, most_y, 0.05);
}

double
chart_at(const struct chart_axis *a, double v)
{
	if (!shown(v, a->log))
		return NAN;
	return a->log ? log(v / a->from) / log(a->to / a->from) : (v - a->from) / (a->to - a->from);
}

void
chart_label(double v, struct buf *b)
{
	static const char unit[] = " KMG";
	int u = 0;

	if (fabs(v) < 1e-12)
		v = 0;
	if (fabs(v) >= 1e12 || (v != 0 && fabs(v) < 1e-3)) {
		buf_printf(b, "%.3g", v);
		return;
	}
	for (; fabs(v) >= 1e4 || (u && fabs(v) >= 1000); u++)
		v /= 1000;
	buf_printf(b, "%.4g", v);
	if (u)
		buf_char(b, unit[u]);
}
