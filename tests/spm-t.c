/* spm-t - vocabularies that join by score or rank of their own: llama2.c, SentencePiece, those within GGUF */
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "vocab-util.h"

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

/* Runs, UTF-8 of all lengths, stray bytes: of how many texts the ids are those of the algorithm. */
static int
odd_texts(struct encoder *e, const struct file_map *bin)
{
	struct ids ids = {0};
	uint32_t want[1024];
	int same = 0;

	for (uint32_t seed = 1; seed <= 300; seed++) {
		static const char *const bits[] = { "a", " ", ".", "..", "  ", "\n", "é", "日", "😀", "\xe2\x96\x81", "the", " b", "oo", "1" };
		struct buf t = {0};
		uint32_t x = seed * 2654435761u;
		size_t m;

		for (int i = 0; i < 30; i++) {
			x = x * 1664525u + 1013904223u;
			buf_str(&t, bits[(x >> 16) % (sizeof bits / sizeof *bits)]);
		}
		m = naive(bin->p, bin->n, t.p, t.n, want);
		ids.n = 0;
		encode(e, t.p, t.n, &ids, &err);
		same += m == ids.n && !memcmp(want, ids.v, m * sizeof *want);
		buf_free(&t);
	}
	free(ids.v);
	return same;
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
	OK(odd_texts(e, &bin) == 300, "llama2.c: the ids of its own algorithm, 300 odd texts");
	converted(v, "llama2.c", text, strlen(text));
	file_unmap(&bin), file_unmap(&story);
	free(text), free(ids.v);
	buf_free(&path), buf_free(&back);
	encoder_free(e);
	vocab_free(v);
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
	static const char *const gguf[] = { "gpt-2", "starcoder", "refact", "mpt", "falcon", "deepseek-llm", "deepseek-coder", "llama-spm" };
	struct file_map mixed = mixed_text();
	struct vocab *v;

	llama2c();
	sentencepiece("test_model.model", "botchan.txt", 0x07e0c67c);
	sentencepiece("test_ja_model.model", "wagahaiwa_nekodearu.txt", 0x08b7a254);
	for (size_t i = 0; i < sizeof gguf / sizeof *gguf; i++) {
		char file[100];

		snprintf(file, sizeof file, "data/tokenizers/llama.cpp-vocabs/models/ggml-vocab-%s.gguf", gguf[i]);
		v = load(file);
		OK(v, "%s loads", file);
		if (v) {
			llama_cpp(v, gguf[i]);
			converted(v, gguf[i], (const char *)mixed.p, mixed.n);
		}
		vocab_free(v);
	}
	v = load("data/tokenizers/npm-llama2/tokenizer.json");
	OK(v && vocab_size(v) == 32000, "SentencePiece's BPE as tokenizer.json loads");
	if (v)
		converted(v, "Mistral", (const char *)mixed.p, mixed.n);
	vocab_free(v);
	file_unmap(&mixed);
	return DONE();
}
