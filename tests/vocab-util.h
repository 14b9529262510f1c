/* vocab-util - vocabularies of the test data: loaded, compared with ids that others publish, written and read again */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "tap.h"
#include "vocab/vocab.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct err err;
static const char *data;

static inline struct vocab *
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

static inline struct encoder *
encoder(const struct vocab *v, enum vocab_special special)
{
	struct vocab_opts o = { NULL, special, INVALID_RAW };

	return encoder_new(v, &o);
}

/* llama.cpp's own strings and ids. */
static inline void
llama_cpp(const struct vocab *v, const char *name)
{
	struct buf path = {0};
	struct file_map in, out;
	struct encoder *e = encoder(v, SPECIAL_REFUSE);         /* tokens that are added but not special are found */
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

/* What is read back from vocab_json is the same vocabulary and gives the same ids. */
static inline void
converted(const struct vocab *v, const char *name, const char *text, size_t n)
{
	struct buf json = {0}, again = {0};
	struct vocab *w;
	struct encoder *e, *f;
	struct ids a = {0}, b = {0};
	char crc[2][20];

	vocab_json(v, &json);
	w = vocab_parse(json.p, json.n, "converted", NULL, &err);
	OK(w, "%s: its tokenizer.json is read%s%s", name, w ? "" : ": ", w ? "" : err.text);
	if (w) {
		vocab_crc(v, crc[0]), vocab_crc(w, crc[1]);
		OK(!strcmp(crc[0], crc[1]) && vocab_eot(v) == vocab_eot(w) && vocab_bos(v) == vocab_bos(w),
		   "%s: the same vocabulary, by its CRC", name);
		e = encoder(v, SPECIAL_ALL), f = encoder(w, SPECIAL_ALL);
		encode(e, text, n, &a, &err), encode(f, text, n, &b, &err);
		OK(a.n && a.n == b.n && !memcmp(a.v, b.v, a.n * sizeof *a.v), "%s: the same %zu ids of %zu bytes", name, a.n, n);
		vocab_json(w, &again);
		OK(again.n == json.n && !memcmp(again.p, json.p, json.n), "%s: the same file again", name);
		encoder_free(e), encoder_free(f);
	}
	vocab_free(w);
	buf_free(&json), buf_free(&again);
	free(a.v), free(b.v);
}

/* Any text: of the golden ids' file.  Ends the test, as passed over, where there is none. */
static inline struct file_map
mixed_text(void)
{
	struct buf path = {0};
	struct file_map m;

	data = getenv("LM_TESTDATA");
	buf_printf(&path, "%s/golden/tokenizers/gpt2.jsonl", data ? data : "");
	if (file_map(&m, path.p, &err)) {
		printf("1..0 # SKIP no golden ids: LM_TESTDATA is not set or has none\n");
		exit(0);
	}
	buf_free(&path);
	return m;
}
