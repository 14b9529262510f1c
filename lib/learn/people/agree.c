/* agree - several persons' ratings side by side: means, and how far they agree */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "base/order.h"
#include "learn/people/people.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is compared: of two responses which is better (1, 0 a tie, -1), or a rating. */
enum { BETTER = PEOPLE_SCALES, KINDS };

struct view {
	uint64_t unit;          /* what it is of */
	int      rater, value;
};
struct views {
	struct view *v;
	size_t       n, cap;
};

struct rater {
	const char    *name;
	struct sayings said;
	size_t         orders, skipped;
	struct {
		size_t n;
		double mean, se;
	} kind[KINDS];          /* BETTER: n comparisons; mean: the share of ties */
};

static void
add(struct views *all, uint64_t unit, int rater, int value)
{
	struct view one = { unit, rater, value };

	VEC_PUSH(all->v, all->n, all->cap, one);
}

static void
add_order(struct views *all, const struct said *s, int rater)
{
	int place[PEOPLE_MOST];

	people_places(s->order, place);
	for (int a = 0; a < PEOPLE_MOST; a++)
		for (int b = a + 1; b < PEOPLE_MOST; b++)
			if (place[a] >= 0 && place[b] >= 0)
				add(all, (uint64_t)s->item << 8 | (uint64_t)(a * PEOPLE_MOST + b), rater, (place[a] < place[b]) - (place[a] > place[b]));
}

/* What counts of one rater's file: the last that was said of each thing. */
static void
take(struct rater *r, int nth, struct views kind[KINDS])
{
	for (size_t i = 0; i < r->said.n; i++) {
		const struct said *s = &r->said.v[i];

		if (people_find(&r->said, s->item, s->answer, s->scale) != s)
			continue;
		if (s->answer && s->rating)
			add(&kind[s->scale], (uint64_t)s->item << 8 | (uint64_t)s->answer, nth, s->rating);
		else if (!s->answer && strcmp(s->order, "skip"))
			add_order(&kind[BETTER], s, nth), r->orders++;
		else
			r->skipped++;
	}
}

static void
describe(struct rater *r, int nth, const struct views kind[KINDS])
{
	for (int k = 0; k < KINDS; k++) {
		double n = 0, sum = 0, square = 0;

		for (size_t i = 0; i < kind[k].n; i++)
			if (kind[k].v[i].rater == nth) {
				double x = k == BETTER ? kind[k].v[i].value == 0 : kind[k].v[i].value;

				n++, sum += x, square += x * x;
			}
		r->kind[k].n = (size_t)n;
		r->kind[k].mean = sum / n;
		r->kind[k].se = n > 1 ? sqrt(fmax(0, square - sum * sum / n) / (n - 1) / n) : NAN;
	}
}

static int
by_unit(const void *a, const void *b)
{
	const struct view *x = a, *y = b;

	return x->unit != y->unit ? ORDER(x->unit, y->unit) : x->rater - y->rater;
}

static double
apart(int k, int a, int b)
{
	return k == BETTER ? a != b : (double)(a - b) * (a - b);
}

/* Krippendorff's alpha (Content Analysis, 2004, 11.3): 1 - disagreement seen by that expected; NAN where none is
 * expected.  The views are in the order of their units. */
static double
alpha(const struct views *all, int k, size_t *units)
{
	double count[7] = { 0 }, seen = 0, expected = 0, n = 0;

	*units = 0;
	for (size_t i = 0, j; i < all->n; i = j) {
		double within = 0;

		for (j = i; j < all->n && all->v[j].unit == all->v[i].unit;)
			j++;
		if (j - i < 2)
			continue;
		for (size_t a = i; a < j; a++) {
			count[all->v[a].value + 1]++;
			for (size_t b = i; b < j; b++)
				within += apart(k, all->v[a].value, all->v[b].value);
		}
		seen += within / (double)(j - i - 1);
		n += (double)(j - i);
		++*units;
	}
	for (int a = 0; a < 7; a++)
		for (int b = 0; b < 7; b++)
			expected += count[a] * count[b] * apart(k, a, b);
	return expected > 0 ? 1 - (n - 1) * seen / expected : NAN;
}

struct kappa {
	size_t n;
	double same, kappa, se;
};

/* Cohen's kappa of two raters (1960) on what is better, its standard error that of the agreement seen. */
static struct kappa
kappa(const struct views *all, int a, int b)
{
	double table[3][3] = { { 0 } }, by_chance = 0;
	struct kappa r = { 0 };

	for (size_t i = 0; i + 1 < all->n; i++)
		for (size_t j = i + 1; j < all->n && all->v[j].unit == all->v[i].unit; j++)
			if (all->v[i].rater == a && all->v[j].rater == b)
				table[all->v[i].value + 1][all->v[j].value + 1]++, r.n++;
	for (int c = 0; c < 3; c++) {
		double row = 0, column = 0;

		for (int d = 0; d < 3; d++)
			row += table[c][d], column += table[d][c];
		r.same += table[c][c] / (double)r.n;
		by_chance += row * column / ((double)r.n * (double)r.n);
	}
	r.kappa = by_chance < 1 ? (r.same - by_chance) / (1 - by_chance) : NAN;
	r.se = by_chance < 1 ? sqrt(r.same * (1 - r.same) / (double)r.n) / (1 - by_chance) : NAN;
	return r;
}

static void
number(struct buf *b, const char *format, double x)
{
	if (isnan(x))
		buf_str(b, "-");
	else
		buf_printf(b, format, x);
}

static void
as_text(struct buf *b, const struct rater *r, int n, const struct views kind[KINDS])
{
	size_t units;

	for (int i = 0; i < n; i++) {
		buf_printf(b, "%s: %zu orders, %zu comparisons, ", r[i].name, r[i].orders, r[i].kind[BETTER].n);
		number(b, "%.0f %% of them ties", 100 * r[i].kind[BETTER].mean);
		buf_printf(b, ", %zu skipped\n", r[i].skipped);
		for (int k = 0; k < PEOPLE_SCALES; k++)
			if (r[i].kind[k].n) {
				buf_printf(b, "  %-9s %.2f +- ", people_scale[k], r[i].kind[k].mean);
				number(b, "%.2f", r[i].kind[k].se);
				buf_printf(b, "  (%zu)\n", r[i].kind[k].n);
			}
	}
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++) {
			struct kappa c = kappa(&kind[BETTER], i, j);

			if (!c.n)
				continue;
			buf_printf(b, "%s, %s: the same in %.0f %% of %zu comparisons, Cohen's kappa ", r[i].name, r[j].name, 100 * c.same, c.n);
			number(b, "%.3f", c.kappa);
			buf_str(b, " +- ");
			number(b, "%.3f", c.se);
			buf_char(b, '\n');
		}
	for (int k = 0; n > 1 && k < KINDS; k++) {
		double a = alpha(&kind[k], k, &units);

		if (units) {
			buf_printf(b, "Krippendorff's alpha, %s: ", k == BETTER ? "what is better" : people_scale[k]);
			number(b, "%.3f", a);
			buf_printf(b, "  (%zu by two or more)\n", units);
		}
	}
}

static void
as_json(struct buf *b, const struct rater *r, int n, const struct views kind[KINDS])
{
	size_t units;

	buf_str(b, "{\"raters\":[");
	for (int i = 0; i < n; i++) {
		buf_str(b, i ? ",{" : "{");
		json_add_str(b, "name", r[i].name);
		json_add_int(b, "orders", (long long)r[i].orders);
		json_add_int(b, "comparisons", (long long)r[i].kind[BETTER].n);
		json_add_num(b, "ties", r[i].kind[BETTER].mean);
		json_add_int(b, "skipped", (long long)r[i].skipped);
		for (int k = 0; k < PEOPLE_SCALES; k++) {
			json_key(b, people_scale[k]);
			buf_char(b, '{');
			json_add_int(b, "n", (long long)r[i].kind[k].n);
			json_add_num(b, "mean", r[i].kind[k].mean);
			json_add_num(b, "se", r[i].kind[k].se);
			buf_char(b, '}');
		}
		buf_char(b, '}');
	}
	buf_str(b, "],\"kappa\":[");
	for (int i = 0, some = 0; i < n; i++)
		for (int j = i + 1; j < n; j++, some = 1) {
			struct kappa c = kappa(&kind[BETTER], i, j);

			buf_str(b, some ? ",{" : "{");
			json_add_str(b, "a", r[i].name);
			json_add_str(b, "b", r[j].name);
			json_add_int(b, "n", (long long)c.n);
			json_add_num(b, "same", c.same);
			json_add_num(b, "kappa", c.kappa);
			json_add_num(b, "se", c.se);
			buf_char(b, '}');
		}
	buf_str(b, "],\"alpha\":{");
	for (int k = 0; k < KINDS; k++)
		json_add_num(b, k == BETTER ? "better" : people_scale[k], alpha(&kind[k], k, &units));
	buf_str(b, "}}\n");
}

int
people_summary(int nfiles, char **files, int json, struct buf *out, struct err *e)
{
	struct rater *r = xcalloc((size_t)nfiles, sizeof *r);
	struct views kind[KINDS] = { { 0 } };
	int bad = 0;

	for (int i = 0; !bad && i < nfiles; i++) {
		r[i].name = files[i];
		bad = people_read(&r[i].said, files[i], e);
		if (!bad && !r[i].said.n)
			bad = err_set(e, "%s: nobody said anything there", files[i]);
		take(&r[i], i, kind);
	}
	for (int k = 0; k < KINDS; k++)
		if (kind[k].n)
			qsort(kind[k].v, kind[k].n, sizeof *kind[k].v, by_unit);
	for (int i = 0; i < nfiles; i++)
		describe(&r[i], i, kind);
	if (!bad)
		(json ? as_json : as_text)(out, r, nfiles, kind);
	for (int k = 0; k < KINDS; k++)
		free(kind[k].v);
	for (int i = 0; i < nfiles; i++)
		free(r[i].said.v);
	free(r);
	return bad ? -1 : 0;
}
