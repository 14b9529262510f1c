/* llama2c - checkpoints of llama2.c (karpathy/llama2.c, export.py): read in three versions, written in one */
/* SPDX-License-Identifier: MIT */
#include "model/file/llama2c.h"
#include "model/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC  0x616b3432u      /* "ak42" */
#define HEADER 256              /* bytes, from version 1 on */

enum { VEC, MAT };              /* version 2 quantises matrices only */

/* One tensor in the file's order; heads > 0: rows of that many heads to be put from pairs to halves. */
struct part {
	size_t offset, rows, cols;
	int    heads, kind;
};
struct plan {
	struct part *v;
	size_t       n, cap, freqs;     /* freqs: index before which the legacy tables stand, SIZE_MAX: none */
};

struct header {
	int version, group;
	struct config c;
};

static void
plan_add(struct plan *p, size_t offset, size_t rows, size_t cols, int heads)
{
	struct part part = { offset, rows, cols ? cols : 1, heads, cols ? MAT : VEC };

	VEC_PUSH(p->v, p->n, p->cap, part);
}

static void
plan_matrices(struct plan *p, const struct config *c, const struct params *par)
{
	size_t C = (size_t)c->C, F = (size_t)c->F, q = width_q(c), kv = width_kv(c);
	const struct layer_offsets *o = par->layer;
	int L = c->L;

#define EACH(at, rows, cols, heads) \
	for (int l = 0; l < L; l++) \
		plan_add(p, o[l].at, rows, cols, heads)
	EACH(qkv, q, C, c->H);
	EACH(qkv + q * C, kv, C, c->KV);
	EACH(qkv + (q + kv) * C, kv, C, 0);
	EACH(o, C, q, 0);
	if (p->freqs != SIZE_MAX)
		EACH(norm2, C, 0, 0);
	EACH(up, F, C, 0);
	EACH(down, C, F, 0);
	EACH(up + F * C, F, C, 0);
#undef EACH
}

/* The order of tensors, by version. */
static void
plan_init(struct plan *p, int version, const struct config *c, const struct params *par)
{
	size_t V = (size_t)c->V, C = (size_t)c->C;

	memset(p, 0, sizeof *p);
	p->freqs = version ? SIZE_MAX : 0;
	if (!version)
		plan_add(p, par->tok, V, C, 0);
	for (int l = 0; l < c->L; l++)
		plan_add(p, par->layer[l].norm1, C, 0, 0);
	if (version) {
		for (int l = 0; l < c->L; l++)
			plan_add(p, par->layer[l].norm2, C, 0, 0);
		plan_add(p, par->norm_f, C, 0, 0);
		plan_add(p, par->tok, V, C, 0);
	}
	plan_matrices(p, c, par);
	if (!version) {
		plan_add(p, par->norm_f, C, 0, 0);
		p->freqs = p->n;
	}
	if (!c->tied)
		plan_add(p, par->head, V, C, 0);
}

static size_t
freqs_count(const struct config *c)
{
	return (size_t)c->T * (size_t)c->D;     /* cos and sin, D/2 each */
}

static uint64_t
part_bytes(const struct part *p, const struct header *h)
{
	uint64_t n = (uint64_t)p->rows * p->cols;

	return h->version == 2 && p->kind == MAT ? n + n / (unsigned)h->group * 4 : n * 4;
}

/* The whole file's length; 0 when a matrix cannot be cut into groups. */
static uint64_t
file_bytes(const struct plan *p, const struct header *h)
{
	uint64_t n = h->version ? HEADER : 28;

	for (size_t i = 0; i < p->n; i++) {
		if (h->version == 2 && p->v[i].kind == MAT && p->v[i].rows * p->v[i].cols % (unsigned)h->group)
			return 0;
		n += part_bytes(&p->v[i], h);
	}
	return n + (p->freqs == SIZE_MAX ? 0 : (uint64_t)freqs_count(&h->c) * 4);
}

static int
header_parse(struct header *h, const unsigned char *p, size_t n, struct err *e)
{
	int32_t v[7];
	uint32_t magic = 0;
	struct config *c = &h->c;

	memset(h, 0, sizeof *h);
	if (n >= 4)
		memcpy(&magic, p, 4);
	if (n < (magic == MAGIC ? HEADER : 28))
		return err_set(e, "too short for a llama2.c checkpoint: %zu bytes", n);
	if (magic == MAGIC) {
		memcpy(&h->version, p + 4, 4);
		if (h->version != 1 && h->version != 2)
			return err_set(e, "llama2.c version %d is not offered (0, 1, 2 are)", h->version);
		memcpy(v, p + 8, sizeof v);
	} else {
		memcpy(v, p, sizeof v);
	}
	config_preset(c, "llama2-7b");          /* the family; all sizes follow */
	c->C = v[0];
	c->F = v[1];
	c->L = v[2];
	c->H = v[3];
	c->KV = v[4];
	c->T = v[6];
	c->tied = h->version ? p[36] == 1 : v[5] > 0;
	c->V = !h->version && v[5] < 0 && v[5] > INT32_MIN ? -v[5] : v[5];
	c->D = c->H > 0 ? c->C / c->H : 0;
	if (c->V > 0 && c->V <= 2)
		c->bos = c->eos = -1;
	if (h->version == 2)
		memcpy(&h->group, p + 37, 4);
	if (config_check(c, e))
		return -1;
	if (c->H * c->D != c->C)
		return err_set(e, "%d heads do not divide width %d", c->H, c->C);
	if (h->version == 2 && (h->group <= 0 || h->group > c->C))
		return err_set(e, "a group of %d", h->group);
	return 0;
}

int
llama2c_is(const void *bytes, size_t n)
{
	struct header h;
	uint32_t magic;

	if (n < 28)
		return 0;
	memcpy(&magic, bytes, 4);
	return magic == MAGIC || !header_parse(&h, bytes, n, NULL);
}

static void
read_part(const struct part *p, const struct header *h, const unsigned char *at, float *w)
{
	size_t D = p->heads ? p->rows / (size_t)p->heads : 1, n = p->rows * p->cols;
	const unsigned char *scales = at + n;

	for (size_t r = 0; r < p->rows; r++) {
		float *row = w + p->offset + (p->heads ? weights_half_row(r, D) : r) * p->cols;
		if (h->version < 2 || p->kind == VEC) {
			memcpy(row, at + r * p->cols * 4, p->cols * 4);
			continue;
		}
		for (size_t k = 0; k < p->cols; k++) {
			size_t i = r * p->cols + k;
			float s;
			memcpy(&s, scales + i / (unsigned)h->group * 4, 4);
			row[k] = (float)(int8_t)at[i] * s;
		}
	}
}

int
llama2c_parse(struct model *m, const void *bytes, size_t n, struct err *e)
{
	const unsigned char *at = bytes;
	struct header h;
	struct params par;
	struct plan p;
	uint64_t want;

	memset(m, 0, sizeof *m);
	if (header_parse(&h, at, n, e))
		return -1;
	params_init(&par, &h.c);
	plan_init(&p, h.version, &h.c, &par);
	params_free(&par);
	want = file_bytes(&p, &h);
	if (want != n) {
		free(p.v);
		return err_set(e, "not a llama2.c checkpoint, or cut: %zu bytes, where its header asks for %llu", n,
		               (unsigned long long)want);
	}
	model_init(m, &h.c);
	at += h.version ? HEADER : 28;
	for (size_t i = 0; i < p.n; i++) {
		if (i == p.freqs)
			at += freqs_count(&h.c) * 4;
		read_part(&p.v[i], &h, at, m->w);
		at += part_bytes(&p.v[i], &h);
	}
	free(p.v);
	return 0;
}

/* cos, then sin, of t * 10000^(-2i/D), (T, D/2) each: run.c skips them, others read them. */
static void
write_freqs(const struct config *c, FILE *f)
{
	for (int sine = 0; sine < 2; sine++)
		for (int t = 0; t < c->T; t++)
			for (int i = 0; i < c->D / 2; i++) {
				double a = t / pow(10000, 2.0 * i / c->D);
				float v = (float)(sine ? sin(a) : cos(a));
				fwrite(&v, sizeof v, 1, f);
			}
}

int
llama2c_write(const struct model *m, FILE *f, struct err *e)
{
	const struct config *c = &m->cfg;
	int32_t v[7] = { c->C, c->F, c->L, c->H, c->KV, c->tied ? c->V : -c->V, c->T };
	struct plan p;

	if (strcmp(c->model_type, "llama") || c->H * c->D != c->C || c->rope_theta != 10000 || c->rope_scaling ||
	    c->act != ACT_SILU)
		return err_set(e, "llama2.c has only plain Llamas: SwiGLU, base 10000, heads that divide the width");
	fwrite(v, sizeof v, 1, f);
	plan_init(&p, 0, c, &m->par);
	for (size_t i = 0; i < p.n; i++) {
		const struct part *t = &p.v[i];
		if (i == p.freqs)
			write_freqs(c, f);
		for (size_t r = 0; r < t->rows; r++) {
			size_t from = t->heads ? weights_half_row(r, (size_t)c->D) : r;
			fwrite(m->w + t->offset + from * t->cols, sizeof *m->w, t->cols, f);
		}
	}
	if (p.freqs == p.n)
		write_freqs(c, f);
	free(p.v);
	return 0;
}
