/* gguf - reading a GGUF file: keys, then the table of tensors, then their data (ggml's docs/gguf.md) */
/* SPDX-License-Identifier: MIT */
#include "model/gguf/gguf.h"
#include "model/weights.h"
#include "base/ggufkey.h"
#include "vocab/vocab.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct tensor {
	struct gguf_text name;
	uint32_t    ndim, type;
	uint64_t    ne[4], offset;
};
struct gguf {
	struct gguf_bytes left;
	const unsigned char *data;
	struct gguf_key *key;
	struct tensor *tensor;
	size_t n_key, cap_key, n_tensor, cap_tensor;
	uint64_t align;
};

static int
take_key(struct gguf *g)
{
	struct gguf_key k;

	if (gguf_take_key(&g->left, &k))
		return -1;
	VEC_PUSH(g->key, g->n_key, g->cap_key, k);
	return 0;
}

static int
take_tensor(struct gguf *g)
{
	struct tensor t = { .ne = { 1, 1, 1, 1 } };

	if (gguf_take_text(&g->left, &t.name) || gguf_take(&g->left, &t.ndim, 4) || t.ndim > 4 || gguf_take(&g->left, t.ne, 8 * t.ndim) ||
	    gguf_take(&g->left, &t.type, 4) || gguf_take(&g->left, &t.offset, 8))
		return -1;
	VEC_PUSH(g->tensor, g->n_tensor, g->cap_tensor, t);
	return 0;
}

/* The key, with the architecture for a '%'. */
static const struct gguf_key *
find_key(const struct gguf *g, const char *arch, const char *name)
{
	char full[128];

	snprintf(full, sizeof full, "%s%s%s", *name == '%' ? arch : "", *name == '%' ? "." : "", name + (*name == '%'));
	for (size_t i = 0; i < g->n_key; i++)
		if (gguf_text_is(g->key[i].name, full))
			return &g->key[i];
	return NULL;
}

static const struct tensor *
find_tensor(const struct gguf *g, const char *name)
{
	for (size_t i = 0; i < g->n_tensor; i++)
		if (gguf_text_is(g->tensor[i].name, name))
			return &g->tensor[i];
	return NULL;
}

static int
open_gguf(struct gguf *g, const unsigned char *p, size_t n, struct err *e)
{
	const struct gguf_key *k;
	uint32_t version;
	uint64_t tensors, keys, at;

	memset(g, 0, sizeof *g);
	g->left = (struct gguf_bytes){ p + 4, p + n };
	if (gguf_take(&g->left, &version, 4) || gguf_take(&g->left, &tensors, 8) || gguf_take(&g->left, &keys, 8))
		return err_set(e, "cut short within the header of a GGUF file");
	if (version != 3 && version != 2)
		return err_set(e, "GGUF version %" PRIu32 " (2 and 3 are read)", version);
	while (keys--)
		if (take_key(g))
			return err_set(e, "a GGUF key that is cut short or of no known type (byte %zu)", (size_t)(g->left.p - p));
	while (tensors--)
		if (take_tensor(g))
			return err_set(e, "a GGUF tensor that is cut short or has too many dimensions (byte %zu)", (size_t)(g->left.p - p));
	k = find_key(g, "", "general.alignment");
	g->align = k && k->num >= 1 && k->num <= 1 << 20 ? (uint64_t)k->num : 32;
	at = ((uint64_t)(g->left.p - p) + g->align - 1) / g->align * g->align;
	if (at > n)
		return err_set(e, "cut short before the data of its tensors");
	g->data = p + at;
	return 0;
}

static int
get_int(const struct gguf *g, const char *arch, const char *name, int otherwise)
{
	const struct gguf_key *k = find_key(g, arch, name);

	return k && k->type < GGUF_KEY_END && k->type != GGUF_KEY_STRING && k->type != GGUF_KEY_ARRAY && k->num >= 0 && k->num < 1 << 30 ?
	       (int)k->num : otherwise;
}

static double
get_num(const struct gguf *g, const char *arch, const char *name, double otherwise)
{
	const struct gguf_key *k = find_key(g, arch, name);
	char s[40];

	if (!k || k->type == GGUF_KEY_STRING || k->type == GGUF_KEY_ARRAY)
		return otherwise;
	if (k->type == GGUF_KEY_F32) {         /* 1e-5 was meant, not its nearest float */
		snprintf(s, sizeof s, "%.7g", k->num);
		return strtod(s, NULL);
	}
	return k->num;
}

static int
get_config(const struct gguf *g, struct config *c, struct err *e)
{
	const struct gguf_key *k = find_key(g, "", "general.architecture");
	const struct tensor *emb = find_tensor(g, "token_embd.weight");
	char arch[32] = "";
	int gpt2;

	if (k && k->type == GGUF_KEY_STRING && k->text.n < sizeof arch)
		memcpy(arch, k->text.p, k->text.n);
	if (config_family(c, arch) || !strcmp(arch, "mistral"))
		return err_set(e, "general.architecture: not one of gpt2, llama, qwen2, qwen3");
	gpt2 = c->norm == NORM_LAYER;
	if (!emb || emb->ndim != 2 || emb->ne[1] > 1 << 24)
		return err_set(e, "token_embd.weight: missing or misshapen");
	c->V = (int)emb->ne[1];
	c->T = get_int(g, arch, "%context_length", 0);
	c->C = get_int(g, arch, "%embedding_length", 0);
	c->L = get_int(g, arch, "%block_count", 0);
	c->F = get_int(g, arch, "%feed_forward_length", 0);
	c->H = get_int(g, arch, "%attention.head_count", 0);
	c->KV = get_int(g, arch, "%attention.head_count_kv", c->H);
	c->D = get_int(g, arch, "%attention.key_length", c->H > 0 ? c->C / c->H : 0);
	c->norm_eps = get_num(g, arch, gpt2 ? "%attention.layer_norm_epsilon" : "%attention.layer_norm_rms_epsilon", 1e-5);
	c->rope_theta = get_num(g, arch, "%rope.freq_base", 10000);
	c->window = get_int(g, arch, "%attention.sliding_window", 0);
	if (c->window && !strcmp(arch, "llama"))
		snprintf(c->model_type, sizeof c->model_type, "mistral");
	c->bos = get_int(g, arch, "tokenizer.ggml.bos_token_id", -1);
	c->eos = get_int(g, arch, "tokenizer.ggml.eos_token_id", -1);
	c->tied = !find_tensor(g, "output.weight");
	k = find_key(g, arch, "%rope.scaling.type");
	if (k && k->type == GGUF_KEY_STRING && gguf_text_is(k->text, "linear")) {
		c->rope_scaling = ROPE_LINEAR;
		c->rope_factor = get_num(g, arch, "%rope.scaling.factor", 1);
	} else if ((k && k->type == GGUF_KEY_STRING && !gguf_text_is(k->text, "none")) || find_tensor(g, "rope_freqs.weight")) {
		return err_set(e, "rope scaling: only linear is read from GGUF");
	}
	if (get_int(g, arch, "%rope.dimension_count", c->D) != c->D)
		return err_set(e, "rope.dimension_count: only whole heads are rotated here");
	return config_check(c, e);
}

/* Where the data of p stands, after its shape, type and place were checked. */
static const unsigned char *
locate(const struct gguf *g, const struct param *p, const char *name, const struct tensor **out, struct err *e)
{
	const struct tensor *t = *out = find_tensor(g, name);
	uint64_t in = param_cols(p), rows = param_rows(p), room, bytes;

	if (!t) {
		err_set(e, "%s: missing", name);
		return NULL;
	}
	if (t->ne[0] != in || t->ne[1] != rows || t->ne[2] != 1 || t->ne[3] != 1) {
		err_set(e, "%s: shape (%" PRIu64 ", %" PRIu64 "), not (%" PRIu64 ", %" PRIu64 ")", name, t->ne[1], t->ne[0], rows, in);
		return NULL;
	}
	bytes = quant_bytes((enum quant)t->type, in) * rows;
	room = (uint64_t)(g->left.end - g->data);
	if (!bytes) {
		err_set(e, "%s: type %" PRIu32 " is not read (F64 F32 F16 BF16 Q8_0 Q4_0 are)", name, t->type);
		return NULL;
	}
	if (t->offset > room || bytes > room - t->offset) {
		err_set(e, "%s: cut short", name);
		return NULL;
	}
	return g->data + t->offset;
}

/* tokenizer.json where a file of ours has it, else what llama.cpp reads. */
static void
take_vocab(const struct gguf *g, struct model *m, const void *bytes, size_t n)
{
	const struct gguf_key *k = find_key(g, "", "tokenizer.huggingface.json");
	int json = k && k->type == GGUF_KEY_STRING;
	struct vocab *v = json ? vocab_parse(k->text.p, k->text.n, "tokenizer.json", NULL, NULL) : vocab_parse(bytes, n, "GGUF", NULL, NULL);

	if (v && vocab_size(v) <= (size_t)m->cfg.V) {
		model_set_vocab(m, v);
		if (json) {
			buf_clear(&m->tokenizer);
			buf_add(&m->tokenizer, k->text.p, k->text.n);
		}
	}
	vocab_free(v);
}

static int
take_weights(const struct gguf *g, const struct config *c, struct model *m, struct err *e)
{
	const struct tensor *t;
	struct params par;
	char name[80];
	int bad = 0;

	params_init(&par, c);
	for (int i = 0; i < par.n && !bad; i++) {
		gguf_name(par.v[i].name, name);
		bad = !locate(g, &par.v[i], name, &t, e);
	}
	if (!bad && g->n_tensor > (size_t)par.n)
		bad = err_set(e, "%zu tensors, where this shape has %d", g->n_tensor, par.n);
	params_free(&par);
	if (bad)
		return -1;
	model_shape(m, c);
	m->src = xcalloc((size_t)m->par.n, sizeof *m->src);
	for (int i = 0; i < m->par.n; i++) {
		gguf_name(m->par.v[i].name, name);
		m->src[i].data = locate(g, &m->par.v[i], name, &t, e);
		m->src[i].type = (enum quant)t->type;
		m->src[i].pairs = gguf_pairs(c, name);
	}
	return 0;
}

int
gguf_is(const void *bytes, size_t n)
{
	return n >= 4 && !memcmp(bytes, "GGUF", 4);
}

int
gguf_parse(struct model *m, const void *bytes, size_t n, struct err *e)
{
	struct gguf g = { 0 };
	struct config c;
	int r;

	memset(m, 0, sizeof *m);
	if (!gguf_is(bytes, n))
		return err_set(e, "not a GGUF file");
	r = open_gguf(&g, bytes, n, e) || get_config(&g, &c, e) || take_weights(&g, &c, m, e) ? -1 : 0;
	if (!r)
		take_vocab(&g, m, bytes, n);
	free(g.key);
	free(g.tensor);
	return r;
}
