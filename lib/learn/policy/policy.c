/* policy - advantages, penalties and clipped objectives of policy gradients, as functions of numbers alone */
/* SPDX-License-Identifier: MIT */
#include "learn/policy/policy.h"
#include <math.h>

void
gae(const double *reward, const double *value, size_t n, double gamma, double lambda, double *adv, double *ret)
{
	double next = 0, after = 0;

	for (size_t t = n; t-- > 0;) {
		next = reward[t] + gamma * after - value[t] + gamma * lambda * next;
		after = value[t];
		adv[t] = next;
		ret[t] = next + value[t];
	}
}

double
mean_of(const double *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i] - x[0];
	return n ? x[0] + sum / (double)n : 0;
}

static double
variance_of(const double *x, size_t n, double mean, int unbiased)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return n > 1 ? sum / (unbiased ? n - 1 : n) : 0;
}

void
whiten(double *x, size_t n, int flags)
{
	double mean = mean_of(x, n), var = variance_of(x, n, mean, flags & WHITEN_UNBIASED);
	double scale = 1 / sqrt(var + 1e-8), shift = flags & WHITEN_NO_SHIFT ? mean : 0;

	for (size_t i = 0; i < n; i++)
		x[i] = (x[i] - mean) * scale + shift;
}

double
kl_k1(double logp, double ref)
{
	return logp - ref;
}

double
kl_k3(double logp, double ref)
{
	return expm1(ref - logp) + logp - ref;
}

static double
log_sum_exp(const float *x, size_t n, double scale)
{
	double max = x[0], sum = 0;

	for (size_t i = 1; i < n; i++)
		if (x[i] > max)
			max = x[i];
	for (size_t i = 0; i < n; i++)
		sum += exp(scale * (x[i] - max));
	return scale * max + log(sum);
}

double
kl_exact(const float *p, const float *q, size_t n, double scale)
{
	double lp = log_sum_exp(p, n, scale), lq = log_sum_exp(q, n, scale), kl = 0;

	for (size_t i = 0; i < n; i++) {
		double a = scale * p[i] - lp;

		kl += exp(a) * (a - (scale * q[i] - lq));
	}
	return kl > 0 ? kl : 0;         /* rounding alone makes it negative */
}

double
kl_adapt(double beta, double kl, double target, double episodes, double horizon)
{
	double off = kl / target - 1;

	off = off > 0.2 ? 0.2 : off < -0.2 ? -0.2 : off;
	return beta * (1 + off * episodes / horizon);
}

void
group_advantages(enum group_kind kind, const double *reward, size_t n, double *adv)
{
	double mean = mean_of(reward, n), scale = 1;

	if (kind == GROUP_GRPO)
		scale = 1 / (sqrt(variance_of(reward, n, mean, 1)) + 1e-4);
	if (kind == GROUP_RLOO)         /* r - (n mean - r) / (n - 1) */
		scale = n > 1 ? (double)n / (n - 1) : 0;
	for (size_t i = 0; i < n; i++)
		adv[i] = (reward[i] - mean) * scale;
}

struct ppo_loss
ppo_token(double logp, double old, double adv, double eps)
{
	struct ppo_loss l = { .ratio = exp(logp - old) };
	double clip = l.ratio;

	if (eps > 0)
		clip = clip > 1 + eps ? 1 + eps : clip < 1 - eps ? 1 - eps : clip;
	l.loss = -adv * l.ratio;
	l.d = l.loss;                   /* d ratio / d logp = ratio */
	if (-adv * clip > l.loss) {
		l.loss = -adv * clip;
		l.d = 0;
		l.clipped = 1;
	}
	return l;
}

double
ppo_value(double v, double old, double ret, double eps, double *d)
{
	double clip = v > old + eps ? old + eps : v < old - eps ? old - eps : v;
	double a = v - ret, b = clip - ret;

	if (eps > 0 && b * b > a * a) {
		*d = 0;
		return b * b / 2;
	}
	*d = a;
	return a * a / 2;
}
