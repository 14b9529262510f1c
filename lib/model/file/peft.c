/* peft - an adapter at rest: a folder with adapter_config.json and adapter_model.safetensors */
/* SPDX-License-Identifier: MIT */
#include "model/file/peft.h"
#include "base/file.h"
#include "base/json.h"
#include "model/adapter.h"
#include "model/model.h"
#include "model/weights.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading */

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
	long long r;

	if (json_parse(&o, text, n, e))
		return -1;
	kind = json_get(o, "peft_type");
	for (a->kind = ADAPTER_PREFIX; a->kind && !json_is(kind, adapter_names[a->kind]); a->kind--)
		;
	if (!a->kind)
		return err_set(e, "peft_type: %.*s is not offered", (int)(kind.end - kind.p), kind.p ? kind.p : "");
	r = json_int(json_get(o, a->kind == ADAPTER_PROMPT || a->kind == ADAPTER_PREFIX ? "num_virtual_tokens" : "r"), 0);
	if (a->kind != ADAPTER_PROMPT && a->kind != ADAPTER_PREFIX)
		a->alpha = json_num(json_get(o, a->kind == ADAPTER_LORA ? "lora_alpha" : "scaling"), -1);
	a->rslora = json_bool(json_get(o, "use_rslora"), 0);
	a->base = json_dup(json_get(o, "base_model_name_or_path"));
	if (r < 1 || r > ADAPTER_MOST || !(a->alpha >= 0 && isfinite(a->alpha)))
		return err_set(e, "its size, or the factor with it: absent or out of range");
	a->r = (int)r;
	return only(o, "bias", "none", e) || only(o, "use_dora", NULL, e) || only(o, "modules_to_save", NULL, e) ||
	       only(o, "rank_pattern", NULL, e) || only(o, "alpha_pattern", NULL, e) || only(o, "lora_bias", NULL, e) ||
	       only(o, "prefix_projection", NULL, e) ? -1 : 0;
}

/* The weights, and what the metadata say, which a file of peft's own does not have. */
static int
take_image(struct adapter *a, struct model *m, const struct tens_set *set, struct err *e)
{
	char *crc = tens_meta(set, "pipelm.base"), **text[] = { &m->prog, &m->data, &m->chat };
	static const char *const keys[] = { "pipelm.prog", "pipelm.data", "pipelm.chat" };
	struct weight_src *src;
	int other;

	model_crc_text(m, a->base_crc);
	other = crc && strcmp(crc, a->base_crc);
	free(crc);
	if (other)
		return err_set(e, "made for other weights than the model's (%s)", a->base_crc);
	if (adapter_lay_out(a, m, NULL, set, e) || weights_check(&a->par, set, 1, e))
		return -1;
	for (size_t i = 0; set->n != (size_t)a->par.n && i < set->n; i++)
		if (!params_find(&a->par, set->v[i].name))
			return err_set(e, "%s: no part of this model takes it", set->v[i].name);
	adapter_make_room(a);
	src = xcalloc((size_t)a->par.n, sizeof *src);
	weights_find(&a->par, set, 1, src);
	weights_widen(&a->par, src, 0, a->w);
	free(src);
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
	adapter_attach(m, a);
	return 0;
}

int adapter_is(const char *dir) { return file_has(dir, "adapter_config.json"); }

char *
adapter_base(const char *dir, struct err *e)
{
	struct file_map f;
	struct json o;
	char *name = NULL, *path;

	if (file_map_in(&f, dir, "adapter_config.json", e))
		return NULL;
	if (!json_parse(&o, (const char *)f.p, f.n, e) && !(name = json_dup(json_get(o, "base_model_name_or_path"))))
		err_set(e, "adapter_config.json: no base_model_name_or_path");
	file_unmap(&f);
	if (!name) {
		err_in(e, dir);
		return NULL;
	}
	path = file_within(dir, name);
	if (*name != '/' && access(name, F_OK) && !access(path, F_OK)) {
		free(name);
		return path;
	}
	free(path);
	return name;
}

int
adapter_load(struct model *m, const char *dir, struct err *e)
{
	struct file_map config, image;
	int bad;

	if (file_map_in(&config, dir, "adapter_config.json", e))
		return -1;
	if (file_map_in(&image, dir, "adapter_model.safetensors", e)) {
		file_unmap(&config);
		return -1;
	}
	bad = adapter_parse(m, (const char *)config.p, config.n, image.p, image.n, e);
	file_unmap(&config);
	file_unmap(&image);
	return bad ? err_in(e, dir) : 0;
}

/* ---- writing */

/* What comes after the number of the layer. */
static const char *
after_layer(const struct config *c, const char *name)
{
	const char *s = c->norm == NORM_LAYER ? strstr(name, ".h.") + 3 : strstr(name, ".layers.") + 8;

	return strchr(s, '.') + 1;
}

/* "q_proj", but of GPT-2, whose c_proj is two, "attn.c_proj". */
static const char *
short_name(const struct config *c, const char *module)
{
	return c->norm == NORM_LAYER ? after_layer(c, module) : strrchr(module, '.') + 1;
}

/* The modules, by their short names when each layer has the same ones, else in full. */
static void
target_modules(const struct model *m, struct buf *b)
{
	const struct adapter *a = m->adapter;
	size_t per = (size_t)a->par.n / (size_t)m->cfg.L;
	int same = (size_t)a->par.n == per * (size_t)m->cfg.L;
	char *module;

	for (int i = (int)per; same && i < a->par.n; i++) {
		const char *x = a->par.v[i].name, *y = a->par.v[(size_t)i - per].name;
		same = !strcmp(after_layer(&m->cfg, x), after_layer(&m->cfg, y));
	}
	json_key(b, "target_modules");
	buf_char(b, '[');
	for (int i = 0; i < (same ? (int)per : a->par.n); i++) {
		const char *from = a->par.v[i].name + strlen("base_model.model."), *end = strstr(from, ".lora_A.");
		if (!end)
			continue;
		if (b->p[b->n - 1] != '[')
			buf_char(b, ',');
		module = xstrndup(from, (size_t)(end - from));
		from = same ? short_name(&m->cfg, module) : module;
		json_quote(b, from, strlen(from));
		free(module);
	}
	buf_char(b, ']');
}

static void
print_config(const struct model *m, struct buf *b)
{
	const struct adapter *a = m->adapter;
	const struct config *c = &m->cfg;
	int lora = a->kind == ADAPTER_LORA;

	buf_char(b, '{');
	json_add_str(b, "peft_type", adapter_names[a->kind]);
	json_add_str(b, "task_type", "CAUSAL_LM");
	json_add_str(b, "base_model_name_or_path", a->base ? a->base : "");
	json_add_bool(b, "inference_mode", 1);
	if (a->layer) {
		json_add_int(b, "r", a->r);
		json_add_num(b, lora ? "lora_alpha" : "scaling", a->alpha);
	} else {
		json_add_int(b, "num_virtual_tokens", a->r);
		json_add_int(b, "token_dim", a->kind == ADAPTER_PROMPT ? c->C : c->KV * c->D);
		json_add_int(b, "num_attention_heads", a->kind == ADAPTER_PROMPT ? c->H : c->KV);
		json_add_int(b, "num_layers", c->L);
		json_add_int(b, "num_transformer_submodules", 1);
	}
	if (lora) {
		json_add_num(b, "lora_dropout", 0);
		json_add_bool(b, "use_rslora", a->rslora);
		json_add_bool(b, "fan_in_fan_out", m->cfg.norm == NORM_LAYER);
		json_add_str(b, "bias", "none");
		target_modules(m, b);
	}
	buf_str(b, "}\n");
}

static void
declare(const struct model *m, struct buf *head)
{
	struct tens_new t = { 0 };

	tens_declare_meta(&t, "format", "pt");
	tens_declare_meta(&t, "pipelm.base", m->adapter->base_crc);
	tens_declare_meta(&t, "pipelm.prog", m->prog);
	tens_declare_meta(&t, "pipelm.data", m->data);
	tens_declare_meta(&t, "pipelm.chat", m->chat);
	weights_declare(&m->adapter->par, &t);
	tens_header(&t, head);
}

int
adapter_save(const struct model *m, const char *dir, struct err *e)
{
	struct buf b = { 0 };
	struct file_out *o;
	char *path, *weights;
	int bad;

	if (mkdir(dir, 0777) && errno != EEXIST)
		return err_sys(e, "%s", dir);
	print_config(m, &b);
	path = file_within(dir, "adapter_config.json");
	weights = file_within(dir, "adapter_model.safetensors");
	unlink(weights);                /* never those of before beside another configuration */
	bad = file_write(path, 0, b.p, b.n, e);
	free(path);
	buf_clear(&b);
	path = weights;
	if (!bad && !(bad = !(o = file_create(path, 1, e)))) {
		declare(m, &b);
		fwrite(b.p, 1, b.n, file_stream(o));
		weights_write(&m->adapter->par, m->adapter->w, weights_to_file, file_stream(o));
		bad = file_commit(o, e);
	}
	free(path);
	buf_free(&b);
	return bad ? -1 : 0;
}
