/* config - the shape of a decoder: what a Hugging Face config.json says, for GPT-2 and the Llama line */
#ifndef LM_CONFIG_H
#define LM_CONFIG_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include <stddef.h>

enum norm_kind { NORM_LAYER, NORM_RMS };
enum pos_kind { POS_LEARNED, POS_ROPE };
enum act_kind { ACT_GELU_TANH, ACT_GELU, ACT_SILU, ACT_RELU, ACT_RELU2 };
enum rope_scaling { ROPE_PLAIN, ROPE_LINEAR, ROPE_LLAMA3 };

/* Letters as in the field: V vocabulary, T context, C width, L layers, H query heads, KV key/value heads,
 * D head size, F feed-forward width. */
struct config {
	char           model_type[32];  /* "gpt2", "llama", "mistral", "qwen2", "qwen3" */
	int            V, T, C, L, H, KV, D, F;
	enum norm_kind norm;
	double         norm_eps;
	enum pos_kind  pos;
	double         rope_theta;
	enum rope_scaling rope_scaling;
	double         rope_factor, rope_low, rope_high;
	int            rope_orig_T;
	enum act_kind  act;
	int            gated;           /* SwiGLU: down(act(gate x) * up x) */
	int            bias;            /* biases in every linear layer and norm (GPT-2) */
	int            qkv_bias;        /* biases in q, k, v alone (Qwen2); implied by bias */
	int            qk_norm;         /* RMSNorm of each q and k head before RoPE (Qwen3) */
	int            tied;            /* the head is the token embedding */
	int            window;          /* sliding attention window, 0: none */
	int            bos, eos;        /* -1: none */
};

/* Pure: a config.json; what it asks for and we lack is an error that names the key.  0 or -1. */
int  config_parse(struct config *, const char *json, size_t n, struct err *);
int  config_check(const struct config *, struct err *);         /* sizes positive, divisible, products in range */
/* All but the sizes, as the family has it when its config.json does not say; -1: no such family. */
int  config_family(struct config *, const char *model_type);
const char *config_arch(const char *model_type);                /* Hugging Face's name of the family; "": no such */
const char *config_act(enum act_kind);                          /* and of the activation */
void config_print(const struct config *, struct buf *);         /* as a config.json */
int  config_preset(struct config *, const char *name);          /* "gpt2", "llama2-7b", "tiny" ...; -1: no such */
const char *config_preset_name(int i);                          /* the i-th; NULL after the last */
/* One dial: L = N, C = 64 N, N heads of 64, F = 8/3 C up to a multiple of 64, T 1024, tied, V 0. -1: N out of range. */
int  config_depth(struct config *, long long N);
void config_set_vocab(struct config *, int V, int bos, int eos);
int  config_same(const struct config *, const struct config *); /* the same shape */

/* Widths: heads of q and o together; of k, and v; q, k and v; what leaves the up projection. */
static inline size_t width_q(const struct config *c)   { return (size_t)c->H * (size_t)c->D; }
static inline size_t width_kv(const struct config *c)  { return (size_t)c->KV * (size_t)c->D; }
static inline size_t width_qkv(const struct config *c) { return width_q(c) + 2 * width_kv(c); }
static inline size_t width_up(const struct config *c)  { return (size_t)c->F * (c->gated ? 2 : 1); }
#endif
