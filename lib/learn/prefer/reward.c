/* reward - models that give a number: the reward model, read at the last token, and the critic, at each one */
/* SPDX-License-Identifier: MIT */
#include "learn/prefer/reward.h"
#include "model/adapter.h"
#include "base/mem.h"
#include "base/rng.h"
#include "learn/prefer/pref.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void
scorer_init(struct scorer *s, const struct model *m)
{
	s->cfg = m->cfg;
	if (m->adapter && !m->adapter->layer)
		s->cfg.T += m->adapter->r;      /* it has no virtual tokens */
	params_init(&s->par, &s->cfg);
	s->score = params_add(&s->par, 1, (size_t)s->cfg.C, 0, "score.weight");
	params_group(&s->par);
	s->bias = params_add(&s->par, 1, 0, 0, "score.bias");
	params_group(&s->par);
	arena_init(&s->mem, s->par.total * sizeof *s->w + 64);
	s->w = arena_take(&s->mem, s->par.total * sizeof *s->w);
	memcpy(s->w, m->w, m->par.total * sizeof *s->w);
	if (m->score) {
		for (int i = 0; i < s->cfg.C; i++)
			s->w[s->score + i] = (float)(m->score_gain * m->score[i]);
		s->w[s->bias] = (float)m->score_bias;
	}
}

void
scorer_random_head(struct scorer *s, uint64_t seed)
{
	double sd = 1 / sqrt(s->cfg.C + 1.0);

	for (int i = 0; i < s->cfg.C; i++)
		s->w[s->score + i] = (float)(sd * rng_normal(rng_at(seed, 0x5c0e, 0, 0, (uint64_t)i)));
	s->w[s->bias] = 0;
}

void
scorer_free(struct scorer *s)
{
	params_free(&s->par);
	arena_free(&s->mem);
	memset(s, 0, sizeof *s);
}

void
scorer_store(const struct scorer *s, struct model *m, double gain, double bias)
{
	memcpy(m->w, s->w, m->par.total * sizeof *m->w);
	if (!m->score)
		m->score = xmalloc((size_t)s->cfg.C * sizeof *m->score);
	memcpy(m->score, s->w + s->score, (size_t)s->cfg.C * sizeof *m->score);
	m->score_gain = gain;
	m->score_bias = gain * s->w[s->bias] + bias;
}

double
scorer_value(const struct scorer *s, struct net *net, size_t place)
{
	const float *h = net_hidden(net) + place * (size_t)s->cfg.C, *w = s->w + s->score;
	double sum = s->w[s->bias];

	for (int i = 0; i < s->cfg.C; i++)
		sum += (double)w[i] * h[i];
	return sum;
}

void
scorer_back(const struct scorer *s, struct net *net, size_t place, double d, float *g)
{
	const float *h = net_hidden(net) + place * (size_t)s->cfg.C, *w = s->w + s->score;
	float *dh = net_dhidden(net) + place * (size_t)s->cfg.C, *gs = g + s->score;

	for (int i = 0; i < s->cfg.C; i++) {
		dh[i] += (float)(d * w[i]);
		gs[i] += (float)(d * h[i]);
	}
	g[s->bias] += (float)d;
}

static size_t
last_place(const struct rows *w, size_t i)
{
	return w->first[i] + w->rec[i]->n_tok - 1;
}

int
scorer_score(const struct scorer *s, struct net *net, struct rows *w, const struct roll *v, size_t n, double *score,
	struct err *e)
{
	for (size_t i = 0; i < n; i += w->n) {
		struct net_batch b;

		if (!rows_fill(w, v + i, n - i))
			return err_set(e, "%u tokens do not fit the model's context of %d", v[i].n_tok, w->T);
		b = rows_batch(w);
		net_forward(net, s->w, &b);
		for (size_t k = 0; k < w->n; k++)
			score[i + k] = scorer_value(s, net, last_place(w, k));
	}
	return 0;
}

struct pairs *
pairs_find(const struct rolls *all, size_t *n, size_t *lone, struct err *e)
{
	struct pairs *p = xmalloc((all->n + 1) * sizeof *p);

	*n = *lone = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct roll *a = &all->v[i], *b = a + 1;

		if (a->role == ROLL_SAMPLE) {
			free(p);
			err_set(e, "record %zu: a sample, not a preference (rank-pairs --pairs makes pairs of scored samples)", i);
			return NULL;
		}
		if (rolls_pair(all->v, all->n, i)) {
			p[*n].chosen = a->role == ROLL_CHOSEN ? a : b;
			p[(*n)++].rejected = a->role == ROLL_CHOSEN ? b : a;
			i++;
		} else {
			++*lone;
		}
	}
	return p;
}

/* Forward, loss and backward of as many pairs as fit in a pass; returns how many. */
static size_t
fit_pass(struct reward_fit *f, const struct pairs *p, size_t n, double *loss, double *right)
{
	struct rows *w = f->rows;
	struct net_batch b;
	size_t k = 0;

	rows_clear(w);
	while (k < n && rows_add(w, p[k].chosen) && rows_add(w, p[k].rejected))
		k++;
	b = rows_batch(w);
	net_forward(f->net, f->model->w, &b);
	for (size_t i = 0; i < k; i++) {
		size_t c = last_place(w, 2 * i), r = last_place(w, 2 * i + 1);
		double rc = scorer_value(f->model, f->net, c), rr = scorer_value(f->model, f->net, r);
		double margin = isnan(p[i].chosen->margin) ? 0 : p[i].chosen->margin;
		struct pref_loss l = bradley_terry(rc, rr, margin, f->centre);

		*loss += l.loss;
		*right += rc > rr ? 1 : rc == rr ? 0.5 : 0;
		scorer_back(f->model, f->net, c, l.d_chosen, f->g);
		scorer_back(f->model, f->net, r, l.d_rejected, f->g);
	}
	net_backward(f->net, f->model->w, f->g);
	return k;
}

int
reward_step(struct reward_fit *f, const struct pairs *p, size_t n, double *loss, double *right, double *norm, struct err *e)
{
	*loss = *right = 0;
	optim_clear(f->optim, f->g);
	for (size_t i = 0, k; i < n; i += k) {
		k = fit_pass(f, p + i, n - i, loss, right);
		if (!k)
			return err_set(e, "a pair of %u and %u tokens does not fit the model's context of %d",
				p[i].chosen->n_tok, p[i].rejected->n_tok, f->rows->T);
	}
	net_finish(f->net, f->g);
	*loss /= (double)n;
	return optim_step(f->optim, f->model->w, f->g, (double)n, norm, e);
}

#define BINS 10

struct reward_report
reward_report(const double *d, size_t n)
{
	struct reward_report r = { .n = n };
	double sure[BINS] = { 0 }, right[BINS] = { 0 };

	for (size_t i = 0; i < n; i++) {
		double hit = d[i] > 0 ? 1 : d[i] < 0 ? 0 : 0.5, p = sigmoid(fabs(d[i]));
		int bin = (int)((p - 0.5) * 2 * BINS);

		bin = bin < BINS ? bin : BINS - 1;
		sure[bin] += p;
		right[bin] += hit;
		r.ties += d[i] == 0;
		r.accuracy += hit;
		r.margin += d[i];
		r.loss -= log_sigmoid(d[i]);
	}
	for (int b = 0; b < BINS; b++)
		r.ece += fabs(sure[b] - right[b]);
	if (n) {
		r.accuracy /= (double)n;
		r.accuracy_se = sqrt(r.accuracy * (1 - r.accuracy) / (double)n);
		r.margin /= (double)n;
		r.loss /= (double)n;
		r.ece /= (double)n;
	}
	return r;
}
