/* elo - ratings from contests of two: Bradley and Terry's model, on the scale of chess */
/* SPDX-License-Identifier: MIT */
#include "learn/prefer/elo.h"
#include "base/json.h"
#include "base/order.h"
#include "base/par.h"
#include "base/rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double scale = 400 / 2.302585092994046;

/* Wins of row over column, ties as half of one each: (n, n). */
static double *
table_of(const struct elo_matches *m, int resampled, uint64_t seed, uint64_t k)
{
	size_t n = (size_t)m->players;
	double *win = xcalloc(n * n + 1, sizeof *win);

	for (size_t i = 0; i < m->n; i++) {
		const struct elo_match *x = &m->v[resampled ? (size_t)(rng_unit(rng_at(seed, k, i, 0, 0)) * (double)m->n) : i];
		win[x->a * n + x->b] += (1 + x->won) / 2.0;
		win[x->b * n + x->a] += (1 - x->won) / 2.0;
	}
	return win;
}

/* Hunter's equation 3 until nothing moves, on log strengths.  Where wins have no bound, steps stop at some height. */
static void
strengths(const double *win, int n, double *log_p)
{
	enum { ROUNDS = 2000 };
	double *p = xmalloc((size_t)n * sizeof *p), moved = 1, mean;

	for (int i = 0; i < n; i++)
		p[i] = 1;
	for (int round = 0; round < ROUNDS && moved > 1e-11; round++) {
		moved = mean = 0;
		for (int i = 0; i < n; i++) {
			double won = 0, met = 0, next;
			for (int j = 0; j < n; j++) {
				won += win[i * n + j];
				if (j != i)
					met += (win[i * n + j] + win[j * n + i]) / (p[i] + p[j]);
			}
			next = met > 0 ? fmin(fmax(won / met, 1e-9), 1e9) : p[i];
			if (next > 1e-6 && next < 1e6)           /* beyond, there is no height to wait for */
				moved = fmax(moved, fabs(log(next / p[i])));
			p[i] = next;
			mean += log(next) / n;
		}
		for (int i = 0; i < n; i++)
			p[i] = exp(log(p[i]) - mean);
	}
	mean = 0;
	for (int i = 0; i < n; i++)
		mean += (log_p[i] = log(p[i])) / n;
	for (int i = 0; i < n; i++)
		log_p[i] -= mean;
	free(p);
}

/* Ford's condition: ratings are finite among players each of whom beats or ties each other by some chain.  bounded: [n],
 * whether a player is in such a chain with all. */
static void
chains(const double *win, int n, struct elo_player *out)
{
	unsigned char *to = xcalloc((size_t)n * (size_t)n + 1, 1);

	for (int i = 0; i < n * n; i++)
		to[i] = win[i] > 0;
	for (int k = 0; k < n; k++)
		for (int i = 0; i < n; i++)
			for (int j = 0; to[i * n + k] && j < n; j++)
				to[i * n + j] |= to[k * n + j];
	for (int i = 0; i < n; i++) {
		out[i].bounded = 1;
		for (int j = 0; j < n; j++)
			out[i].bounded &= j == i || (to[i * n + j] && to[j * n + i]);
	}
	free(to);
}

struct resamples {
	const struct elo_matches *m;
	uint64_t seed;
	double  *row;           /* (samples, players) */
};

static void
resample(size_t k, void *ctx)
{
	struct resamples *r = ctx;
	double *win = table_of(r->m, 1, r->seed, k);

	strengths(win, r->m->players, r->row + k * (size_t)r->m->players);
	free(win);
}

static void
spread(struct elo_player *p, double *v, int n)
{
	double mean = 0, sum = 0;

	for (int k = 0; k < n; k++)
		mean += v[k] / n;
	for (int k = 0; k < n; k++)
		sum += (v[k] - mean) * (v[k] - mean);
	qsort(v, (size_t)n, sizeof *v, order_double);
	p->se = scale * sqrt(sum / (n - 1));
	p->low = 1000 + scale * v[n / 40];
	p->high = 1000 + scale * v[n - 1 - n / 40];
}

void
elo_fit(const struct elo_matches *m, int samples, uint64_t seed, struct elo_player *out)
{
	size_t n = (size_t)m->players;
	double *win = table_of(m, 0, 0, 0), *log_p = xmalloc((n + 1) * sizeof *log_p), *v = xmalloc(((size_t)samples + 1) * sizeof *v);
	struct resamples r = { m, seed, xmalloc(((size_t)samples * n + 1) * sizeof *r.row) };

	memset(out, 0, n * sizeof *out);
	strengths(win, (int)n, log_p);
	chains(win, (int)n, out);
	for (size_t i = 0; i < m->n; i++) {
		struct elo_player *a = &out[m->v[i].a], *b = &out[m->v[i].b];
		a->won += m->v[i].won > 0, b->lost += m->v[i].won > 0;
		a->lost += m->v[i].won < 0, b->won += m->v[i].won < 0;
		a->tied += !m->v[i].won, b->tied += !m->v[i].won;
	}
	par_for((size_t)samples, resample, &r);
	for (size_t i = 0; i < n; i++) {
		out[i].rating = 1000 + scale * log_p[i];
		out[i].se = out[i].low = out[i].high = NAN;
		for (int k = 0; k < samples; k++)
			v[k] = r.row[(size_t)k * n + i];
		if (samples > 1)
			spread(&out[i], v, samples);
	}
	free(win);
	free(log_p);
	free(v);
	free(r.row);
}

/* Players, the best first: [players]. */
static int *
order(const struct elo_matches *m, const struct elo_player *p)
{
	int *at = xmalloc(((size_t)m->players + 1) * sizeof *at);

	for (int i = 0; i < m->players; i++) {
		int k = i;
		for (; k > 0 && p[at[k - 1]].rating < p[i].rating; k--)
			at[k] = at[k - 1];
		at[k] = i;
	}
	return at;
}

/* Matches of a and b: how many, a's share of them with ties as half, and its standard error. */
static size_t
duel(const struct elo_matches *m, int a, int b, double *rate, double *se)
{
	double sum = 0, squares = 0;
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		int straight = m->v[i].a == a && m->v[i].b == b, turned = m->v[i].a == b && m->v[i].b == a;
		double x = (1 + (straight ? 1 : -1) * m->v[i].won) / 2.0;
		if (!straight && !turned)
			continue;
		sum += x;
		squares += x * x;
		n++;
	}
	*rate = n ? sum / (double)n : NAN;
	*se = n > 1 ? sqrt((squares / (double)n - *rate * *rate) / (double)(n - 1)) : NAN;
	return n;
}

static double
share(const struct elo_player *p)
{
	return ((double)p->won + (double)p->tied / 2) / (double)(p->won + p->lost + p->tied);
}

void
elo_text(const struct elo_matches *m, const struct elo_player *p, int samples, struct buf *b)
{
	int *at = order(m, p);
	double rate, se;

	buf_printf(b, "%zu matches; a tie is half a win", m->n);
	if (samples > 1)
		buf_printf(b, "; intervals of 95 %% over %d resamples of the matches", samples);
	buf_printf(b, "\n%-24s %8s  %-17s %7s %7s %7s  %s\n", "", "Elo", samples > 1 ? "from, to" : "", "won", "lost", "tied", "win rate");
	for (int i = 0; i < m->players; i++) {
		const struct elo_player *x = &p[at[i]];
		buf_printf(b, "%-24s %8.1f  ", m->name[at[i]], x->rating);
		if (isfinite(x->low))
			buf_printf(b, "%8.1f %8.1f ", x->low, x->high);
		else
			buf_printf(b, "%18s", "");
		buf_printf(b, "%7zu %7zu %7zu   %.3f%s\n", x->won, x->lost, x->tied, share(x), x->bounded ? "" : "  (no finite rating)");
	}
	buf_str(b, "\nwin rates\n");
	for (int i = 0; i < m->players; i++)
		for (int j = i + 1; j < m->players; j++) {
			size_t n = duel(m, at[i], at[j], &rate, &se);
			if (n)
				buf_printf(b, "  %s over %s: %.3f +- %.3f of %zu\n", m->name[at[i]], m->name[at[j]], rate, isfinite(se) ? se : 0, n);
		}
	free(at);
}

void
elo_json(const struct elo_matches *m, const struct elo_player *p, struct buf *b)
{
	int *at = order(m, p), any = 0;
	double rate, se;

	buf_str(b, "{\"players\":[");
	for (int i = 0; i < m->players; i++) {
		const struct elo_player *x = &p[at[i]];
		buf_str(b, i ? ",{" : "{");
		json_add_str(b, "name", m->name[at[i]]);
		json_add_num(b, "elo", x->rating);
		json_add_num(b, "elo_se", x->se);
		json_add_num(b, "low", x->low);
		json_add_num(b, "high", x->high);
		json_add_int(b, "won", (long long)x->won);
		json_add_int(b, "lost", (long long)x->lost);
		json_add_int(b, "tied", (long long)x->tied);
		json_add_num(b, "win_rate", share(x));
		json_add_bool(b, "finite", x->bounded);
		buf_char(b, '}');
	}
	buf_str(b, "],\"pairs\":[");
	for (int i = 0; i < m->players; i++)
		for (int j = i + 1; j < m->players; j++) {
			size_t n = duel(m, at[i], at[j], &rate, &se);
			if (!n)
				continue;
			buf_str(b, any++ ? ",{" : "{");
			json_add_str(b, "a", m->name[at[i]]);
			json_add_str(b, "b", m->name[at[j]]);
			json_add_int(b, "n", (long long)n);
			json_add_num(b, "win_rate", rate);
			json_add_num(b, "win_rate_se", se);
			buf_char(b, '}');
		}
	buf_str(b, "]}\n");
	free(at);
}
