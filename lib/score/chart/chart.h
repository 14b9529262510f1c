/* chart - lines and points over two axes, as SVG or in characters */
#ifndef LM_CHART_H
#define LM_CHART_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>

struct chart_series {
	char   *name;           /* in the legend; NULL: not there */
	double *x, *y;          /* [n]; what is no number leaves a gap */
	size_t  n, x_cap, y_cap;
	int     colour;         /* equal numbers, equal colours */
	int     points, dashed, faint;
};
struct chart_panel {
	char       *title, *x_label;
	int         log_x, log_y;
	double      x_range[2], y_range[2];     /* NaN: from the data */
	struct chart_series *v;
	size_t      n, cap;
};
enum chart_cells { CHART_BRAILLE, CHART_BLOCK };
enum { CHART_COLOURS = 7 };

void chart_init(struct chart_panel *, const char *title, const char *x_label);
/* A new series of the panel, without points; good until the next. */
struct chart_series *chart_add(struct chart_panel *, const char *name, int colour);
void chart_point(struct chart_series *, double x, double y);
void chart_free(struct chart_panel *);

/* Means over about `span` points to either side, weights falling exponentially, in place. */
void chart_smooth(struct chart_series *, double span);

/* Panels below each other, in pixels; light or dark as the reader's browser is. */
void chart_svg(const struct chart_panel *, int n, const char *title, int width, int height, struct buf *);
/* The same in characters, `cols` wide and each panel `rows` high; colours by ANSI sequences when asked. */
void chart_text(const struct chart_panel *, int n, const char *title, int cols, int rows, enum chart_cells, int colours, struct buf *);

/* One axis: what it spans, and round numbers along it. */
struct chart_axis {
	double from, to, tick[16];
	int    log, ticks;
};
void   chart_axes(const struct chart_panel *, int most_x, int most_y, struct chart_axis *x, struct chart_axis *y);
double chart_at(const struct chart_axis *, double v);           /* 0 to 1 along it; NaN: not on it */
void   chart_label(double v, struct buf *);
#endif
