/* vocab-t - byte-level BPE: ids on which independent tokenizers agree, conversions, worst cases */
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "base/json.h"
#include "base/utf8.h"
#include "vocab-util.h"

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
	struct file_map mixed = mixed_text();

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
	file_unmap(&mixed);
	return DONE();
}
