/* config - a Hugging Face config.json read and checked */
/* SPDX-License-Identifier: MIT */
#include "model/config.h"
#include "base/json.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What a family implies, and what its config.json means by a key that is not there. */
struct family {
	const char *model_type, *arch;
	int         qkv_bias, qk_norm, head_dim, window, bos, eos, T;
};
static const struct family families[] = {
	{ "gpt2",    "GPT2LMHeadModel",    0, 0, 0,   0,    50256, 50256, 1024 },
	{ "llama",   "LlamaForCausalLM",   0, 0, 0,   0,    1,     2,     2048 },
	{ "mistral", "MistralForCausalLM", 0, 0, 0,   4096, 1,     2,     131072 },
	{ "qwen2",   "Qwen2ForCausalLM",   1, 0, 0,   4096, -1,    -1,    32768 },
	{ "qwen3",   "Qwen3ForCausalLM",   0, 1, 128, 4096, -1,    -1,    32768 },
};

static const struct {
	const char   *name;
	enum act_kind act;
} acts[] = {           /* the first of a kind is the one written */
	{ "gelu_new", ACT_GELU_TANH }, { "gelu_pytorch_tanh", ACT_GELU_TANH }, { "gelu_fast", ACT_GELU_TANH },
	{ "gelu", ACT_GELU }, { "silu", ACT_SILU }, { "swish", ACT_SILU }, { "relu", ACT_RELU }, { "relu2", ACT_RELU2 },
};

#define N(a) (int)(sizeof (a) / sizeof *(a))

static const struct family *
family_of(const char *model_type)
{
	for (int i = 0; i < N(families); i++)
		if (!strcmp(families[i].model_type, model_type))
			return &families[i];
	return NULL;
}

const char *
config_arch(const char *model_type)
{
	const struct family *f = family_of(model_type);

	return f ? f->arch : "";
}

const char *
config_act(enum act_kind act)
{
	for (int i = 0; i < N(acts); i++)
		if (acts[i].act == act)
			return acts[i].name;
	return "";
}

int
config_family(struct config *c, const char *model_type)
{
	const struct family *f = family_of(model_type);
	int gpt2 = f == &families[0];

	memset(c, 0, sizeof *c);
	if (!f)
		return -1;
	snprintf(c->model_type, sizeof c->model_type, "%s", f->model_type);
	c->norm = gpt2 ? NORM_LAYER : NORM_RMS;
	c->norm_eps = gpt2 ? 1e-5 : 1e-6;
	c->pos = gpt2 ? POS_LEARNED : POS_ROPE;
	c->rope_theta = 10000;
	c->act = gpt2 ? ACT_GELU_TANH : ACT_SILU;
	c->gated = !gpt2;
	c->bias = gpt2;
	c->qkv_bias = gpt2 || f->qkv_bias;
	c->qk_norm = f->qk_norm;
	c->tied = gpt2;
	c->bos = f->bos;
	c->eos = f->eos;
	c->T = f->T;
	return 0;
}

/* A whole number in [0, INT_MAX] under `key`; absent or null: `otherwise`, or an error when that is -2. */
static int
get_int(struct json o, const char *key, int otherwise, int *out, struct err *e)
{
	struct json v = json_get(o, key);
	long long n;

	if (!json_kind(v) || json_kind(v) == 'n') {
		*out = otherwise;
		return otherwise == -2 ? err_set(e, "%s: missing", key) : 0;
	}
	n = json_int(v, -1);
	if (n < 0 || n > INT_MAX)
		return err_set(e, "%s: not a whole number in range", key);
	*out = (int)n;
	return 0;
}

static int
get_num(struct json o, const char *key, double otherwise, double *out, struct err *e)
{
	struct json v = json_get(o, key);

	if (!json_kind(v) || json_kind(v) == 'n') {
		*out = otherwise;
		return 0;
	}
	*out = json_num(v, NAN);
	return isfinite(*out) && *out > 0 ? 0 : err_set(e, "%s: not a positive number", key);
}

/* bos_token_id and the like: a number, null, or a list whose first is taken; -1 means none. */
static int
get_id(struct json o, const char *key, int *id, struct err *e)
{
	struct json v = json_get(o, key);
	long long n;

	if (json_kind(v) == '[') {
		struct json_iter it = json_walk(v);
		v = json_next(&it) ? it.value : (struct json){ 0 };
	} else if (!json_kind(v)) {
		return 0;
	}
	if (json_kind(v) == 'n' || !json_kind(v)) {
		*id = -1;
		return 0;
	}
	n = json_int(v, -2);
	if (n < -1 || n > INT_MAX)
		return err_set(e, "%s: not a token id", key);
	*id = (int)n;
	return 0;
}

static int
get_act(struct json o, const char *key, enum act_kind *act, struct err *e)
{
	struct json v = json_get(o, key);

	if (!json_kind(v))
		return 0;
	for (int i = 0; i < N(acts); i++)
		if (json_is(v, acts[i].name)) {
			*act = acts[i].act;
			return 0;
		}
	return err_set(e, "%s: an activation that is not offered", key);
}

/* Keys that must not be set: what they ask for is not offered. */
static int
refuse(struct json o, const char *key, int when, struct err *e)
{
	struct json v = json_get(o, key);
	int k = json_kind(v);

	return (k == 't' && when) || (k == 'f' && !when) ? err_set(e, "%s: %s is not offered", key, when ? "true" : "false") : 0;
}

static int
parse_gpt2(struct config *c, struct json o, struct err *e)
{
	if (get_int(o, "n_embd", -2, &c->C, e) || get_int(o, "n_layer", -2, &c->L, e) ||
	    get_int(o, "n_head", -2, &c->H, e) || get_int(o, "n_positions", c->T, &c->T, e) ||
	    get_int(o, "n_inner", c->C <= INT_MAX / 4 ? 4 * c->C : 0, &c->F, e) ||
	    get_num(o, "layer_norm_epsilon", c->norm_eps, &c->norm_eps, e) ||
	    get_act(o, "activation_function", &c->act, e) ||
	    refuse(o, "scale_attn_weights", 0, e) || refuse(o, "scale_attn_by_inverse_layer_idx", 1, e) ||
	    refuse(o, "add_cross_attention", 1, e))
		return -1;
	c->KV = c->H;
	c->D = c->H > 0 ? c->C / c->H : 0;
	return 0;
}

static int
parse_rope(struct config *c, struct json o, struct err *e)
{
	struct json s = json_get(o, "rope_scaling"), type;

	if (json_kind(s) != '{')
		s = json_get(o, "rope_parameters");     /* its name since transformers 5 */
	if (get_num(o, "rope_theta", c->rope_theta, &c->rope_theta, e))
		return -1;
	if (json_kind(s) != '{')
		return 0;
	if (get_num(s, "rope_theta", c->rope_theta, &c->rope_theta, e))
		return -1;
	type = json_get(s, "rope_type");
	if (!json_kind(type))
		type = json_get(s, "type");
	if (!json_kind(type) || json_is(type, "default"))
		return 0;
	if (json_is(type, "linear")) {
		c->rope_scaling = ROPE_LINEAR;
		return get_num(s, "factor", 1, &c->rope_factor, e);
	}
	if (!json_is(type, "llama3"))
		return err_set(e, "rope_scaling: only default, linear and llama3 are offered");
	c->rope_scaling = ROPE_LLAMA3;
	return get_num(s, "factor", 8, &c->rope_factor, e) || get_num(s, "low_freq_factor", 1, &c->rope_low, e) ||
	       get_num(s, "high_freq_factor", 4, &c->rope_high, e) ||
	       get_int(s, "original_max_position_embeddings", -2, &c->rope_orig_T, e) ? -1 : 0;
}

/* One window for all layers or none; layers that differ are not offered. */
static int
parse_window(struct config *c, struct json o, const struct family *f, struct err *e)
{
	struct json types = json_get(o, "layer_types");
	int use = f->window && (c->model_type[0] == 'm' || json_bool(json_get(o, "use_sliding_window"), 0));
	size_t n = 0, sliding = 0;

	if (use && !json_kind(json_get(o, "sliding_window")))
		c->window = f->window;
	else if (use && get_int(o, "sliding_window", 0, &c->window, e))
		return -1;
	if (json_kind(types) == '[') {
		struct json_iter it = json_walk(types);
		for (; json_next(&it); n++)
			if (json_is(it.value, "sliding_attention"))
				sliding++;
			else if (!json_is(it.value, "full_attention"))
				return err_set(e, "layer_types: a kind of layer that is not offered");
		if (sliding && (sliding < n || !c->window))
			return err_set(e, "layer_types: a window in some layers only is not offered");
		if (!sliding)
			c->window = 0;
	} else if (c->window && c->model_type[0] == 'q') {
		return err_set(e, "use_sliding_window: a window in some layers only is not offered");
	}
	return 0;
}

static int
parse_llama(struct config *c, struct json o, const struct family *f, struct err *e)
{
	if (get_int(o, "hidden_size", -2, &c->C, e) || get_int(o, "num_hidden_layers", -2, &c->L, e) ||
	    get_int(o, "num_attention_heads", -2, &c->H, e) || get_int(o, "num_key_value_heads", c->H, &c->KV, e) ||
	    get_int(o, "intermediate_size", -2, &c->F, e) || get_int(o, "max_position_embeddings", c->T, &c->T, e) ||
	    get_int(o, "head_dim", f->head_dim ? f->head_dim : c->H > 0 ? c->C / c->H : 0, &c->D, e) ||
	    get_num(o, "rms_norm_eps", c->norm_eps, &c->norm_eps, e) || get_act(o, "hidden_act", &c->act, e) ||
	    refuse(o, "attention_bias", 1, e) || refuse(o, "mlp_bias", 1, e) || parse_rope(c, o, e))
		return -1;
	if (json_num(json_get(o, "partial_rotary_factor"), 1) != 1)
		return err_set(e, "partial_rotary_factor: only 1 is offered");
	return parse_window(c, o, f, e);
}

int
config_parse(struct config *c, const char *json, size_t n, struct err *e)
{
	struct json o, type;
	const struct family *f = NULL;
	int i;

	memset(c, 0, sizeof *c);
	if (json_parse(&o, json, n, e))
		return -1;
	if (json_kind(o) != '{')
		return err_set(e, "not a JSON object");
	type = json_get(o, "model_type");
	for (i = 0; i < N(families) && !f; i++)
		if (json_is(type, families[i].model_type))
			f = &families[i];
	if (!f)
		return err_set(e, "model_type: %s (offered: gpt2 llama mistral qwen2 qwen3)",
		               json_kind(type) ? "a family that is not offered" : "missing");
	config_family(c, f->model_type);
	c->tied = json_bool(json_get(o, "tie_word_embeddings"), c->tied);
	if (get_int(o, "vocab_size", -2, &c->V, e))
		return -1;
	if (c->eos >= c->V)     /* the family's are not this vocabulary's */
		c->bos = c->eos = -1;
	if (get_id(o, "bos_token_id", &c->bos, e) || get_id(o, "eos_token_id", &c->eos, e))
		return -1;
	if (json_kind(json_get(o, "quantization_config")) == '{')
		return err_set(e, "quantization_config: quantised weights are not read");
	if (f == &families[0] ? parse_gpt2(c, o, e) : parse_llama(c, o, f, e))
		return -1;
	return config_check(c, e);
}

static int
in_range(const char *what, int v, int max, struct err *e)
{
	return v > 0 && v <= max ? 0 : err_set(e, "%s: %d is not in 1..%d", what, v, max);
}

int
config_check(const struct config *c, struct err *e)
{
	double layer, total;

	if (in_range("vocabulary size", c->V, 1 << 24, e) || in_range("context", c->T, 1 << 24, e) ||
	    in_range("width", c->C, 1 << 20, e) || in_range("layers", c->L, 4096, e) ||
	    in_range("heads", c->H, 1 << 14, e) || in_range("key and value heads", c->KV, c->H, e) ||
	    in_range("head size", c->D, 1 << 14, e) || in_range("feed-forward width", c->F, 1 << 23, e))
		return -1;
	if (c->H % c->KV)
		return err_set(e, "%d heads are no multiple of %d key and value heads", c->H, c->KV);
	if (c->bias && c->H * c->D != c->C)
		return err_set(e, "%d heads do not divide width %d", c->H, c->C);
	if (c->pos == POS_ROPE && c->D % 2)
		return err_set(e, "head size %d is odd, so it cannot be rotated", c->D);
	if (!(c->norm_eps > 0 && c->norm_eps < 1) || !(c->rope_theta > 0))
		return err_set(e, "epsilon of the norms or base of the rotation out of range");
	if (c->rope_scaling == ROPE_LLAMA3 && (c->rope_orig_T <= 0 || c->rope_high <= c->rope_low))
		return err_set(e, "rope_scaling: factors out of order");
	if (c->window < 0 || c->bos < -1 || c->eos < -1 || c->bos >= c->V || c->eos >= c->V)
		return err_set(e, "window, bos_token_id or eos_token_id out of range");
	layer = (double)c->C * c->D * (2.0 * c->H + 2.0 * c->KV) + 3.0 * c->C * c->F;
	total = layer * c->L + 2.0 * c->V * c->C + (double)c->T * c->C;
	if (total > 1e14)
		return err_set(e, "%.3g parameters are more than can be addressed", total);
	return 0;
}
