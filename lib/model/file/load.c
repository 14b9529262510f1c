/* load - a model out of a file, a stream, a folder */
/* SPDX-License-Identifier: MIT */
#include "model/file/load.h"
#include "base/file.h"
#include "model/adapter.h"
#include "model/file/image.h"
#include "model/file/peft.h"
#include "model/gguf/gguf.h"
#include "stream/stream.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
	char *text = tens_meta(set, "pipelm.config"), *state = tens_meta(set, "format");
	int other = state && !strncmp(state, "pipelm.state", 12), r;

	free(state);
	if (!text && other)
		return err_set(e, "the state of a run, not a model (-s takes it; the run's command wrote a model, too)");
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
	if (bad && !model_is(base))
		err_at(e, "%s: the model that its adapter_config.json names", path);
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
	if (m->adapter->kind != ADAPTER_LORA || !adapter_merge(m, e))
		return 0;
	model_free(m);
	return err_in(e, path);
}

static int
open_any(struct model *m, const char *path, struct err *e)
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
		r = err_set(e, "%s: %s, and of adapters only LoRA can be added to the weights of a model", path,
			m->adapter->layer ? "bottlenecks" : "virtual tokens");
		model_free(m);
		return r;
	}
	if (folder_is(path))
		return folder_open(m, path, e);
	if (file_map(&f, path, e))
		return -1;
	if (stream_is(f.p, f.n)) {
		file_unmap(&f);
		return load_stream(m, path, e);
	}
	r = gguf_is(f.p, f.n) ? gguf_parse(m, f.p, f.n, e) : parse_image(m, f.p, f.n, 1, e);
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
model_open(struct model *m, const char *path, struct err *e)
{
	if (open_any(m, path, e))
		return -1;
	if (!model_finite(m, e))
		return 0;
	model_free(m);
	return err_in(e, path);
}

int
model_load(struct model *m, const char *path, struct err *e)
{
	if (model_open(m, path, e))
		return -1;
	model_widen(m);
	return 0;
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
