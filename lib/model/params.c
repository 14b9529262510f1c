/* params - the table of weights laid out for a configuration, random beginnings, and what a token costs */
/* SPDX-License-Identifier: MIT */
#include "model/params.h"
#include "base/mem.h"
#include "base/par.h"
#include "base/rng.h"
#include "base/size.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN 16        /* floats: 64 bytes */
#define NONE  SIZE_MAX

size_t
params_add(struct params *p, size_t rows, size_t cols, int conv1d, const char *fmt, ...)
{
	struct param t = { .ndim = cols ? 2 : 1, .shape = { rows, cols ? cols : 1 }, .conv1d = conv1d,
		.offset = p->total, .count = rows * (cols ? cols : 1) };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t.name, sizeof t.name, fmt, ap);
	va_end(ap);
	VEC_PUSH(p->v, p->n, p->cap, t);
	p->total += t.count;
	return t.offset;
}

void
params_group(struct params *p)
{
	p->total = round_up(p->total, ALIGN);
}

static void
add_gpt2_layer(struct params *p, const struct config *c, int l)
{
	struct layer_offsets *o = &p->layer[l];
	size_t C = (size_t)c->C, F = (size_t)c->F;

#define ADD(field, rows, cols, conv, name) \
	(params_group(p), o->field = params_add(p, rows, cols, conv, "h.%d." name, l))
	ADD(norm1, C, 0, 0, "ln_1.weight");
	ADD(norm1_b, C, 0, 0, "ln_1.bias");
	ADD(qkv, 3 * C, C, 1, "attn.c_attn.weight");
	ADD(qkv_b, 3 * C, 0, 0, "attn.c_attn.bias");
	ADD(o, C, C, 1, "attn.c_proj.weight");
	ADD(o_b, C, 0, 0, "attn.c_proj.bias");
	ADD(norm2, C, 0, 0, "ln_2.weight");
	ADD(norm2_b, C, 0, 0, "ln_2.bias");
	ADD(up, F, C, 1, "mlp.c_fc.weight");
	ADD(up_b, F, 0, 0, "mlp.c_fc.bias");
	ADD(down, C, F, 1, "mlp.c_proj.weight");
	ADD(down_b, C, 0, 0, "mlp.c_proj.bias");
#undef ADD
}

static void
add_llama_layer(struct params *p, const struct config *c, int l)
{
	struct layer_offsets *o = &p->layer[l];
	size_t C = (size_t)c->C, F = (size_t)c->F, D = (size_t)c->D, q = width_q(c), kv = width_kv(c);

#define ADD(field, rows, cols, name) \
	(params_group(p), o->field = params_add(p, rows, cols, 0, "model.layers.%d." name, l))
#define NEXT(rows, cols, name) \
	params_add(p, rows, cols, 0, "model.layers.%d." name, l)
	ADD(norm1, C, 0, "input_layernorm.weight");
	ADD(qkv, q, C, "self_attn.q_proj.weight");
	NEXT(kv, C, "self_attn.k_proj.weight");
	NEXT(kv, C, "self_attn.v_proj.weight");
	if (c->qkv_bias) {
		ADD(qkv_b, q, 0, "self_attn.q_proj.bias");
		NEXT(kv, 0, "self_attn.k_proj.bias");
		NEXT(kv, 0, "self_attn.v_proj.bias");
	}
	if (c->qk_norm) {
		ADD(q_norm, D, 0, "self_attn.q_norm.weight");
		ADD(k_norm, D, 0, "self_attn.k_norm.weight");
	}
	ADD(o, C, q, "self_attn.o_proj.weight");
	ADD(norm2, C, 0, "post_attention_layernorm.weight");
	ADD(up, F, C, "mlp.gate_proj.weight");
	NEXT(F, C, "mlp.up_proj.weight");
	ADD(down, C, F, "mlp.down_proj.weight");
#undef ADD
#undef NEXT
}

void
params_init(struct params *p, const struct config *c)
{
	int gpt2 = c->norm == NORM_LAYER;
	size_t V = (size_t)c->V, C = (size_t)c->C;

	memset(p, 0, sizeof *p);
	p->layer = xmalloc((size_t)c->L * sizeof *p->layer);
	memset(p->layer, 0xff, (size_t)c->L * sizeof *p->layer);        /* NONE */
	p->pos = p->norm_f_b = NONE;
	p->tok = params_add(p, V, C, 0, gpt2 ? "wte.weight" : "model.embed_tokens.weight");
	if (c->pos == POS_LEARNED) {
		params_group(p);
		p->pos = params_add(p, (size_t)c->T, C, 0, "wpe.weight");
	}
	for (int l = 0; l < c->L; l++) {
		if (gpt2)
			add_gpt2_layer(p, c, l);
		else
			add_llama_layer(p, c, l);
	}
	params_group(p);
	p->norm_f = params_add(p, C, 0, 0, gpt2 ? "ln_f.weight" : "model.norm.weight");
	if (gpt2) {
		params_group(p);
		p->norm_f_b = params_add(p, C, 0, 0, "ln_f.bias");
	}
	p->head = p->tok;
	if (!c->tied) {
		params_group(p);
		p->head = params_add(p, V, C, 0, "lm_head.weight");
	}
	params_group(p);
}

void
params_free(struct params *p)
{
	free(p->v);
	free(p->layer);
	memset(p, 0, sizeof *p);
}

const struct param *
params_find(const struct params *p, const char *name)
{
	for (int i = 0; i < p->n; i++)
		if (!strcmp(p->v[i].name, name))
			return &p->v[i];
	return NULL;
}

#define CHUNK 16384

struct fill {
	float   *w;
	uint64_t seed, name;
	size_t   count;
	double   sd;
};

static void
fill_chunk(size_t chunk, void *ctx)
{
	const struct fill *f = ctx;
	size_t end = (chunk + 1) * CHUNK;

	for (size_t i = chunk * CHUNK; i < end && i < f->count; i++)
		f->w[i] = (float)(f->sd * rng_normal(rng_at(f->seed, f->name, i, 0, 0)));
}

int
params_ends(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return n >= m && !strcmp(s + n - m, tail);
}

void
params_random(const struct params *p, const struct config *c, uint64_t seed, float *w)
{
	double residual = 0.02 / sqrt(2.0 * c->L);

	memset(w, 0, p->total * sizeof *w);
	for (int i = 0; i < p->n; i++) {
		const struct param *t = &p->v[i];
		struct fill f = { w + t->offset, seed, rng_hash(t->name, strlen(t->name), 0), t->count, 0.02 };

		if (t->ndim == 1) {
			for (size_t k = 0; k < t->count && !params_ends(t->name, ".bias"); k++)
				f.w[k] = 1;
			continue;
		}
		if (params_ends(t->name, "c_proj.weight") || params_ends(t->name, "o_proj.weight") || params_ends(t->name, "down_proj.weight"))
			f.sd = residual;
		par_for(div_up(t->count, CHUNK), fill_chunk, &f);
	}
}

size_t
params_count(const struct params *p)
{
	size_t n = 0;

	for (int i = 0; i < p->n; i++)
		n += p->v[i].count;
	return n;
}

size_t
params_matrix(const struct params *p, const struct config *c)
{
	size_t n = 0;

	for (int i = 0; i < p->n; i++) {
		size_t at = p->v[i].offset;
		if (p->v[i].ndim == 2 && at != p->tok && at != p->pos && (c->tied || at != p->head))
			n += p->v[i].count;
	}
	return n;
}

double
params_flops(const struct params *p, const struct config *c, int T)
{
	double head = (double)c->V * c->C, beyond = c->window && c->window < T ? T - c->window : 0;
	double span = T - beyond * beyond / T;  /* twice the keys that an average query sees */

	return 6 * ((double)params_matrix(p, c) + head) + 6.0 * c->L * span * c->H * c->D;
}
