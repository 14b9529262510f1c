/* gguf_names - GGUF's names of tensors and architectures */
/* SPDX-License-Identifier: MIT */
#include "model/gguf/gguf.h"
#include <stdio.h>
#include <string.h>

void
gguf_name(const char *name, char out[80])
{
	static const char *const parts[][2] = {
		{ "input_layernorm", "attn_norm" }, { "self_attn.q_proj", "attn_q" }, { "self_attn.k_proj", "attn_k" },
		{ "self_attn.v_proj", "attn_v" }, { "self_attn.o_proj", "attn_output" },
		{ "self_attn.q_norm", "attn_q_norm" }, { "self_attn.k_norm", "attn_k_norm" },
		{ "post_attention_layernorm", "ffn_norm" }, { "mlp.gate_proj", "ffn_gate" }, { "mlp.up_proj", "ffn_up" },
		{ "mlp.down_proj", "ffn_down" }, { "model.embed_tokens", "token_embd" }, { "model.norm", "output_norm" },
		{ "lm_head", "output" }, { "wte", "token_embd" }, { "wpe", "position_embd" }, { "ln_f", "output_norm" },
		{ "ln_1", "attn_norm" }, { "attn.c_attn", "attn_qkv" }, { "attn.c_proj", "attn_output" },
		{ "ln_2", "ffn_norm" }, { "mlp.c_fc", "ffn_up" }, { "mlp.c_proj", "ffn_down" },
	};
	const char *tail = strrchr(name, '.');
	int l, at = 0;
	size_t n;

	if (sscanf(name, "model.layers.%d.%n", &l, &at) == 1 || sscanf(name, "h.%d.%n", &l, &at) == 1)
		name += at;
	n = tail ? (size_t)(tail - name) : strlen(name);
	snprintf(out, 80, "%s", name);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strlen(parts[i][0]) == n && !strncmp(name, parts[i][0], n)) {
			if (at)
				snprintf(out, 80, "blk.%d.%s%s", l, parts[i][1], tail);
			else
				snprintf(out, 80, "%s%s", parts[i][1], tail);
			return;
		}
}

const char *
gguf_arch(const struct config *c)
{
	return strcmp(c->model_type, "mistral") ? c->model_type : "llama";
}

int
gguf_pairs(const struct config *c, const char *name)
{
	if (strcmp(gguf_arch(c), "llama"))
		return 0;
	return strstr(name, ".attn_q.") ? c->H : strstr(name, ".attn_k.") ? c->KV : 0;
}
