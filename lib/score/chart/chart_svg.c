/* chart_svg - charts for a browser */
/* SPDX-License-Identifier: MIT */
#include "score/chart/chart.h"
#include <math.h>
#include <string.h>

/* Ground, text, small text, rules, then the series: told apart without red and green too (after Okabe and Ito 2008). */
static const char *const light[4 + CHART_COLOURS] = { "#fff", "#1d2126", "#5b636d", "#e3e6ea", "#0072b2", "#d55e00", "#009e73", "#b8559a", "#9a6b00", "#3d9bd6", "#555" };
static const char *const dark[4 + CHART_COLOURS] = { "#15181c", "#e8eaed", "#9aa3ad", "#2c3137", "#58b0e8", "#ff8a4c", "#2fcb9a", "#e79ccb", "#e8b84a", "#9fd6fa", "#bbb" };

enum { LEFT = 64, RIGHT = 20, TOP = 34, BOTTOM = 40, LETTER = 7, MARK = 34 };

struct frame {
	struct chart_axis x, y;
	double left, top, w, h;
};

static void
colours(const char *const *c, struct buf *b)
{
	buf_printf(b, ".r{fill:%s}text{fill:%s}.t,.p{fill:%s}.g{stroke:%s}.x{stroke:%s}", c[0], c[2], c[1], c[3], c[2]);
	for (int i = 0; i < CHART_COLOURS; i++)
		buf_printf(b, ".c%d{stroke:%s}.k%d{fill:%s}", i, c[4 + i], i, c[4 + i]);
}

/* Plain rules, which viewers that know neither variables nor dark grounds draw too. */
static void
style(struct buf *b)
{
	buf_str(b, "<style>\ntext{font:12px system-ui,sans-serif}.t{font-size:15px;font-weight:600}.p{font-weight:600}.e{text-anchor:end}.m{text-anchor:middle}\n"
	           ".d{fill:none;stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}.f{opacity:.25;stroke-width:1}.h{stroke-dasharray:6 4}\n");
	colours(light, b);
	buf_str(b, "\n@media(prefers-color-scheme:dark){");
	colours(dark, b);
	buf_str(b, "}\n</style>\n");
}

static void
text(struct buf *b, double x, double y, const char *class, const char *s)
{
	buf_printf(b, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
	buf_html(b, s, strlen(s));
	buf_str(b, "</text>\n");
}

static void
axes(const struct frame *f, const char *x_label, struct buf *b)
{
	struct buf label = { 0 };

	for (int i = 0; i < f->y.ticks; i++) {
		double y = f->top + f->h * (1 - chart_at(&f->y, f->y.tick[i]));
		buf_printf(b, "<path class=\"g\" d=\"M%.1f %.1fh%.1f\"/>\n", f->left, y, f->w);
		buf_clear(&label);
		chart_label(f->y.tick[i], &label);
		text(b, f->left - 8, y + 4, "e", label.p);
	}
	for (int i = 0; i < f->x.ticks; i++) {
		double x = f->left + f->w * chart_at(&f->x, f->x.tick[i]);
		buf_printf(b, "<path class=\"x\" d=\"M%.1f %.1fv4\"/>\n", x, f->top + f->h);
		buf_clear(&label);
		chart_label(f->x.tick[i], &label);
		text(b, x, f->top + f->h + 18, "m", label.p);
	}
	buf_printf(b, "<path class=\"x\" d=\"M%.1f %.1fh%.1f\"/>\n", f->left, f->top + f->h, f->w);
	text(b, f->left + f->w / 2, f->top + f->h + 34, "m", x_label);
	buf_free(&label);
}

/* A line of at most two points a pixel: the lowest and the highest of each column, in the order in which they came. */
static void
line(const struct frame *f, const struct chart_series *s, struct buf *b)
{
	double low = 0, high = 0, at = NAN;
	int pen = 0, low_first = 1;

	for (size_t i = 0; i <= s->n; i++) {
		double x = i < s->n ? f->left + f->w * chart_at(&f->x, s->x[i]) : NAN;
		double y = i < s->n ? f->top + f->h * (1 - chart_at(&f->y, s->y[i])) : NAN;
		if (isfinite(x) && isfinite(y) && fabs(x - at) < 0.5) {
			if (y < low)
				low = y, low_first = 0;
			if (y > high)
				high = y, low_first = 1;
			continue;
		}
		if (!isnan(at)) {
			double first = low_first ? low : high, second = low_first ? high : low;
			buf_printf(b, "%c%.1f %.1f", pen ? 'L' : 'M', at, first);
			if (second != first)
				buf_printf(b, "L%.1f %.1f", at, second);
			pen = 1;
		}
		at = isfinite(x) && isfinite(y) ? x : NAN;
		pen &= !isnan(at);
		low = high = y;
		low_first = 1;
	}
}

static void
series(const struct frame *f, const struct chart_series *s, struct buf *b)
{
	int c = s->colour % CHART_COLOURS;

	if (s->points) {
		buf_printf(b, "<g class=\"k%d\" fill-opacity=\".75\">\n", c);
		for (size_t i = 0; i < s->n; i++) {
			double x = chart_at(&f->x, s->x[i]), y = chart_at(&f->y, s->y[i]);
			if (isfinite(x) && isfinite(y))
				buf_printf(b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%.6g, %.6g</title></circle>\n", f->left + f->w * x,
				    f->top + f->h * (1 - y), s->x[i], s->y[i]);
		}
		buf_str(b, "</g>\n");
		return;
	}
	buf_printf(b, "<path class=\"d c%d%s%s\" d=\"", c, s->faint ? " f" : "", s->dashed ? " h" : "");
	line(f, s, b);
	buf_str(b, "\"/>\n");
}

/* Names beside samples of their lines, in rows that fit; returns the height. */
static double
legend(const struct chart_panel *p, double left, double top, double width, struct buf *b)
{
	double x = left, y = top;
	int any = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct chart_series *s = &p->v[i];
		double w;
		if (!s->name)
			continue;
		w = MARK + LETTER * (double)strlen(s->name);
		if (any++ && x + w > left + width) {
			x = left;
			y += 18;
		}
		if (b && s->points)
			buf_printf(b, "<circle class=\"k%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>\n", s->colour % CHART_COLOURS, x + 9, y - 4);
		else if (b)
			buf_printf(b, "<path class=\"d c%d%s\" d=\"M%.1f %.1fh18\"/>\n", s->colour % CHART_COLOURS, s->dashed ? " h" : "", x, y - 4);
		if (b)
			text(b, x + 24, y, "", s->name);
		x += w + 8;
	}
	return any ? y - top + 18 : 0;
}

void
chart_svg(const struct chart_panel *p, int n, const char *title, int width, int height, struct buf *b)
{
	double top = title ? TOP + 8 : 12, each = (height - top) / n;

	buf_printf(b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n", width, height, width, height);
	if (title) {
		buf_str(b, "<title>");
		buf_html(b, title, strlen(title));
		buf_str(b, "</title>\n");
	}
	style(b);
	buf_printf(b, "<rect class=\"r\" width=\"%d\" height=\"%d\"/>\n", width, height);
	if (title)
		text(b, LEFT, 26, "t", title);
	for (int i = 0; i < n; i++) {
		struct frame f = { .left = LEFT, .w = width - LEFT - RIGHT };
		double at = top + i * each, keys = legend(&p[i], LEFT, 0, f.w, NULL);
		f.top = at + 26 + keys;
		f.h = each - 26 - keys - BOTTOM;
		if (f.h < 20)
			f.h = 20;
		chart_axes(&p[i], (int)(f.w / 80), (int)(f.h / 34) + 1, &f.x, &f.y);
		text(b, LEFT, at + 12, "p", p[i].title);
		legend(&p[i], LEFT, at + 32, f.w, b);
		axes(&f, p[i].x_label, b);
		buf_printf(b, "<clipPath id=\"k%d\"><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/></clipPath>\n<g clip-path=\"url(#k%d)\">\n", i,
		    f.left - 4, f.top - 4, f.w + 8, f.h + 8, i);
		for (size_t k = 0; k < p[i].n; k++)
			series(&f, &p[i].v[k], b);
		buf_str(b, "</g>\n");
	}
	buf_str(b, "</svg>\n");
}
