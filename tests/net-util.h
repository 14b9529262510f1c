/* net-util - small random models for the tests of the transformer, with every feature switched on somewhere */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/rng.h"
#include "model/net/net.h"
#include <math.h>
#include <string.h>

static const struct {
	const char *name;
	struct config c;
	int packed;             /* rows hold several sequences */
} shapes[] = {
	{ "gpt2", { .V = 37, .T = 16, .C = 24, .L = 2, .H = 3, .KV = 3, .D = 8, .F = 40, .norm = NORM_LAYER,
		.norm_eps = 1e-5, .pos = POS_LEARNED, .act = ACT_GELU_TANH, .bias = 1, .tied = 1 }, 0 },
	{ "gpt2, untied, exact GELU, packed", { .V = 37, .T = 16, .C = 24, .L = 2, .H = 2, .KV = 2, .D = 12, .F = 40,
		.norm = NORM_LAYER, .norm_eps = 1e-5, .pos = POS_LEARNED, .act = ACT_GELU, .bias = 1 }, 1 },
	{ "gpt2, squared ReLU, window", { .V = 37, .T = 16, .C = 24, .L = 2, .H = 3, .KV = 3, .D = 8, .F = 40,
		.norm = NORM_LAYER, .norm_eps = 1e-5, .pos = POS_LEARNED, .act = ACT_RELU2, .bias = 1, .tied = 1,
		.window = 5 }, 0 },
	{ "llama, GQA, untied", { .V = 41, .T = 16, .C = 32, .L = 2, .H = 4, .KV = 2, .D = 8, .F = 44,
		.norm = NORM_RMS, .norm_eps = 1e-5, .pos = POS_ROPE, .rope_theta = 1e4, .act = ACT_SILU, .gated = 1 }, 0 },
	{ "qwen2, biases, tied, window, packed", { .V = 41, .T = 16, .C = 32, .L = 2, .H = 4, .KV = 1, .D = 8, .F = 44,
		.norm = NORM_RMS, .norm_eps = 1e-6, .pos = POS_ROPE, .rope_theta = 1e3, .act = ACT_SILU, .gated = 1, .qkv_bias = 1,
		.tied = 1, .window = 6 }, 1 },
	{ "qwen3, q/k norm, wide heads", { .V = 41, .T = 16, .C = 24, .L = 2, .H = 4, .KV = 2, .D = 10, .F = 44,
		.norm = NORM_RMS, .norm_eps = 1e-6, .pos = POS_ROPE, .rope_theta = 1e4, .act = ACT_SILU, .gated = 1, .qk_norm = 1,
		.tied = 1 }, 1 },
	{ "llama3 scaling, gated exact GELU", { .V = 41, .T = 16, .C = 32, .L = 1, .H = 2, .KV = 2, .D = 16, .F = 44,
		.norm = NORM_RMS, .norm_eps = 1e-5, .pos = POS_ROPE, .rope_theta = 1e2, .rope_scaling = ROPE_LLAMA3, .rope_factor = 4,
		.rope_low = 1, .rope_high = 4, .rope_orig_T = 32, .act = ACT_GELU, .gated = 1 }, 0 },
	{ "linear scaling, gated tanh GELU", { .V = 41, .T = 16, .C = 32, .L = 1, .H = 2, .KV = 1, .D = 16, .F = 44,
		.norm = NORM_RMS, .norm_eps = 1e-5, .pos = POS_ROPE, .rope_theta = 1e4, .rope_scaling = ROPE_LINEAR, .rope_factor = 2,
		.act = ACT_GELU_TANH, .gated = 1 }, 0 },
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

/* Weights large enough that every path matters; gains around 1. */
static inline float *
random_weights(const struct params *p, uint64_t seed)
{
	float *w = xcalloc(p->total, sizeof *w);

	for (int i = 0; i < p->n; i++) {
		const struct param *t = &p->v[i];
		int gain = t->ndim == 1 && !strstr(t->name, "bias");
		for (size_t k = 0; k < t->count; k++)
			w[t->offset+k] = (float)(gain + 0.2 * rng_normal(rng_at(seed, (uint64_t)i, k, 0, 0)));
	}
	return w;
}

/* B rows of T tokens, targets, coefficients (a fifth of them 0) and starts (one to three sequences a row). */
struct data {
	uint32_t tok[256], target[256], start[256];
	float    coef[256];
};

static inline void
random_data(struct data *d, const struct config *c, int B, int T)
{
	for (int i = 0; i < B * T; i++) {
		uint64_t r = (uint64_t)i;
		int t = i % T;
		d->tok[i] = (uint32_t)(rng_at(7, r, 0, 0, 0) % (uint64_t)c->V);
		d->target[i] = (uint32_t)(rng_at(7, r, 1, 0, 0) % (uint64_t)c->V);
		d->coef[i] = rng_at(7, r, 2, 0, 0) % 5 ? (float)rng_normal(rng_at(7, r, 3, 0, 0)) : 0;
		d->start[i] = t == 0 ? 0 : rng_at(7, r, 4, 0, 0) % 7 ? d->start[i-1] : (uint32_t)t;
	}
}
