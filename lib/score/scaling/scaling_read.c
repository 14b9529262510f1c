/* scaling_read - runs from JSON lines: points, or the logs of train-step */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "score/scaling/scaling.h"
#include "stream/input.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void
scaling_add(struct scaling_runs *r, const struct scaling_point *curve, size_t n)
{
	if (!r->n) {
		r->n_cap = 16;
		r->first = xcalloc(r->n_cap, sizeof *r->first);
	}
	for (size_t i = 0; i < n; i++)
		VEC_PUSH(r->v, r->points, r->points_cap, curve[i]);
	r->n++;
	VEC_PUSH(r->first, r->n, r->n_cap, r->points);
	r->n--;
}

void
scaling_free(struct scaling_runs *r)
{
	free(r->v);
	free(r->first);
}

const struct scaling_point *
scaling_end(const struct scaling_runs *r, size_t run)
{
	return &r->v[r->first[run + 1] - 1];
}

void
scaling_drop(struct scaling_runs *r, size_t n)
{
	for (; n && r->n; n--) {
		size_t top = 0, from, to;
		for (size_t i = 1; i < r->n; i++)
			if (scaling_end(r, i)->loss > scaling_end(r, top)->loss)
				top = i;
		from = r->first[top];
		to = r->first[top + 1];
		memmove(r->v + from, r->v + to, (r->points - to) * sizeof *r->v);
		r->points -= to - from;
		for (size_t i = top; i < r->n; i++)
			r->first[i] = r->first[i + 1] - (to - from);
		r->n--;
	}
}

struct points {
	struct scaling_point *v;
	size_t n, cap;
};
/* A log as it is read: its steps, and what was measured between them. */
struct curve {
	struct points steps, evals;
};

static int
positive(double x)
{
	return isfinite(x) && x > 0;
}

/* One line: a run by itself, or a step of a log. */
static int
take_line(struct scaling_runs *r, struct curve *c, const struct scaling_keys *k, struct json o, struct err *e)
{
	struct scaling_point p = { json_num(json_get(o, k->params), NAN), json_num(json_get(o, k->tokens), NAN), json_num(json_get(o, k->loss), NAN) };
	double flops = json_num(json_get(o, k->flops), NAN), eval = json_num(json_get(o, "eval_loss"), NAN);
	int step = json_kind(json_get(o, "step")) == '0';

	if (step && c->steps.n && positive(eval)) {
		p = c->steps.v[c->steps.n - 1];
		p.loss = eval;
		VEC_PUSH(c->evals.v, c->evals.n, c->evals.cap, p);
		return 0;
	}
	if (!positive(p.D) && positive(flops))
		p.D = flops / 6 / p.N;
	if (!positive(p.N) || !positive(p.D) || !positive(p.loss))
		return err_set(e, "needs %s, %s or %s, and %s above 0", k->params, k->tokens, k->flops, k->loss);
	if (step)
		VEC_PUSH(c->steps.v, c->steps.n, c->steps.cap, p);
	else
		scaling_add(r, &p, 1);
	return 0;
}

/* What was measured, or else the steps: means over equal parts, so that noise does not look like progress. */
static void
take_curve(struct scaling_runs *r, const struct points *s, const struct points *evals)
{
	enum { PARTS = 40 };
	struct scaling_point p[PARTS];
	size_t parts = s->n < PARTS ? s->n : PARTS;

	if (evals->n) {
		scaling_add(r, evals->v, evals->n);
		return;
	}
	for (size_t k = 0; k < parts; k++) {
		size_t from = k * s->n / parts, to = (k + 1) * s->n / parts;
		p[k] = s->v[to - 1];
		p[k].loss = 0;
		for (size_t i = from; i < to; i++)
			p[k].loss += s->v[i].loss / (double)(to - from);
	}
	scaling_add(r, p, parts);
}

int
scaling_read(struct scaling_runs *r, const char *path, const struct scaling_keys *k, struct err *e)
{
	struct input *in = input_open(path, 1, e);
	struct curve c = { 0 };
	struct buf line = { 0 };
	struct json o;
	int got = -1, bad = 0;

	if (!in)
		return -1;
	while (!bad && (got = input_object(in, &line, (size_t)1 << 24, e)) > 0) {
		bad = json_parse(&o, line.p, line.n, e) || take_line(r, &c, k, o, e);
		if (bad)
			err_at(e, "%s: line %llu", input_name(in), (unsigned long long)input_record(in));
	}
	if (!bad && got == 0 && !input_record(in))
		bad = err_set(e, "%s: no bytes", input_name(in));
	if (!bad && got == 0 && c.steps.n)
		take_curve(r, &c.steps, &c.evals);
	free(c.steps.v);
	free(c.evals.v);
	buf_free(&line);
	input_close(in);
	return bad || got < 0 ? -1 : 0;
}
