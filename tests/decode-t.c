/* decode - token by token, in chunks and in company: the same bits, and what the whole net says */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "base/par.h"
#include "kern/kern.h"
#include "model/decode/decode.h"
#include "net-util.h"
#include "soft.h"
#include "tap.h"
#include <stdlib.h>

enum { N = 4, T = 16 };         /* sequences, tokens in each */

/* Logits (N,T,V), fed in steps of up to `chunk` tokens of each of `group` sequences at once; the first `prompt` of
 * each as a prompt, in such steps too, without logits. */
static float *
decoded(const struct config *c, const struct mats *m, enum quant cache, const uint32_t *tok, int chunk, int group, int prompt)
{
	size_t V = (size_t)c->V;
	float *out = xcalloc((size_t)(N * T) * V, sizeof *out), *z = xmalloc((size_t)(N * T) * V * sizeof *z);
	struct decoder *d = decoder_new(c, m, N, T, cache);

	for (int s0 = 0; s0 < N; s0 += group) {
		for (int t0 = 0, step; t0 < T; t0 += step) {
			int seq[N*T], n = 0;
			uint32_t id[N*T];
			int at[N*T];
			step = t0 < prompt && prompt - t0 < chunk ? prompt - t0 : chunk;
			for (int s = s0; s < s0 + group && s < N; s++)
				for (int t = t0; t < t0 + step && t < T; t++) {
					at[n] = s * T + t;
					id[n] = tok[at[n]];
					seq[n++] = s;
				}
			if (t0 < prompt) {
				decoder_prefill(d, n, seq, id);
				continue;
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

static double
distance(const float *a, const float *b, size_t n)
{
	double off = 0, top = 0;

	for (size_t i = 0; i < n; i++) {
		off = fmax(off, fabs((double)a[i] - (double)b[i]));
		top = fmax(top, fabs((double)b[i]));
	}
	return off / top;
}

/* Logits (N,T,V) of the whole net, with the matrices rounded to a type. */
static float *
whole_net(const struct config *c, const struct params *p, const float *w, const uint32_t *tok, enum quant type)
{
	size_t V = (size_t)c->V;
	float *out = xmalloc((size_t)(N * T) * V * sizeof *out), *r = xmalloc(p->total * sizeof *r);
	struct net *n = net_new(c, p, N, T, 0);

	memcpy(r, w, p->total * sizeof *r);
	for (int i = 0; i < p->n; i++)
		for (size_t row = 0; p->v[i].ndim == 2 && p->v[i].offset != p->pos && row < p->v[i].shape[0]; row++) {
			float *at = r + p->v[i].offset + row * p->v[i].shape[1], pad[64] = { 0 };
			unsigned char q[64 * 4];
			memcpy(pad, at, p->v[i].shape[1] * sizeof *at);
			quant_pack(type, pad, 64, q);
			quant_unpack(type, q, 64, pad);
			memcpy(at, pad, p->v[i].shape[1] * sizeof *at);
		}
	net_forward(n, r, &(struct net_batch){ N, T, tok, NULL });
	net_logits(n, r, 0, N * T, out);
	net_free(n);
	free(r);
	return out;
}

static void
check(int s)
{
	static const int how[][2] = { { 1, N }, { T, 1 }, { T, N }, { 5, 3 }, { 3, 2 } };
	static const struct {
		const char *name;
		enum quant weights, cache;
		double off;
	} types[] = {
		{ "f32", QUANT_F32, QUANT_F32, 1e-5 }, { "bf16", QUANT_BF16, QUANT_F32, 1e-5 },
		{ "q8", QUANT_Q8_0, QUANT_F32, 8e-2 }, { "q4", QUANT_Q4_0, QUANT_F32, 8e-2 },
		{ "f32, cache bf16", QUANT_F32, QUANT_BF16, 2e-2 }, { "f32, cache q8", QUANT_F32, QUANT_Q8_0, 4e-2 },
	};
	const struct config *c = &shapes[s].c;
	struct params p;
	struct data d;
	size_t count = (size_t)(N * T) * (size_t)c->V;
	float *w;
	int threads = par_threads();

	params_init(&p, c);
	random_data(&d, c, N, T);
	w = random_weights(&p, 11);
	for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
		if (t % 4 && s != 0 && s != 3 && s != 5)        /* every kind of layer, but not in every type */
			continue;
		struct mats *m = mats_here(c, &p, w, (int)types[t].weights);
		float *whole = whole_net(c, &p, w, d.tok, types[t].weights), *one, *prompt;
		int bad = 0;
		double off;
		par_set_threads(1);
		one = decoded(c, m, types[t].cache, d.tok, 1, 1, 0);
		off = distance(one, whole, count);
		OK(off < types[t].off, "%s, %s: token by token, the logits of the whole net (%.1e)", shapes[s].name, types[t].name, off);
		prompt = decoded(c, m, types[t].cache, d.tok, 1, 1, 9);
		off = 0;
		for (int i = 0; i < N; i++)
			off = fmax(off, distance(prompt + (size_t)(i * T + 9) * (size_t)c->V, one + (size_t)(i * T + 9) * (size_t)c->V,
				(size_t)(T - 9) * (size_t)c->V));
		OK(off < 2e-2, "%s, %s: the same after a prompt (%.1e)", shapes[s].name, types[t].name, off);
		for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
			float *got;
			par_set_threads(1 + (int)i % 3);
			got = decoded(c, m, types[t].cache, d.tok, how[i][0], how[i][1], 0);
			bad += memcmp(got, one, count * sizeof *one) != 0;
			free(got);
			got = decoded(c, m, types[t].cache, d.tok, how[i][0], how[i][1], 9);
			bad += memcmp(got, prompt, count * sizeof *one) != 0;
			free(got);
		}
		OK(!bad, "%s, %s: the same bits in chunks and in company, at 1 to 3 threads", shapes[s].name, types[t].name);
		mats_free(m);
		free(whole), free(one), free(prompt);
	}
	par_set_threads(threads);
	params_free(&p);
	free(w);
}

/* Prompts of several hundred tokens: attention in tiles, over pages, against that of single tokens. */
static void
check_long(void)
{
	enum { LONG = 540, MORE = 470 };
	struct config c = shapes[4].c;
	struct params p;
	struct mats *m;
	size_t V = (size_t)c.V;
	float *w, *want = xmalloc(V * sizeof *want), *got = xmalloc(V * sizeof *got), *cut = xmalloc(V * sizeof *cut);
	uint32_t tok[LONG];
	int s0[LONG] = { 0 }, s1[LONG];

	c.T = LONG;
	c.window = 260;
	params_init(&p, &c);
	w = random_weights(&p, 11);
	m = mats_here(&c, &p, w, MATS_AS_IS);
	for (int i = 0; i < LONG; i++) {
		tok[i] = (uint32_t)(rng_at(1, (uint64_t)i, 0, 0, 0) % V);
		s1[i] = 1;
	}
	for (int type = 0; type < 3; type++) {
		enum quant cache = type == 0 ? QUANT_F32 : type == 1 ? QUANT_BF16 : QUANT_Q8_0;
		struct decoder *d = decoder_new(&c, m, 2, LONG, cache);
		double off;
		for (int i = 0; i < LONG; i++)
			decoder_feed(d, 1, s0, tok + i, NULL, want);
		decoder_cut(d, 0, 0);
		decoder_prefill(d, LONG - 1, s0, tok);
		decoder_feed(d, 1, s0, tok + LONG - 1, NULL, got);
		off = distance(got, want, V);
		OK(off < (type ? 2e-2 : 1e-4), "a long prompt at once and token by token (%.1e)", off);
		decoder_cut(d, 0, 0);
		decoder_prefill(d, 77, s0, tok);
		decoder_prefill(d, MORE - 77, s0, tok + 77);
		decoder_copy(d, 0, 1);
		decoder_prefill(d, LONG - 1 - MORE, s1, tok + MORE);
		decoder_feed(d, 1, s1, tok + LONG - 1, NULL, cut);
		OK(!memcmp(cut, got, V * sizeof *cut), "the same bits in pieces, on a copy");
		decoder_prefill(d, LONG - 1 - MORE, s0, tok + MORE);
		decoder_feed(d, 1, s0, tok + LONG - 1, NULL, cut);
		OK(!memcmp(cut, got, V * sizeof *cut), "and on what it was copied from");
		decoder_free(d);
	}
	mats_free(m);
	params_free(&p);
	free(w), free(want), free(got), free(cut);
}

/* A model that is worth waking other threads for: the same bits with them. */
static void
check_team(enum quant type)
{
	enum { ROWS = 5, STEPS = 3, V = 512 };
	struct config c = shapes[3].c;
	struct params p;
	struct mats *m;
	float *w, z[3][ROWS * V];
	int seq[ROWS] = { 0, 1, 2, 3, 4 }, threads = par_threads();
	uint32_t tok[ROWS] = { 3, 14, 15, 92, 6 };

	c.C = 256, c.F = 1024, c.V = V, c.L = 2;
	params_init(&p, &c);
	w = random_weights(&p, 7);
	m = mats_here(&c, &p, w, (int)type);
	for (int t = 0; t < 3; t++) {
		struct decoder *d = decoder_new(&c, m, ROWS, 8, QUANT_F32);
		par_set_threads(t + 1);
		for (int i = 0; i < STEPS; i++)
			decoder_feed(d, i ? ROWS : 1, seq, tok, NULL, z[t]);
		decoder_free(d);
	}
	OK(!memcmp(z[0], z[1], sizeof z[0]) && !memcmp(z[0], z[2], sizeof z[0]), "a wider one: the same bits at 1 to 3 threads");
	par_set_threads(threads);
	mats_free(m);
	params_free(&p);
	free(w);
}

/* Cutting back, copying a prefix, wanting some rows only, and a full cache. */
static void
check_cache(void)
{
	const struct config *c = &shapes[3].c;
	size_t V = (size_t)c->V, before;
	struct params p;
	float *w, *a = xmalloc(T * V * sizeof *a), *b = xmalloc(T * V * sizeof *b);
	const uint32_t tok[] = { 5, 9, 2, 7, 1, 30 };
	const int s0[] = { 0, 0, 0, 0, 0, 0 }, s1[] = { 1, 1 };
	const uint8_t last[] = { 0, 0, 0, 0, 0, 1 };
	struct decoder *d;
	struct mats *m;

	params_init(&p, c);
	w = random_weights(&p, 11);
	m = mats_here(c, &p, w, MATS_AS_IS);
	d = decoder_new(c, m, 2, 8, QUANT_F32);
	decoder_feed(d, 6, s0, tok, last, a);
	decoder_cut(d, 0, 4);
	OK(decoder_len(d, 0) == 4, "cut back to 4");
	before = decoder_cache_bytes(d);
	decoder_copy(d, 0, 1);
	OK(decoder_cache_bytes(d) == before, "a copy takes no memory");
	decoder_feed(d, 2, s1, tok + 4, last + 4, b);
	OK(decoder_len(d, 1) == 6 && !memcmp(a, b, V * sizeof *a), "a copied prefix goes on to the same bits");
	decoder_feed(d, 2, s0, tok + 4, last + 4, b);
	OK(!memcmp(a, b, V * sizeof *a), "a cut sequence goes on to the same bits");
	OK(decoder_feed(d, 3, s0, tok, NULL, b) == -1 && decoder_len(d, 0) == 6, "a full cache: -1, and nothing done");
	OK(decoder_feed(d, 2, s0, tok, NULL, NULL) == 0 && decoder_len(d, 0) == 8, "up to the last place, without logits");
	decoder_free(d);
	mats_free(m);
	params_free(&p);
	free(w), free(a), free(b);
}

int
main(void)
{
	const struct kern *best = kern_now();

	for (int s = 0; s < N_SHAPES; s++)
		check(s);
	if (kern_soft()) {                      /* prompts by products in bf16 */
		kern_use(kern_soft());
		check(0);
		check(3);
		kern_use(best);
	}
	check_team(QUANT_F32);
	check_team(QUANT_Q4_0);
	check_cache();
	check_long();
	return DONE();
}
