/* sampler - from logits to the next token */
/* SPDX-License-Identifier: MIT */
#include "model/generate/sampler.h"
#include "base/rng.h"
#include "kern/row.h"
#include <math.h>
#include <stdlib.h>

struct typical {
	double off;
	struct choice c;
};

int
sampler_check(const struct sampler *s, struct err *e)
{
	if (!(s->temperature >= 0) || s->top_k < 0 || !(s->repeat_penalty > 0))
		return err_set(e, "--temperature >= 0, --top-k >= 0 and --repeat-penalty > 0 are needed");
	if (!(s->top_p > 0 && s->top_p <= 1) || !(s->typical > 0 && s->typical <= 1) || !(s->min_p >= 0 && s->min_p <= 1))
		return err_set(e, "0 < --top-p <= 1, 0 < --typical <= 1 and 0 <= --min-p <= 1 are needed");
	return 0;
}

int
sampler_set_bias(struct sampler *s, const struct strs *list, size_t V, struct err *e)
{
	s->bias = xcalloc((size_t)list->n, sizeof *s->bias);
	for (s->n_bias = 0; s->n_bias < list->n; s->n_bias++) {
		const char *text = list->v[s->n_bias];
		char *end, *last;
		unsigned long long id = strtoull(text, &end, 10);
		double add = *end == '=' ? strtod(end + 1, &last) : 0;
		if (*text < '0' || *text > '9' || *end != '=' || last == end + 1 || *last || isnan(add) || add == INFINITY)
			return err_set(e, "--logit-bias=%s: not ID=NUMBER", text);
		if (id >= V)
			return err_set(e, "--logit-bias=%s: the model has %zu tokens", text, V);
		s->bias[s->n_bias] = (struct sampler_bias){ (uint32_t)id, (float)add };
	}
	return 0;
}

/* Each seen token is penalised once, however often it was seen: its value comes from the logits as they were; those
 * drawn before then for each time. */
static void
penalise(const struct sampler *s, const struct sampling *at, struct choice *c)
{
	float penalty = (float)s->repeat_penalty;

	for (size_t i = 0; i < at->n_seen; i++) {
		float was = at->logits[at->seen[i]];
		c[at->seen[i]].p = (was > 0 ? was / penalty : was * penalty) - (i < at->n_prompt ? 0 : (float)s->presence);
	}
	for (size_t i = at->n_prompt; i < at->n_seen; i++)
		c[at->seen[i]].p -= (float)s->frequency;
}

static int
by_p(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->p != y->p)
		return x->p > y->p ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* The k likeliest of n to the front (Hoare's quickselect; the order is total, so the result is one). */
static void
select_top(struct choice *c, size_t n, size_t k)
{
	size_t lo = 0, hi = n;

	while (hi - lo > 1 && k > lo && k < hi) {
		struct choice pivot = c[lo + (hi - 1 - lo) / 2];      /* not the last: both parts are smaller */
		size_t i = lo, j = hi - 1;
		for (;;) {
			while (by_p(&c[i], &pivot) < 0)
				i++;
			while (by_p(&pivot, &c[j]) < 0)
				j--;
			if (i >= j)
				break;
			struct choice t = c[i];
			c[i++] = c[j];
			c[j--] = t;
		}
		if (k <= j + 1)
			hi = j + 1;
		else
			lo = j + 1;
	}
}

static size_t
cut_top_k(struct choice *c, size_t n, size_t k)
{
	if (k >= n)
		return n;
	select_top(c, n, k);
	return k;
}

static double
total(const struct choice *c, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)c[i].p;
	return sum;
}

/* What is below (1-p)/n of the whole cannot be within the likeliest that reach p: only the rest is sorted. */
static size_t
cut_top_p(struct choice *c, size_t n, double p)
{
	double sum = total(c, n), least = (1 - p) / (double)n * sum, reach = 0;
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if ((double)c[i].p >= least)
			c[m++] = c[i];
	qsort(c, m, sizeof *c, by_p);
	for (size_t i = 0; i < m; i++) {
		reach += (double)c[i].p;
		if (reach >= p * sum)
			return i + 1;
	}
	return m;
}

/* By how far -log p is from its mean. */
static int
by_distance(const void *a, const void *b)
{
	const struct typical *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return x->c.id < y->c.id ? -1 : x->c.id > y->c.id;
}

static size_t
cut_typical(struct choice *c, size_t n, double mass, struct typical *t)
{
	double sum = total(c, n), entropy = 0, reach = 0;
	size_t m = 0, k = 0;

	for (size_t i = 0; i < n; i++)
		if (c[i].p > 0) {
			t[m] = (struct typical){ -log((double)c[i].p / sum), c[i] };
			entropy += (double)c[i].p / sum * t[m++].off;
		}
	for (size_t i = 0; i < m; i++)
		t[i].off = fabs(t[i].off - entropy);
	qsort(t, m, sizeof *t, by_distance);
	while (k < m && (k == 0 || reach < mass * sum)) {
		reach += (double)t[k].c.p;
		c[k] = t[k].c;
		k++;
	}
	return k;
}

static size_t
cut_min_p(struct choice *c, size_t n, double p)
{
	float top = 0;
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		top = c[i].p > top ? c[i].p : top;
	for (size_t i = 0; i < n; i++)
		if ((double)c[i].p >= p * (double)top)
			c[m++] = c[i];
	return m;
}

static uint32_t
draw(const struct choice *c, size_t n, double u)
{
	double at = u * total(c, n), sum = 0;
	size_t last = 0;

	for (size_t i = 0; i < n; i++) {
		if (c[i].p <= 0)
			continue;
		last = i;
		sum += (double)c[i].p;
		if (sum > at)
			break;
	}
	return c[last].id;
}

static size_t
likeliest(const struct choice *c, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++)
		if (c[i].p > c[best].p)
			best = i;
	return best;
}

/* Logits as they are to be drawn from. */
static void
take_logits(const struct sampler *s, const struct sampling *at, struct choice *c)
{
	for (size_t i = 0; i < at->V; i++)
		c[i] = (struct choice){ at->logits[i], (uint32_t)i };
	if (s->repeat_penalty != 1 || s->presence != 0 || s->frequency != 0)
		penalise(s, at, c);
	for (int i = 0; i < s->n_bias; i++)
		c[s->bias[i].id].p += s->bias[i].add;
	for (size_t i = 0; at->allowed && i < at->V; i++)
		if (!at->allowed[i])
			c[i].p = -INFINITY;
}

size_t
sampler_room(const struct sampler *s, size_t V)
{
	return s->typical < 1 ? V + V * sizeof (struct typical) / sizeof (struct choice) : V;
}

uint32_t
sampler_next(const struct sampler *s, const struct sampling *at, struct choice *c, float *logp)
{
	float scale = (float)(1 / s->temperature), top;
	double whole = row_log_sum(at->logits, at->V, scale, row_largest(at->logits, at->V));
	uint32_t id;
	size_t n = at->V;

	take_logits(s, at, c);
	id = (uint32_t)likeliest(c, n);
	if (s->top_k != 1) {
		top = c[id].p;
		for (size_t i = 0; i < n; i++)
			c[i].p = expf((c[i].p - top) * scale);
		if (s->top_k > 0)
			n = cut_top_k(c, n, (size_t)s->top_k);
		if (s->typical < 1)
			n = cut_typical(c, n, s->typical, (struct typical *)(void *)(c + at->V));
		if (s->top_p < 1)
			n = cut_top_p(c, n, s->top_p);
		if (s->min_p > 0)
			n = cut_min_p(c, n, s->min_p);
		id = draw(c, n, rng_unit(rng_at(s->seed, at->prompt, at->sample, at->at, 0)));
	}
	*logp = (float)((double)(at->logits[id] * scale) - whole);
	return id;
}

size_t
sampler_table(const struct sampler *s, const float *logits, size_t V, struct choice *c, size_t n)
{
	float scale = (float)(1 / s->temperature);
	double whole = row_log_sum(logits, V, scale, row_largest(logits, V));

	for (size_t i = 0; i < V; i++)
		c[i] = (struct choice){ (float)exp((double)(logits[i] * scale) - whole), (uint32_t)i };
	n = cut_top_k(c, V, n);
	qsort(c, n, sizeof *c, by_p);
	return n;
}
