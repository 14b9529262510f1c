/* sampler - which tokens may be drawn, how often, and what is said of their probability */
/* SPDX-License-Identifier: MIT */
#include "base/rng.h"
#include "model/generate/sampler.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { V = 100, N = 20000 };

static _Alignas(16) struct choice scratch[3 * V];
static float logits[V];

static uint32_t
next(const struct sampler *s, const float *z, size_t n, const uint32_t *seen, size_t n_seen, uint64_t prompt, uint64_t sample,
		uint64_t at, float *logp)
{
	return sampler_next(s, &(struct sampling){ z, n, seen, n_seen, prompt, sample, at, NULL, 0 }, scratch, logp);
}

static int
falling(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* By the definition, one rule after another on sorted probabilities: whether a token with probability p may be drawn. */
static double
least_allowed(const struct sampler *s, const double *p)
{
	double sorted[V], sum = 0, reach = 0, least;
	int n = s->top_k ? s->top_k : V, i;

	memcpy(sorted, p, sizeof sorted);
	qsort(sorted, V, sizeof *sorted, falling);
	for (i = 0; i < n; i++)
		sum += sorted[i];
	for (i = 0; i < n && (i == 0 || reach < s->top_p * sum * (1 - 1e-9)); i++)
		reach += sorted[i];
	least = sorted[i-1];
	return fmax(least, s->min_p * sorted[0]) * (1 - 1e-5);
}

/* Draws N times: only allowed tokens, in proportion (chi-square), and logp of softmax(logits / temperature). */
static void
check(const char *name, struct sampler s)
{
	double p[V], sum = 0, kept = 0, chi = 0, off = 0, least;
	int count[V] = { 0 }, wrong = 0, cells = 0;

	for (int i = 0; i < V; i++)
		sum += p[i] = exp((double)logits[i] / s.temperature);
	for (int i = 0; i < V; i++)
		p[i] /= sum;
	least = least_allowed(&s, p);
	for (int i = 0; i < V; i++)
		kept += p[i] >= least ? p[i] : 0;
	for (uint64_t i = 0; i < N; i++) {
		float logp;
		uint32_t id = next(&s, logits, V, NULL, 0, i, 0, 0, &logp);
		count[id]++;
		wrong += p[id] < least;
		off = fmax(off, fabs((double)logp - log(p[id])));
	}
	for (int i = 0; i < V; i++) {
		double want = p[i] >= least ? p[i] / kept * N : 0;
		if (want >= 5) {
			chi += (count[i] - want) * (count[i] - want) / want;
			cells++;
		}
	}
	OK(wrong == 0, "%s: only tokens that are left", name);
	OK(chi < cells + 5 * sqrt(2.0 * cells) + 5, "%s: in proportion (chi-square %.1f, %d cells)", name, chi, cells);
	OK(off < 1e-5, "%s: logp is before truncation (%.1e)", name, off);
}

static void
check_penalty(void)
{
	struct sampler s = { .temperature = 1, .top_k = 1, .top_p = 1, .typical = 1, .repeat_penalty = 2 };
	float z[4] = { 3, 2, -1, -0.5f }, logp, plain;
	uint32_t seen[] = { 0, 0, 0 }, all[] = { 0, 1, 3 };

	OK(next(&s, z, 4, seen, 3, 0, 0, 0, &logp) == 1, "a penalty is applied once: 3 / 2 is below 2");
	OK(next(&s, z, 4, all, 3, 0, 0, 0, &logp) == 0, "3 / 2 is above 2 / 2");
	s.repeat_penalty = 1;
	next(&s, z, 4, NULL, 0, 0, 0, 0, &plain);
	OK(logp == plain, "logp is before the penalty");
	z[0] = -4, z[1] = -2, z[2] = -3, s.repeat_penalty = 1.2;
	all[0] = 1, all[1] = 1, all[2] = 3;
	z[3] = -2.3f;
	OK(next(&s, z, 4, all, 3, 0, 0, 0, &logp) == 1, "negative logits are multiplied: -2.4 is above -2.76");
}

/* OpenAI's two: of tokens that were drawn, not those of the prompt. */
static void
check_presence(void)
{
	struct sampler s = { .temperature = 1, .top_k = 1, .top_p = 1, .typical = 1, .repeat_penalty = 1, .presence = 1.5 };
	float z[3] = { 3, 2, 1 }, logp;
	uint32_t seen[] = { 0, 0, 1 };
	struct sampling at = { .logits = z, .V = 3, .seen = seen, .n_seen = 2, .n_prompt = 2 };

	OK(sampler_next(&s, &at, scratch, &logp) == 0, "presence: a prompt's tokens are left alone");
	at.n_prompt = 0;
	OK(sampler_next(&s, &at, scratch, &logp) == 1, "one that was drawn twice loses 1.5, once");
	at.n_seen = 3;
	OK(sampler_next(&s, &at, scratch, &logp) == 0, "1.5, 0.5, 1: it is ahead again");
	s.presence = 0, s.frequency = 1.2;
	OK(sampler_next(&s, &at, scratch, &logp) == 2, "frequency: 3 - 2.4, 2 - 1.2, 1");
	at.n_prompt = 1;
	OK(sampler_next(&s, &at, scratch, &logp) == 0, "3 - 1.2, where the first was of the prompt");
}

/* By the definition: tokens in the order of | -log p - H |, until they reach the mass. */
static void
check_typical(double mass)
{
	struct sampler s = { .temperature = 1, .top_p = 1, .typical = mass, .repeat_penalty = 1 };
	double p[V], far[V], sum = 0, H = 0, reach = 0, kept = 0;
	int keep[V] = { 0 }, wrong = 0, seen = 0, count = 0;
	float logp;

	for (int i = 0; i < V; i++)
		sum += p[i] = exp((double)logits[i]);
	for (int i = 0; i < V; i++) {
		p[i] /= sum;
		H -= p[i] * log(p[i]);
	}
	for (int i = 0; i < V; i++)
		far[i] = fabs(-log(p[i]) - H);
	while (reach < mass) {
		int best = -1;
		for (int i = 0; i < V; i++)
			if (!keep[i] && (best < 0 || far[i] < far[best]))
				best = i;
		keep[best] = 1;
		reach += p[best];
		count++;
	}
	for (uint64_t i = 0; i < N; i++)
		wrong += !keep[next(&s, logits, V, NULL, 0, i, 0, 0, &logp)];
	for (int i = 0; i < V; i++)
		kept += keep[i] ? p[i] : 0;
	seen = count;
	OK(!wrong && seen < V && kept >= mass, "typical %g: only the %d that surprise as usual (%d wrong)", mass, count, wrong);
}

static void
check_bias(void)
{
	struct sampler s = { .temperature = 1, .top_k = 1, .top_p = 1, .typical = 1, .repeat_penalty = 1 };
	const char *list[] = { "2=5.5", "0=-inf" }, *bad[] = { "2:5" }, *big[] = { "4=1" };
	float z[4] = { 3, 2, -1, -0.5f }, logp, plain;
	uint8_t allowed[4] = { 0, 0, 0, 1 };
	struct err e;

	OK(sampler_set_bias(&s, &(struct strs){ list, 2, 2 }, 4, &e) == 0, "biases are read");
	OK(next(&s, z, 4, NULL, 0, 0, 0, 0, &logp) == 2, "a bias lifts a token");
	OK(sampler_next(&s, &(struct sampling){ .logits = z, .V = 4, .allowed = allowed }, scratch, &plain) == 3, "only what is allowed");
	z[2] = 0;
	s.bias[0].add = 1, s.top_k = 0;
	int never = 1;
	for (uint64_t i = 0; i < 1000; i++)
		never &= next(&s, z, 4, NULL, 0, i, 0, 0, &logp) != 0;
	OK(never, "-inf: never");
	free(s.bias);
	OK(sampler_set_bias(&s, &(struct strs){ bad, 1, 1 }, 4, &e) == -1, "%s", e.text);
	free(s.bias);
	OK(sampler_set_bias(&s, &(struct strs){ big, 1, 1 }, 4, &e) == -1, "%s", e.text);
	free(s.bias);
}

static void
check_place(void)
{
	struct sampler s = { .temperature = 1, .top_p = 1, .typical = 1, .repeat_penalty = 1, .seed = 3 };
	float logp;
	int same = 0, again = 1;

	for (uint64_t i = 0; i < 200; i++) {
		uint32_t a = next(&s, logits, V, NULL, 0, 0, 0, i, &logp);
		again &= a == next(&s, logits, V, NULL, 0, 0, 0, i, &logp);
		same += a == next(&s, logits, V, NULL, 0, 0, 1, i, &logp);
	}
	OK(again, "the same place, the same token");
	OK(same < 100, "another sample, other tokens");
}

static void
check_table(void)
{
	struct sampler s = { .temperature = 2, .top_p = 1, .typical = 1, .repeat_penalty = 1 };
	struct choice c[V];
	double sum = 0;
	int falls = 1;
	size_t n = sampler_table(&s, logits, V, c, V + 7);

	for (size_t i = 0; i < n; i++) {
		sum += (double)c[i].p;
		falls &= !i || c[i-1].p >= c[i].p;
	}
	OK(n == V && fabs(sum - 1) < 1e-5 && falls, "a table of all tokens falls and adds up to 1");
	n = sampler_table(&s, logits, V, scratch, 9);
	OK(n == 9 && !memcmp(scratch, c, 9 * sizeof *c), "a short one is its beginning");
}

int
main(void)
{
	struct sampler s = { .temperature = 1, .top_p = 1, .typical = 1, .repeat_penalty = 1 };

	for (int i = 0; i < V; i++)
		logits[i] = (float)(1.5 * rng_normal(rng_at(1, (uint64_t)i, 0, 0, 0)));
	check("all", s);
	s.temperature = 0.7;
	check("temperature 0.7", s);
	s.top_k = 12;
	check("top-k 12", s);
	s.top_k = 0, s.top_p = 0.6;
	check("top-p 0.6", s);
	s.top_k = 30, s.top_p = 0.8;
	check("top-k 30, then top-p 0.8", s);
	s.min_p = 0.3;
	check("and min-p 0.3", s);
	s.top_k = 0, s.top_p = 1;
	check("min-p 0.3", s);
	for (int i = 0; i < V; i += 2)
		logits[i] = logits[i+1];
	s = (struct sampler){ .temperature = 1, .top_p = 1, .typical = 1, .repeat_penalty = 1, .top_k = 20 };
	check("top-k 20 of pairs of equals", s);
	check_penalty();
	check_presence();
	check_typical(0.5);
	check_typical(0.95);
	check_bias();
	check_place();
	check_table();
	return DONE();
}
