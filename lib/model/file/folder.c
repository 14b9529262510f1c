/* folder - a model as Hugging Face keeps it: config.json, *.safetensors, tokenizer.json */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/json.h"
#include "base/order.h"
#include "model/file/image.h"
#include "vocab/chat/chat.h"
#include "vocab/vocab.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct folder {
	char           **name;
	struct file_map *map;
	struct tens_set *set;
	int              n, cap;
};

int
folder_is(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

int
folder_config(struct config *c, const char *dir, struct err *e)
{
	struct file_map f;
	int r;

	if (file_map_in(&f, dir, "config.json", e))
		return -1;
	r = config_parse(c, (const char *)f.p, f.n, e);
	file_unmap(&f);
	return r ? err_at(e, "%s: config.json", dir) : 0;
}

/* Takes over the name. */
static void
add_name(struct folder *s, char *name)
{
	for (int i = 0; i < s->n; i++)
		if (!strcmp(s->name[i], name)) {
			free(name);
			return;
		}
	VEC_PUSH(s->name, s->n, s->cap, name);
}

static int
names_of_index(struct folder *s, const char *dir, struct err *e)
{
	static const char index[] = "model.safetensors.index.json";
	struct file_map f;
	struct json o;
	struct json_iter it;
	int r;

	if (file_map_in(&f, dir, index, e))
		return -1;
	r = json_parse(&o, (const char *)f.p, f.n, e);
	it = json_walk(r ? (struct json){ 0 } : json_get(o, "weight_map"));
	while (!r && json_next(&it)) {
		char *name = json_dup(it.value);
		if (!name || !*name || strchr(name, '/')) {
			r = err_set(e, "weight_map names no file of this folder");
			free(name);
		} else {
			add_name(s, name);
		}
	}
	if (!r && !s->n)
		r = err_set(e, "no weight_map");
	if (r)
		err_in(e, index);
	file_unmap(&f);
	return r;
}

static int
names_of_dir(struct folder *s, const char *dir, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *f;

	if (!d)
		return err_sys(e, "%s", dir);
	while ((f = readdir(d))) {
		size_t n = strlen(f->d_name);
		if (n > 12 && !strcmp(f->d_name + n - 12, ".safetensors"))
			add_name(s, xstrdup(f->d_name));
	}
	closedir(d);
	if (!s->n)
		return err_set(e, "no .safetensors file");
	qsort(s->name, (size_t)s->n, sizeof *s->name, order_text);
	return 0;
}

static void
forget(struct folder *s)
{
	for (int i = 0; i < s->n; i++) {
		if (s->set)
			tens_free(&s->set[i]);
		if (s->map && s->map[i].p)
			file_unmap(&s->map[i]);
		free(s->name[i]);
	}
	free(s->name);
	free(s->map);
	free(s->set);
}

static int
open_all(struct folder *s, const char *dir, struct err *e)
{
	memset(s, 0, sizeof *s);
	if (file_has(dir, "model.safetensors.index.json")) {
		if (names_of_index(s, dir, e))
			return err_in(e, dir);
	} else if (file_has(dir, "model.safetensors")) {
		add_name(s, xstrdup("model.safetensors"));
	} else if (names_of_dir(s, dir, e)) {
		return err_in(e, dir);
	}
	s->map = xcalloc((size_t)s->n, sizeof *s->map);
	s->set = xcalloc((size_t)s->n, sizeof *s->set);
	for (int i = 0; i < s->n; i++) {
		if (file_map_in(&s->map[i], dir, s->name[i], e))
			return -1;
		if (tens_parse(&s->set[i], s->map[i].p, s->map[i].n, e))
			return err_at(e, "%s: %s", dir, s->name[i]);
	}
	return 0;
}

/* The template's name by what only it has; the Jinja itself is not run.  system: when not the template's own. */
static const struct known {
	const char *mark, *name, *system;
} known[] = {
	{ "<|start_header_id|>", "llama3", NULL },
	{ "SmolLM", "smollm2", NULL },
	{ "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.", "qwen",
	  "You are Qwen, created by Alibaba Cloud. You are a helpful assistant." },
	{ "You are a helpful assistant", "qwen", NULL },
	{ "<|im_start|>", "chatml", NULL },
	{ "### Instruction:", "alpaca", NULL },
	{ NULL, NULL, NULL }
};

static void
take_chat(struct model *m, const char *dir, const struct vocab *v)
{
	const struct known *k = known;
	struct file_map f;
	struct json o;
	struct buf jinja = { 0 }, text = { 0 };
	struct chat chat;

	if (m->chat || file_map_in(&f, dir, "tokenizer_config.json", NULL))
		return;
	if (!json_parse(&o, (const char *)f.p, f.n, NULL) && !json_str(json_get(o, "chat_template"), &jinja)) {
		while (k->mark && !strstr(jinja.p, k->mark))
			k++;
		if (k->mark && !chat_init(&chat, k->name, v, NULL)) {
			if (k->system) {
				free(chat.system);
				chat.system = xstrdup(k->system);
			}
			chat_print(&chat, &text);
			m->chat = text.p;
			chat_free(&chat);
		}
	}
	buf_free(&jinja);
	file_unmap(&f);
}

int
folder_has_chat(const char *dir)
{
	struct file_map f;
	struct json o;
	int has;

	if (file_map_in(&f, dir, "tokenizer_config.json", NULL))
		return 0;
	has = !json_parse(&o, (const char *)f.p, f.n, NULL) && json_kind(json_get(o, "chat_template")) == '"';
	file_unmap(&f);
	return has;
}

/* A tokenizer that we cannot read is carried along all the same: the weights are good without it. */
static void
take_tokenizer(struct model *m, const char *dir)
{
	struct file_map f;
	struct vocab *v;

	if (file_map_in(&f, dir, "tokenizer.json", NULL))
		return;
	buf_clear(&m->tokenizer);
	buf_add(&m->tokenizer, f.p, f.n);
	file_unmap(&f);
	m->vocab[0] = 0;
	if (!(v = vocab_parse(m->tokenizer.p, m->tokenizer.n, "tokenizer.json", NULL, NULL)))
		return;
	vocab_crc(v, m->vocab);
	take_chat(m, dir, v);
	vocab_free(v);
}

int
folder_open(struct model *m, const char *dir, struct err *e)
{
	struct folder s = { 0 };
	struct config c;
	int r;

	if (folder_config(&c, dir, e))
		return -1;
	r = open_all(&s, dir, e);
	if (!r && (r = image_take(m, &c, s.set, s.n, 1, e)))
		err_in(e, dir);
	if (!r && m->src) {
		m->file = s.map;
		m->n_file = s.n;
		s.map = NULL;
	}
	forget(&s);
	if (!r)
		take_tokenizer(m, dir);
	return r;
}
