/* pass - the gradient of one step's records: forward and backward, a micro-batch at a time */
/* SPDX-License-Identifier: MIT */
#include "learn/pass.h"
#include "learn/run.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SCALE_FIRST 0x1p16
#define SCALE_LEAST 0x1p-14     /* what is not finite here has other reasons */
enum { SCALE_STEPS = 2000 };

void
pass_init(struct pass *p, const struct model *m, int B, int T, int use)
{
	memset(p, 0, sizeof *p);
	p->model = m;
	p->B = B;
	p->T = T;
	p->net = net_of(m, B, T, use);
	if (use & (NET_GRAD | NET_RECOMPUTE)) {
		arena_init(&p->mem, model_moving(m)->total * sizeof *p->g);
		p->g = (float *)(void *)p->mem.base;
	}
	p->logp = xcalloc((size_t)B * (size_t)T, sizeof *p->logp);
	p->coef = xcalloc((size_t)B * (size_t)T, sizeof *p->coef);
	p->unit = 1;
	p->scale = use & NET_F16 ? SCALE_FIRST : 0;
}

void
pass_freeze(struct pass *p, const struct optim *o)
{
	p->optim = o;
	net_freeze(p->net, o->frozen);
}

void
pass_free(struct pass *p)
{
	net_free(p->net);
	net_free(p->teacher.net);
	arena_free(&p->mem);
	free(p->logp);
	free(p->coef);
	memset(p, 0, sizeof *p);
}

void
pass_teach(struct pass *p, const struct model *teacher, const struct op_distill *by, int use)
{
	p->teacher = (struct net_teacher){ net_new(&teacher->cfg, &teacher->par, p->B, p->T, use), teacher->w, *by };
}

/* Forward over rows [first, first + B) of x, backward when g; adds -log p of what counts to sum. */
static double
micro(struct pass *p, const struct batch *x, int first, float *g, double sum)
{
	size_t at = (size_t)first * (size_t)x->T;
	int B = x->rows - first < p->B ? x->rows - first : p->B;
	struct net_batch b = { B, x->T, x->tok + at, x->start ? x->start + at : NULL };
	struct drop drop = p->drop;
	struct net_head h = { .target = x->target + at, .coef = g ? p->coef : NULL, .scale = 1, .logp = p->logp };

	for (size_t i = 0; i < (size_t)B * (size_t)x->T; i++)
		p->coef[i] = x->coef[at + i] * (float)p->unit;
	drop.record += (uint64_t)first;
	net_drop(p->net, g ? &drop : NULL);
	net_forward(p->net, p->model->w, &b);
	if (g && p->teacher.net) {
		net_forward(p->teacher.net, p->teacher.w, &b);
		h.teacher = &p->teacher;
	}
	net_head(p->net, p->model->w, g, &h);
	if (g)
		net_backward(p->net, p->model->w, g);
	for (size_t i = 0; i < (size_t)B * (size_t)x->T; i++)
		if (x->coef[at + i] != 0)
			sum -= p->logp[i];
	return sum;
}

double
pass_grad(struct pass *p, const struct batch *x)
{
	double sum = 0;

	if (p->scale > 0)               /* a power of 2, so that nothing else is rounded otherwise */
		p->unit = exp2(ceil(log2(p->scale / (double)x->supervised)));
	if (p->optim)
		optim_clear(p->optim, p->g);
	else
		memset(p->g, 0, model_moving(p->model)->total * sizeof *p->g);
	for (int r = 0; r < x->rows; r += p->B)
		sum = micro(p, x, r, p->g, sum);
	if (x->rows)
		net_finish(p->net, p->g);
	return sum;
}

int
pass_overflowed(struct pass *p)
{
	if (p->scale <= SCALE_LEAST)
		return 0;
	p->scale /= 2;
	p->good = 0;
	return 1;
}

void
pass_used(struct pass *p)
{
	if (p->scale > 0 && ++p->good == SCALE_STEPS) {
		p->scale *= 2;
		p->good = 0;
	}
}

int
pass_eval(struct pass *p, const struct batches_opts *o, double *loss, uint64_t *tokens, struct err *e)
{
	struct batches *in = batches_open(o, e);
	struct batch x;
	double sum = 0;

	if (!in || model_agrees(p->model, batches_info(in), e)) {
		batches_close(in);
		return err_in(e, o->files[0]);
	}
	if (batches_T(in) > p->T) {
		err_set(e, "%s: its records are of %d tokens, those learnt from of %d", o->files[0], batches_T(in), p->T);
		batches_close(in);
		return -1;
	}
	batch_init(&x, in, p->B);
	for (*tokens = 0; batch_read(&x, in); *tokens += x.supervised)
		sum = micro(p, &x, 0, NULL, sum);
	batch_free(&x);
	batches_close(in);
	if (!*tokens)
		return err_set(e, "%s: no supervised tokens in it", o->files[0]);
	*loss = sum / (double)*tokens;
	return 0;
}
