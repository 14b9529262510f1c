/* params-t - shapes by name, config.json, the table of weights, random weights */
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "model-util.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>

static void
test_presets(void)
{
	static const struct {
		const char *name;
		size_t      n;          /* as published, or counted by Hugging Face's classes */
	} want[] = {
		{ "gpt2", 124439808 }, { "gpt2-medium", 354823168 }, { "gpt2-large", 774030080 }, { "gpt2-xl", 1557611200 },
		{ "gpt3", 174604259328 }, { "llama2-7b", 6738415616 }, { "llama2-13b", 13015864320 },
		{ "llama2-70b", 68976648192 }, { "llama3-8b", 8030261248 }, { "mistral-7b", 7241732096 },
		{ "qwen2.5-0.5b", 494032768 }, { "qwen3-0.6b", 596049920 }, { "smollm2-135m", 134515008 },
		{ "tinyllama-1.1b", 1100048384 },
	};
	struct config c, d;
	struct params p;
	struct buf b = { 0 };
	struct err e;

	for (size_t i = 0; i < N(want); i++) {
		OK(config_preset(&c, want[i].name) == 0 && config_check(&c, &e) == 0, "%s", want[i].name);
		params_init(&p, &c);
		OK(params_count(&p) == want[i].n, "%s has %zu parameters (%zu)", want[i].name, want[i].n, params_count(&p));
		params_free(&p);
	}
	for (int i = 0; config_preset_name(i); i++) {
		config_preset(&c, config_preset_name(i));
		if (!c.V)
			config_set_vocab(&c, 4096, -1, 0);
		buf_clear(&b);
		config_print(&c, &b);
		OK(config_parse(&d, b.p, b.n, &e) == 0 && !memcmp(&c, &d, sizeof c), "%s reads back", config_preset_name(i));
	}
	buf_free(&b);
	OK(config_preset(&c, "gpt5") == -1, "a name that is none");
	OK(config_depth(&c, 12) == 0 && c.C == 768 && c.L == 12 && c.H == 12 && c.F == 2048, "a depth of 12");
	OK(config_depth(&c, 0) == -1, "a depth of 0");
}

#define LLAMA "\"model_type\":\"llama\",\"vocab_size\":64,\"hidden_size\":32,\"num_hidden_layers\":2," \
	"\"num_attention_heads\":4,\"intermediate_size\":48"

static void
test_config(void)
{
	static const struct {
		const char *json, *says;        /* says NULL: accepted */
	} cases[] = {
		{ "{" LLAMA "}", NULL },
		{ "{" LLAMA ",\"eos_token_id\":[5,6],\"bos_token_id\":null,\"rope_scaling\":null}", NULL },
		{ "{" LLAMA ",\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":5e5}}", NULL },
		{ "{" LLAMA ",\"rope_scaling\":{\"type\":\"linear\",\"factor\":4}}", NULL },
		{ "{\"model_type\":\"gpt2\",\"vocab_size\":50257,\"n_embd\":768,\"n_layer\":12,\"n_head\":12,\"n_inner\":null}", NULL },
		{ "", "" }, { "[]", "object" }, { "{}", "model_type" },
		{ "{\"model_type\":\"gemma3\"}", "model_type" },
		{ "{\"model_type\":\"llama\"}", "vocab_size" },
		{ "{\"model_type\":\"llama\",\"vocab_size\":64}", "hidden_size" },
		{ "{" LLAMA ",\"num_key_value_heads\":3}", "multiple" },
		{ "{" LLAMA ",\"num_key_value_heads\":0}", "key and value heads" },
		{ "{" LLAMA ",\"head_dim\":7}", "odd" },
		{ "{" LLAMA ",\"hidden_act\":\"mish\"}", "hidden_act" },
		{ "{" LLAMA ",\"attention_bias\":true}", "attention_bias" },
		{ "{" LLAMA ",\"rms_norm_eps\":\"x\"}", "rms_norm_eps" },
		{ "{" LLAMA ",\"rms_norm_eps\":-1}", "rms_norm_eps" },
		{ "{" LLAMA ",\"max_position_embeddings\":1e30}", "max_position_embeddings" },
		{ "{" LLAMA ",\"max_position_embeddings\":99999999}", "context" },
		{ "{" LLAMA ",\"bos_token_id\":64}", "bos_token_id" },
		{ "{" LLAMA ",\"rope_scaling\":{\"rope_type\":\"yarn\",\"factor\":4}}", "rope_scaling" },
		{ "{" LLAMA ",\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":4}}", "original_max_position" },
		{ "{" LLAMA ",\"quantization_config\":{}}", "quantization_config" },
		{ "{\"model_type\":\"gpt2\",\"vocab_size\":9,\"n_embd\":10,\"n_layer\":1,\"n_head\":3}", "divide" },
		{ "{\"model_type\":\"gpt2\",\"vocab_size\":9,\"n_embd\":1000000,\"n_layer\":4000,\"n_head\":1000}", "addressed" },
		{ "{\"model_type\":\"gpt2\",\"vocab_size\":9,\"n_embd\":8,\"n_layer\":1,\"n_head\":2,\"scale_attn_weights\":false}",
		  "scale_attn_weights" },
	};
	struct config c;
	struct err e;

	for (size_t i = 0; i < N(cases); i++) {
		int r = config_parse(&c, cases[i].json, strlen(cases[i].json), &e);
		OK(cases[i].says ? r == -1 && strstr(e.text, cases[i].says) : r == 0, "config %zu: %s", i,
		   r ? e.text : "accepted");
	}
	config_parse(&c, cases[1].json, strlen(cases[1].json), &e);
	OK(c.eos == 5 && c.bos == -1 && c.KV == 4 && c.D == 8 && !c.tied && c.T == 2048 && c.norm_eps == 1e-6,
	   "what a key that is absent means");
	config_parse(&c, cases[2].json, strlen(cases[2].json), &e);
	OK(c.rope_theta == 5e5, "rope_parameters");
	config_parse(&c, cases[3].json, strlen(cases[3].json), &e);
	OK(c.rope_scaling == ROPE_LINEAR && c.rope_factor == 4, "rope_scaling");
}

static void
test_layout(void)
{
	static const char *const families[] = { "gpt2", "llama2-7b", "qwen2.5-0.5b", "qwen3-0.6b" };
	struct config c;
	struct params p;
	struct err e;

	for (size_t i = 0; i < N(families); i++) {
		const struct param *k, *v, *up;
		size_t end = 0, q;
		int rising = 1;
		small(&c, families[i]);
		OK(config_check(&c, &e) == 0, "%s, small", families[i]);
		params_init(&p, &c);
		q = (size_t)(c.H * c.D * c.C);
		for (int t = 0; t < p.n; t++) {
			rising = rising && p.v[t].offset >= end && p.v[t].offset < end + 16;
			end = p.v[t].offset + p.v[t].count;
		}
		OK(rising && p.total >= end && p.total % 16 == 0, "%s: one after another", families[i]);
		OK(p.layer[1].qkv % 16 == 0 && p.layer[1].up % 16 == 0 && p.layer[1].down % 16 == 0 && p.norm_f % 16 == 0,
		   "%s: groups start at 64 bytes", families[i]);
		if (i) {
			k = params_find(&p, "model.layers.1.self_attn.k_proj.weight");
			v = params_find(&p, "model.layers.1.self_attn.v_proj.weight");
			up = params_find(&p, "model.layers.1.mlp.up_proj.weight");
			OK(k && v && up && k->offset == p.layer[1].qkv + q && v->offset == k->offset + k->count &&
			   up->offset == p.layer[1].up + (size_t)(c.F * c.C), "%s: groups have no gaps", families[i]);
		}
		OK((p.head == p.tok) == (c.tied != 0), "%s: the head", families[i]);
		params_free(&p);
	}
}

static double
spread(const float *w, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += (double)w[i] * w[i];
	return sqrt(s / (double)n);
}

static void
test_random(void)
{
	struct config c;
	struct params p;
	const struct param *q, *o;
	float *a, *b;

	config_preset(&c, "gpt2");
	config_set_vocab(&c, 300, -1, -1);
	c.L = 2;
	c.C = 192;
	c.H = c.KV = 3;
	c.F = 768;
	params_init(&p, &c);
	a = xcalloc(p.total, sizeof *a);
	b = xcalloc(p.total, sizeof *b);
	params_random(&p, &c, 7, a);
	par_set_threads(3);
	params_random(&p, &c, 7, b);
	OK(!memcmp(a, b, p.total * sizeof *a), "the same bits at any number of threads");
	params_random(&p, &c, 8, b);
	q = params_find(&p, "h.1.attn.c_attn.weight");
	o = params_find(&p, "h.1.mlp.c_proj.weight");
	OK(q && memcmp(a + q->offset, b + q->offset, 64) != 0, "another seed");
	OK(q && fabs(spread(a + q->offset, q->count) - 0.02) < 2e-4, "spread 0.02");
	OK(o && fabs(spread(a + o->offset, o->count) - 0.01) < 1e-4, "residual projections 0.02 / sqrt(2 L)");
	OK(a[p.layer[0].norm1] == 1 && a[p.layer[0].norm1_b] == 0 && a[p.layer[0].qkv_b] == 0, "gains 1, biases 0");
	free(a);
	free(b);
	params_free(&p);
}

int
main(void)
{
	test_presets();
	test_config();
	test_layout();
	test_random();
	return DONE();
}
