/* preset - shapes that have a name, and one dial for all sizes */
/* SPDX-License-Identifier: MIT */
#include "model/config.h"
#include <string.h>

#define N(a) (int)(sizeof (a) / sizeof *(a))

/* Published shapes, and small ones for a CPU (V 0: the vocabulary's). */
static const struct preset {
	const char *name, *model_type;
	int         V, T, C, L, H, KV, D, F;
	double      eps, theta;
	int         tied, window, bos, eos;
} presets[] = {
	{ "gpt2",           "gpt2",    50257,  1024,  768,   12, 12, 12, 64,  3072,  1e-5, 1e4, 1, 0, 50256, 50256 },
	{ "gpt2-medium",    "gpt2",    50257,  1024,  1024,  24, 16, 16, 64,  4096,  1e-5, 1e4, 1, 0, 50256, 50256 },
	{ "gpt2-large",     "gpt2",    50257,  1024,  1280,  36, 20, 20, 64,  5120,  1e-5, 1e4, 1, 0, 50256, 50256 },
	{ "gpt2-xl",        "gpt2",    50257,  1024,  1600,  48, 25, 25, 64,  6400,  1e-5, 1e4, 1, 0, 50256, 50256 },
	{ "gpt3",           "gpt2",    50257,  2048,  12288, 96, 96, 96, 128, 49152, 1e-5, 1e4, 1, 0, 50256, 50256 },
	{ "llama2-7b",      "llama",   32000,  4096,  4096,  32, 32, 32, 128, 11008, 1e-5, 1e4, 0, 0, 1, 2 },
	{ "llama2-13b",     "llama",   32000,  4096,  5120,  40, 40, 40, 128, 13824, 1e-5, 1e4, 0, 0, 1, 2 },
	{ "llama2-70b",     "llama",   32000,  4096,  8192,  80, 64, 8,  128, 28672, 1e-5, 1e4, 0, 0, 1, 2 },
	{ "llama3-8b",      "llama",   128256, 8192,  4096,  32, 32, 8,  128, 14336, 1e-5, 5e5, 0, 0, 128000, 128001 },
	{ "mistral-7b",     "mistral", 32000,  32768, 4096,  32, 32, 8,  128, 14336, 1e-5, 1e4, 0, 4096, 1, 2 },
	{ "qwen2.5-0.5b",   "qwen2",   151936, 32768, 896,   24, 14, 2,  64,  4864,  1e-6, 1e6, 1, 0, 151643, 151643 },
	{ "qwen3-0.6b",     "qwen3",   151936, 40960, 1024,  28, 16, 8,  128, 3072,  1e-6, 1e6, 1, 0, 151643, 151645 },
	{ "smollm2-135m",   "llama",   49152,  8192,  576,   30, 9,  3,  64,  1536,  1e-5, 1e5, 1, 0, 0, 0 },
	{ "tinyllama-1.1b", "llama",   32000,  2048,  2048,  22, 32, 4,  64,  5632,  1e-5, 1e4, 0, 0, 1, 2 },
	{ "micro",          "llama",   0,      128,   128,   4,  4,  4,  32,  384,   1e-5, 1e4, 1, 0, -1, -1 },
	{ "tiny",           "llama",   0,      256,   192,   6,  6,  6,  32,  512,   1e-5, 1e4, 1, 0, -1, -1 },
	{ "small",          "llama",   0,      256,   384,   8,  6,  6,  64,  1024,  1e-5, 1e4, 1, 0, -1, -1 },
	{ "base30",         "llama",   0,      256,   512,   8,  8,  8,  64,  1408,  1e-5, 1e4, 1, 0, -1, -1 },
};

int
config_preset(struct config *c, const char *name)
{
	const struct preset *p = presets;

	while (p < presets + N(presets) && strcmp(p->name, name))
		p++;
	if (p == presets + N(presets))
		return -1;
	config_family(c, p->model_type);
	c->V = p->V;
	c->T = p->T;
	c->C = p->C;
	c->L = p->L;
	c->H = p->H;
	c->KV = p->KV;
	c->D = p->D;
	c->F = p->F;
	c->norm_eps = p->eps;
	c->rope_theta = p->theta;
	c->tied = p->tied;
	c->window = p->window;
	c->bos = p->bos;
	c->eos = p->eos;
	return 0;
}

const char *
config_preset_name(int i)
{
	return i >= 0 && i < N(presets) ? presets[i].name : NULL;
}

int
config_depth(struct config *c, long long n)
{
	if (n < 1 || n > 1024)
		return -1;
	config_preset(c, "micro");
	c->T = 1024;
	c->L = c->H = c->KV = (int)n;
	c->D = 64;
	c->C = 64 * c->L;
	c->F = (c->C * 8 / 3 + 63) / 64 * 64;
	return 0;
}

void
config_set_vocab(struct config *c, int V, int bos, int eos)
{
	c->V = V;
	c->bos = bos;
	c->eos = eos;
}
