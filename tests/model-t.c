/* model - shapes, the table of weights, images of models and what is wrong with them, llama2.c checkpoints */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/par.h"
#include "base/rng.h"
#include "kern/kern.h"
#include "model/file/card.h"
#include "model/file/image.h"
#include "model/file/llama2c.h"
#include "model/file/load.h"
#include "model/gguf/gguf.h"
#include "model/weights.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N(a) (sizeof (a) / sizeof *(a))

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
small(struct config *c, const char *family)
{
	config_preset(c, family);
	config_set_vocab(c, 50, 1, 2);
	c->T = 24;
	c->C = 24;
	c->L = 2;
	c->H = 6;
	c->KV = c->norm == NORM_LAYER ? 6 : 2;
	c->D = strcmp(family, "qwen3-0.6b") ? 4 : 6;
	c->F = 40;
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

static void
make(struct model *m, const char *family, uint64_t seed)
{
	struct config c;

	small(&c, family);
	model_init(m, &c);
	params_random(&m->par, &c, seed, m->w);
	for (int i = 0; i < m->par.n; i++)      /* no two the same, gains and biases too */
		for (size_t k = 0; k < m->par.v[i].count; k++)
			m->w[m->par.v[i].offset + k] += (float)rng_unit(rng_at(seed, (uint64_t)i, k, 0, 0));
}

static void
image_of(const struct model *m, struct buf *b)
{
	buf_clear(b);
	image_header(m, IMAGE_OURS, b);
	image_data(m, IMAGE_OURS, weights_to_buf, b);
}

static int
same(const struct model *a, const struct model *b)
{
	return config_same(&a->cfg, &b->cfg) && a->par.total == b->par.total &&
	       !memcmp(a->w, b->w, a->par.total * sizeof *a->w);
}

static void
test_image(const char *family)
{
	struct model m, r;
	struct buf a = { 0 }, b = { 0 }, card = { 0 };
	struct tens_set set;
	struct err e;
	int cut = 0;

	make(&m, family, 5);
	buf_str(&m.tokenizer, "{\"x\":1}");
	strcpy(m.vocab, "crc32c:00112233");
	m.data = xstrdup("{\"tokens\":12,\"from\":\"2019-01-01\",\"to\":\"2024-02-03\"}");
	m.chat = xstrdup("{\"template\":\"chatml\"}");
	m.score = xcalloc((size_t)m.cfg.C, sizeof *m.score);
	m.score[3] = 0.5f;
	m.score_gain = 0.1;
	m.score_bias = -1e-300;
	model_add_prog(&m, "init-model --x=\"y\"");
	model_add_prog(&m, "train-step");
	image_of(&m, &a);
	OK(model_parse(&r, a.p, a.n, &e) == 0, "%s: reads back", family);
	OK(same(&m, &r), "%s: the same weights", family);
	OK(!strcmp(r.prog, "[\"init-model --x=\\\"y\\\"\",\"train-step\"]") && !strcmp(r.data, m.data) &&
	   !strcmp(r.chat, m.chat) && !strcmp(r.vocab, m.vocab) && !strcmp(r.tokenizer.p, m.tokenizer.p),
	   "%s: what it carries", family);
	OK(r.score && r.score[3] == 0.5f && r.score_gain == 0.1 && r.score_bias == -1e-300, "%s: the score head", family);
	image_of(&r, &b);
	OK(a.n == b.n && !memcmp(a.p, b.p, a.n), "%s: equal models, equal files", family);
	model_card(&r, &card);
	OK(strstr(card.p, "2024-02-03 (knowledge cut-off)") && strstr(card.p, "train-step") && strstr(card.p, "chatml"),
	   "%s: the card", family);
	if (!strcmp(family, "gpt2")) {
		const struct param *p = params_find(&m.par, "h.1.mlp.c_fc.weight");
		const struct tens *t;
		tens_parse(&set, a.p, a.n, &e);
		t = tens_find(&set, "h.1.mlp.c_fc.weight");
		OK(p && t && t->shape[0] == 24 && t->shape[1] == 40 &&
		   !memcmp((const char *)t->data + 4 * (40 * 3 + 7), &m.w[p->offset + 24 * 7 + 3], 4), "Conv1D is turned in the file");
		tens_free(&set);
	}
	model_free(&r);
	for (size_t n = 0; n < a.n; n += n < 200 ? 1 : a.n / 97)
		cut += model_parse(&r, a.p, n, &e) == -1;
	OK(cut > 250, "%s: cut anywhere, it is refused", family);
	((float *)(void *)(a.p + a.n - m.tokenizer.n - 4 * 24))[-9] += 1;
	OK(model_parse(&r, a.p, a.n, &e) == -1 && strstr(e.text, "damaged"), "%s: %s", family, e.text);
	model_free(&m);
	buf_free(&a);
	buf_free(&b);
	buf_free(&card);
}

/* An image of the table's tensors with something changed. */
enum twist { AS_IS, PREFIX, MISSING, EXTRA, SHAPE, DIMS, TYPE, BUFFERS, HALF, BRAIN, TWICE };

/* All values are 1. */
static void
twisted(const struct model *m, enum twist k, struct buf *out)
{
	struct tens_new t = { 0 };
	struct buf config = { 0 }, data = { 0 };
	enum tens_dtype d = k == HALF ? TENS_F16 : k == BRAIN ? TENS_BF16 : TENS_F32;
	uint64_t one[2] = { 1, 1 };

	config_print(&m->cfg, &config);
	tens_declare_meta(&t, "pipelm.config", config.p);
	for (int i = 0; i < m->par.n; i++) {
		const struct param *p = &m->par.v[i];
		uint64_t shape[2] = { p->shape[p->conv1d], p->shape[!p->conv1d] };
		char name[160];
		snprintf(name, sizeof name, "%s%s", k == PREFIX ? "transformer." : "", p->name);
		if (k == SHAPE && i == 4)
			shape[0]++;
		if (k == MISSING && i == 4)
			continue;
		tens_declare(&t, name, k == TYPE && i == 4 ? TENS_I32 : d, k == DIMS && i == 4 ? 1 : p->ndim, shape);
		buf_need(&data, (p->count + shape[1]) * 4);
		for (size_t j = 0; j < (p->ndim == 2 ? shape[0] * shape[1] : shape[0]) && !(k == DIMS && i == 4 && j == shape[0]); j++)
			buf_add(&data, k == HALF ? "\0\x3c" : k == BRAIN ? "\x80\x3f" : "\0\0\x80\x3f", tens_size(d));
	}
	if (k == EXTRA)
		tens_declare(&t, "strange", d, 2, one);
	if (k == BUFFERS)
		tens_declare(&t, "h.0.attn.bias", d, 2, one);
	if (k == TWICE)
		tens_declare(&t, "transformer.wte.weight", d, 2, one);
	if (k == EXTRA || k == BUFFERS || k == TWICE)
		buf_add(&data, "\0\0\0\0", 4);
	buf_clear(out);
	tens_header(&t, out);
	buf_add(out, data.p, data.n);
	buf_free(&config);
	buf_free(&data);
}

static void
test_twisted(void)
{
	static const struct {
		enum twist  k;
		const char *says;
	} cases[] = {
		{ AS_IS, NULL }, { PREFIX, NULL }, { BUFFERS, NULL }, { HALF, NULL }, { BRAIN, NULL },
		{ MISSING, "h.0.attn.c_attn.weight: missing" }, { EXTRA, "strange" },
		{ SHAPE, "h.0.attn.c_attn.weight: shape (25, 72), not (24, 72)" }, { DIMS, "1 dimensions, not 2" },
		{ TYPE, "h.0.attn.c_attn.weight: not of type" }, { TWICE, "twice" },
	};
	struct model m, r;
	struct buf b = { 0 };
	struct err e;

	make(&m, "gpt2", 1);
	for (size_t i = 0; i < N(cases); i++) {
		int got;
		twisted(&m, cases[i].k, &b);
		got = model_parse(&r, b.p, b.n, &e);
		OK(cases[i].says ? got == -1 && strstr(e.text, cases[i].says) : got == 0, "tensors %zu: %s", i,
		   got ? e.text : "accepted");
		if (!got) {
			OK(r.w[r.par.norm_f] == 1 && r.w[r.par.layer[1].down + 5] == 1, "tensors %zu: values", i);
			model_free(&r);
		}
	}
	model_free(&m);
	buf_free(&b);
}

static void
put_file(const char *dir, const char *name, const void *p, size_t n)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (f) {
		fwrite(p, 1, n, f);
		fclose(f);
	}
}

/* One of two shards: every second tensor of the table. */
static void
put_shard(const struct model *m, int which, const char *dir, const char *name)
{
	struct tens_new t = { 0 };
	struct buf out = { 0 }, data = { 0 };

	for (int i = which; i < m->par.n; i += 2) {
		const struct param *p = &m->par.v[i];
		tens_declare(&t, p->name, TENS_F32, p->ndim, p->shape);
		buf_add(&data, m->w + p->offset, p->count * sizeof *m->w);
	}
	tens_header(&t, &out);
	buf_add(&out, data.p, data.n);
	put_file(dir, name, out.p, out.n);
	buf_free(&out);
	buf_free(&data);
}

static void
test_folder(void)
{
	static const char index[] = "{\"metadata\":{},\"weight_map\":{\"a\":\"x-1.safetensors\",\"b\":\"x-2.safetensors\",\"c\":\"x-1.safetensors\"}}";
	static const char outside[] = "{\"weight_map\":{\"a\":\"../x-1.safetensors\"}}";
	static const char *const names[] = { "config.json", "x-1.safetensors", "x-2.safetensors",
		"model.safetensors.index.json" };
	char dir[] = "model-t.XXXXXX", path[300];
	struct model m, r;
	struct config c;
	struct buf b = { 0 };
	struct err e;

	make(&m, "qwen2.5-0.5b", 4);
	OK(mkdtemp(dir) != NULL, "a folder");
	OK(model_load(&r, dir, &e) == -1 && strstr(e.text, "config.json"), "without configuration: %s", e.text);
	config_print(&m.cfg, &b);
	put_file(dir, "config.json", b.p, b.n);
	OK(model_load(&r, dir, &e) == -1 && strstr(e.text, "no .safetensors"), "without weights: %s", e.text);
	put_shard(&m, 0, dir, "x-1.safetensors");
	OK(model_load(&r, dir, &e) == -1 && strstr(e.text, "missing"), "without a shard: %s", e.text);
	put_shard(&m, 1, dir, "x-2.safetensors");
	OK(model_load(&r, dir, &e) == 0 && same(&m, &r), "two shards without an index");
	model_free(&r);
	put_file(dir, names[3], index, sizeof index - 1);
	OK(model_load(&r, dir, &e) == 0 && same(&m, &r), "with an index");
	model_free(&r);
	OK(model_load_config(&c, dir, &e) == 0 && config_same(&c, &m.cfg), "the shape alone");
	put_file(dir, names[3], outside, sizeof outside - 1);
	OK(model_load(&r, dir, &e) == -1 && strstr(e.text, "weight_map"), "an index that leaves the folder: %s", e.text);
	for (size_t i = 0; i < N(names); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		remove(path);
	}
	remove(dir);
	model_free(&m);
	buf_free(&b);
}

static void
test_llama2c(int tied)
{
	struct config c;
	struct model m, r;
	char *p = NULL, *again = NULL;
	size_t n = 0, n2 = 0;
	struct err e;
	FILE *f = open_memstream(&p, &n);

	small(&c, "tinyllama-1.1b");
	c.tied = tied;
	model_init(&m, &c);
	params_random(&m.par, &c, 3, m.w);
	OK(llama2c_write(&m, f, &e) == 0 && fclose(f) == 0, "llama2.c, %s: written", tied ? "tied" : "untied");
	OK(llama2c_is(p, n) && llama2c_parse(&r, p, n, &e) == 0 && same(&m, &r), "the same weights");
	OK(llama2c_parse(&(struct model){ 0 }, p, n - 1, &e) == -1, "cut: %s", e.text);
	f = open_memstream(&again, &n2);
	llama2c_write(&r, f, &e);
	fclose(f);
	OK(n == n2 && !memcmp(p, again, n), "and the same bytes again");
	model_free(&r);
	model_free(&m);
	free(p);
	free(again);
}

static void
test_gguf_rows(void)
{
	static const enum quant types[] = { QUANT_Q8_0, QUANT_Q4_0 };
	static const double within[] = { 0.5 / 127, 1.0 / 8 };  /* of the largest in its block: half a step, and the scale is a half; q4_0 has no +8 */
	static const float hard[][2] = { { 65519, 65504 }, { 65520, INFINITY }, { 0x1p-25f, 0 }, { 0x1.8p-25f, 0x1p-24f },
		{ 2049, 2048 }, { 2051, 2052 }, { -0x1.ffep-15f, -0x1p-14f }, { 1, 1 } };
	unsigned char packed[4 * 64];
	float v[64], u[64];
	int same_halves = 0, wrong = 0;

	for (int h = 0; h < 65536; h++) {
		uint16_t in = (uint16_t)h, out;
		float f;
		quant_unpack(QUANT_F16, &in, 1, &f);
		quant_pack(QUANT_F16, &f, 1, &out);
		same_halves += in == out || (isnan(f) && (out & 0x7c00) == 0x7c00);
	}
	OK(same_halves == 65536, "every half goes to float and back");
	for (size_t i = 0; i < N(hard); i++) {
		quant_pack(QUANT_F16, hard[i], 1, packed);
		quant_unpack(QUANT_F16, packed, 1, u);
		wrong += u[0] != hard[i][1];
	}
	OK(!wrong, "halves are the nearest, ties to even");
	wrong = 0;
	for (int h = 0; h < 65536; h++) {
		uint16_t in = (uint16_t)h, out, theirs;
		float f;
		quant_unpack(QUANT_BF16, &in, 1, &f);
		quant_pack(QUANT_BF16, &f, 1, &out);
		kern_now()->to_bf16(&theirs, &f, 1);
		wrong += out != theirs || out != (in & 0x7f80 ? isnan(f) ? in | 0x40 : in : in & 0x8000);
	}
	OK(!wrong, "every normal bfloat goes to float and back, the others to 0, in files as in kernels");
	for (int i = 0; i < 64; i++)
		v[i] = (float)rng_normal(rng_at(1, (uint64_t)i, 0, 0, 0));
	for (size_t t = 0; t < N(types); t++) {
		double worst = 0;
		quant_pack(types[t], v, 64, packed);
		quant_unpack(types[t], packed, 64, u);
		for (int b = 0; b < 64; b += 32) {
			double max = 0;
			for (int i = b; i < b + 32; i++)
				max = fmax(max, fabs(v[i]));
			for (int i = b; i < b + 32; i++)
				worst = fmax(worst, fabs((double)v[i] - u[i]) / max);
		}
		OK(worst > 0 && worst < within[t] + 5e-4, "type %d: %g of the largest", types[t], worst);
	}
	OK(quant_bytes(QUANT_Q8_0, 33) == 0 && quant_bytes(QUANT_Q8_0, 64) == 68 && quant_bytes(QUANT_Q4_0, 64) == 36 &&
	   quant_bytes((enum quant)12, 32) == 0, "sizes of rows");
}

static void
test_gguf(const char *family)
{
	struct model m, r;
	char *p = NULL;
	size_t n = 0;
	struct err e;
	FILE *f = open_memstream(&p, &n);
	int cut = 0, tried = 0;

	make(&m, family, 9);
	OK(gguf_write(&m, QUANT_F32, f, &e) == 0 && fclose(f) == 0 && gguf_is(p, n), "%s: as GGUF", family);
	OK(gguf_parse(&r, p, n, 0, &e) == 0 && same(&m, &r), "%s: the same shape and weights", family);
	model_free(&r);
	for (size_t k = 0; k < n - 64; k += k < 300 ? 1 : n / 97, tried++)
		cut += gguf_parse(&r, p, k, 0, &e) == -1;
	OK(cut == tried, "%s: cut anywhere, it is refused", family);
	model_free(&m);
	free(p);
}

static struct buf
data_path(const char *name)
{
	const char *dir = getenv("LM_TESTDATA");
	struct buf b = { 0 };

	buf_printf(&b, "%s/data/models/stories260K/%s", dir ? dir : ".", name);
	return b;
}

static int
load_data(struct model *m, const char *name)
{
	struct buf path = data_path(name);
	struct file_map f;
	struct err e;
	int r = file_map(&f, path.p, &e);

	if (!r) {
		r = llama2c_parse(m, f.p, f.n, &e);
		file_unmap(&f);
	}
	if (r)
		printf("# %s: %s\n", name, e.text);
	buf_free(&path);
	return r;
}

static void
test_stories(void)
{
	struct buf path = data_path("stories260K.bin");
	struct model a, b, q;
	struct file_map f;
	double worst = 0;

	if (file_map(&f, path.p, NULL)) {
		OK(1, "stories260K # SKIP no $LM_TESTDATA");
		buf_free(&path);
		return;
	}
	buf_free(&path);
	file_unmap(&f);
	OK(load_data(&a, "stories260K.bin") == 0, "legacy");
	OK(load_data(&b, "llama2.zig/models/tinystories_260k/checkpoint_v1.bin") == 0, "version 1");
	OK(load_data(&q, "llama2.v/model/stories260K-q8.bin") == 0, "version 2, int8");
	OK(a.cfg.C == 64 && a.cfg.L == 5 && a.cfg.H == 8 && a.cfg.KV == 4 && a.cfg.V == 512 && a.cfg.T == 512 && a.cfg.tied,
	   "its shape");
	OK(same(&a, &b), "legacy and version 1 hold the same weights");
	for (size_t i = 0; i < a.par.total; i++)
		worst = fmax(worst, fabs((double)a.w[i] - q.w[i]));
	OK(worst > 0 && worst < 0.02, "int8 is near (%g)", worst);
	model_free(&a);
	model_free(&b);
	model_free(&q);
}

int
main(void)
{
	test_presets();
	test_config();
	test_layout();
	test_random();
	test_image("gpt2");
	test_image("llama2-7b");
	test_image("qwen2.5-0.5b");
	test_image("qwen3-0.6b");
	test_twisted();
	test_folder();
	test_llama2c(0);
	test_llama2c(1);
	test_gguf_rows();
	test_gguf("gpt2");
	test_gguf("llama2-7b");
	test_gguf("qwen2.5-0.5b");
	test_gguf("qwen3-0.6b");
	test_stories();
	return DONE();
}
