/* distill - a teacher's distribution beside the right answer (Hinton et al. 2015) */
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "kern/kern.h"
#include <math.h>

enum { PART = 1024 };           /* of a row at a time, so that its exponentials need no second row */

struct rows {
	const struct op_distill *d;
	float *z, *teacher, *logp;
	size_t V;
	const uint32_t *target;
	const float *coef;
};

static void
one_row(size_t i, void *ctx)
{
	const struct rows *r = ctx;
	const struct kern *k = kern_now();
	float *z = r->z + i * r->V, *q = r->teacher + i * r->V, part[PART], ez;
	float s = r->d->scale, w = r->d->weight, hard = r->coef[i] * (1 - w), soft = r->coef[i] * w / s;
	float top = k->max(z, r->V), sum = k->expsum(NULL, z, 1, top, r->V, NULL);
	float sum_s = k->expsum(NULL, z, s, s * top, r->V, NULL);
	float top_q = s * k->max(q, r->V), sum_q = k->expsum(q, q, s, top_q, r->V, &ez);
	/* KL = sum q (log q - log p), each logarithm the scaled logit less the log of its sum. */
	float kl = ez / sum_q - logf(sum_q) - (s * k->dot(q, z, r->V) / sum_q - s * top) + logf(sum_s);

	r->logp[i] = (1 - w) * (z[r->target[i]] - top - logf(sum)) - w / (s * s) * kl;
	k->scale(q, soft / sum_q, r->V);
	for (size_t at = 0; at < r->V; at += PART) {
		size_t n = r->V - at < PART ? r->V - at : PART;

		k->expsum(part, z + at, s, s * top, n, NULL);
		k->axpy(q + at, -soft / sum_s, part, n);
		k->expsum(z + at, z + at, 1, top, n, NULL);
		k->scale(z + at, -hard / sum, n);
		k->axpy(z + at, 1, q + at, n);
	}
	z[r->target[i]] += hard;
}

void
op_distill(float *logits, float *teacher, size_t n, size_t V, const struct op_distill *d, const uint32_t *target,
		const float *coef, float *logp)
{
	par_for(n, one_row, &(struct rows){ d, logits, teacher, logp, V, target, coef });
}
