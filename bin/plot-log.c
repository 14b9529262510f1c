/* plot-log - logs of JSON lines -> a chart */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "score/chart/plotlog.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *out = "-", *as, *title, *x_range, *y_range;
static long long width, height;
static struct plotlog_opts o = { .x_range = { NAN, NAN }, .y_range = { NAN, NAN } };
static const struct opt opts[] = {
	{ 'o', "output", OPT_STR, &out, "FILE", "write to FILE, as SVG unless --as [standard output]", OPT_QUIET },
	{ 0, "as", OPT_STR, &as, "KIND", "svg, braille or block", OPT_RESULT },
	{ 'x', "x", OPT_STR, &o.x, "KEY", "what runs along the bottom [step]", OPT_RESULT },
	{ 'y', "y", OPT_STR, &o.y, "KEYS", "drawn: A+B in one panel, A,B in two", OPT_RESULT },
	{ 0, "smooth", OPT_NUM, &o.smooth, "N", "means over about N points", OPT_RESULT },
	{ 0, "points", OPT_FLAG, &o.points, NULL, "points, no lines", OPT_RESULT },
	{ 0, "log-x", OPT_FLAG, &o.log_x, NULL, "a logarithmic axis along the bottom", OPT_RESULT },
	{ 0, "log-y", OPT_FLAG, &o.log_y, NULL, "logarithmic upward axes", OPT_RESULT },
	{ 0, "x-range", OPT_STR, &x_range, "A,B", "from A to B; either may be left out", OPT_RESULT },
	{ 0, "y-range", OPT_STR, &y_range, "A,B", "the same upwards", OPT_RESULT },
	{ 0, "title", OPT_STR, &title, "TEXT", "a line above all", OPT_RESULT },
	{ 0, "width", OPT_INT, &width, "N", "pixels [800] or columns [76]", OPT_RESULT },
	{ 0, "height", OPT_INT, &height, "N", "of one panel: pixels [300] or rows [16]", OPT_RESULT },
	{ 0 }
};
static const struct tool tool = { "plot-log", "Draw what logs hold: SVG, or a chart in the terminal.", "[LOG ...]", opts };

static void
range(const char *option, const char *s, double *v)
{
	char *end;

	for (int i = 0; s && i < 2; i++) {
		double x = strtod(s, &end);
		if (end != s)
			v[i] = x;
		if (*end != (i ? 0 : ','))
			die_usage("%s: A,B", option);
		s = end + 1;
	}
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool), n, svg;
	char *standard[] = { (char *)(uintptr_t)"-" };
	struct buf text = { 0 };
	struct chart_panel *p;
	struct err e;

	if (!as)
		as = strcmp(out, "-") ? "svg" : "braille";
	svg = !strcmp(as, "svg");
	if (!svg && strcmp(as, "braille") && strcmp(as, "block"))
		die_usage("--as: svg, braille or block");
	range("--x-range", x_range, o.x_range);
	range("--y-range", y_range, o.y_range);
	width = cli_given(&width) ? width : svg ? 800 : 76;
	height = cli_given(&height) ? height : svg ? 300 : 16;
	if (width < 20 || width > 20000 || height < 3 || height > 20000)
		die_usage("--width: from 20 to 20000; --height: from 3");
	if (!(p = plotlog_read(first < argc ? argc - first : 1, first < argc ? argv + first : standard, &o, &n, &e)))
		die_err(&e);
	if (svg)
		chart_svg(p, n, title, (int)width, (int)height * n + (title ? 42 : 12), &text);
	else
		chart_text(p, n, title, (int)width, (int)height, strcmp(as, "block") ? CHART_BRAILLE : CHART_BLOCK,
		    !strcmp(out, "-") && cli_on_terminal(1), &text);
	if (file_write(out, 0, text.p, text.n, &e))
		die_err(&e);
	for (int i = 0; i < n; i++)
		chart_free(&p[i]);
	free(p);
	buf_free(&text);
	return EXIT_OK;
}
