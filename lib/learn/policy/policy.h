/* policy - advantages, penalties and clipped objectives of policy gradients, as functions of numbers alone */
#ifndef LM_POLICY_H
#define LM_POLICY_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>

/* Generalised advantage estimation (arXiv:1506.02438) of one response: n rewards and values, the value after
 * the end taken as 0.  ret = adv + value. */
void gae(const double *reward, const double *value, size_t n, double gamma, double lambda, double *adv, double *ret);

double mean_of(const double *x, size_t n);              /* of equal numbers that number itself, so that none stands out */

enum { WHITEN_UNBIASED = 1, WHITEN_NO_SHIFT = 2 };      /* variance over n - 1; keep the mean */
void whiten(double *x, size_t n, int flags);            /* (x - mean) / sqrt(var + 1e-8), in place */

/* Estimators of KL(policy || reference) from one sample (Schulman 2020): d = logp - ref. */
double kl_k1(double logp, double ref);                  /* d */
double kl_k3(double logp, double ref);                  /* e^-d - 1 + d */
/* Exactly, of softmax(scale * p) from softmax(scale * q), n logits each. */
double kl_exact(const float *p, const float *q, size_t n, double scale);

/* The adaptive penalty of arXiv:1909.08593: beta (1 + clip(kl / target - 1, -0.2, 0.2) episodes / horizon). */
double kl_adapt(double beta, double kl, double target, double episodes, double horizon);

/* Advantages of the n rewards of one group. */
enum group_kind {
	GROUP_GRPO,             /* (r - mean) / (sd + 1e-4), sd over n - 1 (arXiv:2402.03300) */
	GROUP_DRGRPO,           /* r - mean (arXiv:2503.20783) */
	GROUP_RLOO              /* r - mean of the others (arXiv:2402.14740) */
};
void group_advantages(enum group_kind, const double *reward, size_t n, double *adv);

/* One token's loss max(-A ratio, -A clip(ratio, 1 - eps, 1 + eps)), ratio = e^(logp - old), and its derivative by
 * logp (arXiv:1707.06347).  eps <= 0: no clipping.  *clipped: whether the clipped side holds. */
struct ppo_loss {
	double loss, d, ratio;
	int    clipped;
};
struct ppo_loss ppo_token(double logp, double old, double adv, double eps);
/* Half of max((v - ret)^2, (clip(v, old +- eps) - ret)^2); *d is the derivative by v. */
double ppo_value(double v, double old, double ret, double eps, double *d);
#endif
