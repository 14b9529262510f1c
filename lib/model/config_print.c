/* config_print - a shape as a Hugging Face config.json */
/* SPDX-License-Identifier: MIT */
#include "model/config.h"
#include "base/json.h"
#include <string.h>

static void
print_id(struct buf *b, const char *key, int id)
{
	json_key(b, key);
	if (id < 0)
		buf_str(b, "null");
	else
		buf_printf(b, "%d", id);
}

static void
print_rope(const struct config *c, struct buf *b)
{
	json_add_num(b, "rope_theta", c->rope_theta);
	json_key(b, "rope_scaling");
	if (c->rope_scaling == ROPE_PLAIN) {
		buf_str(b, "null");
		return;
	}
	buf_char(b, '{');
	json_add_str(b, "rope_type", c->rope_scaling == ROPE_LINEAR ? "linear" : "llama3");
	json_add_num(b, "factor", c->rope_factor);
	if (c->rope_scaling == ROPE_LLAMA3) {
		json_add_num(b, "low_freq_factor", c->rope_low);
		json_add_num(b, "high_freq_factor", c->rope_high);
		json_add_int(b, "original_max_position_embeddings", c->rope_orig_T);
	}
	buf_char(b, '}');
}

static void
print_llama(const struct config *c, const char *act, struct buf *b)
{
	json_add_int(b, "hidden_size", c->C);
	json_add_int(b, "intermediate_size", c->F);
	json_add_int(b, "num_hidden_layers", c->L);
	json_add_int(b, "num_attention_heads", c->H);
	json_add_int(b, "num_key_value_heads", c->KV);
	json_add_int(b, "head_dim", c->D);
	json_add_int(b, "max_position_embeddings", c->T);
	json_add_num(b, "rms_norm_eps", c->norm_eps);
	json_add_str(b, "hidden_act", act);
	print_rope(c, b);
	if (!strcmp(c->model_type, "mistral") || c->window) {
		json_key(b, "sliding_window");
		buf_printf(b, c->window ? "%d" : "null", c->window);
	}
	if (c->model_type[0] == 'q') {
		json_add_bool(b, "use_sliding_window", c->window > 0);
		if (c->window) {
			json_key(b, "layer_types");
			for (int l = 0; l < c->L; l++)
				buf_printf(b, "%s\"sliding_attention\"", l ? "," : "[");
			buf_char(b, ']');
		}
	}
	if (strcmp(c->model_type, "mistral"))
		json_add_bool(b, "attention_bias", 0);
}

void
config_print(const struct config *c, struct buf *b)
{
	const char *act = config_act(c->act);

	buf_char(b, '{');
	json_key(b, "architectures");
	buf_printf(b, "[\"%s\"]", config_arch(c->model_type));
	json_add_str(b, "model_type", c->model_type);
	json_add_int(b, "vocab_size", c->V);
	if (c->norm == NORM_LAYER) {
		json_add_int(b, "n_embd", c->C);
		json_add_int(b, "n_inner", c->F);
		json_add_int(b, "n_layer", c->L);
		json_add_int(b, "n_head", c->H);
		json_add_int(b, "n_positions", c->T);
		json_add_num(b, "layer_norm_epsilon", c->norm_eps);
		json_add_str(b, "activation_function", act);
	} else {
		print_llama(c, act, b);
	}
	json_add_bool(b, "tie_word_embeddings", c->tied);
	print_id(b, "bos_token_id", c->bos);
	print_id(b, "eos_token_id", c->eos);
	json_add_str(b, "torch_dtype", "float32");
	buf_char(b, '}');
}

int
config_same(const struct config *a, const struct config *b)
{
	struct buf x = { 0 }, y = { 0 };
	struct config m = *a, n = *b;
	int same;

	m.bos = n.bos = m.eos = n.eos = -1;
	config_print(&m, &x);
	config_print(&n, &y);
	same = x.n == y.n && !memcmp(x.p, y.p, x.n);
	buf_free(&x);
	buf_free(&y);
	return same;
}
