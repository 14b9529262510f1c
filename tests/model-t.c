/* model-t - models at rest: images of them, what is wrong with them, Hugging Face's folders */
/* SPDX-License-Identifier: MIT */
#include "model-util.h"
#include "model/file/card.h"
#include "model/file/image.h"
#include "model/file/load.h"
#include "model/weights.h"
#include "tap.h"
#include <stdlib.h>

static void
image_of(const struct model *m, struct buf *b)
{
	buf_clear(b);
	image_header(m, IMAGE_OURS, b);
	image_data(m, IMAGE_OURS, weights_to_buf, b);
}

static void
test_image(const char *family)
{
	struct model m, r;
	struct buf a = { 0 }, b = { 0 }, card = { 0 };
	struct tens_set set;
	struct err e;
	int cut = 0;

	make(&m, family, 5);
	buf_str(&m.tokenizer, "{\"x\":1}");
	strcpy(m.vocab, "crc32c:00112233");
	m.data = xstrdup("{\"tokens\":12,\"from\":\"2019-01-01\",\"to\":\"2024-02-03\"}");
	m.chat = xstrdup("{\"template\":\"chatml\"}");
	m.score = xcalloc((size_t)m.cfg.C, sizeof *m.score);
	m.score[3] = 0.5f;
	m.score_gain = 0.1;
	m.score_bias = -1e-300;
	model_add_prog(&m, "init-model --x=\"y\"");
	model_add_prog(&m, "train-step");
	image_of(&m, &a);
	OK(model_parse(&r, a.p, a.n, &e) == 0, "%s: reads back", family);
	OK(same(&m, &r), "%s: the same weights", family);
	OK(!strcmp(r.prog, "[\"init-model --x=\\\"y\\\"\",\"train-step\"]") && !strcmp(r.data, m.data) &&
	   !strcmp(r.chat, m.chat) && !strcmp(r.vocab, m.vocab) && !strcmp(r.tokenizer.p, m.tokenizer.p),
	   "%s: what it carries", family);
	OK(r.score && r.score[3] == 0.5f && r.score_gain == 0.1 && r.score_bias == -1e-300, "%s: the score head", family);
	image_of(&r, &b);
	OK(a.n == b.n && !memcmp(a.p, b.p, a.n), "%s: equal models, equal files", family);
	model_card(&r, &card);
	OK(strstr(card.p, "2024-02-03 (knowledge cut-off)") && strstr(card.p, "train-step") && strstr(card.p, "chatml"),
	   "%s: the card", family);
	if (!strcmp(family, "gpt2")) {
		const struct param *p = params_find(&m.par, "h.1.mlp.c_fc.weight");
		const struct tens *t;
		tens_parse(&set, a.p, a.n, &e);
		t = tens_find(&set, "h.1.mlp.c_fc.weight");
		OK(p && t && t->shape[0] == 24 && t->shape[1] == 40 &&
		   !memcmp((const char *)t->data + 4 * (40 * 3 + 7), &m.w[p->offset + 24 * 7 + 3], 4), "Conv1D is turned in the file");
		tens_free(&set);
	}
	model_free(&r);
	for (size_t n = 0; n < a.n; n += n < 200 ? 1 : a.n / 97)
		cut += model_parse(&r, a.p, n, &e) == -1;
	OK(cut > 250, "%s: cut anywhere, it is refused", family);
	((float *)(void *)(a.p + a.n - m.tokenizer.n - 4 * 24))[-9] += 1;
	OK(model_parse(&r, a.p, a.n, &e) == -1 && strstr(e.text, "damaged"), "%s: %s", family, e.text);
	model_free(&m);
	buf_free(&a);
	buf_free(&b);
	buf_free(&card);
}

/* An image of the table's tensors with something changed. */
enum twist { AS_IS, PREFIX, MISSING, EXTRA, SHAPE, DIMS, TYPE, BUFFERS, HALF, BRAIN, TWICE };

/* All values are 1. */
static void
twisted(const struct model *m, enum twist k, struct buf *out)
{
	struct tens_new t = { 0 };
	struct buf config = { 0 }, data = { 0 };
	enum tens_dtype d = k == HALF ? TENS_F16 : k == BRAIN ? TENS_BF16 : TENS_F32;
	uint64_t one[2] = { 1, 1 };

	config_print(&m->cfg, &config);
	tens_declare_meta(&t, "pipelm.config", config.p);
	for (int i = 0; i < m->par.n; i++) {
		const struct param *p = &m->par.v[i];
		uint64_t shape[2] = { p->shape[p->conv1d], p->shape[!p->conv1d] };
		char name[160];
		snprintf(name, sizeof name, "%s%s", k == PREFIX ? "transformer." : "", p->name);
		if (k == SHAPE && i == 4)
			shape[0]++;
		if (k == MISSING && i == 4)
			continue;
		tens_declare(&t, name, k == TYPE && i == 4 ? TENS_I32 : d, k == DIMS && i == 4 ? 1 : p->ndim, shape);
		buf_need(&data, (p->count + shape[1]) * 4);
		for (size_t j = 0; j < (p->ndim == 2 ? shape[0] * shape[1] : shape[0]) && !(k == DIMS && i == 4 && j == shape[0]); j++)
			buf_add(&data, k == HALF ? "\0\x3c" : k == BRAIN ? "\x80\x3f" : "\0\0\x80\x3f", tens_size(d));
	}
	if (k == EXTRA)
		tens_declare(&t, "strange", d, 2, one);
	if (k == BUFFERS)
		tens_declare(&t, "h.0.attn.bias", d, 2, one);
	if (k == TWICE)
		tens_declare(&t, "transformer.wte.weight", d, 2, one);
	if (k == EXTRA || k == BUFFERS || k == TWICE)
		buf_add(&data, "\0\0\0\0", 4);
	buf_clear(out);
	tens_header(&t, out);
	buf_add(out, data.p, data.n);
	buf_free(&config);
	buf_free(&data);
}

static void
test_twisted(void)
{
	static const struct {
		enum twist  k;
		const char *says;
	} cases[] = {
		{ AS_IS, NULL }, { PREFIX, NULL }, { BUFFERS, NULL }, { HALF, NULL }, { BRAIN, NULL },
		{ MISSING, "h.0.attn.c_attn.weight: missing" }, { EXTRA, "strange" },
		{ SHAPE, "h.0.attn.c_attn.weight: shape (25, 72), not (24, 72)" }, { DIMS, "1 dimensions, not 2" },
		{ TYPE, "h.0.attn.c_attn.weight: not of type" }, { TWICE, "twice" },
	};
	struct model m, r;
	struct buf b = { 0 };
	struct err e;

	make(&m, "gpt2", 1);
	for (size_t i = 0; i < N(cases); i++) {
		int got;
		twisted(&m, cases[i].k, &b);
		got = model_parse(&r, b.p, b.n, &e);
		OK(cases[i].says ? got == -1 && strstr(e.text, cases[i].says) : got == 0, "tensors %zu: %s", i,
		   got ? e.text : "accepted");
		if (!got) {
			OK(r.w[r.par.norm_f] == 1 && r.w[r.par.layer[1].down + 5] == 1, "tensors %zu: values", i);
			model_free(&r);
		}
	}
	model_free(&m);
	buf_free(&b);
}

static void
put_file(const char *dir, const char *name, const void *p, size_t n)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (f) {
		fwrite(p, 1, n, f);
		fclose(f);
	}
}

/* One of two shards: every second tensor of the table. */
static void
put_shard(const struct model *m, int which, const char *dir, const char *name)
{
	struct tens_new t = { 0 };
	struct buf out = { 0 }, data = { 0 };

	for (int i = which; i < m->par.n; i += 2) {
		const struct param *p = &m->par.v[i];
		tens_declare(&t, p->name, TENS_F32, p->ndim, p->shape);
		buf_add(&data, m->w + p->offset, p->count * sizeof *m->w);
	}
	tens_header(&t, &out);
	buf_add(&out, data.p, data.n);
	put_file(dir, name, out.p, out.n);
	buf_free(&out);
	buf_free(&data);
}

static void
test_folder(void)
{
	static const char index[] = "{\"metadata\":{},\"weight_map\":{\"a\":\"x-1.safetensors\",\"b\":\"x-2.safetensors\",\"c\":\"x-1.safetensors\"}}";
	static const char outside[] = "{\"weight_map\":{\"a\":\"../x-1.safetensors\"}}";
	static const char *const names[] = { "config.json", "x-1.safetensors", "x-2.safetensors",
		"model.safetensors.index.json" };
	char dir[] = "model-t.XXXXXX", path[300];
	struct model m, r;
	struct config c;
	struct buf b = { 0 };
	struct err e;

	make(&m, "qwen2.5-0.5b", 4);
	OK(mkdtemp(dir) != NULL, "a folder");
	OK(model_load(&r, dir, &e) == -1 && strstr(e.text, "config.json"), "without configuration: %s", e.text);
	config_print(&m.cfg, &b);
	put_file(dir, "config.json", b.p, b.n);
	OK(model_load(&r, dir, &e) == -1 && strstr(e.text, "no .safetensors"), "without weights: %s", e.text);
	put_shard(&m, 0, dir, "x-1.safetensors");
	OK(model_load(&r, dir, &e) == -1 && strstr(e.text, "missing"), "without a shard: %s", e.text);
	put_shard(&m, 1, dir, "x-2.safetensors");
	OK(model_load(&r, dir, &e) == 0 && same(&m, &r), "two shards without an index");
	model_free(&r);
	put_file(dir, names[3], index, sizeof index - 1);
	OK(model_load(&r, dir, &e) == 0 && same(&m, &r), "with an index");
	model_free(&r);
	OK(model_load_config(&c, dir, &e) == 0 && config_same(&c, &m.cfg), "the shape alone");
	put_file(dir, names[3], outside, sizeof outside - 1);
	OK(model_load(&r, dir, &e) == -1 && strstr(e.text, "weight_map"), "an index that leaves the folder: %s", e.text);
	for (size_t i = 0; i < N(names); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		remove(path);
	}
	remove(dir);
	model_free(&m);
	buf_free(&b);
}

int
main(void)
{
	test_image("gpt2");
	test_image("llama2-7b");
	test_image("qwen2.5-0.5b");
	test_image("qwen3-0.6b");
	test_twisted();
	test_folder();
	return DONE();
}
