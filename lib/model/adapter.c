/* adapter - the tables of adapters, and what they begin as */
/* SPDX-License-Identifier: MIT */
#include "model/adapter.h"
#include "model/match.h"
#include "base/rng.h"
#include "model/model.h"
#include "model/weights.h"
#include "vocab/vocab.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const adapter_names[] = { "", "LORA", "PARALLEL_BOTTLENECK", "PROMPT_TUNING", "PREFIX_TUNING" };

/* "N[,X]"; x: what it is when not given. */
static int
two_numbers(const char *option, const char *s, int *n, double *x, struct err *e)
{
	char *end;
	long k = strtol(s, &end, 10);

	if (end != s && *end == ',')
		*x = strtod(end + 1, &end);
	if (end == s || *end || k < 1 || k > ADAPTER_MOST || !(*x >= 0 && *x < 1e6))
		return err_set(e, "--%s=%s: a number from 1 to %d, and if wanted a comma and a factor", option, s, ADAPTER_MOST);
	*n = (int)k;
	return 0;
}

int
adapter_check(struct adapter_opts *o, struct err *e)
{
	if (!o->lora && (o->targets || o->rslora))
		return err_set(e, "--lora-targets and --rslora go with --lora");
	if ((o->lora != NULL) + (o->bottleneck != NULL) + (o->prompt != 0) + (o->prefix != 0) > 1)
		return err_set(e, "--lora, --adapter, --prompt and --prefix: one at a time");
	if (o->text && !o->prompt && !o->prefix)
		return err_set(e, "--prompt-text goes with --prompt or --prefix");
	if (o->prompt < 0 || o->prompt > ADAPTER_MOST || o->prefix < 0 || o->prefix > ADAPTER_MOST)
		return err_set(e, "--prompt and --prefix: from 1 to %d tokens", ADAPTER_MOST);
	o->alpha = o->lora ? 0 : 4;
	if ((o->lora && two_numbers("lora", o->lora, &o->r, &o->alpha, e)) ||
	    (o->bottleneck && two_numbers("adapter", o->bottleneck, &o->r, &o->alpha, e)))
		return -1;
	o->kind = o->lora ? ADAPTER_LORA : o->bottleneck ? ADAPTER_BOTTLENECK : ADAPTER_NONE;
	if (o->prompt || o->prefix) {
		o->kind = o->prompt ? ADAPTER_PROMPT : ADAPTER_PREFIX;
		o->r = (int)(o->prompt + o->prefix);
	}
	if (o->lora && !strchr(o->lora, ','))
		o->alpha = o->r;
	return 0;
}

/* ---- tables */

/* What chooses modules: a pattern (NULL: all), or the tensors of a file. */
struct choice {
	const struct match    *pattern;
	const struct tens_set *set;
};

/* The module of a weight as Hugging Face's classes for generation call it. */
static void
module_name(const struct config *c, const struct param *p, char out[100])
{
	size_t n = strlen(p->name) - strlen(".weight");

	snprintf(out, 100, "%s%.*s", c->norm == NORM_LAYER ? "transformer." : "", (int)n, p->name);
}

static int
chosen(const struct choice *w, const char *module)
{
	char name[160];

	if (!w->set)
		return !w->pattern || match_in(w->pattern, module);
	snprintf(name, sizeof name, "base_model.model.%s.lora_A.weight", module);
	return tens_find(w->set, name) != NULL;
}

/* LoRA beside the modules that are chosen among the weights [from, from + rows * in): those of one product. */
static void
add_lora(struct adapter *a, const struct model *m, struct branch *b, size_t from, size_t rows, size_t in, const struct choice *w)
{
	char name[3][100];
	size_t r = (size_t)a->r;

	params_group(&a->par);
	b->A = a->par.total;
	for (int i = 0; i < m->par.n; i++) {
		const struct param *p = &m->par.v[i];
		if (p->offset < from || p->offset >= from + rows * in)
			continue;
		module_name(&m->cfg, p, name[b->n]);
		if (!chosen(w, name[b->n]))
			continue;
		b->part[b->n] = (struct branch_part){ 0, (p->offset - from) / in, (size_t)p->shape[0] };
		params_add(&a->par, r, in, 0, "base_model.model.%s.lora_A.weight", name[b->n++]);
	}
	for (int i = 0; i < b->n; i++) {
		params_group(&a->par);
		b->part[i].B = params_add(&a->par, b->part[i].out, r, 0, "base_model.model.%s.lora_B.weight", name[i]);
	}
}

static void
add_bottleneck(struct adapter *a, const struct model *m, struct branch *b, int l)
{
	const char *layers = m->cfg.norm == NORM_LAYER ? "transformer.h" : "model.layers";
	size_t C = (size_t)m->cfg.C, r = (size_t)a->r;

	params_group(&a->par);
	b->n = b->relu = 1;
	b->A = params_add(&a->par, r, C, 0, "base_model.model.%s.%d.mlp.adapter_down.weight", layers, l);
	params_group(&a->par);
	b->part[0] = (struct branch_part){ 0, 0, C };
	b->part[0].B = params_add(&a->par, C, r, 0, "base_model.model.%s.%d.mlp.adapter_up.weight", layers, l);
}

int
adapter_lay_out(struct adapter *a, const struct model *m, const struct match *pattern, const struct tens_set *set, struct err *e)
{
	const struct choice w = { pattern, set };
	const struct config *c = &m->cfg;
	size_t C = (size_t)c->C;

	a->par.tok = a->par.pos = a->par.head = a->par.norm_f = a->par.norm_f_b = SIZE_MAX;
	if (a->kind == ADAPTER_PROMPT || a->kind == ADAPTER_PREFIX) {
		params_add(&a->par, (size_t)a->r, a->kind == ADAPTER_PROMPT ? C : 2 * (size_t)c->L * width_kv(c), 0, "prompt_embeddings");
		params_group(&a->par);
		if (c->window)
			return err_set(e, "virtual tokens stay in sight, and the model has a sliding window");
		return a->r < c->T ? 0 : err_set(e, "%d virtual tokens in a context of %d", a->r, c->T);
	}
	a->layer = xcalloc((size_t)c->L, sizeof *a->layer);
	for (int l = 0; l < c->L; l++) {
		const struct layer_offsets *o = &m->par.layer[l];
		struct branch *b = a->layer[l];
		if (a->kind == ADAPTER_BOTTLENECK) {
			add_bottleneck(a, m, &b[BRANCH_FFN], l);
			continue;
		}
		add_lora(a, m, &b[BRANCH_QKV], o->qkv, width_qkv(c), C, &w);
		add_lora(a, m, &b[BRANCH_O], o->o, C, width_q(c), &w);
		add_lora(a, m, &b[BRANCH_UP], o->up, width_up(c), C, &w);
		add_lora(a, m, &b[BRANCH_DOWN], o->down, C, (size_t)c->F, &w);
	}
	params_group(&a->par);
	a->scale = a->kind == ADAPTER_LORA ? a->alpha / (a->rslora ? sqrt(a->r) : a->r) : a->alpha;
	return a->par.n ? 0 : err_set(e, "no linear layer of this model is one of its modules");
}

void
adapter_make_room(struct adapter *a)
{
	arena_init(&a->mem, a->par.total * sizeof *a->w + 64);
	a->w = arena_take(&a->mem, a->par.total * sizeof *a->w);
}

void
adapter_free(struct adapter *a)
{
	if (!a)
		return;
	params_free(&a->par);
	arena_free(&a->mem);
	free(a->layer);
	free(a->base);
	free(a);
}

/* ---- a new one */

/* The inner matrices U(-1/sqrt(in), 1/sqrt(in)), the outer ones 0: peft's beginning, that of He et al. too. */
static void
fill(struct adapter *a, uint64_t seed)
{
	for (int i = 0; i < a->par.n; i++) {
		const struct param *p = &a->par.v[i];
		uint64_t name = rng_hash(p->name, strlen(p->name), 0);
		double bound = 1 / sqrt((double)p->shape[1]);

		if (!strstr(p->name, ".lora_A.") && !strstr(p->name, ".adapter_down."))
			continue;
		for (size_t k = 0; k < p->count; k++)
			a->w[p->offset + k] = (float)(bound * (2 * rng_unit(rng_at(seed, name, k, 0, 0)) - 1));
	}
}

static int
ids_of(const struct model *m, const char *text, struct ids *ids, struct err *e)
{
	struct vocab *v = model_vocab(m, e);
	struct encoder *x;
	int bad;

	if (!v)
		return -1;
	x = encoder_new(v, &(struct vocab_opts){ .special = SPECIAL_ALL });
	bad = encode(x, text, strlen(text), ids, e);
	encoder_free(x);
	vocab_free(v);
	return bad || ids->n ? bad : err_set(e, "--prompt-text: no token in it");
}

/* Virtual tokens begin as tokens of the vocabulary: those of a text over and over, or drawn at random. */
static int
fill_virtual(struct adapter *a, const struct model *m, const struct adapter_opts *o, struct err *e)
{
	size_t C = (size_t)m->cfg.C;
	float *rows, *keys;
	struct ids ids = { 0 };

	if (o->text && ids_of(m, o->text, &ids, e)) {
		free(ids.v);
		return -1;
	}
	rows = xreallocarray(NULL, (size_t)a->r, C * sizeof *rows);
	for (size_t p = 0; p < (size_t)a->r; p++) {
		uint64_t id = rng_at((uint64_t)o->seed, 0x7e0, p, 0, 0) % (uint64_t)m->cfg.V;
		if (ids.n)
			id = ids.v[p % ids.n];
		memcpy(rows + p * C, m->w + m->par.tok + id * C, C * sizeof *rows);
	}
	keys = a->kind == ADAPTER_PROMPT ? rows : virtual_keys(m, a->r, rows);
	memcpy(a->w, keys, a->par.v[0].count * sizeof *keys);
	if (keys != rows)
		free(keys);
	free(rows);
	free(ids.v);
	return 0;
}

void
adapter_attach(struct model *m, struct adapter *a)
{
	m->adapter = a;
	if (!a->layer)
		m->cfg.T -= a->r;
}

int
adapter_new(struct model *m, const struct adapter_opts *o, struct err *e)
{
	struct adapter *a = xcalloc(1, sizeof *a);
	struct match *pattern = NULL;
	int bad = 0;

	a->kind = o->kind;
	a->r = o->r;
	a->alpha = o->alpha;
	a->rslora = o->rslora;
	if (o->targets && strcmp(o->targets, "all-linear"))
		bad = !(pattern = match_new(o->targets, e));
	bad = bad || adapter_lay_out(a, m, pattern, NULL, e);
	match_free(pattern);
	if (bad) {
		adapter_free(a);
		return err_in(e, o->lora ? "--lora-targets" : "the adapter");
	}
	if (!m->w) {                    /* the shape alone */
		adapter_attach(m, a);
		return 0;
	}
	model_crc_text(m, a->base_crc);
	adapter_make_room(a);
	if (a->layer) {
		fill(a, (uint64_t)o->seed);
	} else if (fill_virtual(a, m, o, e)) {
		adapter_free(a);
		return -1;
	}
	adapter_attach(m, a);
	return 0;
}

struct adapter *
adapter_copy(const struct model *m)
{
	const struct adapter *from = m->adapter;
	struct adapter *a = xmalloc(sizeof *a);
	size_t L = (size_t)m->cfg.L;

	*a = *from;
	a->base = xstrdup(from->base);
	if (from->layer) {
		a->layer = xmalloc(L * sizeof *a->layer);
		memcpy(a->layer, from->layer, L * sizeof *a->layer);
	}
	a->par.v = xreallocarray(NULL, (size_t)from->par.n, sizeof *a->par.v);
	memcpy(a->par.v, from->par.v, (size_t)from->par.n * sizeof *a->par.v);
	a->par.cap = from->par.n;
	adapter_make_room(a);
	memcpy(a->w, from->w, a->par.total * sizeof *a->w);
	return a;
}
