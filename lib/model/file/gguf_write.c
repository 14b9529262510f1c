/* gguf_write - writing a GGUF file: keys, vocabulary, the table of tensors, their data (ggml's docs/gguf.md) */
/* SPDX-License-Identifier: MIT */
#include "model/file/gguf.h"
#include "base/json.h"
#include "model/file/adapter.h"
#include "model/file/jinja.h"
#include "model/weights.h"
#include "vocab/split.h"
#include "vocab/table.h"
#include "vocab/vocab.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { T_U32 = 4, T_I32 = 5, T_F32 = 6, T_BOOL = 7, T_STRING = 8, T_ARRAY = 9 };
enum { NORMAL = 1, UNKNOWN, CONTROL, USER, UNUSED, BYTE };     /* tokenizer.ggml.token_type */
enum { ALIGN = 32 };

struct keys {
	struct buf  b;
	uint64_t    n;
	const char *arch;
};

static void
put(struct buf *b, const void *p, size_t n)
{
	buf_add(b, p, n);
}

static void
put_text(struct buf *b, const char *p, size_t n)
{
	uint64_t len = n;

	put(b, &len, 8);
	put(b, p, n);
}

/* Name and type; "%name" is the architecture's. */
static void
key(struct keys *k, const char *name, uint32_t type)
{
	struct buf full = { 0 };

	if (*name == '%')
		buf_printf(&full, "%s.", k->arch);
	buf_str(&full, name + (*name == '%'));
	put_text(&k->b, full.p, full.n);
	put(&k->b, &type, 4);
	k->n++;
	buf_free(&full);
}

static void
key_int(struct keys *k, const char *name, int v)
{
	uint32_t u = (uint32_t)v;

	key(k, name, T_U32);
	put(&k->b, &u, 4);
}

static void
key_num(struct keys *k, const char *name, double v)
{
	float f = (float)v;

	key(k, name, T_F32);
	put(&k->b, &f, 4);
}

static void
key_text(struct keys *k, const char *name, const char *s, size_t n)
{
	key(k, name, T_STRING);
	put_text(&k->b, s, n);
}

static void
key_array(struct keys *k, const char *name, uint32_t type, uint64_t n)
{
	key(k, name, T_ARRAY);
	put(&k->b, &type, 4);
	put(&k->b, &n, 8);
}

static void
keys_config(struct keys *k, const struct config *c, enum quant type)
{
	int file_type = type == QUANT_F32 ? 0 : type == QUANT_F16 ? 1 : type == QUANT_Q4_0 ? 2 : type == QUANT_Q8_0 ? 7 : 32;

	key_text(k, "general.architecture", k->arch, strlen(k->arch));
	key_text(k, "general.type", "model", 5);
	key_int(k, "general.file_type", file_type);
	key_int(k, "general.quantization_version", 2);
	key_int(k, "%vocab_size", c->V);
	key_int(k, "%context_length", c->T);
	key_int(k, "%embedding_length", c->C);
	key_int(k, "%block_count", c->L);
	key_int(k, "%feed_forward_length", c->F);
	key_int(k, "%attention.head_count", c->H);
	if (c->norm == NORM_LAYER) {
		key_num(k, "%attention.layer_norm_epsilon", c->norm_eps);
		return;
	}
	key_int(k, "%attention.head_count_kv", c->KV);
	key_int(k, "%attention.key_length", c->D);
	key_int(k, "%attention.value_length", c->D);
	key_num(k, "%attention.layer_norm_rms_epsilon", c->norm_eps);
	key_int(k, "%rope.dimension_count", c->D);
	key_num(k, "%rope.freq_base", c->rope_theta);
	if (c->window)
		key_int(k, "%attention.sliding_window", c->window);
	if (c->rope_scaling == ROPE_LINEAR) {
		key_text(k, "%rope.scaling.type", "linear", 6);
		key_num(k, "%rope.scaling.factor", c->rope_factor);
	}
}

/* llama.cpp's name of a pattern; NULL: it knows none. */
static const char *
pre_of(const struct vocab *v)
{
	static const char *const names[][2] = {
		{ "gpt2", "gpt-2" }, { "llama3", "llama-bpe" }, { "qwen2", "qwen2" }, { "o200k", "gpt-4o" }, { "starcoder", "smollm" },
		{ "falcon", "falcon" }, { "deepseek-llm", "deepseek-llm" }, { "deepseek-coder", "deepseek-coder" }, { "deepseek-v3", "deepseek-v3" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (split_is(v->split, names[i][0]))
			return names[i][1];
	return NULL;
}

/* Tokens by id: text as in tokenizer.json, type, score. */
struct tokens {
	struct buf *text;
	int32_t    *type;
	float      *score;
	size_t      n;
};

static void
take_tokens(struct tokens *t, struct json tokenizer, int spm)
{
	struct json_iter it = json_walk(json_path(tokenizer, "model.vocab"));
	char *unk = json_dup(json_path(tokenizer, "model.unk_token"));

	while (json_next(&it)) {
		long long id = json_int(it.value, -1);
		if (id < 0 || (size_t)id >= t->n)
			continue;
		buf_clear(&t->text[id]);
		json_str(it.key, &t->text[id]);
		t->type[id] = NORMAL;
		if (spm && t->text[id].n == 6 && !strncmp(t->text[id].p, "<0x", 3))
			t->type[id] = BYTE;
		if (unk && !strcmp(t->text[id].p, unk))
			t->type[id] = UNKNOWN;
	}
	free(unk);
	it = json_walk(json_get(tokenizer, "added_tokens"));
	while (json_next(&it)) {
		long long id = json_int(json_get(it.value, "id"), -1);
		if (id < 0 || (size_t)id >= t->n)
			continue;
		buf_clear(&t->text[id]);
		json_str(json_get(it.value, "content"), &t->text[id]);
		if (t->type[id] != UNKNOWN)
			t->type[id] = json_bool(json_get(it.value, "special"), 0) ? CONTROL : USER;
	}
}

/* "a b", of a string or of a pair. */
static void
merge_text(struct json merge, struct buf *out)
{
	struct json_iter it = json_walk(merge);

	buf_clear(out);
	if (json_kind(merge) == '"') {
		json_str(merge, out);
		return;
	}
	while (json_next(&it)) {
		if (out->n)
			buf_char(out, ' ');
		json_str(it.value, out);
	}
}

static void
keys_merges(struct keys *k, struct json merges)
{
	struct json_iter it = json_walk(merges);
	struct buf text = { 0 };

	key_array(k, "tokenizer.ggml.merges", T_STRING, json_count(merges));
	while (json_next(&it)) {
		merge_text(it.value, &text);
		put_text(&k->b, text.p, text.n);
	}
	buf_free(&text);
}

/* SentencePiece's: the earlier a token was made, the higher its score; so by id, as its vocabularies are sorted. */
static void
keys_scores(struct keys *k, const struct tokens *t)
{
	key_array(k, "tokenizer.ggml.scores", T_F32, t->n);
	for (size_t i = 0; i < t->n; i++) {
		float score = t->type[i] == NORMAL ? -(float)i : t->type[i] == UNUSED ? -1e4f : 0;
		put(&k->b, &score, 4);
	}
}

static int
keys_vocab(struct keys *k, const struct model *m, struct err *e)
{
	struct tokens t = { .n = (size_t)m->cfg.V };
	struct vocab *v = model_vocab(m, e);
	struct json o;
	const char *pre;

	if (!v)
		return -1;
	pre = v->spm ? "default" : pre_of(v);
	if (!pre || json_parse(&o, m->tokenizer.p, m->tokenizer.n, e)) {
		vocab_free(v);
		return pre ? -1 : err_set(e, "the vocabulary's pattern is none that llama.cpp knows");
	}
	t.text = xcalloc(t.n, sizeof *t.text);
	t.type = xcalloc(t.n, sizeof *t.type);
	for (size_t i = 0; i < t.n; i++) {
		buf_printf(&t.text[i], "[PAD%zu]", i);
		t.type[i] = UNUSED;
	}
	take_tokens(&t, o, v->spm);
	key_text(k, "tokenizer.ggml.model", v->spm ? "llama" : "gpt2", v->spm ? 5 : 4);
	key_text(k, "tokenizer.ggml.pre", pre, strlen(pre));
	key_array(k, "tokenizer.ggml.tokens", T_STRING, t.n);
	for (size_t i = 0; i < t.n; i++)
		put_text(&k->b, t.text[i].p, t.text[i].n);
	key_array(k, "tokenizer.ggml.token_type", T_I32, t.n);
	put(&k->b, t.type, t.n * 4);
	if (v->spm)
		keys_scores(k, &t);
	else
		keys_merges(k, json_path(o, "model.merges"));
	key_text(k, "tokenizer.huggingface.json", m->tokenizer.p, m->tokenizer.n);
	for (size_t i = 0; i < t.n; i++)
		buf_free(&t.text[i]);
	free(t.text);
	free(t.type);
	vocab_free(v);
	return 0;
}

static void
keys_ids(struct keys *k, const struct model *m)
{
	struct buf jinja = { 0 };
	uint8_t add = m->cfg.bos >= 0;

	if (m->cfg.bos >= 0)
		key_int(k, "tokenizer.ggml.bos_token_id", m->cfg.bos);
	if (m->cfg.eos >= 0)
		key_int(k, "tokenizer.ggml.eos_token_id", m->cfg.eos);
	key(k, "tokenizer.ggml.add_bos_token", T_BOOL);
	put(&k->b, &add, 1);
	if (!jinja_of_chat(m->chat, &jinja))
		key_text(k, "tokenizer.chat_template", jinja.p, jinja.n);
	buf_free(&jinja);
}

/* Vectors stay F32, and rows that cannot be cut into blocks F16. */
static enum quant
type_of(const struct param *p, enum quant type)
{
	return p->ndim < 2 ? QUANT_F32 : quant_bytes(type, p->shape[1]) ? type : QUANT_F16;
}

static size_t
tensor_bytes(const struct param *p, enum quant type)
{
	return p->ndim < 2 ? 4 * p->count : quant_bytes(type_of(p, type), p->shape[1]) * p->shape[0];
}

/* What ggml calls a tensor; of LoRA, the matrix that it stands beside and which of the two it is. */
static void
tensor_name(const struct param *p, char out[100])
{
	const char *lora = strstr(p->name, ".lora_"), *from = p->name;
	char bare[sizeof p->name + 8];

	if (!lora) {
		gguf_name(p->name, out);
		return;
	}
	from += strlen("base_model.model.");
	from += strncmp(from, "transformer.", 12) ? 0 : 12;
	snprintf(bare, sizeof bare, "%.*s.weight", (int)(lora - from), from);
	gguf_name(bare, out);
	strcat(out, lora[6] == 'A' ? ".lora_a" : ".lora_b");
}

static void
put_table(struct buf *b, const struct params *par, enum quant type)
{
	uint64_t offset = 0, ne[2];

	for (int i = 0; i < par->n; i++) {
		const struct param *p = &par->v[i];
		uint32_t ndim = (uint32_t)p->ndim, t = type_of(p, type);
		char name[100];
		tensor_name(p, name);
		put_text(b, name, strlen(name));
		ne[0] = ndim == 2 ? p->shape[1] : p->shape[0];
		ne[1] = p->shape[0];
		put(b, &ndim, 4);
		put(b, ne, 8 * ndim);
		put(b, &t, 4);
		put(b, &offset, 8);
		offset += (tensor_bytes(p, type) + ALIGN - 1) / ALIGN * ALIGN;
	}
}

/* Rows of q and k, and so of what LoRA adds to them, go to adjacent pairs. */
static void
write_tensor(const struct config *c, const float *w, const struct param *p, enum quant type, FILE *f)
{
	static const unsigned char zeros[ALIGN];
	size_t rows = p->ndim == 2 ? p->shape[0] : 1, cols = p->count / rows, bytes;
	enum quant t = type_of(p, type);
	unsigned char *row;
	char name[100], *part;
	size_t heads;

	tensor_name(p, name);
	if ((part = strstr(name, ".lora_b")))
		*part = 0;
	heads = (size_t)gguf_pairs(c, name);
	bytes = quant_bytes(t, cols);
	row = xmalloc(bytes);
	for (size_t r = 0; r < rows; r++) {
		quant_pack(t, w + p->offset + (heads ? weights_half_row(r, rows / heads) : r) * cols, cols, row);
		fwrite(row, 1, bytes, f);
	}
	free(row);
	fwrite(zeros, 1, -(rows * bytes) % ALIGN, f);
}

static void
write_all(const struct keys *k, const struct config *c, const struct params *par, const float *w, enum quant type, FILE *f)
{
	struct buf head = { 0 };
	uint32_t version = 3;
	uint64_t tensors = (uint64_t)par->n;

	put(&head, "GGUF", 4);
	put(&head, &version, 4);
	put(&head, &tensors, 8);
	put(&head, &k->n, 8);
	put(&head, k->b.p, k->b.n);
	put_table(&head, par, type);
	buf_zeros(&head, ALIGN);
	fwrite(head.p, 1, head.n, f);
	for (int i = 0; i < par->n; i++)
		write_tensor(c, w, &par->v[i], type, f);
	buf_free(&head);
}

int
gguf_write(const struct model *m, enum quant type, FILE *f, struct err *e)
{
	struct keys k = { .arch = gguf_arch(&m->cfg) };

	if (m->cfg.rope_scaling == ROPE_LLAMA3 || (m->cfg.act != ACT_SILU && m->cfg.act != ACT_GELU_TANH))
		return err_set(e, "rope scaling of Llama 3 and unusual activations are not written to GGUF");
	keys_config(&k, &m->cfg, type);
	if (m->tokenizer.n && keys_vocab(&k, m, e)) {
		buf_free(&k.b);
		return -1;
	}
	keys_ids(&k, m);
	write_all(&k, &m->cfg, &m->par, m->w, type, f);
	buf_free(&k.b);
	return 0;
}

int
gguf_write_adapter(const struct model *m, FILE *f, struct err *e)
{
	struct keys k = { .arch = gguf_arch(&m->cfg) };
	const struct adapter *a = m->adapter;

	if (!a || a->kind != ADAPTER_LORA)
		return err_set(e, "of adapters, only LoRA has a form in GGUF");
	key_text(&k, "general.type", "adapter", 7);
	key_text(&k, "general.architecture", k.arch, strlen(k.arch));
	key_text(&k, "adapter.type", "lora", 4);
	key_num(&k, "adapter.lora.alpha", a->scale * a->r);     /* llama.cpp divides by the rank */
	write_all(&k, &m->cfg, &a->par, a->w, QUANT_F32, f);
	buf_free(&k.b);
	return 0;
}
