/* optim - learning-rate schedules, and the optimizers' step over all weights */
/* SPDX-License-Identifier: MIT */
#include "learn/optim.h"
#include "model/match.h"
#include "base/par.h"
#include "base/size.h"
#include "kern/ops.h"
#include "learn/muon.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 16384             /* floats handed to a thread at a time; part of the norm's order of sums */

static int
word(const char *s, const char *const *names, int *at, const char *option, struct err *e)
{
	struct buf all = { 0 };

	for (*at = 0; names[*at]; ++*at) {
		if (!strcmp(s, names[*at]))
			return buf_free(&all), 0;
		buf_printf(&all, " %s", names[*at]);
	}
	err_set(e, "--%s=%s: none of%s", option, s, all.p);
	buf_free(&all);
	return -1;
}

static int
check_numbers(const struct optim_opts *o, struct err *e)
{
	if (!(o->lr >= 0 && isfinite(o->lr)) || !(o->lr_end >= 0 && isfinite(o->lr_end)))
		return err_set(e, "--lr and --lr-end: a rate is 0 or more");
	if (o->warmup < 0 || o->total < 0)
		return err_set(e, "--warmup and --total: a number of steps is 0 or more");
	if (!(o->beta1 >= 0 && o->beta1 < 1 && o->beta2 >= 0 && o->beta2 < 1))
		return err_set(e, "--beta1 and --beta2 are from 0 to below 1");
	if (!(o->eps >= 0 && o->decay >= 0 && o->clip >= 0))
		return err_set(e, "--eps, --decay and --clip are 0 or more");
	return 0;
}

int
optim_check(struct optim_opts *o, long long steps, struct err *e)
{
	static const char *const schedules[] = { "cosine", "wsd", "linear", "constant", NULL };
	static const char *const optimizers[] = { "adamw", "adam", "sgd", "muon", NULL };
	int s = 0, z = 0;

	if (word(o->schedule_name, schedules, &s, "schedule", e) || word(o->optimizer_name, optimizers, &z, "optimizer", e) ||
	    check_numbers(o, e))
		return -1;
	o->schedule = (enum schedule)s;
	o->optimizer = (enum optimizer)z;
	if (!o->total)
		o->total = steps;
	if (!o->total && (o->schedule == SCHED_COSINE || o->schedule == SCHED_LINEAR))
		return err_set(e, "--schedule=%s needs --total or -n: where does it end?", o->schedule_name);
	return 0;
}

double
optim_lr(const struct optim_opts *o, long long step)
{
	double pi = 3.14159265358979323846, x, fall = o->lr - o->lr_end;
	long long hold = o->warmup;

	if (step < o->warmup)
		return o->lr * (double)(step + 1) / (double)o->warmup;
	if (o->schedule == SCHED_CONSTANT || !o->total)
		return o->lr;
	if (o->schedule == SCHED_WSD && o->total * 4 / 5 > hold)
		hold = o->total * 4 / 5;
	if (step < hold)
		return o->lr;
	x = step >= o->total ? 1 : (double)(step - hold) / (double)(o->total - hold);
	switch (o->schedule) {
	case SCHED_COSINE: return o->lr_end + 0.5 * (1 + cos(pi * x)) * fall;
	case SCHED_WSD: return o->lr_end + (1 - sqrt(x)) * fall;
	default: return o->lr - x * fall;
	}
}

int
optim_one_moment(const struct optim *o, int param)
{
	const struct params *par = o->par;
	const struct param *p = &par->v[param];

	if (o->opts.optimizer == OPTIM_MUON)
		return p->ndim == 2 && p->offset != par->tok && p->offset != par->pos && p->offset != par->head;
	return o->opts.optimizer == OPTIM_SGD;
}

/* Rows of what Muon takes for a matrix: GPT-2's q, k and v are three. */
static size_t
muon_rows(const struct param *p)
{
	return (size_t)p->shape[0] / (strstr(p->name, "c_attn.weight") ? 3 : 1);
}

static size_t
scratch_bytes(const struct optim *o)
{
	size_t most = 0;

	for (int i = 0; o->opts.optimizer == OPTIM_MUON && i < o->par->n; i++) {
		size_t n = muon_scratch(muon_rows(&o->par->v[i]), (size_t)o->par->v[i].shape[1]);
		if (optim_one_moment(o, i) && n > most)
			most = n;
	}
	return most * sizeof (float);
}

size_t
optim_bytes(const struct optim_opts *opts, const struct params *par)
{
	const struct optim o = { .opts = *opts, .par = par };
	size_t n = 0;

	for (int i = 0; i < par->n; i++)
		n += par->v[i].count * (optim_one_moment(&o, i) ? 1 : 2);
	return n * sizeof *o.m + scratch_bytes(&o);
}

void
optim_init(struct optim *o, const struct optim_opts *opts, const struct params *par)
{
	memset(o, 0, sizeof *o);
	o->opts = *opts;
	o->par = par;
	arena_init(&o->mem, (opts->optimizer < OPTIM_SGD ? 2 : 1) * ((par->total + 16) * sizeof *o->m));
	o->m = arena_take(&o->mem, par->total * sizeof *o->m);
	if (opts->optimizer == OPTIM_MUON)
		o->v = xcalloc(par->total, sizeof *o->v);
	else if (opts->optimizer != OPTIM_SGD)
		o->v = arena_take(&o->mem, par->total * sizeof *o->v);
	for (int i = 0; i < par->n; i++)
		o->n_chunk += div_up(par->v[i].count, CHUNK);
	arena_init(&o->scratch, scratch_bytes(o));
	o->chunk = xcalloc(o->n_chunk + 1, sizeof *o->chunk);
	for (int i = 0, c = 0; i < par->n; i++)
		for (size_t at = 0; at < par->v[i].count; at += CHUNK, c++) {
			size_t left = par->v[i].count - at;
			o->chunk[c] = (struct optim_chunk){ par->v[i].offset + at, least(left, CHUNK), i, 0 };
		}
	o->last = o->n_chunk;
}

/* Muon takes matrices whole. */
static int
may_begin(const struct optim *o, size_t c)
{
	return o->opts.optimizer != OPTIM_MUON || !c || o->chunk[c].param != o->chunk[c - 1].param;
}

void
optim_part(struct optim *o, int n, int me, double (*sum)(double))
{
	size_t c = 0;

	o->at = xcalloc((size_t)n + 1, sizeof *o->at);
	o->sum = sum;
	for (int r = 0; r <= n; r++) {
		size_t from = o->par->total / (size_t)n * (size_t)r;
		while (c < o->n_chunk && (r == n || o->chunk[c].at < from || !may_begin(o, c)))
			c++;
		o->at[r] = c < o->n_chunk ? o->chunk[c].at : o->par->total;
		if (r == me)
			o->first = c;
		if (r == me + 1)
			o->last = c;
	}
}

/* Vectors of the optimizer outside the part at hand. */
static void
forget(const struct optim *o, float *x)
{
	size_t from = o->first < o->n_chunk ? o->chunk[o->first].at : o->par->total;
	size_t to = o->last < o->n_chunk ? o->chunk[o->last].at : o->par->total;

	mem_forget(x, from * sizeof *x);
	mem_forget(x + to, (o->par->total - to) * sizeof *x);
}

void
optim_forget(struct optim *o)
{
	if (!o->at)
		return;
	forget(o, o->m);
	if (o->v)
		forget(o, o->v);
}

void
optim_free(struct optim *o)
{
	if (o->opts.optimizer == OPTIM_MUON)
		free(o->v);
	arena_free(&o->mem);
	free(o->frozen);
	free(o->chunk);
	free(o->at);
	arena_free(&o->scratch);
	memset(o, 0, sizeof *o);
}

int
optim_freeze(struct optim *o, const char *pattern, struct err *e)
{
	struct match *m = match_new(pattern, e);
	int n = 0;

	if (!m) {
		err_in(e, "--freeze");
		return -1;
	}
	if (!o->frozen)
		o->frozen = xcalloc((size_t)o->par->n, 1);
	for (int i = 0; i < o->par->n; i++)
		if (match_in(m, o->par->v[i].name)) {
			o->frozen[i] = 1;
			n++;
		}
	match_free(m);
	return n;
}

/* What the threads share in a pass over all chunks. */
struct sweep {
	struct optim *o;
	float        *w;
	const float  *g;
	struct op_adamw a;
};

static int
frozen(const struct optim *o, const struct optim_chunk *c)
{
	return o->frozen && o->frozen[c->param];
}

static void
norm_chunk(size_t i, void *ctx)
{
	struct sweep *p = ctx;
	struct optim_chunk *c = &p->o->chunk[p->o->first + i];

	c->sumsq = frozen(p->o, c) ? 0 : op_sumsq(p->g + c->at, c->n);
}

/* Stochastic gradient descent with momentum (Sutskever et al. 2013), decay apart from the gradient. */
static void
sgd(float *w, const float *g, float *m, size_t n, const struct op_adamw *a)
{
	for (size_t i = 0; i < n; i++) {
		m[i] = a->beta1 * m[i] + a->gscale * g[i];
		w[i] -= a->lr * (m[i] + a->decay * w[i]);
	}
}

static void
update_chunk(size_t i, void *ctx)
{
	struct sweep *p = ctx;
	const struct optim *o = p->o;
	const struct optim_chunk *c = &o->chunk[o->first + i];
	struct op_adamw a = p->a;

	if (frozen(o, c))
		return;
	if (o->par->v[c->param].ndim < 2)
		a.decay = 0;
	if (o->opts.optimizer == OPTIM_MUON && optim_one_moment(o, c->param))
		return;         /* its matrices are taken whole */
	if (o->opts.optimizer == OPTIM_SGD)
		sgd(p->w + c->at, p->g + c->at, o->m + c->at, c->n, &a);
	else
		op_adamw(p->w + c->at, p->g + c->at, o->m + c->at, o->v + c->at, c->n, &a);
}

static void
muon(struct sweep *p)
{
	const struct optim *o = p->o;

	for (int i = o->first < o->last ? o->chunk[o->first].param : 0; o->first < o->last && i <= o->chunk[o->last - 1].param; i++) {
		const struct param *t = &o->par->v[i];
		size_t rows = muon_rows(t), cols = (size_t)t->shape[1];
		if (!optim_one_moment(o, i) || (o->frozen && o->frozen[i]))
			continue;
		for (size_t at = t->offset; at < t->offset + t->count; at += rows * cols)
			muon_step(p->w + at, p->g + at, o->m + at, rows, cols, &p->a, (float *)(void *)o->scratch.base);
	}
}

int
optim_step(struct optim *o, float *w, const float *g, double count, double *norm, struct err *e)
{
	const struct optim_opts *s = &o->opts;
	struct sweep p = { .o = o, .w = w, .g = g };
	double sum = 0, scale = 1 / count, t = (double)(o->step + 1);

	par_for(o->last - o->first, norm_chunk, &p);
	for (size_t i = o->first; i < o->last; i++)
		sum += o->chunk[i].sumsq;
	if (o->sum)
		sum = o->sum(sum);
	*norm = sqrt(sum) * scale;
	if (!isfinite(*norm))
		return err_set(e, "step %lld: the gradient is not finite (a smaller --lr, more --warmup?)", o->step + 1);
	if (s->clip > 0 && *norm > s->clip)
		scale *= s->clip / *norm;
	p.a = (struct op_adamw){ .lr = (float)optim_lr(s, o->step), .beta1 = (float)s->beta1, .beta2 = (float)s->beta2,
		.eps = (float)s->eps, .decay = s->optimizer == OPTIM_ADAM ? 0 : (float)s->decay, .gscale = (float)scale,
		.c1 = (float)(1 - pow(s->beta1, t)), .c2 = (float)(1 - pow(s->beta2, t)) };
	par_for(o->last - o->first, update_chunk, &p);
	if (s->optimizer == OPTIM_MUON)
		muon(&p);
	o->step++;
	return 0;
}

static void
clear_chunk(size_t i, void *ctx)
{
	const struct sweep *p = ctx;
	const struct optim_chunk *c = &p->o->chunk[i];

	if (!frozen(p->o, c))
		memset(p->w + c->at, 0, c->n * sizeof *p->w);
}

void
optim_clear(const struct optim *o, float *g)
{
	par_for(o->n_chunk, clear_chunk, &(struct sweep){ .o = (struct optim *)(uintptr_t)o, .w = g });
}
