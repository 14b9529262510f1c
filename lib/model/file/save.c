/* save - a model written: a file, a stream, a folder */
/* SPDX-License-Identifier: MIT */
#include "model/file/save.h"
#include "base/cli.h"
#include "base/file.h"
#include "base/json.h"
#include "model/file/image.h"
#include "model/gguf/jinja.h"
#include "model/weights.h"
#include "stream/stream.h"
#include "vocab/vocab.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int
save_image(const struct model *m, enum image_kind kind, const char *path, struct err *e)
{
	struct file_out *o = file_create(path, 1, e);
	struct buf head = { 0 };
	FILE *f;

	if (!o)
		return -1;
	f = file_stream(o);
	image_header(m, kind, &head);
	fwrite(head.p, 1, head.n, f);
	buf_free(&head);
	image_data(m, kind, weights_to_file, f);
	return file_commit(o, e);
}

/* HEAD names the commands up to this run's, which head_next() adds. */
static char *
head_of(const struct model *m)
{
	struct buf in = { 0 };
	struct json list = { 0 };
	struct json_iter it;
	size_t left;
	char *head;

	if (m->prog && json_parse(&list, m->prog, strlen(m->prog), NULL))
		list = (struct json){ 0 };
	left = json_count(list);
	it = json_walk(list);
	buf_str(&in, "{\"prog\":[");
	while (json_next(&it)) {
		if (!--left && json_is(it.value, cli_prog()))
			break;
		if (in.p[in.n - 1] != '[')
			buf_char(&in, ',');
		json_raw(&in, it.value);
	}
	buf_str(&in, "]}");
	head = head_next(in.p, "tens", "");
	buf_free(&in);
	return head;
}

int
model_save(const struct model *m, const char *path, struct err *e)
{
	struct buf image = { 0 };
	struct stream_out *s;
	char *head;

	if (strcmp(path, "-"))
		return save_image(m, IMAGE_OURS, path, e);
	image_header(m, IMAGE_OURS, &image);
	buf_need(&image, params_count(&m->par) * sizeof *m->w + m->tokenizer.n);
	image_data(m, IMAGE_OURS, weights_to_buf, &image);
	head = head_of(m);
	s = stream_create("-", head);
	stream_put(s, 1, NULL, image.p, image.n);
	stream_finish(s);
	free(head);
	buf_free(&image);
	return 0;
}

static int
save_text(const char *dir, const char *name, const char *text, size_t n, struct err *e)
{
	char *path = file_within(dir, name);
	int bad = file_write(path, 0, text, n, e);

	free(path);
	return bad;
}

static void
add_token(const struct vocab *v, const char *k, int id, struct buf *b)
{
	const char *p;
	size_t n;

	if (id < 0 || (size_t)id >= vocab_size(v) || !(p = vocab_bytes(v, (uint32_t)id, &n)))
		return;
	json_key(b, k);
	json_quote(b, p, n);
}

static void
tokenizer_config(const struct model *m, struct buf *b)
{
	struct vocab *v = model_vocab(m, NULL);
	struct buf jinja = { 0 };

	buf_char(b, '{');
	json_add_str(b, "tokenizer_class", "PreTrainedTokenizerFast");
	json_add_int(b, "model_max_length", m->cfg.T);
	if (v) {
		add_token(v, "bos_token", m->cfg.bos, b);
		add_token(v, "eos_token", m->cfg.eos, b);
	}
	if (!jinja_of_chat(m->chat, &jinja))
		json_add_str(b, "chat_template", jinja.p);
	buf_str(b, "}\n");
	buf_free(&jinja);
	vocab_free(v);
}

/* The weights come last: a folder that has them is whole. */
int
model_save_folder(const struct model *m, const char *dir, struct err *e)
{
	struct buf b = { 0 };
	char *weights;
	int r;

	if (mkdir(dir, 0777) && errno != EEXIST)
		return err_sys(e, "%s", dir);
	config_print(&m->cfg, &b);
	buf_char(&b, '\n');
	r = save_text(dir, "config.json", b.p, b.n, e);
	if (!r && m->tokenizer.n)
		r = save_text(dir, "tokenizer.json", m->tokenizer.p, m->tokenizer.n, e);
	if (!r && m->tokenizer.n) {
		buf_clear(&b);
		tokenizer_config(m, &b);
		r = save_text(dir, "tokenizer_config.json", b.p, b.n, e);
	}
	if (!r) {
		weights = file_within(dir, "model.safetensors");
		r = save_image(m, IMAGE_FOLDER, weights, e);
		free(weights);
	}
	buf_free(&b);
	return r;
}
