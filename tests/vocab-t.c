/* vocab-t - vocabularies: ids on which independent tokenizers agree, conversions, worst cases */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/json.h"
#include "tap.h"
#include "vocab/vocab.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct err err;
static const char *data;

static struct vocab *
load(const char *name)
{
	struct buf path = {0};
	struct vocab *v;

	buf_printf(&path, "%s/%s", data, name);
	v = vocab_load(path.p, NULL, &err);
	if (!v)
		printf("# %s\n", err.text);
	buf_free(&path);
	return v;
}

static struct encoder *
encoder(const struct vocab *v, enum vocab_special special)
{
	struct vocab_opts o = { NULL, special, INVALID_RAW };

	return encoder_new(v, &o);
}

static void
base64(struct json v, struct buf *out)
{
	static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0, have = 0;

	buf_clear(out);
	buf_need(out, 1);
	for (const char *p = v.p + 1; p < v.end - 1 && *p != '='; p++) {
		bits = bits << 6 | (unsigned)(strchr(abc, *p) - abc);
		have += 6;
		if (have >= 8)
			buf_char(out, (int)(bits >> (have -= 8) & 255));
	}
}

static int
same_ids(struct json list, const struct ids *ids)
{
	struct json_iter it = json_walk(list);
	size_t k = 0;

	for (; json_next(&it); k++)
		if (k >= ids->n || json_int(it.value, -1) != ids->v[k])
			return 0;
	return k == ids->n;
}

/* Every line of a golden file. */
static void
golden(const struct vocab *v, const char *name, const char *file, const char *field)
{
	struct buf path = {0}, text = {0}, back = {0};
	struct file_map m;
	struct encoder *none = encoder(v, SPECIAL_NONE), *all = encoder(v, SPECIAL_ALL);
	struct ids ids = {0};
	size_t lines = 0, bad = 0, lossy = 0, nl;

	buf_printf(&path, "%s/golden/tokenizers/%s", data, file);
	if (file_map(&m, path.p, &err)) {
		OK(0, "%s", err.text);
		return;
	}
	for (size_t at = 0; at < m.n; at += nl + 1, lines++) {
		const char *p = (const char *)m.p + at, *e = memchr(p, '\n', m.n - at);
		struct json j;

		nl = e ? (size_t)(e - p) : m.n - at;
		if (json_parse(&j, p, nl, &err))
			break;
		if (json_int(json_get(j, "agree"), 9) < 2)      /* one tokenizer with numbers of its own for specials */
			continue;
		base64(json_get(j, "text_b64"), &text);
		ids.n = 0;
		buf_clear(&back);
		buf_need(&back, 1);
		if (encode(json_is(json_get(j, "special"), "all") ? all : none, text.p, text.n, &ids, &err) ||
		    !same_ids(json_get(j, field), &ids)) {
			if (bad++ < 5)
				printf("# line %zu differs: %.*s\n", lines + 1, nl < 300 ? (int)nl : 300, p);
		}
		decode_ids(v, ids.v, ids.n, 0, &back);
		if (back.n != text.n || memcmp(back.p, text.p, text.n))
			lossy++;
	}
	OK(lines > 300 && !bad, "%s: %s: %zu of %zu texts get the agreed ids", name, file, lines - bad, lines);
	if (strcmp(name, "qwen3"))      /* which normalizes */
		OK(!lossy, "%s: %s: decoding gives the bytes back", name, file);
	file_unmap(&m);
	buf_free(&path), buf_free(&text), buf_free(&back);
	free(ids.v);
	encoder_free(none), encoder_free(all);
}

/* llama.cpp's own strings and ids. */
static void
llama_cpp(const struct vocab *v, const char *name)
{
	struct buf path = {0};
	struct file_map in, out;
	struct encoder *e = encoder(v, SPECIAL_NONE);
	struct ids ids = {0};
	static const char sep[] = "\n__ggml_vocab_test__\n";
	size_t n = 0, bad = 0;
	char *p, *q, *text, *want, *line;

	buf_printf(&path, "%s/data/tokenizers/llama.cpp-vocabs/models/ggml-vocab-%s.gguf.inp", data, name);
	if (file_map(&in, path.p, &err)) {
		OK(0, "%s", err.text);
		return;
	}
	memcpy(path.p + path.n - 3, "out", 3);
	if (file_map(&out, path.p, &err)) {
		OK(0, "%s", err.text);
		return;
	}
	text = xstrndup((const char *)in.p, in.n);
	want = line = xstrndup((const char *)out.p, out.n);
	for (p = text; p && line && *line; p = q ? q + strlen(sep) : NULL, n++) {
		char *end = strchr(line, '\n');
		size_t k = 0, len;
		int differs = 0;

		q = strstr(p, sep);
		len = q ? (size_t)(q - p) : strlen(p);
		if (end)
			*end = 0;
		ids.n = 0;
		encode(e, p, len, &ids, &err);
		for (char *t = strtok(line, " "); t; t = strtok(NULL, " "), k++)
			differs |= k >= ids.n || strtoul(t, NULL, 10) != ids.v[k];
		if (differs || k != ids.n) {
			if (bad++ < 3)
				printf("# %s: text %zu differs\n", name, n + 1);
		}
		line = end ? end + 1 : NULL;
	}
	OK(n > 30 && !bad, "llama.cpp's %s: %zu of %zu texts", name, n - bad, n);
	file_unmap(&in), file_unmap(&out);
	free(text), free(want), free(ids.v);
	buf_free(&path);
	encoder_free(e);
}

int
main(void)
{
	static const char *const sets[][3] = {
		{ "gpt2", "data/tokenizers/npm-openai-tiktoken/r50k_base.tiktoken", "gpt2" },
		{ "gpt2", "data/tokenizers/gpt2-json/tests/data/hf_cache/tokenizer/gpt2.json", "gpt2" },
		{ "cl100k", "data/tokenizers/npm-openai-tiktoken/cl100k_base.tiktoken", "cl100k_base" },
		{ "o200k", "data/tokenizers/npm-openai-tiktoken/o200k_base.tiktoken", "o200k_base" },
		{ "llama3", "data/tokenizers/npm-llama3/tokenizer.json", "llama3" },
		{ "qwen3", "data/tokenizers/npm-qwen3/tokenizer.json", "qwen3" },
	};

	struct buf path = {0};

	data = getenv("LM_TESTDATA");
	buf_printf(&path, "%s/golden/tokenizers/gpt2.jsonl", data ? data : "");
	if (access(path.p, R_OK)) {
		buf_free(&path);
		printf("1..0 # SKIP no golden ids: LM_TESTDATA is not set or has none\n");
		return 0;
	}
	buf_free(&path);
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		struct vocab *v = load(sets[i][1]);
		char file[64];

		OK(v, "%s loads", sets[i][1]);
		if (!v)
			continue;
		snprintf(file, sizeof file, "%s.jsonl", sets[i][2]);
		golden(v, sets[i][0], file, "ids");
		snprintf(file, sizeof file, "%s.invalid.jsonl", sets[i][2]);
		if (strcmp(sets[i][0], "qwen3"))
			golden(v, sets[i][0], file, "ids_raw");
		if (!strcmp(sets[i][0], "gpt2"))
			llama_cpp(v, "gpt-2");
		if (!strcmp(sets[i][0], "llama3"))
			llama_cpp(v, "llama-bpe");
		if (!strcmp(sets[i][0], "qwen3"))
			llama_cpp(v, "qwen2");
		vocab_free(v);
	}
	return DONE();
}
