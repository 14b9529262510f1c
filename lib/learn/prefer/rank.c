/* rank - scores from reward models, exact answers and commands; pairs from scores */
/* SPDX-License-Identifier: MIT */
#include "learn/prefer/rank.h"
#include "base/mem.h"
#include "model/file/load.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Ours to change: a struct rolls owns its records. */
static int
score_with(struct rolls *all, const char *path, double *score, double *gain, struct err *e)
{
	struct model m;
	struct scorer s;
	struct rows w;
	struct net *net;
	int bad;

	if (model_load(&m, path, e))
		return -1;
	if (!m.score) {
		model_free(&m);
		return err_set(e, "%s: no reward model: it has no score.weight (rank-pairs --train makes one)", path);
	}
	*gain = m.score_gain;
	scorer_init(&s, &m);
	bad = prefs_vocab(all, &m, e);
	for (size_t i = 0; !bad && i < all->n; i++)
		bad = rows_check(&all->v[i], &m.cfg, i, e);
	model_free(&m);
	if (!bad) {
		rows_init(&w, rolls_longest(all), s.cfg.T, 2048);
		net = net_new(&s.cfg, &s.par, w.B, w.T, NET_FORWARD);
		bad = scorer_score(&s, net, &w, all->v, all->n, score, e);
		net_free(net);
		rows_free(&w);
	}
	scorer_free(&s);
	return bad ? err_in(e, path) : 0;
}

int
rank_reward(struct rolls *all, char *const *models, int n_models, int worst, double *gain, struct err *e)
{
	double *sum = xcalloc(all->n + 1, sizeof *sum), *one = xcalloc(all->n + 1, sizeof *one), g;
	int bad = 0;

	*gain = 0;
	for (int k = 0; !bad && k < n_models; k++) {
		bad = score_with(all, models[k], one, &g, e);
		*gain += g / n_models;
		for (size_t i = 0; i < all->n; i++)
			sum[i] = !worst ? sum[i] + one[i] / n_models : !k || one[i] < sum[i] ? one[i] : sum[i];
	}
	for (size_t i = 0; !bad && i < all->n; i++)
		all->v[i].score = (float)sum[i];
	free(sum);
	free(one);
	return bad;
}

static int
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static int
same_text(const char *a, size_t na, const char *b, size_t nb)
{
	while (na && blank(a[na - 1]))
		na--;
	while (nb && blank(b[nb - 1]))
		nb--;
	while (na && blank(*a))
		a++, na--;
	while (nb && blank(*b))
		b++, nb--;
	return na == nb && !memcmp(a, b, na);
}

static int
matches(const struct roll *r, const struct vocab *v, struct buf *text, struct buf *want, struct err *e)
{
	struct json meta, answer;

	if (json_parse(&meta, r->meta, r->meta_len, e))
		return err_in(e, "meta");
	answer = json_get(meta, "answer");
	buf_clear(want);
	if (json_kind(answer) == '"')
		json_str(answer, want);
	else if (json_kind(answer) == '0')
		json_raw(want, answer);
	else
		return err_set(e, "meta has no \"answer\" to match");
	buf_clear(text);
	pref_response(v, r, text);
	return same_text(buf_text(text), text->n, buf_text(want), want->n);
}

int
rank_match(struct rolls *all, const struct vocab *v, struct err *e)
{
	struct buf text = { 0 }, want = { 0 };
	int hit = 0;

	for (size_t i = 0; i < all->n && hit >= 0; i++) {
		if ((hit = matches(&all->v[i], v, &text, &want, e)) < 0)
			err_at(e, "record %zu", i);
		all->v[i].score = (float)hit;
	}
	buf_free(&text);
	buf_free(&want);
	return hit < 0 ? -1 : 0;
}

static void
pair_best(const struct rolls *all, size_t i, size_t end, struct rolls *pairs, size_t *ties)
{
	size_t best = i, worst = i;

	for (size_t j = i + 1; j < end; j++) {
		if (all->v[j].score > all->v[best].score)
			best = j;
		if (all->v[j].score < all->v[worst].score)
			worst = j;
	}
	if (best == worst)
		++*ties;
	else
		prefs_add_pair(pairs, &all->v[best], &all->v[worst]);
}

static void
pair_all(const struct rolls *all, size_t i, size_t end, struct rolls *pairs, size_t *ties)
{
	for (size_t a = i; a < end; a++)
		for (size_t b = a + 1; b < end; b++) {
			const struct roll *x = &all->v[a], *y = &all->v[b];

			if (x->score == y->score)
				++*ties;
			else
				prefs_add_pair(pairs, x->score > y->score ? x : y, x->score > y->score ? y : x);
		}
}

int
rank_pair(const struct rolls *all, enum rank_pairing how, struct rolls *pairs, size_t *ties, struct err *e)
{
	*pairs = (struct rolls){ .head = xstrdup(all->head) };
	*ties = 0;
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].role != ROLL_SAMPLE)
			return err_set(e, "record %zu: already a preference, and --pairs takes samples", i);
		if (isnan(all->v[i].score))
			return err_set(e, "record %zu: no score to make pairs by", i);
	}
	for (size_t i = 0, end; i < all->n; i = end) {
		end = rolls_group_end(all->v, all->n, i);
		if (end - i < 2)
			continue;
		if (how == RANK_ALL)
			pair_all(all, i, end, pairs, ties);
		else
			pair_best(all, i, end, pairs, ties);
	}
	return 0;
}

int
rank_eval(const struct rolls *all, double gain, struct reward_report *report, size_t *lone, struct err *e)
{
	size_t n;
	struct pairs *p = pairs_find(all, &n, lone, e);
	double *d;

	if (!p)
		return -1;
	d = xmalloc((n + 1) * sizeof *d);
	for (size_t i = 0; i < n; i++) {
		d[i] = ((double)p[i].chosen->score - p[i].rejected->score) / gain;
		if (isnan(d[i])) {
			free(p);
			free(d);
			return err_set(e, "pair %zu: no score to judge by (--reward gives one)", i);
		}
	}
	*report = reward_report(d, n);
	free(p);
	free(d);
	return n ? 0 : err_set(e, "no pairs to judge by");
}
