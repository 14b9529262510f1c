/* pref - losses on preferences, as functions of the log-probability of whole responses */
#ifndef LM_PREF_H
#define LM_PREF_H
/* SPDX-License-Identifier: MIT */

enum pref_kind { PREF_DPO, PREF_CDPO, PREF_IPO, PREF_KTO, PREF_ORPO, PREF_SIMPO, PREF_ROBUST, PREF_HINGE, PREF_SPPO, PREF_APO };

struct pref_args {
	enum pref_kind kind;
	double beta;
	double smooth;          /* cDPO, robust DPO: how often a label is wrong, below 0.5 */
	double gamma;           /* SimPO: the margin */
	double kl;              /* KTO: the reference point z, held constant */
	double nll;             /* weight of the chosen response's mean negative log-likelihood (ORPO: 1) */
	int    mean;            /* IPO: log-probabilities per token (TRL) instead of sums (the authors') */
};

/* A response: log-probabilities summed over its tokens, nats, and how many tokens it has. */
struct pref_side {
	double logp, ref;
	int    len;
};

/* The loss and its derivative by the policy's log-probabilities (sums) of the chosen and the rejected. */
struct pref_loss {
	double loss, d_chosen, d_rejected;
};

/* Pairwise losses: DPO arXiv:2305.18290, cDPO (Mitchell 2023), IPO arXiv:2310.12036, ORPO arXiv:2403.07691,
 * SimPO arXiv:2405.14734, robust DPO arXiv:2403.00409, SLiC's hinge arXiv:2305.10425, SPPO's hard labels arXiv:2405.00675,
 * APO-zero arXiv:2408.06266.  KTO (arXiv:2402.01306) is the sum of its two sides, each as pref_kto gives it. */
struct pref_loss pref_pair(const struct pref_args *, const struct pref_side *chosen, const struct pref_side *rejected);
/* KTO of one response: 1 - sigmoid(+-beta (logp - ref - kl)); *d is the derivative by logp. */
double pref_kto(const struct pref_args *, const struct pref_side *, int chosen, double *d);
/* ORPO's log odds ratio, from mean log-probabilities: log odds(c) - log odds(r). */
double pref_log_odds(double mean_chosen, double mean_rejected);

/* Bradley-Terry for rewards: -log sigmoid(rc - rr - margin) + centre (rc + rr)^2, and its derivatives by both. */
struct pref_loss bradley_terry(double rc, double rr, double margin, double centre);

double sigmoid(double);
double log_sigmoid(double);             /* without overflow */
#endif
