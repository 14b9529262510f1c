/* pass - the gradient of one step's records: forward and backward, a micro-batch at a time */
#ifndef LM_PASS_H
#define LM_PASS_H
/* SPDX-License-Identifier: MIT */
#include "learn/batch.h"
#include "learn/optim.h"
#include "model/model.h"
#include "model/net/net.h"

struct pass {
	const struct model *model;
	struct net *net;
	int         B, T;
	struct arena mem;
	float      *g;                  /* within mem: [total of what moves] sums over the step's supervised tokens; NULL: for evaluation alone */
	float      *logp, *coef;        /* (B,T) */
	double      unit;               /* g is of these times the loss: 1, but for the following */
	double      scale;              /* NET_F16: the gradient of the mean loss is multiplied by about this; else 0 */
	long long   good;               /* steps since the scale changed */
	const struct optim *optim;      /* says what is frozen; NULL: nothing */
	struct drop drop;               /* in pass_grad: of the step's first row */
	struct net_teacher teacher;     /* in pass_grad; net NULL: none */
};
void pass_init(struct pass *, const struct model *, int B, int T, int use);     /* of enum net_use */
void pass_freeze(struct pass *, const struct optim *);
void pass_free(struct pass *);
/* What pass_grad is of from now on: op_distill's logp, with that teacher of the same vocabulary, which stays the caller's.
 * use: NET_FORWARD, or NET_BF16. */
void pass_teach(struct pass *, const struct model *teacher, const struct op_distill *, int use);
/* Sets g and returns the sum of -log p (or what has its place with a teacher) over the supervised tokens, nats; the
 * rows are taken B at a time, which leaves no trace in the result. */
double pass_grad(struct pass *, const struct batch *);
/* Dynamic loss scaling, as Micikevicius et al. 2018 and PyTorch's GradScaler have it: begin at 2^16.  After a pass_grad whose
 * gradient is not finite: 1 when it is to be made again, at half the scale (0: it is not for that).  After one that was
 * used: 2000 of them double the scale. */
int  pass_overflowed(struct pass *);
void pass_used(struct pass *);
/* Mean -log p over the supervised tokens of a stream, and their number.  Damage ends the program.
 * -1: no such records. */
int pass_eval(struct pass *, const struct batches_opts *, double *loss, uint64_t *tokens, struct err *);
#endif
