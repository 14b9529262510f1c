/* vocab-t - vocabularies: ids on which independent tokenizers agree, conversions, worst cases */
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "base/file.h"
#include "base/json.h"
#include "tap.h"
#include "base/utf8.h"
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
static void
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

/* llama2.c's own algorithm, written down as it is: the best pair of all, by score, again and again. */
static size_t
naive(const unsigned char *bin, size_t n, const char *text, size_t len, uint32_t *out)
{
	static struct { float score; int len; const char *s; } tok[512];
	size_t n_tok = 0, m = 0;
	char both[512];

	for (size_t at = 4; at < n && n_tok < 512; n_tok++) {
		memcpy(&tok[n_tok].score, bin + at, 4);
		memcpy(&tok[n_tok].len, bin + at + 4, 4);
		tok[n_tok].s = (const char *)bin + at + 8;
		at += 8 + (size_t)tok[n_tok].len;
	}
#define FIND(str, l, id) for (id = 0; id < n_tok && ((size_t)tok[id].len != (l) || memcmp(tok[id].s, str, l)); id++)
	size_t id;
	FIND(" ", (size_t)1, id);
	out[m++] = (uint32_t)id;
	for (size_t i = 0; i < len; ) {
		size_t l = 1;

		while (l < 4 && i + l < len && ((unsigned char)text[i + l] & 0xc0) == 0x80)
			l++;
		FIND(text + i, l, id);
		if (id < n_tok)
			out[m++] = (uint32_t)id;
		else
			for (size_t k = 0; k < l; k++)
				out[m++] = (unsigned char)text[i + k] + 3u;
		i += l;
	}
	for (;;) {
		float best = -1e10f;
		size_t at = SIZE_MAX, made = 0;

		for (size_t i = 0; i + 1 < m; i++) {
			size_t l = (size_t)tok[out[i]].len + (size_t)tok[out[i + 1]].len;

			memcpy(both, tok[out[i]].s, (size_t)tok[out[i]].len);
			memcpy(both + tok[out[i]].len, tok[out[i + 1]].s, (size_t)tok[out[i + 1]].len);
			FIND(both, l, id);
			if (id < n_tok && tok[id].score > best)
				best = tok[id].score, at = i, made = id;
		}
		if (at == SIZE_MAX)
			return m;
		out[at] = (uint32_t)made;
		memmove(out + at + 1, out + at + 2, (m - at - 2) * sizeof *out);
		m--;
	}
}

static void
llama2c(void)
{
	static const size_t counts[] = { 373, 329, 222 };       /* of the reference run, its first three pieces */
	struct vocab *v = load("data/models/stories260K/tok512.bin");
	struct encoder *e;
	struct file_map bin, story;
	struct buf path = {0}, back = {0};
	struct ids ids = {0};
	size_t total = 0, k = 0, same = 0, tried = 0;
	uint32_t want[1024];
	char *text, *p, *q;

	OK(v && vocab_size(v) == 512 && vocab_bos(v) == 1 && vocab_eot(v) == 2, "llama2.c's tok512.bin loads");
	if (!v)
		return;
	e = encoder(v, SPECIAL_NONE);
	buf_printf(&path, "%s/data/models/stories260K/tok512.bin", data);
	file_map(&bin, path.p, &err);
	buf_clear(&path);
	buf_printf(&path, "%s/data/tokenizers/cs336-bpe/tests/fixtures/tinystories_sample.txt", data);
	if (file_map(&story, path.p, &err)) {
		OK(0, "%s", err.text);
		return;
	}
	text = xstrndup((const char *)story.p, story.n);
	for (p = text; p; p = q, k++) {
		char *end;

		q = strstr(p, "<|endoftext|>");
		end = q ? q : p + strlen(p);
		if (q)
			q += strlen("<|endoftext|>");
		while (p < end && strchr(" \n", *p))
			p++;
		while (end > p && strchr(" \n", end[-1]))
			end--;
		ids.n = 0;
		if (p < end)
			encode(e, p, (size_t)(end - p), &ids, &err);
		if (k < 3)
			OK(ids.n == counts[k], "llama2.c: piece %zu has %zu tokens", k + 1, ids.n);
		total += ids.n;
		buf_clear(&back);
		decode_ids(v, ids.v, ids.n, 0, &back);
		same += back.n == (size_t)(end - p) && !memcmp(back.p ? back.p : "", p, back.n);
		for (char *s = p; s + 120 < end; s += 97) {
			size_t m = naive(bin.p, bin.n, s, 120, want);

			ids.n = 0;
			encode(e, s, 120, &ids, &err);
			tried++;
			if (m != ids.n || memcmp(want, ids.v, m * sizeof *want)) {
				OK(0, "llama2.c: '%.120s' differs", s);
				break;
			}
		}
	}
	OK(total == 1804 && same == k, "llama2.c: 1804 tokens in all, decoded to the same text");
	OK(tried > 20, "llama2.c: the ids of its own algorithm, %zu texts", tried);
	for (uint32_t seed = 1; seed <= 300; seed++) {          /* runs, UTF-8 of all lengths, stray bytes */
		static const char *const bits[] = { "a", " ", ".", "..", "  ", "\n", "é", "日", "😀", "\xe2\x96\x81", "the", " b", "oo", "1" };
		struct buf t = {0};
		uint32_t x = seed * 2654435761u;
		size_t m;

		for (int i = 0; i < 30; i++) {
			x = x * 1664525u + 1013904223u;
			buf_str(&t, bits[(x >> 16) % (sizeof bits / sizeof *bits)]);
		}
		m = naive(bin.p, bin.n, t.p, t.n, want);
		ids.n = 0;
		encode(e, t.p, t.n, &ids, &err);
		same += m == ids.n && !memcmp(want, ids.v, m * sizeof *want);
		buf_free(&t);
	}
	OK(same == k + 300, "llama2.c: the ids of its own algorithm, 300 odd texts");
	converted(v, "llama2.c", text, strlen(text));
	file_unmap(&bin), file_unmap(&story);
	free(text), free(ids.v);
	buf_free(&path), buf_free(&back);
	encoder_free(e);
	vocab_free(v);
}

/* tiktoken's definition as it is: the neighbours whose bytes have the lowest rank, leftmost first, again and again. */
static size_t
by_ranks(const struct vocab *v, const char *text, size_t n, uint32_t *out)
{
	size_t *at = malloc((n + 1) * sizeof *at), m = n;
	int64_t *rank = malloc((n + 1) * sizeof *rank);

#define RANK(i) ((i) + 1 < m ? vocab_find(v, text + at[i], at[(i) + 2] - at[i]) : -1)
	for (size_t i = 0; i <= n; i++)
		at[i] = i;
	for (size_t i = 0; i < n; i++)
		rank[i] = RANK(i);
	for (;;) {
		size_t best = m;

		for (size_t i = 0; i + 1 < m; i++)
			if (rank[i] >= 0 && (best == m || rank[i] < rank[best]))
				best = i;
		if (best == m)
			break;
		memmove(at + best + 1, at + best + 2, (m - best - 1) * sizeof *at);
		memmove(rank + best + 1, rank + best + 2, (m - best - 2) * sizeof *rank);
		m--;
		rank[best] = RANK(best);
		if (best)
			rank[best - 1] = RANK(best - 1);
	}
	for (size_t i = 0; i < m; i++)
		out[i] = (uint32_t)vocab_find(v, text + at[i], at[i + 1] - at[i]);
	free(at), free(rank);
	return m;
}

/* Pieces longer than what is merged in one go, of few letters and of many. */
static void
long_pieces(const struct vocab *v, const char *name)
{
	static const char *const letters[] = { "a", "ACGT", "etaoinshrdlu", "=", " ", "ab", "()" };
	enum { N = 7000 };
	struct encoder *e = encoder(v, SPECIAL_NONE);
	uint32_t *want = malloc(N * sizeof *want), x = 1;
	char *text = malloc(N);
	struct ids ids = {0};

	for (size_t k = 0; k < sizeof letters / sizeof *letters; k++) {
		size_t m;

		for (int i = 0; i < N; i++) {
			x = x * 1664525u + 1013904223u;
			text[i] = letters[k][(x >> 16) % strlen(letters[k])];
		}
		m = by_ranks(v, text, N, want);
		ids.n = 0;
		encode(e, text, N, &ids, &err);
		OK(ids.n == m && !memcmp(ids.v, want, m * sizeof *want), "%s: %d letters of '%s' by definition, %zu tokens", name, N,
		   letters[k], m);
	}
	free(want), free(text), free(ids.v);
	encoder_free(e);
}

/* Code points by the 16: pinned where the digest over all of them is that of the golden file (Unicode 16.0). */
static void
code_points(const struct vocab *v, const char *name, uint32_t want)
{
	struct encoder *e = encoder(v, SPECIAL_NONE);
	struct ids ids = {0};
	uint32_t crc = 0;

	for (uint32_t c = 5; c < 0x110000; c += 16) {
		char u[4], t[80];
		int n = (int)utf8_put(u, c), len;
		uint32_t m;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		len = snprintf(t, sizeof t, "a%.*sb %.*s %.*s%.*s1%.*s\n%.*s's %.*sA", n, u, n, u, n, u, n, u, n, u, n, u, n, u);
		ids.n = 0;
		encode(e, t, (size_t)len, &ids, &err);
		m = (uint32_t)ids.n;
		crc = crc32c(crc, &m, 4);
		crc = crc32c(crc, ids.v, ids.n * 4);
	}
	OK(crc == want, "%s: every 16th code point (%08x)", name, crc);
	free(ids.v);
	encoder_free(e);
}

/* SentencePiece's own models: its documented example, and lines of text; the sum is over what spm_encode 0.1.97 gives. */
static void
sentencepiece(const char *model, const char *file, uint32_t want)
{
	static const uint32_t girl[] = { 9, 459, 11, 939, 44, 11, 4, 142, 82, 8, 28, 21, 132, 6 };
	struct buf path = {0};
	struct vocab *v;
	struct encoder *e;
	struct file_map text;
	struct ids ids = {0};
	const char *p, *end, *nl;
	uint32_t crc = 0;

	buf_printf(&path, "data/tokenizers/sentencepiece/python/test/%s", model);
	v = load(path.p);
	OK(v && vocab_bos(v) == 1 && vocab_eot(v) == 2, "%s loads", model);
	buf_clear(&path);
	buf_printf(&path, "%s/data/tokenizers/sentencepiece/data/%s", data, file);
	if (!v || file_map(&text, path.p, &err)) {
		OK(0, "%s", err.text);
		return;
	}
	e = encoder(v, SPECIAL_NONE);
	for (p = (const char *)text.p, end = p + text.n; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			nl = end;
		ids.n = 0;
		encode(e, p, (size_t)(nl - p), &ids, &err);
		crc = crc32c(crc, ids.v, ids.n * sizeof *ids.v);
	}
	OK(crc == want, "%s: %s as SentencePiece has it (%08x)", model, file, crc);
	ids.n = 0;
	encode(e, "I saw a girl with a telescope.", 30, &ids, &err);
	if (!strcmp(model, "test_model.model"))
		OK(ids.n == 14 && !memcmp(ids.v, girl, sizeof girl), "%s: the documented ids", model);
	converted(v, model, (const char *)text.p, text.n < 100000 ? text.n : 100000);
	file_unmap(&text);
	free(ids.v);
	buf_free(&path);
	encoder_free(e);
	vocab_free(v);
}

int
main(void)
{
	static const char *const sets[][3] = {
		{ "gpt2", "data/tokenizers/npm-openai-tiktoken/r50k_base.tiktoken", "gpt2" },
		{ "gpt2", "data/tokenizers/gpt2-json/tests/data/hf_cache/tokenizer/gpt2.json", "gpt2" },
		{ "gpt2", "data/tokenizers/cs336-bpe/tests/fixtures/gpt2_vocab.json", "gpt2" },
		{ "cl100k", "data/tokenizers/npm-openai-tiktoken/cl100k_base.tiktoken", "cl100k_base" },
		{ "o200k", "data/tokenizers/npm-openai-tiktoken/o200k_base.tiktoken", "o200k_base" },
		{ "llama3", "data/tokenizers/npm-llama3/tokenizer.json", "llama3" },
		{ "qwen3", "data/tokenizers/npm-qwen3/tokenizer.json", "qwen3" },
	};

	static const char *const gguf[] = { "gpt-2", "starcoder", "refact", "mpt", "falcon", "deepseek-llm", "deepseek-coder", "llama-spm" };
	struct buf path = {0};
	struct file_map mixed;

	data = getenv("LM_TESTDATA");
	buf_printf(&path, "%s/golden/tokenizers/gpt2.jsonl", data ? data : "");
	if (access(path.p, R_OK)) {
		buf_free(&path);
		printf("1..0 # SKIP no golden ids: LM_TESTDATA is not set or has none\n");
		return 0;
	}
	buf_clear(&path);
	buf_printf(&path, "%s/golden/tokenizers/gpt2.jsonl", data);     /* any text will do */
	if (file_map(&mixed, path.p, &err))
		return 1;
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
			llama_cpp(v, "gpt-2"), code_points(v, "gpt2", 0x6909625e);
		if (!strcmp(sets[i][0], "cl100k"))
			code_points(v, "cl100k", 0xd9b38050);
		if (!strcmp(sets[i][0], "o200k"))
			code_points(v, "o200k", 0x0a346447), long_pieces(v, "o200k");
		converted(v, sets[i][0], (const char *)mixed.p, mixed.n);
		if (!strcmp(sets[i][0], "llama3"))
			llama_cpp(v, "llama-bpe");
		if (!strcmp(sets[i][0], "qwen3"))
			llama_cpp(v, "qwen2");
		vocab_free(v);
	}
	llama2c();
	sentencepiece("test_model.model", "botchan.txt", 0x07e0c67c);
	sentencepiece("test_ja_model.model", "wagahaiwa_nekodearu.txt", 0x08b7a254);
	for (size_t i = 0; i < sizeof gguf / sizeof *gguf; i++) {
		char file[100];
		struct vocab *v;

		snprintf(file, sizeof file, "data/tokenizers/llama.cpp-vocabs/models/ggml-vocab-%s.gguf", gguf[i]);
		v = load(file);
		OK(v, "%s loads", file);
		if (v) {
			llama_cpp(v, gguf[i]);
			converted(v, gguf[i], (const char *)mixed.p, mixed.n);
		}
		vocab_free(v);
	}
	{
		struct vocab *v = load("data/tokenizers/npm-llama2/tokenizer.json");

		OK(v && vocab_size(v) == 32000, "SentencePiece's BPE as tokenizer.json loads");
		if (v)
			converted(v, "Mistral", (const char *)mixed.p, mixed.n);
		vocab_free(v);
	}
	file_unmap(&mixed);
	return DONE();
}
