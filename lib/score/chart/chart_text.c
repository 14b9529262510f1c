/* chart_text - charts in characters: dots of Braille, or quarters of blocks */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "score/chart/chart.h"
#include <math.h>
#include <stdlib.h>

enum { MARGIN = 9 };    /* labels of the y axis */

/* Cells of some dots; each belongs to the series that was drawn last there. */
struct canvas {
	int cols, rows, wide, high;     /* cells; dots in one */
	unsigned char *dots, *letter;
	int *colour;
};

static void
dot(struct canvas *c, int x, int y, int colour)
{
	/* U+2800: dots 1 to 8, by column from above, the lowest two last */
	static const unsigned char braille[4][2] = { { 1, 8 }, { 2, 16 }, { 4, 32 }, { 64, 128 } };
	int cell;

	if (x < 0 || y < 0 || x >= c->cols * c->wide || y >= c->rows * c->high)
		return;
	cell = y / c->high * c->cols + x / c->wide;
	c->dots[cell] |= c->high == 4 ? braille[y % 4][x % 2] : (unsigned char)(1 << (y % 2 * 2 + x % 2));
	c->colour[cell] = colour;
}

static void
stroke(struct canvas *c, double x0, double y0, double x1, double y1, int colour, int dashed)
{
	double d = fmax(fabs(x1 - x0), fabs(y1 - y0));
	int n = d < 1e5 ? (int)ceil(d) : 0;

	for (int i = 0; i <= n; i++) {
		double t = n ? (double)i / n : 0, x = x0 + t * (x1 - x0), y = y0 + t * (y1 - y0);
		if (x > -1e6 && x < 1e6 && y > -1e6 && y < 1e6 && !(dashed && (long)floor(x) % 4 > 1))
			dot(c, (int)floor(x), (int)floor(y), colour);
	}
}

static void
draw(struct canvas *c, const struct chart_axis *ax, const struct chart_axis *ay, const struct chart_series *s, int letter)
{
	double w = c->cols * c->wide - 1, h = c->rows * c->high - 1, x, y, px = NAN, py = NAN;

	for (size_t i = 0; i < s->n; i++) {
		x = w * chart_at(ax, s->x[i]) + 0.5;
		y = h * (1 - chart_at(ay, s->y[i])) + 0.5;
		if (isfinite(x) && isfinite(y)) {
			if (!s->points && isfinite(px))
				stroke(c, px, py, x, y, s->colour, s->dashed);
			else
				stroke(c, x, y, x, y, s->colour, 0);
		}
		px = isfinite(y) ? x : NAN;
		py = y;
		if (isfinite(x) && isfinite(y) && letter && i + 1 == s->n && x >= 0 && x <= w + 1 && y >= 0 && y <= h + 1) {
			int cell = (int)y / c->high * c->cols + (int)x / c->wide;
			c->letter[cell] = (unsigned char)letter;
			c->colour[cell] = s->colour;
		}
	}
}

static void
glyph(const struct canvas *c, int cell, struct buf *b)
{
	/* quarters: upper left 1, upper right 2, lower left 4, lower right 8 */
	static const unsigned short block[16] = { ' ', 0x2598, 0x259d, 0x2580, 0x2596, 0x258c, 0x259e, 0x259b, 0x2597, 0x259a, 0x2590, 0x259c,
		0x2584, 0x2599, 0x259f, 0x2588 };
	uint32_t code = c->dots[cell];
	char utf8[4];

	if (c->letter[cell])
		code = c->letter[cell];
	else if (c->high == 4)
		code = code ? 0x2800 + code : ' ';
	else
		code = block[code];
	buf_add(b, utf8, utf8_put(utf8, code));
}

static void
paint(struct buf *b, int colour)
{
	static const int ansi[CHART_COLOURS] = { 34, 33, 32, 35, 36, 31, 37 };

	buf_printf(b, "\033[%dm", colour < 0 ? 0 : ansi[colour % CHART_COLOURS]);
}

static void
spaces(struct buf *b, size_t n)
{
	while (n-- > 0)
		buf_char(b, ' ');
}

static void
rows_out(const struct canvas *c, const struct chart_axis *y, int colours, struct buf *b)
{
	struct buf label = { 0 };

	for (int r = 0; r < c->rows; r++) {
		buf_clear(&label);
		buf_add(&label, "", 0);
		for (int i = 0; i < y->ticks && !label.n; i++)
			if ((int)floor((c->rows - 1) * (1 - chart_at(y, y->tick[i])) + 0.5) == r)
				chart_label(y->tick[i], &label);
		spaces(b, label.n < MARGIN - 2 ? MARGIN - 2 - label.n : 0);
		buf_printf(b, "%s %s", label.p, label.n ? "\xe2\x94\xa4" : "\xe2\x94\x82");
		for (int k = 0, now = -1; k < c->cols || now >= 0; k++) {
			int want = k < c->cols && (c->dots[r * c->cols + k] || c->letter[r * c->cols + k]) ? c->colour[r * c->cols + k] : -1;
			if (colours && want != now)
				paint(b, want);
			now = colours ? want : -1;
			if (k < c->cols)
				glyph(c, r * c->cols + k, b);
		}
		while (b->n && b->p[b->n - 1] == ' ')
			b->p[--b->n] = 0;
		buf_char(b, '\n');
	}
	buf_free(&label);
}

static void
below(const struct canvas *c, const struct chart_axis *x, const char *name, struct buf *b)
{
	struct buf line = { 0 }, label = { 0 };

	spaces(b, MARGIN - 1);
	buf_str(b, "\xe2\x94\x94");
	for (int k = 0; k < c->cols; k++)
		buf_str(b, "\xe2\x94\x80");
	buf_char(b, '\n');
	buf_add(&line, "", 0);
	for (int i = 0; i < x->ticks; i++) {
		size_t at = MARGIN + (size_t)floor((c->cols - 1) * fmax(0, chart_at(x, x->tick[i])) + 0.5);
		buf_clear(&label);
		chart_label(x->tick[i], &label);
		at -= label.n / 2;
		if (line.n && at < line.n + 1)
			continue;
		spaces(&line, at - line.n);
		buf_str(&line, label.p);
	}
	buf_printf(b, "%s  %s\n", line.p, name);
	buf_free(&line);
	buf_free(&label);
}

static void
panel(const struct chart_panel *p, int cols, int rows, enum chart_cells cells, int colours, struct buf *b)
{
	struct canvas c = { cols - MARGIN > 8 ? cols - MARGIN : 8, rows > 3 ? rows : 3, 2, cells == CHART_BRAILLE ? 4 : 2, NULL, NULL, NULL };
	size_t n = (size_t)c.cols * (size_t)c.rows;
	struct chart_axis x, y;
	int letter = 'a', named = 0;

	c.dots = xcalloc(2 * n, 1);
	c.letter = c.dots + n;
	c.colour = xcalloc(n, sizeof *c.colour);
	chart_axes(p, c.cols / 12 + 1, c.rows / 3 + 1, &x, &y);
	for (size_t i = 0; i < p->n; i++)
		named += p->v[i].name != NULL;
	buf_printf(b, "%s\n", p->title);
	for (size_t i = 0; i < p->n; i++) {
		const struct chart_series *s = &p->v[i];
		if (s->faint)
			continue;
		draw(&c, &x, &y, s, named > 1 && s->name && !s->points ? letter : 0);
		if (!s->name)
			continue;
		buf_str(b, "  ");
		if (colours)
			paint(b, s->colour);
		buf_printf(b, "%c %s", s->points ? '.' : named > 1 ? letter : '-', s->name);
		if (colours)
			paint(b, -1);
		buf_char(b, '\n');
		letter = letter == 'z' ? 'a' : letter + !s->points;
	}
	rows_out(&c, &y, colours, b);
	below(&c, &x, p->x_label, b);
	free(c.dots);
	free(c.colour);
}

void
chart_text(const struct chart_panel *p, int n, const char *title, int cols, int rows, enum chart_cells cells, int colours, struct buf *b)
{
	if (title)
		buf_printf(b, "%s\n\n", title);
	for (int i = 0; i < n; i++) {
		if (i)
			buf_char(b, '\n');
		panel(&p[i], cols, rows, cells, colours, b);
	}
}
