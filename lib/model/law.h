/* law - how the loss falls with parameters and tokens, and how to spend a budget of compute */
#ifndef LM_LAW_H
#define LM_LAW_H
/* SPDX-License-Identifier: MIT */

/* Loss in nats a token of N parameters after D tokens, whose training costs C = 6 N D.
 * Chinchilla (Hoffmann et al. 2022, equation 2): E + A / N^alpha + B / D^beta.
 * Kaplan (Kaplan et al. 2020, equation 1.5): ((A / N)^(alpha / beta) + B / D)^beta; E is not used. */
struct law {
	int    kaplan;
	double E, A, alpha, B, beta;
};
/* Besiroglu et al. 2024, from the runs of Hoffmann et al.: MassiveText, a vocabulary of 32,000. */
extern const struct law law_chinchilla;

double law_loss(const struct law *, double N, double D);
double law_tokens(const struct law *, double N);        /* D at which N is the best way to spend 6 N D */
double law_params(const struct law *, double C);        /* N that makes the most of C; D is C / 6 N */
#endif
