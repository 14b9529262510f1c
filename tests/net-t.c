/* net-t - the same bits however a step is cut; what the head and the attention that is shown say */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "base/par.h"
#include "kern/kern.h"
#include "model/net/net_int.h"
#include "net-util.h"
#include "soft.h"
#include "tap.h"
#include <stdlib.h>

/* Eight rows in calls of `rows`, twice with the same net: gradients, log-probabilities and entropies.  short_by: so
 * many tokens fewer in each. */
static float *
eight(const struct config *c, const struct params *p, const float *w, const struct data *d, int packed, int rows, int threads,
		int use, int short_by)
{
	enum { R = 8 };
	const int L = 16 - short_by;
	float *out = xcalloc(p->total + 2 * R * L, sizeof *out), *logp = out + p->total, *entropy = logp + R * L;
	struct net *n;

	par_set_threads(threads);
	n = net_new(c, p, rows, L, use);
	for (int again = 0; again < 2; again++) {
		memset(out, 0, p->total * sizeof *out);
		for (int r = 0; r < R; r += rows) {
			int i = r * L;
			net_forward(n, w, &(struct net_batch){ rows, L, d->tok + i, packed ? d->start + i : NULL });
			net_head(n, w, out, &(struct net_head){ .target = d->target + i, .coef = d->coef + i, .scale = .9f, .all = 1,
				.logp = logp + i, .entropy = entropy + i });
			net_backward(n, w, out);
		}
		net_finish(n, out);
	}
	net_free(n);
	return out;
}

static void
check_same(int s, const struct kern *k, int half, int short_by)
{
	static const int cut[][2] = { { 8, 2 }, { 1, 1 }, { 2, 3 }, { 1, 2 }, { 8, 1 } };
	const struct config *c = &shapes[s].c;
	struct params p;
	struct data d;
	float *w, *want;
	int threads = par_threads();
	size_t n;

	params_init(&p, c);
	random_data(&d, c, 8, 16 - short_by);
	w = random_weights(&p, 11);
	n = (p.total + 2 * 8 * (16 - (size_t)short_by)) * sizeof *w;
	kern_use(k);
	want = eight(c, &p, w, &d, shapes[s].packed, 8, 1, NET_GRAD | half, short_by);
	for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
		int use = i & 1 ? NET_GRAD : NET_RECOMPUTE;
		float *got = eight(c, &p, w, &d, shapes[s].packed, cut[i][0], cut[i][1], use | half, short_by);
		OK(!memcmp(got, want, n), "%s, %s, %s: the same bits in calls of %d rows of %d on %d threads%s", shapes[s].name,
			half == NET_F16 ? "f16" : half ? "bf16" : "f32", k->name, cut[i][0], 16 - short_by, cut[i][1], use == NET_RECOMPUTE ? ", recomputed" : "");
		free(got);
	}
	par_set_threads(threads);
	free(w), free(want);
	params_free(&p);
}

/* What the head says of log-probabilities and entropies is what the logits say. */
static void
check_head(int s)
{
	const struct config *c = &shapes[s].c;
	struct params p;
	struct data d;
	struct net *n;
	float *w, logp[32], entropy[32], *z;
	double off = 0;

	params_init(&p, c);
	random_data(&d, c, 2, 16);
	w = random_weights(&p, 11);
	z = xmalloc(32 * (size_t)c->V * sizeof *z);
	n = net_new(c, &p, 2, 16, 0);
	net_forward(n, w, &(struct net_batch){ 2, 16, d.tok, NULL });
	net_head(n, w, NULL, &(struct net_head){ .target = d.target, .scale = .5f, .all = 1, .logp = logp, .entropy = entropy });
	net_logits(n, w, 0, 32, z);
	for (int i = 0; i < 32; i++) {
		const float *row = z + i * c->V;
		double sum = 0, mean = 0;
		for (int v = 0; v < c->V; v++) {
			sum += exp(.5 * (double)row[v]);
			mean += exp(.5 * (double)row[v]) * .5 * (double)row[v];
		}
		off = fmax(off, fabs((double)logp[i] - (.5 * (double)row[d.target[i]] - log(sum))));
		off = fmax(off, fabs((double)entropy[i] - (log(sum) - mean / sum)));
	}
	OK(off < 1e-5, "%s: log-probabilities and entropies to 1e-5 (%.1e)", shapes[s].name, off);
	net_free(n);
	params_free(&p);
	free(w), free(z);
}

/* The probabilities that are shown, times the values, are what attention gave. */
static void
check_shown(int s)
{
	const struct config *c = &shapes[s].c;
	struct params par;
	struct data d;
	struct net *n;
	float *w, p[16 * 16];
	double worst = 0;

	params_init(&par, c);
	w = random_weights(&par, 5);
	random_data(&d, c, 1, 16);
	n = net_new(c, &par, 1, 16, NET_GRAD);
	net_forward(n, w, &(struct net_batch){ 1, 16, d.tok, shapes[s].packed ? d.start : NULL });
	for (int l = 0; l < c->L; l++)
		for (int h = 0; h < c->H; h++) {
			struct attn a = net_attention(n, l);
			net_attn(n, l, h, p);
			for (int t = 0; t < 16; t++)
				for (int i = 0; i < c->D; i++) {
					double o = 0;
					for (int k = 0; k < 16; k++)
						o += (double)p[t * 16 + k] * (double)a.v[(size_t)k * a.ld + (size_t)(h / (c->H / c->KV) * c->D + i)];
					worst = fmax(worst, fabs(o - (double)a.o[(t * c->H + h) * c->D + i]));
				}
		}
	OK(worst < 1e-5, "%s: the attention that is shown is the one there is (%.1e)", shapes[s].name, worst);
	net_free(n);
	free(w);
	params_free(&par);
}

int
main(void)
{
	const struct kern *best = kern_now(), *pairs = best->per == 1 && kern_soft() ? kern_soft() : best;

	for (int s = 0; s < N_SHAPES; s++) {
		check_same(s, best, 0, 0);
		check_same(s, pairs, NET_BF16, 0);
		check_same(s, pairs, NET_BF16, 1);
		check_same(s, best, NET_F16, 0);
		kern_use(best);
		check_head(s);
		check_shown(s);
	}
	return DONE();
}
