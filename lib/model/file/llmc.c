/* llmc - GPT-2 checkpoints of llm.c (train_gpt2.c, gpt2_build_from_checkpoint): each tensor stacked over the layers */
/* SPDX-License-Identifier: MIT */
#include "model/file/llmc.h"
#include "base/quant.h"
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 20240326, HEADER = 1024, FP32 = 3, BF16 = 5 };

/* One tensor in the file's order: `rows` of `cols` in ours, `file_rows` there. */
struct part {
	size_t offset, rows, file_rows, cols;
};
struct parts {
	struct part *v;
	size_t       n, cap;
};

static void
add(struct parts *p, size_t offset, size_t rows, size_t file_rows, size_t cols)
{
	struct part part = { offset, rows, file_rows, cols };

	VEC_PUSH(p->v, p->n, p->cap, part);
}

static void
parts_init(struct parts *p, const struct config *c, const struct params *par, size_t padded)
{
	size_t C = (size_t)c->C, F = (size_t)c->F, T = (size_t)c->T;
	const struct layer_offsets *o = par->layer;

	memset(p, 0, sizeof *p);
	add(p, par->tok, (size_t)c->V, padded, C);
	add(p, par->pos, T, T, C);
#define EACH(at, rows, cols) \
	for (int l = 0; l < c->L; l++) \
		add(p, o[l].at, rows, rows, cols)
	EACH(norm1, 1, C);
	EACH(norm1_b, 1, C);
	EACH(qkv, 3 * C, C);
	EACH(qkv_b, 1, 3 * C);
	EACH(o, C, C);
	EACH(o_b, 1, C);
	EACH(norm2, 1, C);
	EACH(norm2_b, 1, C);
	EACH(up, F, C);
	EACH(up_b, 1, F);
	EACH(down, C, F);
	EACH(down_b, 1, C);
#undef EACH
	add(p, par->norm_f, 1, 1, C);
	add(p, par->norm_f_b, 1, 1, C);
}

static uint64_t
file_bytes(const struct parts *p, size_t size)
{
	uint64_t n = HEADER;

	for (size_t i = 0; i < p->n; i++)
		n += (uint64_t)p->v[i].file_rows * p->v[i].cols * size;
	return n;
}

int
llmc_is(const void *bytes, size_t n)
{
	int32_t magic;

	if (n < HEADER)
		return 0;
	memcpy(&magic, bytes, 4);
	return magic == MAGIC;
}

static int
header_parse(struct config *c, const void *bytes, size_t *size, size_t *padded, struct err *e)
{
	int32_t h[8];

	memcpy(h, bytes, sizeof h);
	if (h[1] != FP32 && h[1] != BF16)
		return err_set(e, "llm.c version %d is not read (3 and 5 are)", (int)h[1]);
	*size = h[1] == FP32 ? 4 : 2;
	config_family(c, "gpt2");
	c->T = h[2];
	c->V = h[3];
	c->L = h[4];
	c->H = c->KV = h[5];
	c->C = h[6];
	c->F = c->C > 0 && c->C <= 1 << 20 ? 4 * c->C : 0;
	c->D = c->H > 0 ? c->C / c->H : 0;
	if (c->eos >= c->V)
		c->bos = c->eos = -1;
	if (h[7] < h[3] || h[7] > 1 << 24)
		return err_set(e, "a vocabulary of %d padded to %d", (int)h[3], (int)h[7]);
	*padded = (size_t)h[7];
	return config_check(c, e);
}

int
llmc_parse(struct model *m, const void *bytes, size_t n, struct err *e)
{
	const unsigned char *at = bytes;
	struct config c;
	struct params par;
	struct parts p;
	uint64_t want;
	size_t size = 4, padded = 0;

	memset(m, 0, sizeof *m);
	if (!llmc_is(bytes, n))
		return err_set(e, "not an llm.c checkpoint");
	if (header_parse(&c, bytes, &size, &padded, e))
		return -1;
	params_init(&par, &c);
	parts_init(&p, &c, &par, padded);
	params_free(&par);
	want = file_bytes(&p, size);
	if (want == n) {
		model_init(m, &c);
		at += HEADER;
		for (size_t i = 0; i < p.n; i++) {
			quant_unpack(size == 4 ? QUANT_F32 : QUANT_BF16, at, p.v[i].rows * p.v[i].cols, m->w + p.v[i].offset);
			at += p.v[i].file_rows * p.v[i].cols * size;
		}
	}
	free(p.v);
	return want == n ? 0 : err_set(e, "an llm.c checkpoint of %zu bytes, where its header asks for %llu", n,
	                               (unsigned long long)want);
}

int
llmc_write(const struct model *m, FILE *f, struct err *e)
{
	const struct config *c = &m->cfg;
	size_t padded = ((size_t)c->V + 127) / 128 * 128;
	int32_t h[HEADER / 4] = { MAGIC, FP32, c->T, c->V, c->L, c->H, c->C, (int32_t)padded };
	struct parts p;

	if (strcmp(c->model_type, "gpt2") || c->F != 4 * c->C || !c->tied || c->act != ACT_GELU_TANH)
		return err_set(e, "llm.c has only GPT-2: feed-forward four times the width, a tied head, tanh's GELU");
	fwrite(h, sizeof h, 1, f);
	parts_init(&p, c, &m->par, padded);
	for (size_t i = 0; i < p.n; i++) {
		static const float zero;
		fwrite(m->w + p.v[i].offset, sizeof zero, p.v[i].rows * p.v[i].cols, f);
		for (size_t k = 0; k < (p.v[i].file_rows - p.v[i].rows) * p.v[i].cols; k++)
			fwrite(&zero, sizeof zero, 1, f);
	}
	free(p.v);
	return 0;
}
