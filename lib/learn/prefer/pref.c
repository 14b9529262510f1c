/* pref - losses on preferences, as functions of the log-probability of whole responses */
/* SPDX-License-Identifier: MIT */
#include "learn/prefer/pref.h"
#include <math.h>

double
sigmoid(double x)
{
	return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

double
log_sigmoid(double x)
{
	return x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}

/* A mean log-probability, kept from 0, where the odds are infinite. */
static double
below_zero(double logp)
{
	return logp < -1e-6 ? logp : -1e-6;
}

static double
log_odds(double logp)
{
	logp = below_zero(logp);
	return logp - (logp > -0.6931471805599453 ? log(-expm1(logp)) : log1p(-exp(logp)));
}

double
pref_log_odds(double mean_chosen, double mean_rejected)
{
	return log_odds(mean_chosen) - log_odds(mean_rejected);
}

/* d log_odds(x) / dx = 1 / (1 - e^x) */
static double
log_odds_slope(double logp)
{
	return -1 / expm1(below_zero(logp));
}

static struct pref_loss
loss_of_h(double loss, double slope)
{
	return (struct pref_loss){ loss, slope, -slope };
}

static struct pref_loss
dpo(const struct pref_args *a, double h)
{
	double z = a->beta * h, eps = a->kind == PREF_CDPO ? a->smooth : 0;
	double loss = -(1 - eps) * log_sigmoid(z) - eps * log_sigmoid(-z);

	return loss_of_h(loss, a->beta * (eps * sigmoid(z) - (1 - eps) * sigmoid(-z)));
}

/* cDPO without its bias: what the loss would be with the labels that are right. */
static struct pref_loss
robust(const struct pref_args *a, double h)
{
	double z = a->beta * h, eps = a->smooth, scale = 1 / (1 - 2 * eps);

	return loss_of_h(scale * (eps * log_sigmoid(-z) - (1 - eps) * log_sigmoid(z)),
		-a->beta * scale * ((1 - eps) * sigmoid(-z) + eps * sigmoid(z)));
}

static struct pref_loss
hinge(const struct pref_args *a, double h)
{
	double z = 1 - a->beta * h;

	return loss_of_h(z > 0 ? z : 0, z > 0 ? -a->beta : 0);
}

/* Each side's log-ratio towards its own goal: +-1 / (2 beta). */
static struct pref_loss
sppo(const struct pref_args *a, double hc, double hr)
{
	double c = hc - 0.5 / a->beta, r = hr + 0.5 / a->beta;

	return (struct pref_loss){ c * c + r * r, 2 * c, 2 * r };
}

/* The chosen up and the rejected down, each by itself. */
static struct pref_loss
apo(const struct pref_args *a, double hc, double hr)
{
	double c = sigmoid(a->beta * hc), r = sigmoid(a->beta * hr);

	return (struct pref_loss){ 1 - c + r, -a->beta * c * (1 - c), a->beta * r * (1 - r) };
}

static struct pref_loss
ipo(const struct pref_args *a, const struct pref_side *c, const struct pref_side *r)
{
	double wc = a->mean ? 1.0 / c->len : 1, wr = a->mean ? 1.0 / r->len : 1;
	double off = (c->logp - c->ref) * wc - (r->logp - r->ref) * wr - 1 / (2 * a->beta);

	return (struct pref_loss){ off * off, 2 * off * wc, -2 * off * wr };
}

static struct pref_loss
simpo(const struct pref_args *a, const struct pref_side *c, const struct pref_side *r)
{
	double z = a->beta * (c->logp / c->len - r->logp / r->len) - a->gamma;
	double slope = -a->beta * sigmoid(-z);

	return (struct pref_loss){ -log_sigmoid(z), slope / c->len, -slope / r->len };
}

static struct pref_loss
orpo(const struct pref_args *a, const struct pref_side *c, const struct pref_side *r)
{
	double yc = c->logp / c->len, yr = r->logp / r->len;
	double odds = pref_log_odds(yc, yr), slope = -a->beta * sigmoid(-odds);

	return (struct pref_loss){ -a->beta * log_sigmoid(odds),
		slope * log_odds_slope(yc) / c->len, -slope * log_odds_slope(yr) / r->len };
}

struct pref_loss
bradley_terry(double rc, double rr, double margin, double centre)
{
	double d = rc - rr - margin, slope = -sigmoid(-d), pull = 2 * centre * (rc + rr);

	return (struct pref_loss){ centre * (rc + rr) * (rc + rr) - log_sigmoid(d), slope + pull, pull - slope };
}

double
pref_kto(const struct pref_args *a, const struct pref_side *s, int chosen, double *d)
{
	double sign = chosen ? 1 : -1, z = sign * a->beta * (s->logp - s->ref - a->kl);

	*d = -sign * a->beta * sigmoid(z) * sigmoid(-z);
	return sigmoid(-z);
}

static struct pref_loss
loss_of(const struct pref_args *a, const struct pref_side *c, const struct pref_side *r)
{
	struct pref_loss l = { 0, 0, 0 };
	double hc = c->logp - c->ref, hr = r->logp - r->ref;

	switch (a->kind) {
	case PREF_DPO: case PREF_CDPO: return dpo(a, hc - hr);
	case PREF_ROBUST: return robust(a, hc - hr);
	case PREF_HINGE: return hinge(a, hc - hr);
	case PREF_SPPO: return sppo(a, hc, hr);
	case PREF_APO: return apo(a, hc, hr);
	case PREF_IPO: return ipo(a, c, r);
	case PREF_SIMPO: return simpo(a, c, r);
	case PREF_ORPO: return orpo(a, c, r);
	case PREF_KTO: l.loss = pref_kto(a, c, 1, &l.d_chosen) + pref_kto(a, r, 0, &l.d_rejected);
	}
	return l;
}

struct pref_loss
pref_pair(const struct pref_args *a, const struct pref_side *c, const struct pref_side *r)
{
	struct pref_loss l = loss_of(a, c, r);

	l.loss -= a->nll * c->logp / c->len;
	l.d_chosen -= a->nll / c->len;
	return l;
}
