/* gguf_write - writing a GGUF file: keys, the table of tensors, their data (ggml's docs/gguf.md) */
/* SPDX-License-Identifier: MIT */
#include "model/gguf/gguf.h"
#include "model/adapter.h"
#include "model/gguf/gguf_keys.h"
#include "model/weights.h"
#include "base/size.h"
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 32 };

static void
keys_config(struct gguf_keys *k, const struct config *c, enum quant type)
{
	int file_type = type == QUANT_F32 ? 0 : type == QUANT_F16 ? 1 : type == QUANT_Q4_0 ? 2 : type == QUANT_Q8_0 ? 7 : 32;

	keys_text(k, "general.architecture", k->arch, strlen(k->arch));
	keys_text(k, "general.type", "model", 5);
	keys_int(k, "general.file_type", file_type);
	keys_int(k, "general.quantization_version", 2);
	keys_int(k, "%vocab_size", c->V);
	keys_int(k, "%context_length", c->T);
	keys_int(k, "%embedding_length", c->C);
	keys_int(k, "%block_count", c->L);
	keys_int(k, "%feed_forward_length", c->F);
	keys_int(k, "%attention.head_count", c->H);
	if (c->norm == NORM_LAYER) {
		keys_num(k, "%attention.layer_norm_epsilon", c->norm_eps);
		return;
	}
	keys_int(k, "%attention.head_count_kv", c->KV);
	keys_int(k, "%attention.key_length", c->D);
	keys_int(k, "%attention.value_length", c->D);
	keys_num(k, "%attention.layer_norm_rms_epsilon", c->norm_eps);
	keys_int(k, "%rope.dimension_count", c->D);
	keys_num(k, "%rope.freq_base", c->rope_theta);
	if (c->window)
		keys_int(k, "%attention.sliding_window", c->window);
	if (c->rope_scaling == ROPE_LINEAR) {
		keys_text(k, "%rope.scaling.type", "linear", 6);
		keys_num(k, "%rope.scaling.factor", c->rope_factor);
	}
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
	uint64_t offset = 0, len, ne[2];

	for (int i = 0; i < par->n; i++) {
		const struct param *p = &par->v[i];
		uint32_t ndim = (uint32_t)p->ndim, t = type_of(p, type);
		char name[100];
		tensor_name(p, name);
		len = strlen(name);
		buf_add(b, &len, 8);
		buf_add(b, name, len);
		ne[0] = param_cols(p);
		ne[1] = p->shape[0];
		buf_add(b, &ndim, 4);
		buf_add(b, ne, 8 * ndim);
		buf_add(b, &t, 4);
		buf_add(b, &offset, 8);
		offset += round_up(tensor_bytes(p, type), ALIGN);
	}
}

/* Rows of q and k, and so of what LoRA adds to them, go to adjacent pairs. */
static void
write_tensor(const struct config *c, const float *w, const struct param *p, enum quant type, FILE *f)
{
	static const unsigned char zeros[ALIGN];
	size_t rows = param_rows(p), cols = param_cols(p), bytes;
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
write_all(const struct gguf_keys *k, const struct config *c, const struct params *par, const float *w, enum quant type, FILE *f)
{
	struct buf head = { 0 };
	uint32_t version = 3;
	uint64_t tensors = (uint64_t)par->n;

	buf_add(&head, "GGUF", 4);
	buf_add(&head, &version, 4);
	buf_add(&head, &tensors, 8);
	buf_add(&head, &k->n, 8);
	buf_add(&head, k->b.p, k->b.n);
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
	struct gguf_keys k = { .arch = gguf_arch(&m->cfg) };

	if (m->cfg.rope_scaling == ROPE_LLAMA3 || (m->cfg.act != ACT_SILU && m->cfg.act != ACT_GELU_TANH))
		return err_set(e, "rope scaling of Llama 3 and unusual activations are not written to GGUF");
	keys_config(&k, &m->cfg, type);
	if (keys_vocab(&k, m, e)) {
		buf_free(&k.b);
		return -1;
	}
	write_all(&k, &m->cfg, &m->par, m->w, type, f);
	buf_free(&k.b);
	return 0;
}

int
gguf_write_adapter(const struct model *m, FILE *f, struct err *e)
{
	struct gguf_keys k = { .arch = gguf_arch(&m->cfg) };
	const struct adapter *a = m->adapter;

	if (!a || a->kind != ADAPTER_LORA)
		return err_set(e, "of adapters, only LoRA has a form in GGUF");
	keys_text(&k, "general.type", "adapter", 7);
	keys_text(&k, "general.architecture", k.arch, strlen(k.arch));
	keys_text(&k, "adapter.type", "lora", 4);
	keys_num(&k, "adapter.lora.alpha", a->scale * a->r);     /* llama.cpp divides by the rank */
	write_all(&k, &m->cfg, &a->par, a->w, QUANT_F32, f);
	buf_free(&k.b);
	return 0;
}
