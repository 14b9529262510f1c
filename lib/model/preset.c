/* preset - shapes that have a name, and one dial for all sizes */
/* SPDX-License-Identifier: MIT */
#include "model/config.h"
#include <string.h>

#define N(a) (int)(sizeof (a) / sizeof *(a))

/* Published shapes, and small ones for a CPU (V 0: the vocabulary's).  GPT-1's and GPT-3's are in GPT-2's arrangement:
 * norms before the parts of a layer, attention to all that came before.  scaling: of Llama 3.1's kind, from 8192. */
static const struct preset {
	const char *name, *model_type;
	int         V, T, C, L, H, KV, D, F;
	double      eps, theta;
	int         tied, window, bos, eos, scaling;
} presets[] = {
	{ "gpt1",           "gpt2",   40478,  512,    768,   12,  12,  12,  64,  3072,  1e-5, 1e4,   1, 0,    -1,     -1,     0 },

	{ "gpt2",           "gpt2",   50257,  1024,   768,   12,  12,  12,  64,  3072,  1e-5, 1e4,   1, 0,    50256,  50256,  0 },
	{ "gpt2-medium",    "gpt2",   50257,  1024,   1024,  24,  16,  16,  64,  4096,  1e-5, 1e4,   1, 0,    50256,  50256,  0 },
	{ "gpt2-large",     "gpt2",   50257,  1024,   1280,  36,  20,  20,  64,  5120,  1e-5, 1e4,   1, 0,    50256,  50256,  0 },
	{ "gpt2-xl",        "gpt2",   50257,  1024,   1600,  48,  25,  25,  64,  6400,  1e-5, 1e4,   1, 0,    50256,  50256,  0 },

	{ "gpt3-125m",      "gpt2",   50257,  2048,   768,   12,  12,  12,  64,  3072,  1e-5, 1e4,   1, 0,    50256,  50256,  0 },
	{ "gpt3-350m",      "gpt2",   50257,  2048,   1024,  24,  16,  16,  64,  4096,  1e-5, 1e4,   1, 0,    50256,  50256,  0 },
	{ "gpt3-760m",      "gpt2",   50257,  2048,   1536,  24,  16,  16,  96,  6144,  1e-5, 1e4,   1, 0,    50256,  50256,  0 },
	{ "gpt3-1.3b",      "gpt2",   50257,  2048,   2048,  24,  16,  16,  128, 8192,  1e-5, 1e4,   1, 0,    50256,  50256,  0 },
	{ "gpt3-2.7b",      "gpt2",   50257,  2048,   2560,  32,  32,  32,  80,  10240, 1e-5, 1e4,   1, 0,    50256,  50256,  0 },
	{ "gpt3-6.7b",      "gpt2",   50257,  2048,   4096,  32,  32,  32,  128, 16384, 1e-5, 1e4,   1, 0,    50256,  50256,  0 },
	{ "gpt3-13b",       "gpt2",   50257,  2048,   5120,  40,  40,  40,  128, 20480, 1e-5, 1e4,   1, 0,    50256,  50256,  0 },
	{ "gpt3",           "gpt2",   50257,  2048,   12288, 96,  96,  96,  128, 49152, 1e-5, 1e4,   1, 0,    50256,  50256,  0 },

	{ "llama2-7b",      "llama",  32000,  4096,   4096,  32,  32,  32,  128, 11008, 1e-5, 1e4,   0, 0,    1,      2,      0 },
	{ "llama2-13b",     "llama",  32000,  4096,   5120,  40,  40,  40,  128, 13824, 1e-5, 1e4,   0, 0,    1,      2,      0 },
	{ "llama2-70b",     "llama",  32000,  4096,   8192,  80,  64,  8,   128, 28672, 1e-5, 1e4,   0, 0,    1,      2,      0 },
	{ "llama3-8b",      "llama",  128256, 8192,   4096,  32,  32,  8,   128, 14336, 1e-5, 5e5,   0, 0,    128000, 128001, 0 },
	{ "llama3-70b",     "llama",  128256, 8192,   8192,  80,  64,  8,   128, 28672, 1e-5, 5e5,   0, 0,    128000, 128001, 0 },
	{ "llama3.1-405b",  "llama",  128256, 131072, 16384, 126, 128, 8,   128, 53248, 1e-5, 5e5,   0, 0,    128000, 128001, 8 },
	{ "llama3.2-1b",    "llama",  128256, 131072, 2048,  16,  32,  8,   64,  8192,  1e-5, 5e5,   1, 0,    128000, 128001, 32 },
	{ "llama3.2-3b",    "llama",  128256, 131072, 3072,  28,  24,  8,   128, 8192,  1e-5, 5e5,   1, 0,    128000, 128001, 32 },

	{ "mistral-7b",     "mistral",32000,  32768,  4096,  32,  32,  8,   128, 14336, 1e-5, 1e4,   0, 4096, 1,      2,      0 },

	{ "qwen2-0.5b",     "qwen2",  151936, 131072, 896,   24,  14,  2,   64,  4864,  1e-6, 1e6,   1, 0,    151643, 151643, 0 },
	{ "qwen2-1.5b",     "qwen2",  151936, 131072, 1536,  28,  12,  2,   128, 8960,  1e-6, 1e6,   1, 0,    151643, 151643, 0 },
	{ "qwen2-7b",       "qwen2",  152064, 131072, 3584,  28,  28,  4,   128, 18944, 1e-6, 1e6,   0, 0,    151643, 151643, 0 },
	{ "qwen2-72b",      "qwen2",  152064, 131072, 8192,  80,  64,  8,   128, 29568, 1e-6, 1e6,   0, 0,    151643, 151643, 0 },
	{ "qwen2.5-0.5b",   "qwen2",  151936, 32768,  896,   24,  14,  2,   64,  4864,  1e-6, 1e6,   1, 0,    151643, 151643, 0 },
	{ "qwen3-0.6b",     "qwen3",  151936, 40960,  1024,  28,  16,  8,   128, 3072,  1e-6, 1e6,   1, 0,    151643, 151645, 0 },
	{ "qwen3-1.7b",     "qwen3",  151936, 40960,  2048,  28,  16,  8,   128, 6144,  1e-6, 1e6,   1, 0,    151643, 151645, 0 },
	{ "qwen3-4b",       "qwen3",  151936, 40960,  2560,  36,  32,  8,   128, 9728,  1e-6, 1e6,   1, 0,    151643, 151645, 0 },
	{ "qwen3-8b",       "qwen3",  151936, 40960,  4096,  36,  32,  8,   128, 12288, 1e-6, 1e6,   0, 0,    151643, 151645, 0 },
	{ "qwen3-14b",      "qwen3",  151936, 40960,  5120,  40,  40,  8,   128, 17408, 1e-6, 1e6,   0, 0,    151643, 151645, 0 },
	{ "qwen3-32b",      "qwen3",  151936, 40960,  5120,  64,  64,  8,   128, 25600, 1e-6, 1e6,   0, 0,    151643, 151645, 0 },

	{ "smollm2-135m",   "llama",  49152,  8192,   576,   30,  9,   3,   64,  1536,  1e-5, 1e5,   1, 0,    0,      0,      0 },
	{ "smollm2-360m",   "llama",  49152,  8192,   960,   32,  15,  5,   64,  2560,  1e-5, 1e5,   1, 0,    0,      0,      0 },
	{ "smollm2-1.7b",   "llama",  49152,  8192,   2048,  24,  32,  32,  64,  8192,  1e-5, 1.3e5, 1, 0,    0,      0,      0 },
	{ "tinyllama-1.1b", "llama",  32000,  2048,   2048,  22,  32,  4,   64,  5632,  1e-5, 1e4,   0, 0,    1,      2,      0 },

	{ "micro",          "llama",  0,      128,    128,   4,   4,   4,   32,  384,   1e-5, 1e4,   1, 0,    -1,     -1,     0 },
	{ "tiny",           "llama",  0,      256,    192,   6,   6,   6,   32,  512,   1e-5, 1e4,   1, 0,    -1,     -1,     0 },
	{ "small",          "llama",  0,      256,    384,   8,   6,   6,   64,  1024,  1e-5, 1e4,   1, 0,    -1,     -1,     0 },
	{ "base30",         "llama",  0,      256,    512,   8,   8,   8,   64,  1408,  1e-5, 1e4,   1, 0,    -1,     -1,     0 },
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
	if (p->scaling) {
		c->rope_scaling = ROPE_LLAMA3;
		c->rope_factor = p->scaling;
		c->rope_low = 1;
		c->rope_high = 4;
		c->rope_orig_T = 8192;
	}
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
