/* pref-t - preference and policy losses: published numbers, closed forms, finite differences */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/json.h"
#include "learn/policy/policy.h"
#include "learn/prefer/pref.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
near(double a, double b, double tol)
{
	return fabs(a - b) <= tol * (1 + fabs(b));
}

static size_t
numbers(struct json v, double *out, size_t max)
{
	struct json_iter it = json_walk(v);
	size_t n = 0;

	while (n < max && json_next(&it))
		out[n++] = json_num(it.value, NAN);
	return n;
}

/* Whether every number of the array `key` is the one computed, and there are as many. */
static int
agrees(struct json g, const char *key, const double *got, size_t n)
{
	double want[64];
	size_t have = numbers(json_get(g, key), want, 64);

	if (have != n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!(fabs(got[i] - want[i]) <= 1e-6))
			return 0;
	return 1;
}

static int
agrees1(struct json g, const char *key, double got)
{
	return fabs(got - json_num(json_get(g, key), NAN)) <= 1e-6;
}

static void
golden_gae(struct json g)
{
	double r[8], v[8], adv[8], ret[8], w[8];
	size_t n = numbers(json_get(g, "rewards"), r, 8);
	static const struct { const char *key; int flags; } how[] = {
		{ "whiten_biased", 0 }, { "whiten_unbiased", WHITEN_UNBIASED }, { "whiten_noshift", WHITEN_NO_SHIFT } };

	numbers(json_get(g, "values"), v, 8);
	gae(r, v, n, json_num(json_get(g, "gamma"), 0), json_num(json_get(g, "lam"), 0), adv, ret);
	OK(agrees(g, "adv", adv, n), "golden: GAE advantages");
	OK(agrees(g, "returns", ret, n), "golden: GAE returns");
	for (size_t i = 0; i < 3; i++) {
		memcpy(w, adv, sizeof w);
		whiten(w, n, how[i].flags);
		OK(agrees(g, how[i].key, w, n), "golden: %s", how[i].key);
	}
}

static void
golden_groups(struct json g)
{
	double r[16], adv[16], scale = NAN;
	size_t n = numbers(json_get(g, "rewards"), r, 16);
	static const char *const key[] = { "adv_group", "adv_drgrpo", "adv_rloo" };

	for (int kind = GROUP_GRPO; kind <= GROUP_RLOO; kind++) {
		group_advantages(kind, r, n, adv);
		OK(agrees(g, key[kind], adv, n), "golden: group advantages, %s", key[kind]);
		if (kind == GROUP_GRPO)
			scale = adv[0];
	}
	group_advantages(GROUP_DRGRPO, r, n, adv);
	OK(agrees1(g, "mean", r[0] - adv[0]), "golden: the mean that is taken away");
	OK(agrees1(g, "std_unbiased", adv[0] / scale - 1e-4), "golden: the deviation that GRPO divides by");
}

static void
golden_pref(struct json g)
{
	struct pref_side c = { json_num(json_get(g, "policy_chosen"), NAN), json_num(json_get(g, "ref_chosen"), NAN),
		json_int(json_get(g, "len_c"), 0) };
	struct pref_side r = { json_num(json_get(g, "policy_rejected"), NAN), json_num(json_get(g, "ref_rejected"), NAN),
		json_int(json_get(g, "len_r"), 0) };
	double beta = json_num(json_get(g, "beta"), NAN), d;
	struct { const char *key; struct pref_args a; } of[] = {
		{ "dpo", { .kind = PREF_DPO, .beta = beta } },
		{ "cdpo_0.1", { .kind = PREF_CDPO, .beta = beta, .smooth = 0.1 } },
		{ "robust_0.1", { .kind = PREF_ROBUST, .beta = beta, .smooth = 0.1 } },
		{ "hinge", { .kind = PREF_HINGE, .beta = beta } },
		{ "sppo_hard", { .kind = PREF_SPPO, .beta = beta } },
		{ "apo_zero", { .kind = PREF_APO, .beta = beta } },
		{ "ipo_sum(mitchell)", { .kind = PREF_IPO, .beta = beta } },
		{ "ipo_avg(trl)", { .kind = PREF_IPO, .beta = beta, .mean = 1 } },
		{ "simpo(beta2,gamma1)", { .kind = PREF_SIMPO, .beta = 2, .gamma = 1 } },
		{ "orpo_or_term(-0.1*logsig)", { .kind = PREF_ORPO, .beta = beta } } };
	struct pref_args kto = { .kind = PREF_KTO, .beta = beta, .kl = 0.5 };

	OK(agrees1(g, "h", -log(expm1(pref_pair(&of[0].a, &c, &r).loss)) / beta), "golden: h, back from the loss of DPO");
	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		OK(agrees1(g, of[i].key, pref_pair(&of[i].a, &c, &r).loss), "golden: %s", of[i].key);
	OK(agrees1(g, "orpo_logodds", pref_log_odds(c.logp / c.len, r.logp / r.len)), "golden: orpo_logodds");
	OK(agrees1(g, "kto_chosen(kl=.5)", pref_kto(&kto, &c, 1, &d)), "golden: kto_chosen");
	OK(agrees1(g, "kto_rejected(kl=.5)", pref_kto(&kto, &r, 0, &d)), "golden: kto_rejected");
}

static void
goldens(void)
{
	const char *dir = getenv("LM_TESTDATA");
	struct buf path = { 0 };
	struct file_map f;
	struct json j, kl;

	buf_printf(&path, "%s/golden/rl_golden.json", dir ? dir : ".");
	if (file_map(&f, path.p, NULL) < 0) {
		OK(1, "golden numbers # SKIP no golden/rl_golden.json in LM_TESTDATA");
		buf_free(&path);
		return;
	}
	OK(json_parse(&j, (const char *)f.p, f.n, NULL) == 0, "golden file is JSON");
	golden_gae(json_get(j, "gae"));
	golden_groups(json_get(j, "grpo"));
	golden_pref(json_get(j, "pref"));
	kl = json_get(j, "kl");
	double p = json_num(json_get(kl, "logp"), NAN), q = json_num(json_get(kl, "ref"), NAN);
	OK(agrees1(kl, "k1", kl_k1(p, q)) && agrees1(kl, "k2", kl_k1(p, q) * kl_k1(p, q) / 2) && agrees1(kl, "k3", kl_k3(p, q)),
		"golden: k1 k2 k3");
	file_unmap(&f);
	buf_free(&path);
}

/* Derivatives of a pairwise loss against central differences, at several points. */
static int
pair_slopes(const struct pref_args *a)
{
	static const double at[][4] = { { -20, -25, -22, -24 }, { -3, -2.5, -2, -3 }, { -0.2, -40, -0.5, -30 }, { -9, -9, -9, -9 } };
	double h = 1e-5;

	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		struct pref_side c = { at[i][0], at[i][2], 3 }, r = { at[i][1], at[i][3], 5 };
		struct pref_side c1 = c, c2 = c, r1 = r, r2 = r;
		struct pref_loss l = pref_pair(a, &c, &r);

		c1.logp -= h, c2.logp += h, r1.logp -= h, r2.logp += h;
		if (!near(l.d_chosen, (pref_pair(a, &c2, &r).loss - pref_pair(a, &c1, &r).loss) / (2 * h), 1e-6) ||
		    !near(l.d_rejected, (pref_pair(a, &c, &r2).loss - pref_pair(a, &c, &r1).loss) / (2 * h), 1e-6))
			return 0;
	}
	return 1;
}

static void
slopes(void)
{
	static const struct { const char *name; struct pref_args a; } of[] = {
		{ "dpo", { .kind = PREF_DPO, .beta = 0.3 } },
		{ "dpo with nll", { .kind = PREF_DPO, .beta = 0.3, .nll = 0.7 } },
		{ "cdpo", { .kind = PREF_CDPO, .beta = 0.3, .smooth = 0.2 } },
		{ "robust", { .kind = PREF_ROBUST, .beta = 0.3, .smooth = 0.2 } },
		{ "hinge", { .kind = PREF_HINGE, .beta = 0.3 } },
		{ "sppo", { .kind = PREF_SPPO, .beta = 0.3 } },
		{ "apo", { .kind = PREF_APO, .beta = 0.3 } },
		{ "ipo", { .kind = PREF_IPO, .beta = 0.3 } },
		{ "ipo, means", { .kind = PREF_IPO, .beta = 0.3, .mean = 1 } },
		{ "kto", { .kind = PREF_KTO, .beta = 0.3, .kl = 0.4 } },
		{ "orpo", { .kind = PREF_ORPO, .beta = 0.3, .nll = 1 } },
		{ "simpo", { .kind = PREF_SIMPO, .beta = 2, .gamma = 0.8 } } };
	double h = 1e-5;
	int ok = 1;

	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		OK(pair_slopes(&of[i].a), "finite differences: %s", of[i].name);
	for (double x = -3; x <= 3; x += 0.7) {
		struct pref_loss l = bradley_terry(x, 0.4, 0.3, 0.01);

		ok &= near(l.d_chosen, (bradley_terry(x + h, 0.4, 0.3, 0.01).loss - bradley_terry(x - h, 0.4, 0.3, 0.01).loss) / (2 * h), 1e-6);
		ok &= near(l.d_rejected, (bradley_terry(x, 0.4 + h, 0.3, 0.01).loss - bradley_terry(x, 0.4 - h, 0.3, 0.01).loss) / (2 * h), 1e-6);
	}
	OK(ok, "finite differences: Bradley-Terry with margin and centring");
}

static void
ppo(void)
{
	double h = 1e-6, d, d2;
	int ok = 1, clipped = 0;
	struct ppo_loss l = ppo_token(-1, -1, 2.5, 0.2);

	OK(l.loss == -2.5 && l.d == -2.5 && l.ratio == 1 && !l.clipped, "PPO at ratio 1: the policy gradient");
	for (double logp = -2; logp < 0; logp += 0.13)
		for (double adv = -1.5; adv < 2; adv += 1) {
			l = ppo_token(logp, -1, adv, 0.2);
			ok = ok && near(l.d, (ppo_token(logp + h, -1, adv, 0.2).loss - ppo_token(logp - h, -1, adv, 0.2).loss) / (2 * h), 1e-5);
			clipped += l.clipped;
		}
	OK(ok && clipped > 0, "finite differences: PPO objective, clipped and not");
	OK(ppo_token(-0.5, -1, 1, 0.2).loss == -1.2 && ppo_token(-0.5, -1, -1, 0.2).loss == exp(0.5) &&
		near(ppo_token(-1.5, -1, -1, 0.2).loss, 0.8, 1e-15), "PPO takes the worse of the two sides");
	for (double v = -1; v <= 1; v += 0.17) {
		ppo_value(v, 0.1, 0.6, 0.2, &d);
		ok = ok && near(d, (ppo_value(v + h, 0.1, 0.6, 0.2, &d2) - ppo_value(v - h, 0.1, 0.6, 0.2, &d2)) / (2 * h), 1e-5);
	}
	OK(ok, "finite differences: value loss");
	OK(near(ppo_value(0.5, 0.1, 0.6, 0.2, &d), 0.045, 1e-12) && d == 0, "value loss: the clipped side is flat");
}

static void
penalties(void)
{
	float p[3] = { 0, logf(2), logf(5) }, q[3] = { 1, 1, 1 };
	double want = 1 / 8. * log(3 / 8.) + 2 / 8. * log(6 / 8.) + 5 / 8. * log(15 / 8.), e = 0;

	OK(near(kl_exact(p, q, 3, 1), want, 1e-6), "exact KL of three outcomes");
	OK(kl_exact(p, p, 3, 0.7) == 0, "exact KL of a distribution from itself");
	for (int i = 0; i < 3; i++) {           /* E over p of k1 and of k3 is the KL */
		double a = p[i] - log(8), b = log(1 / 3.);

		e += exp(a) * (kl_k1(a, b) - kl_k3(a, b));
	}
	OK(fabs(e) < 1e-7, "k1 and k3 have one expectation");
	OK(near(kl_adapt(0.2, 12, 6, 512, 10000), 0.2 * (1 + 0.2 * 0.0512), 1e-12) &&
		near(kl_adapt(0.2, 5.4, 6, 512, 10000), 0.2 * (1 - 0.1 * 0.0512), 1e-12), "adaptive penalty, clipped and not");
	OK(near(log_sigmoid(-800), -800, 1e-12) && log_sigmoid(800) == 0 && sigmoid(-800) >= 0, "sigmoids without overflow");
}

int
main(void)
{
	goldens();
	slopes();
	ppo();
	penalties();
	return DONE();
}
