/* adapter - the tables of adapters, what they begin as, and peft's configuration of them */
/* SPDX-License-Identifier: MIT */
#include "model/file/adapter.h"
#include "base/json.h"
#include "base/match.h"
#include "base/rng.h"
#include "model/file/model.h"
#include "model/weights.h"
#include "vocab/vocab.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 16 };        /* of a rank or width */

/* "N[,X]"; x: what it is when not given. */
static int
two_numbers(const char *option, const char *s, int *n, double *x, struct err *e)
{
	char *end;
	long k = strtol(s, &end, 10);

	if (end != s && *end == ',')
		*x = strtod(end + 1, &end);
	if (end == s || *end || k < 1 || k > MOST || !(*x >= 0 && *x < 1e6))
		return err_set(e, "--%s=%s: a number from 1 to %d, and if wanted a comma and a factor", option, s, MOST);
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
	if (o->prompt < 0 || o->prompt > MOST || o->prefix < 0 || o->prefix > MOST)
		return err_set(e, "--prompt and --prefix: from 1 to %d tokens", MOST);
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

/* All tables of a kind; the weights are not there yet. */
static int
lay_out(struct adapter *a, const struct model *m, const struct choice *w, struct err *e)
{
	const struct config *c = &m->cfg;
	size_t C = (size_t)c->C, F = (size_t)c->F, q = (size_t)c->H * (size_t)c->D, kv = (size_t)c->KV * (size_t)c->D;

	a->par.tok = a->par.pos = a->par.head = a->par.norm_f = a->par.norm_f_b = SIZE_MAX;
	if (a->kind == ADAPTER_PROMPT || a->kind == ADAPTER_PREFIX) {
		params_add(&a->par, (size_t)a->r, a->kind == ADAPTER_PROMPT ? C : 2 * (size_t)c->L * kv, 0, "prompt_embeddings");
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
		add_lora(a, m, &b[BRANCH_QKV], o->qkv, q + 2 * kv, C, w);
		add_lora(a, m, &b[BRANCH_O], o->o, C, q, w);
		add_lora(a, m, &b[BRANCH_UP], o->up, c->gated ? 2 * F : F, C, w);
		add_lora(a, m, &b[BRANCH_DOWN], o->down, C, F, w);
	}
	params_group(&a->par);
	a->scale = a->kind == ADAPTER_LORA ? a->alpha / (a->rslora ? sqrt(a->r) : a->r) : a->alpha;
	return a->par.n ? 0 : err_set(e, "no linear layer of this model is one of its modules");
}

static void
name_base(struct adapter *a, const struct model *m)
{
	snprintf(a->base_crc, sizeof a->base_crc, "crc32c:%08x", (unsigned)model_crc(m));
}

static void
make_room(struct adapter *a)
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

/* From now on the model has it, and virtual tokens have their places. */
static void
attach(struct model *m, struct adapter *a)
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
	bad = bad || lay_out(a, m, &(struct choice){ .pattern = pattern }, e);
	match_free(pattern);
	if (bad) {
		adapter_free(a);
		return err_in(e, o->lora ? "--lora-targets" : "the adapter");
	}
	if (!m->w) {                    /* the shape alone */
		attach(m, a);
		return 0;
	}
	name_base(a, m);
	make_room(a);
	if (a->layer) {
		fill(a, (uint64_t)o->seed);
	} else if (fill_virtual(a, m, o, e)) {
		adapter_free(a);
		return -1;
	}
	attach(m, a);
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
	make_room(a);
	memcpy(a->w, from->w, a->par.total * sizeof *a->w);
	return a;
}

/* ---- one out of peft's files */

const char *const adapter_names[] = { "", "LORA", "PARALLEL_BOTTLENECK", "PROMPT_TUNING", "PREFIX_TUNING" };

/* A member that may only be absent, null, false, empty or the string s. */
static int
only(struct json o, const char *key, const char *s, struct err *e)
{
	struct json v = json_get(o, key);
	int k = json_kind(v);

	if (!k || k == 'n' || k == 'f' || ((k == '{' || k == '[') && !json_count(v)) || (s && json_is(v, s)))
		return 0;
	return err_set(e, "%s: %.*s is not offered", key, (int)(v.end - v.p > 60 ? 60 : v.end - v.p), v.p);
}

static int
parse_config(struct adapter *a, const char *text, size_t n, struct err *e)
{
	struct json o, kind;

	if (json_parse(&o, text, n, e))
		return -1;
	kind = json_get(o, "peft_type");
	for (a->kind = ADAPTER_PREFIX; a->kind && !json_is(kind, adapter_names[a->kind]); a->kind--)
		;
	if (!a->kind)
		return err_set(e, "peft_type: %.*s is not offered", (int)(kind.end - kind.p), kind.p ? kind.p : "");
	if (a->kind == ADAPTER_PROMPT || a->kind == ADAPTER_PREFIX) {
		a->r = (int)json_int(json_get(o, "num_virtual_tokens"), 0);
	} else {
		a->r = (int)json_int(json_get(o, "r"), 0);
		a->alpha = json_num(json_get(o, a->kind == ADAPTER_LORA ? "lora_alpha" : "scaling"), -1);
	}
	a->rslora = json_bool(json_get(o, "use_rslora"), 0);
	a->base = json_dup(json_get(o, "base_model_name_or_path"));
	if (a->r < 1 || a->r > MOST || !(a->alpha >= 0 && isfinite(a->alpha)))
		return err_set(e, "its size, or the factor with it: absent or out of range");
	return only(o, "bias", "none", e) || only(o, "use_dora", NULL, e) || only(o, "modules_to_save", NULL, e) ||
	       only(o, "rank_pattern", NULL, e) || only(o, "alpha_pattern", NULL, e) || only(o, "lora_bias", NULL, e) || only(o, "prefix_projection", NULL, e) ? -1 : 0;
}

/* The weights, and what the metadata say, which a file of peft's own does not have. */
static int
take_image(struct adapter *a, struct model *m, const struct tens_set *set, struct err *e)
{
	char *crc = tens_meta(set, "pipelm.base"), **text[] = { &m->prog, &m->data, &m->chat };
	static const char *const keys[] = { "pipelm.prog", "pipelm.data", "pipelm.chat" };
	int other;

	name_base(a, m);
	other = crc && strcmp(crc, a->base_crc);
	free(crc);
	if (other)
		return err_set(e, "made for other weights than the model's (%s)", a->base_crc);
	if (lay_out(a, m, &(struct choice){ .set = set }, e) || weights_check(&a->par, "", set, 1, e))
		return -1;
	for (size_t i = 0; set->n != (size_t)a->par.n && i < set->n; i++)
		if (!params_find(&a->par, set->v[i].name))
			return err_set(e, "%s: no part of this model takes it", set->v[i].name);
	make_room(a);
	weights_read(&a->par, "", set, 1, a->w);
	for (int i = 0; i < 3; i++) {
		char *v = tens_meta(set, keys[i]);
		struct json j;
		if (!v || json_parse(&j, v, strlen(v), NULL) || json_kind(j) != (i ? '{' : '[')) {
			free(v);
			continue;
		}
		free(*text[i]);
		*text[i] = v;
	}
	return 0;
}

int
adapter_parse(struct model *m, const char *config, size_t n_config, const void *image, size_t n, struct err *e)
{
	struct adapter *a = xcalloc(1, sizeof *a);
	struct tens_set set;
	int bad = parse_config(a, config, n_config, e);

	if (bad) {
		err_in(e, "adapter_config.json");
	} else if (!(bad = tens_parse(&set, image, n, e))) {
		bad = take_image(a, m, &set, e);
		tens_free(&set);
	}
	if (bad) {
		adapter_free(a);
		return -1;
	}
	attach(m, a);
	return 0;
}
