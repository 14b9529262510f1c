/* scaling_print - the report of fit-scaling */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "score/scaling/scaling.h"
#include <math.h>
#include <stdio.h>

static const struct number {
	const char *key, *text;
} numbers[SC_BUDGET] = {
	[SC_E] = { "E", "E" }, [SC_A] = { "A", "A" }, [SC_ALPHA] = { "alpha", "alpha" }, [SC_B] = { "B", "B" },
	[SC_BETA] = { "beta", "beta" }, [SC_SHARE] = { "a", "a: best N ~ C^a" },
	[SC_KN] = { "Nc", "Nc" }, [SC_KALPHA] = { "alpha_N", "alpha_N" }, [SC_KD] = { "Dc", "Dc" },
	[SC_KBETA] = { "alpha_D", "alpha_D" }, [SC_KSHARE] = { "a", "a: best N ~ C^a" },
	[SC_LC_AT] = { "ln_coefficient", "ln L at C = 1" }, [SC_LC] = { "exponent", "exponent" },
	[SC_ONE] = { "a", "a: best N ~ C^a" }, [SC_TWO] = { "a", "a: best N ~ C^a" },
};
enum { WAYS = 4, MORE = 3 };    /* ways to the best N; predictions of scaling_more: as it is, more N, more D */

static const struct scaling_point *
largest(const struct scaling_runs *r)
{
	const struct scaling_point *p, *most = scaling_end(r, 0);

	for (size_t i = 1; i < r->n; i++) {
		p = scaling_end(r, i);
		if (p->N * p->D > most->N * most->D)
			most = p;
	}
	return most;
}

void
scaling_more(struct scaling_ask *a, double *budget, double (*predict)[2], const struct scaling_runs *r)
{
	const struct scaling_point *p = largest(r);

	budget[a->budgets] = 60 * p->N * p->D;
	for (int i = 0; i < MORE; i++) {
		predict[a->predicts + i][0] = i == 1 ? 10 * p->N : p->N;
		predict[a->predicts + i][1] = i == 2 ? 10 * p->D : p->D;
	}
	a->budget = budget;
	a->predict = (const double (*)[2])predict;
	a->budgets++;
	a->predicts += MORE;
}

static size_t
at_budget(int i)
{
	return (size_t)(SC_BUDGET + i * SC_BUDGET_N);
}

static size_t
at_predict(const struct scaling_report *r, int i)
{
	return (size_t)(SC_BUDGET + r->ask.budgets * SC_BUDGET_N + i * SC_PREDICT_N);
}

static void
row(const struct scaling_report *r, struct buf *b, size_t i, const char *name)
{
	buf_printf(b, "  %-22s %12.6g", name, r->v[i]);
	if (r->spread && isfinite(r->spread[i].se))
		buf_printf(b, "  +- %-10.3g 95 %%: %.5g to %.5g", r->spread[i].se, r->spread[i].low, r->spread[i].high);
	buf_char(b, '\n');
}

static void
block(const struct scaling_report *r, struct buf *b, const char *title, int from, int to)
{
	buf_printf(b, "\n%s\n", title);
	if (!isfinite(r->v[from])) {
		buf_str(b, "  these runs do not tell\n");
		return;
	}
	for (int i = from; i <= to; i++)
		row(r, b, (size_t)i, numbers[i].text);
}

static void
budgets(const struct scaling_report *r, struct buf *b)
{
	static const char *const way[WAYS] = { "lowest runs", "parabolas", "the law", "Kaplan's law" };

	buf_str(b, "\nCompute-optimal             parameters      tokens    tokens/parameter    loss\n");
	for (int i = 0; i < r->ask.budgets; i++) {
		const double *v = r->v + at_budget(i);
		buf_printf(b, "  %.4g FLOP%s\n", r->ask.budget[i], i == r->ask.budgets - 1 ? ": ten times the largest run" : "");
		for (int w = 0; w < WAYS; w++) {
			double D = r->ask.budget[i] / 6 / v[w];
			if (!isfinite(v[w]))
				continue;
			buf_printf(b, "    %-20s %12.4g %12.4g %12.4g", way[w], v[w], D, D / v[w]);
			if (w >= 2)
				buf_printf(b, "         %.4f", v[w + 2]);
			buf_char(b, '\n');
		}
	}
}

/* Loss of prediction i by the law; the change from prediction `from` when that is not negative. */
static void
prediction(const struct scaling_report *r, struct buf *b, int i, int from, const char *name)
{
	size_t k = at_predict(r, i);

	buf_printf(b, "  %-36s %.4f", name, r->v[k]);
	if (r->spread && isfinite(r->spread[k].se))
		buf_printf(b, " +- %.4f", r->spread[k].se);
	if (from >= 0)
		buf_printf(b, "  (%+.4f)", r->v[k] - r->v[at_predict(r, from)]);
	else
		buf_printf(b, "  (Kaplan's law %.4f)", r->v[k + 1]);
	buf_char(b, '\n');
}

static void
more(const struct scaling_report *r, struct buf *b)
{
	int now = r->ask.predicts - MORE;
	const struct scaling_point *p = largest(r->runs);
	size_t k = at_budget(r->ask.budgets - 1);

	buf_printf(b, "\nTen times more than the largest run (%.4g parameters, %.4g tokens, loss %.4f)\n", p->N, p->D, p->loss);
	prediction(r, b, now, -1, "as it is, by the law");
	prediction(r, b, now + 1, now, "parameters");
	prediction(r, b, now + 2, now, "tokens");
	buf_printf(b, "  %-36s %.4f", "compute, spent best", r->v[k + 4]);
	if (r->spread && isfinite(r->spread[k + 4].se))
		buf_printf(b, " +- %.4f", r->spread[k + 4].se);
	buf_printf(b, "  (%+.4f)\n", r->v[k + 4] - r->v[at_predict(r, now)]);
}

static void
name_law(struct buf *b, const char *law, double objective)
{
	buf_clear(b);
	buf_str(b, law);
	if (isfinite(objective))
		buf_printf(b, ", objective %.7g", objective);
}

void
scaling_text(const struct scaling_report *r, struct buf *b)
{
	const struct scaling *s = r->fit;
	struct buf title = { 0 };
	char name[64];

	buf_printf(b, "%zu runs", r->runs->n);
	if (r->dropped)
		buf_printf(b, " (%d with the highest loss left out)", r->dropped);
	if (r->spread)
		buf_printf(b, "; errors over %d resamples of them", r->samples);
	buf_char(b, '\n');
	name_law(&title, "Chinchilla, approach 3: L = E + A/N^alpha + B/D^beta", s->objective);
	block(r, b, title.p, SC_E, SC_SHARE);
	name_law(&title, "Kaplan: L = ((Nc/N)^(alpha_N/alpha_D) + Dc/D)^alpha_D", s->kaplan_objective);
	block(r, b, title.p, SC_KN, SC_KSHARE);
	buf_free(&title);
	block(r, b, "Kaplan: the lowest loss by compute, L ~ C^exponent", SC_LC, SC_LC);
	block(r, b, "Chinchilla, approach 1: the lowest runs by compute", SC_ONE, SC_ONE);
	block(r, b, "Chinchilla, approach 2: parabolas through runs of equal compute", SC_TWO, SC_TWO);
	budgets(r, b);
	if (r->ask.predicts > MORE && isfinite(r->v[SC_E]))
		buf_str(b, "\nPredicted loss\n");
	for (int i = 0; i < r->ask.predicts - MORE && isfinite(r->v[SC_E]); i++) {
		snprintf(name, sizeof name, "%.4g parameters, %.4g tokens", r->ask.predict[i][0], r->ask.predict[i][1]);
		prediction(r, b, i, -1, name);
	}
	if (isfinite(r->v[SC_E]))
		more(r, b);
}

static void
json_number(const struct scaling_report *r, struct buf *b, const char *key, size_t i)
{
	struct buf name = { 0 };

	json_add_num(b, key, r->v[i]);
	if (r->spread) {
		buf_printf(&name, "%s_se", key);
		json_add_num(b, name.p, r->spread[i].se);
		buf_clear(&name);
		buf_printf(&name, "%s_95", key);
		json_key(b, name.p);
		buf_str(b, "{");
		json_add_num(b, "low", r->spread[i].low);
		json_add_num(b, "high", r->spread[i].high);
		buf_char(b, '}');
		buf_free(&name);
	}
}

static void
json_block(const struct scaling_report *r, struct buf *b, const char *key, int from, int to)
{
	json_key(b, key);
	buf_char(b, '{');
	for (int i = from; i <= to; i++)
		json_number(r, b, numbers[i].key, (size_t)i);
	if (from == SC_E)
		json_add_num(b, "objective", r->fit->objective);
	if (from == SC_KN)
		json_add_num(b, "objective", r->fit->kaplan_objective);
	buf_char(b, '}');
}

void
scaling_json(const struct scaling_report *r, struct buf *b)
{
	static const char *const way[WAYS] = { "approach1", "approach2", "approach3", "kaplan" };

	buf_char(b, '{');
	json_add_int(b, "runs", (long long)r->runs->n);
	json_block(r, b, "approach3", SC_E, SC_SHARE);
	json_block(r, b, "kaplan", SC_KN, SC_KSHARE);
	json_block(r, b, "frontier", SC_LC_AT, SC_LC);
	json_block(r, b, "approach1", SC_ONE, SC_ONE);
	json_block(r, b, "approach2", SC_TWO, SC_TWO);
	json_key(b, "budgets");
	buf_char(b, '[');
	for (int i = 0; i < r->ask.budgets; i++) {
		buf_str(b, i ? ",{" : "{");
		json_add_num(b, "flops", r->ask.budget[i]);
		for (int w = 0; w < WAYS; w++) {
			double N = r->v[at_budget(i) + (size_t)w];
			json_key(b, way[w]);
			buf_char(b, '{');
			json_number(r, b, "params", at_budget(i) + (size_t)w);
			json_add_num(b, "tokens", r->ask.budget[i] / 6 / N);
			if (w >= 2)
				json_number(r, b, "loss", at_budget(i) + (size_t)w + 2);
			buf_char(b, '}');
		}
		buf_char(b, '}');
	}
	buf_char(b, ']');
	json_key(b, "predictions");
	buf_char(b, '[');
	for (int i = 0; i < r->ask.predicts; i++) {
		buf_str(b, i ? ",{" : "{");
		json_add_num(b, "params", r->ask.predict[i][0]);
		json_add_num(b, "tokens", r->ask.predict[i][1]);
		json_number(r, b, "loss", at_predict(r, i));
		json_number(r, b, "kaplan_loss", at_predict(r, i) + 1);
		buf_char(b, '}');
	}
	buf_str(b, "]}\n");
}
