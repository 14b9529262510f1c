/* model - a model in memory, and loading one: a file, a stream, a folder */
/* SPDX-License-Identifier: MIT */
#include "model/file/model.h"
#include "base/file.h"
#include "base/json.h"
#include "model/file/adapter.h"
#include "model/file/gguf.h"
#include "model/file/image.h"
#include "model/weights.h"
#include "stream/stream.h"
#include "vocab/chat/chat.h"
#include "vocab/vocab.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void
model_shape(struct model *m, const struct config *c)
{
	memset(m, 0, sizeof *m);
	m->cfg = *c;
	params_init(&m->par, c);
	m->score_gain = 1;
}

static void
take_memory(struct model *m)
{
	size_t n = m->par.total * sizeof *m->w;

	arena_init(&m->mem, n + 64);
	m->w = arena_take(&m->mem, n);
}

void
model_init(struct model *m, const struct config *c)
{
	model_shape(m, c);
	take_memory(m);
}

static void
close_files(struct model *m)
{
	free(m->src);
	m->src = NULL;
	for (int i = 0; i < m->n_file; i++)
		file_unmap(&m->file[i]);
	free(m->file);
	m->file = NULL;
	m->n_file = 0;
}

void
model_drop(struct model *m)
{
	arena_free(&m->mem);
	m->w = NULL;
	close_files(m);
}

void
model_free(struct model *m)
{
	adapter_free(m->adapter);
	params_free(&m->par);
	model_drop(m);
	buf_free(&m->tokenizer);
	free(m->prog);
	free(m->data);
	free(m->chat);
	free(m->score);
	memset(m, 0, sizeof *m);
}

void
model_add_prog(struct model *m, const char *line)
{
	struct buf b = { 0 };
	size_t n = m->prog ? strlen(m->prog) : 0;

	while (n && m->prog[n - 1] != ']')
		n--;
	if (n > 1) {
		buf_add(&b, m->prog, n - 1);
		while (b.n && strchr(" \t\r\n", b.p[b.n - 1]))
			b.n--;
		if (b.p[b.n - 1] != '[')
			buf_char(&b, ',');
	} else {
		buf_char(&b, '[');
	}
	json_quote(&b, line, strlen(line));
	buf_char(&b, ']');
	free(m->prog);
	m->prog = b.p;
}

int
model_average(struct model *m, const struct model *x, int k, struct err *e)
{
	if (!config_same(&m->cfg, &x->cfg))
		return err_set(e, "of another shape than the first: no average");
	if (m->vocab[0] && x->vocab[0] && strcmp(m->vocab, x->vocab))
		return err_set(e, "of another vocabulary than the first: no average");
	for (size_t i = 0; i < m->par.total; i++)
		m->w[i] += (x->w[i] - m->w[i]) / (float)k;
	return 0;
}

const struct params *
model_moving(const struct model *m)
{
	return m->adapter ? &m->adapter->par : &m->par;
}

float *
model_moving_w(const struct model *m)
{
	return m->adapter ? m->adapter->w : m->w;
}

float *
model_swap(struct model *m, float *w)
{
	float **at = m->adapter ? &m->adapter->w : &m->w, *was = *at;

	*at = w;
	return was;
}

void
model_set_vocab(struct model *m, const struct vocab *v)
{
	buf_clear(&m->tokenizer);
	vocab_json(v, &m->tokenizer);
	vocab_crc(v, m->vocab);
}

int
model_set_chat(struct model *m, const char *name, const struct vocab *v, struct err *e)
{
	struct chat chat;
	struct buf b = { 0 };

	if (chat_init(&chat, name, v, e))
		return -1;
	chat_print(&chat, &b);
	free(m->chat);
	m->chat = b.p;
	chat_free(&chat);
	return 0;
}

struct vocab *
model_vocab(const struct model *m, struct err *e)
{
	if (!m->tokenizer.n) {
		err_set(e, "the model carries no tokenizer");
		return NULL;
	}
	struct vocab *v = vocab_parse(m->tokenizer.p, m->tokenizer.n, "pipelm.tokenizer", NULL, e);

	if (v && vocab_size(v) > (size_t)m->cfg.V) {
		err_set(e, "the tokenizer has %zu tokens, and the model %d", (size_t)vocab_size(v), m->cfg.V);
		vocab_free(v);
		return NULL;
	}
	return v;
}

int
model_is(const char *path)
{
	unsigned char b[9] = { 0 };
	struct stat st;
	uint64_t len;
	size_t n;
	FILE *f;

	if (stat(path, &st))
		return 0;
	if (!S_ISREG(st.st_mode) || !(f = fopen(path, "rb")))
		return S_ISDIR(st.st_mode);
	n = fread(b, 1, sizeof b, f);
	fclose(f);
	memcpy(&len, b, sizeof len);
	return gguf_is(b, n) || (n == sizeof b && b[8] == '{' && len <= (uint64_t)st.st_size - 8);
}

static int
image_config(struct config *c, const struct tens_set *set, struct err *e)
{
	char *text = tens_meta(set, "pipelm.config");
	int r;

	if (!text)
		return err_set(e, "no pipelm.config in its metadata (a Hugging Face model is given as its folder)");
	r = config_parse(c, text, strlen(text), e);
	if (r)
		err_in(e, "pipelm.config");
	free(text);
	return r;
}

static int
parse_image(struct model *m, const void *image, size_t n, int keep, struct err *e)
{
	struct tens_set set;
	struct config c;
	int r;

	memset(m, 0, sizeof *m);
	if (tens_parse(&set, image, n, e))
		return -1;
	r = image_config(&c, &set, e) ? -1 : image_take(m, &c, &set, 1, keep, e);
	tens_free(&set);
	return r;
}

int
model_parse(struct model *m, const void *image, size_t n, struct err *e)
{
	return parse_image(m, image, n, 0, e);
}

static int
load_stream(struct model *m, const char *path, struct err *e)
{
	char *files[] = { (char *)(uintptr_t)path };
	struct stream *s = stream_open(1, files, "tens");
	struct frame f;
	int n = 0, bad = 0;

	while (!bad && stream_data(s, &f)) {
		if (n++)
			model_free(m);
		if ((bad = model_parse(m, f.data, f.data_len, e)))
			err_in(e, stream_name(s));
	}
	if (!n)
		bad = err_set(e, "%s: a tens stream without a model", stream_name(s));
	stream_close(s);
	return bad;
}

int
model_load_adapted(struct model *m, const char *path, struct err *e)
{
	char *base;
	int bad;

	if (!adapter_is(path))
		return model_load(m, path, e);
	if (!(base = adapter_base(path, e)))
		return -1;
	bad = adapter_is(base) ? err_set(e, "%s: its model is an adapter too", path) : model_load(m, base, e);
	free(base);
	if (!bad && (bad = adapter_load(m, path, e)))
		model_free(m);
	return bad;
}

int
model_open_adapted(struct model *m, const char *path, struct err *e)
{
	if (!adapter_is(path))
		return model_open(m, path, e);
	if (model_load_adapted(m, path, e))
		return -1;
	if (!m->adapter->layer || !adapter_merge(m, e))
		return 0;
	model_free(m);
	return err_in(e, path);
}

int
model_open(struct model *m, const char *path, struct err *e)
{
	struct file_map f;
	int r;

	memset(m, 0, sizeof *m);
	if (!strcmp(path, "-"))
		return load_stream(m, path, e);
	if (adapter_is(path)) {
		if (model_open_adapted(m, path, e))
			return -1;
		if (!m->adapter)
			return 0;
		model_free(m);
		return err_set(e, "%s: virtual tokens, which no weights can hold", path);
	}
	if (folder_is(path))
		return folder_open(m, path, e);
	if (file_map(&f, path, e))
		return -1;
	if (stream_is(f.p, f.n)) {
		file_unmap(&f);
		return load_stream(m, path, e);
	}
	r = (gguf_is(f.p, f.n) ? gguf_parse : parse_image)(m, f.p, f.n, 1, e);
	if (r) {
		err_in(e, path);
		file_unmap(&f);
		return r;
	}
	m->file = xmalloc(sizeof *m->file);
	m->file[m->n_file++] = f;
	return 0;
}

int
model_load(struct model *m, const char *path, struct err *e)
{
	if (model_open(m, path, e))
		return -1;
	model_widen(m);
	return 0;
}

void
model_widen(struct model *m)
{
	if (m->src) {
		take_memory(m);
		weights_widen(&m->par, m->src, m->w);
	}
	close_files(m);
}

int
model_load_config(struct config *c, const char *path, struct err *e)
{
	struct tens_set set;
	struct file_map f;
	size_t i = 0;
	int r;

	if (folder_is(path))
		return folder_config(c, path, e);
	if (file_map(&f, path, e))
		return -1;
	while (i < f.n && strchr(" \t\r\n", f.p[i]))
		i++;
	if (i < f.n && f.p[i] == '{') {
		r = config_parse(c, (const char *)f.p, f.n, e);
	} else if (!(r = tens_parse(&set, f.p, f.n, e))) {
		r = image_config(c, &set, e);
		tens_free(&set);
	}
	if (r)
		err_in(e, path);
	file_unmap(&f);
	return r;
}
