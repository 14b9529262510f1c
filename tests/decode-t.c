/* decode - token by token, in chunks and in company: the same bits, and what the whole net says */
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "model/decode.h"
#include "net-util.h"
#include "tap.h"
#include <stdlib.h>

enum { N = 4, T = 16 };         /* sequences, tokens in each */

/* Logits (N,T,V), fed in steps of up to `chunk` tokens of each of `group` sequences at once. */
static float *
decoded(const struct config *c, const struct params *p, const float *w, const uint32_t *tok, int chunk, int group)
{
	size_t V = (size_t)c->V;
	float *out = xcalloc((size_t)(N * T) * V, sizeof *out), *z = xmalloc((size_t)(N * T) * V * sizeof *z);
	struct decoder *d = decoder_new(c, p, w, N, T);

	for (int s0 = 0; s0 < N; s0 += group) {
		for (int t0 = 0; t0 < T; t0 += chunk) {
			int seq[N*T], n = 0;
			uint32_t id[N*T];
			int at[N*T];
			for (int s = s0; s < s0 + group && s < N; s++)
				for (int t = t0; t < t0 + chunk && t < T; t++) {
					at[n] = s * T + t;
					id[n] = tok[at[n]];
					seq[n++] = s;
				}
			decoder_feed(d, n, seq, id, NULL, z);
			for (int i = 0; i < n; i++)
				memcpy(out + (size_t)at[i] * V, z + (size_t)i * V, V * sizeof *z);
		}
	}
	decoder_free(d);
	free(z);
	return out;
}

static void
check(int s)
{
	static const int how[][2] = { { 1, N }, { T, 1 }, { T, N }, { 5, 3 }, { 3, 2 } };
	const struct config *c = &shapes[s].c;
	struct params p;
	struct data d;
	struct net *n;
	size_t count = (size_t)(N * T) * (size_t)c->V;
	float *w, *whole = xmalloc(count * sizeof *whole), *one;
	double off = 0, top = 0;
	int threads = par_threads();

	params_init(&p, c);
	random_data(&d, c, N, T);
	w = random_weights(&p, 11);
	n = net_new(c, &p, N, T, 0);
	net_forward(n, w, &(struct net_batch){ N, T, d.tok, NULL });
	net_logits(n, w, 0, N * T, whole);
	par_set_threads(1);
	one = decoded(c, &p, w, d.tok, 1, 1);
	for (size_t i = 0; i < count; i++) {
		off = fmax(off, fabs((double)one[i] - (double)whole[i]));
		top = fmax(top, fabs((double)whole[i]));
	}
	OK(off < 1e-5 * top, "%s: token by token, the logits of the whole net to 1e-5 (%.1e)", shapes[s].name, off / top);
	for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
		float *got;
		par_set_threads(1 + (int)i % 3);
		got = decoded(c, &p, w, d.tok, how[i][0], how[i][1]);
		OK(!memcmp(got, one, count * sizeof *one), "%s: the same bits %d tokens of %d sequences at once", shapes[s].name,
			how[i][0], how[i][1]);
		free(got);
	}
	par_set_threads(threads);
	net_free(n);
	params_free(&p);
	free(w), free(whole), free(one);
}

/* Cutting back, copying a prefix, wanting some rows only, and a full cache. */
static void
check_cache(void)
{
	const struct config *c = &shapes[3].c;
	size_t V = (size_t)c->V;
	struct params p;
	float *w, *a = xmalloc(T * V * sizeof *a), *b = xmalloc(T * V * sizeof *b);
	const uint32_t tok[] = { 5, 9, 2, 7, 1, 30 };
	const int s0[] = { 0, 0, 0, 0, 0, 0 }, s1[] = { 1, 1 };
	const uint8_t last[] = { 0, 0, 0, 0, 0, 1 };
	struct decoder *d;

	params_init(&p, c);
	w = random_weights(&p, 11);
	d = decoder_new(c, &p, w, 2, 8);
	decoder_feed(d, 6, s0, tok, last, a);
	decoder_cut(d, 0, 4);
	OK(decoder_len(d, 0) == 4, "cut back to 4");
	decoder_copy(d, 0, 1);
	decoder_feed(d, 2, s1, tok + 4, last + 4, b);
	OK(decoder_len(d, 1) == 6 && !memcmp(a, b, V * sizeof *a), "a copied prefix goes on to the same bits");
	decoder_feed(d, 2, s0, tok + 4, last + 4, b);
	OK(!memcmp(a, b, V * sizeof *a), "a cut sequence goes on to the same bits");
	OK(decoder_feed(d, 3, s0, tok, NULL, b) == -1 && decoder_len(d, 0) == 6, "a full cache: -1, and nothing done");
	OK(decoder_feed(d, 2, s0, tok, NULL, NULL) == 0 && decoder_len(d, 0) == 8, "up to the last place, without logits");
	decoder_free(d);
	params_free(&p);
	free(w), free(a), free(b);
}

int
main(void)
{
	for (int s = 0; s < N_SHAPES; s++)
		check(s);
	check_cache();
	return DONE();
}
