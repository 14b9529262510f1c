/* law - how the loss falls with parameters and tokens, and how to spend a budget of compute */
/* SPDX-License-Identifier: MIT */
#include "model/law.h"
#include <math.h>

const struct law law_chinchilla = { .E = 1.8172, .A = 482.01, .alpha = 0.3478, .B = 2085.43, .beta = 0.3658 };

double
law_loss(const struct law *l, double N, double D)
{
	if (l->kaplan)
		return pow(pow(l->A / N, l->alpha / l->beta) + l->B / D, l->beta);
	return l->E + l->A * pow(N, -l->alpha) + l->B * pow(D, -l->beta);
}

/* Where the derivatives by ln N and ln D are equal. */
double
law_tokens(const struct law *l, double N)
{
	double r = l->alpha / l->beta;

	if (l->kaplan)
		return l->B / r * pow(N / l->A, r);
	return pow(l->B / (r * l->A), 1 / l->beta) * pow(N, r);
}

/* N law_tokens(N) = C / 6, solved for N: law_tokens is a power of N. */
double
law_params(const struct law *l, double C)
{
	return pow(C / 6 / law_tokens(l, 1), 1 / (1 + l->alpha / l->beta));
}
