/* gguf - reading a GGUF file: keys, then the table of tensors, then their data (ggml's docs/gguf.md) */
/* SPDX-License-Identifier: MIT */
#include "model/gguf.h"
#include "model/weights.h"
#include "vocab/vocab.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { T_U8, T_I8, T_U16, T_I16, T_U32, T_I32, T_F32, T_BOOL, T_STRING, T_ARRAY, T_U64, T_I64, T_F64, T_END };
static const unsigned char type_size[T_END] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

struct text {
	const char *p;
	size_t      n;
};
struct key {
	struct text name, text;         /* text: of a string */
	uint32_t    type;
	double      num;                /* of a number */
};
struct tensor {
	struct text name;
	uint32_t    ndim, type;
	uint64_t    ne[4], offset;
};
struct gguf {
	const unsigned char *p, *end, *data;
	struct key    *key;
	struct tensor *tensor;
	size_t n_key, cap_key, n_tensor, cap_tensor;
	uint64_t align;
};

static int
take(struct gguf *g, void *out, size_t n)
{
	if ((size_t)(g->end - g->p) < n)
		return -1;
	memcpy(out, g->p, n);
	g->p += n;
	return 0;
}

static int
take_text(struct gguf *g, struct text *t)
{
	uint64_t n;

	if (take(g, &n, 8) || (uint64_t)(g->end - g->p) < n)
		return -1;
	*t = (struct text){ (const char *)g->p, (size_t)n };
	g->p += n;
	return 0;
}

static double
number(uint32_t type, const unsigned char *p)
{
	int8_t i8; int16_t i16; int32_t i32; int64_t i64; uint16_t u16; uint32_t u32; uint64_t u64; float f; double d;

#define AS(v) (memcpy(&v, p, sizeof v), (double)v)
	switch (type) {
	case T_U8: case T_BOOL: return *p;
	case T_I8: return AS(i8);
	case T_U16: return AS(u16);
	case T_I16: return AS(i16);
	case T_U32: return AS(u32);
	case T_I32: return AS(i32);
	case T_F32: return AS(f);
	case T_U64: return AS(u64);
	case T_I64: return AS(i64);
	default: return AS(d);
	}
#undef AS
}

/* Arrays are passed over; an array of arrays has no use here. */
static int
take_array(struct gguf *g)
{
	struct text t;
	uint32_t type;
	uint64_t n;

	if (take(g, &type, 4) || take(g, &n, 8) || type >= T_END || type == T_ARRAY)
		return -1;
	if (type != T_STRING) {
		if (n > (uint64_t)(g->end - g->p) / type_size[type])
			return -1;
		g->p += n * type_size[type];
		return 0;
	}
	while (n--)
		if (take_text(g, &t))
			return -1;
	return 0;
}

static int
take_key(struct gguf *g)
{
	struct key k = { 0 };

	if (take_text(g, &k.name) || take(g, &k.type, 4) || k.type >= T_END)
		return -1;
	if (k.type == T_STRING) {
		if (take_text(g, &k.text))
			return -1;
	} else if (k.type == T_ARRAY) {
		if (take_array(g))
			return -1;
	} else {
		if (g->end - g->p < type_size[k.type])
			return -1;
		k.num = number(k.type, g->p);
		g->p += type_size[k.type];
	}
	VEC_PUSH(g->key, g->n_key, g->cap_key, k);
	return 0;
}

static int
take_tensor(struct gguf *g)
{
	struct tensor t = { .ne = { 1, 1, 1, 1 } };

	if (take_text(g, &t.name) || take(g, &t.ndim, 4) || t.ndim > 4 || take(g, t.ne, 8 * t.ndim) ||
	    take(g, &t.type, 4) || take(g, &t.offset, 8))
		return -1;
	VEC_PUSH(g->tensor, g->n_tensor, g->cap_tensor, t);
	return 0;
}

static int
is(struct text t, const char *s)
{
	return t.n == strlen(s) && !memcmp(t.p, s, t.n);
}

/* The key, with the architecture for a '%'. */
static const struct key *
find_key(const struct gguf *g, const char *arch, const char *name)
{
	char full[128];

	snprintf(full, sizeof full, "%s%s%s", *name == '%' ? arch : "", *name == '%' ? "." : "", name + (*name == '%'));
	for (size_t i = 0; i < g->n_key; i++)
		if (is(g->key[i].name, full))
			return &g->key[i];
	return NULL;
}

static const struct tensor *
find_tensor(const struct gguf *g, const char *name)
{
	for (size_t i = 0; i < g->n_tensor; i++)
		if (is(g->tensor[i].name, name))
			return &g->tensor[i];
	return NULL;
}

static int
open_gguf(struct gguf *g, const unsigned char *p, size_t n, struct err *e)
{
	const struct key *k;
	uint32_t version;
	uint64_t tensors, keys, at;

	memset(g, 0, sizeof *g);
	g->p = p + 4;
	g->end = p + n;
	if (take(g, &version, 4) || take(g, &tensors, 8) || take(g, &keys, 8))
		return err_set(e, "cut short within the header of a GGUF file");
	if (version != 3 && version != 2)
		return err_set(e, "GGUF version %" PRIu32 " (2 and 3 are read)", version);
	while (keys--)
		if (take_key(g))
			return err_set(e, "a GGUF key that is cut short or of no known type (byte %zu)", (size_t)(g->p - p));
	while (tensors--)
		if (take_tensor(g))
			return err_set(e, "a GGUF tensor that is cut short or has too many dimensions (byte %zu)", (size_t)(g->p - p));
	k = find_key(g, "", "general.alignment");
	g->align = k && k->num >= 1 && k->num <= 1 << 20 ? (uint64_t)k->num : 32;
	at = ((uint64_t)(g->p - p) + g->align - 1) / g->align * g->align;
	if (at > n)
		return err_set(e, "cut short before the data of its tensors");
	g->data = p + at;
	return 0;
}

static int
get_int(const struct gguf *g, const char *arch, const char *name, int otherwise)
{
	const struct key *k = find_key(g, arch, name);

	return k && k->type < T_END && k->type != T_STRING && k->type != T_ARRAY && k->num >= 0 && k->num < 1 << 30 ?
	       (int)k->num : otherwise;
}

static double
get_num(const struct gguf *g, const char *arch, const char *name, double otherwise)
{
	const struct key *k = find_key(g, arch, name);
	char s[40];

	if (!k || k->type == T_STRING || k->type == T_ARRAY)
		return otherwise;
	if (k->type == T_F32) {         /* 1e-5 was meant, not its nearest float */
		snprintf(s, sizeof s, "%.7g", k->num);
		return strtod(s, NULL);
	}
	return k->num;
}

static int
get_config(const struct gguf *g, struct config *c, struct err *e)
{
	const struct key *k = find_key(g, "", "general.architecture");
	const struct tensor *emb = find_tensor(g, "token_embd.weight");
	char arch[32] = "";
	int gpt2;

	if (k && k->type == T_STRING && k->text.n < sizeof arch)
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
	c->bos = get_int(g, arch, "tokenizer.ggml.bos_token_id", -1);
	c->eos = get_int(g, arch, "tokenizer.ggml.eos_token_id", -1);
	c->tied = !find_tensor(g, "output.weight");
	k = find_key(g, arch, "%rope.scaling.type");
	if (k && k->type == T_STRING && is(k->text, "linear")) {
		c->rope_scaling = ROPE_LINEAR;
		c->rope_factor = get_num(g, arch, "%rope.scaling.factor", 1);
	} else if ((k && k->type == T_STRING && !is(k->text, "none")) || find_tensor(g, "rope_freqs.weight")) {
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
	uint64_t in = p->ndim == 2 ? p->shape[1] : p->shape[0], rows = p->ndim == 2 ? p->shape[0] : 1, room, bytes;

	if (!t) {
		err_set(e, "%s: missing", name);
		return NULL;
	}
	if (t->ne[0] != in || t->ne[1] != rows || t->ne[2] != 1 || t->ne[3] != 1) {
		err_set(e, "%s: shape (%" PRIu64 ", %" PRIu64 "), not (%" PRIu64 ", %" PRIu64 ")", name, t->ne[1], t->ne[0], rows, in);
		return NULL;
	}
	bytes = gguf_bytes((enum gguf_type)t->type, in) * rows;
	room = (uint64_t)(g->end - g->data);
	if (!bytes) {
		err_set(e, "%s: type %" PRIu32 " is not read (F32 F16 BF16 Q8_0 Q4_0 are)", name, t->type);
		return NULL;
	}
	if (t->offset > room || bytes > room - t->offset) {
		err_set(e, "%s: cut short", name);
		return NULL;
	}
	return g->data + t->offset;
}

static void
read_tensor(const struct config *c, const struct param *p, const struct tensor *t, const char *name,
            const unsigned char *at, float *w)
{
	size_t rows = p->ndim == 2 ? p->shape[0] : 1, cols = p->count / rows, heads = (size_t)gguf_pairs(c, name);
	size_t bytes = gguf_bytes((enum gguf_type)t->type, cols);

	for (size_t r = 0; r < rows; r++)
		gguf_unpack((enum gguf_type)t->type, at + r * bytes, cols,
		            w + p->offset + (heads ? weights_half_row(r, rows / heads) : r) * cols);
}

static void
take_vocab(const struct gguf *g, struct model *m)
{
	const struct key *k = find_key(g, "", "tokenizer.huggingface.json");
	struct vocab *v;

	if (!k || k->type != T_STRING || !(v = vocab_parse(k->text.p, k->text.n, "tokenizer.json", NULL, NULL)))
		return;
	if (vocab_size(v) <= (size_t)m->cfg.V) {
		buf_add(&m->tokenizer, k->text.p, k->text.n);
		vocab_crc(v, m->vocab);
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
	model_init(m, c);
	for (int i = 0; i < m->par.n; i++) {
		gguf_name(m->par.v[i].name, name);
		read_tensor(c, &m->par.v[i], find_tensor(g, name), name, locate(g, &m->par.v[i], name, &t, e), m->w);
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
		take_vocab(&g, m);
	free(g.key);
	free(g.tensor);
	return r;
}
