/* unigram-t - the likeliest way through long texts is found in windows: the same as over the whole */
/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include "vocab/vocab.h"
#include <stdlib.h>
#include <string.h>

#define UNKNOWN (-3.5f - 10)            /* 10 below the lowest */

static const struct { const char *text; float score; } token[] = {
	{ "<unk>", 0 }, { "a", -1 }, { "aa", -2 }, { "aaa", -3 }, { "b", -1.25f }, { "ab", -2.125f }, { "bba", -3.5f },
	{ "aaaaaaa", -7 }
};
#define TOKENS (sizeof token / sizeof *token)

static struct vocab *
vocab(void)
{
	struct buf b = {0};
	struct vocab *v;
	struct err err;

	buf_str(&b, "{\"version\":\"1.0\",\"added_tokens\":[],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[]},"
		"\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\",\"prepend_scheme\":\"never\",\"split\":false},"
		"\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[");
	for (size_t i = 0; i < TOKENS; i++)
		buf_printf(&b, "%s[\"%s\",%g]", i ? "," : "", token[i].text, (double)token[i].score);
	buf_str(&b, "]}}");
	v = vocab_parse(b.p, b.n, "test", NULL, &err);
	if (!v)
		printf("# %s\n", err.text);
	buf_free(&b);
	return v;
}

/* Viterbi over the whole: out[n] ids of n bytes, how many. */
static size_t
plain(const char *p, size_t n, uint32_t *out)
{
	float *score = calloc(n + 8, sizeof *score);
	uint32_t *id = malloc((n + 8) * sizeof *id), *len = calloc(n + 8, sizeof *len);
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		int single = 0;

		for (size_t l = 1; l <= 7 && i + l <= n; l++)
			for (uint32_t t = 0; t <= TOKENS; t++) {
				int unknown = t == TOKENS;
				double s = (double)score[i] + (double)(unknown ? UNKNOWN : token[t % TOKENS].score);

				if (unknown ? l > 1 || single : t < 1 || strlen(token[t].text) != l || memcmp(p + i, token[t].text, l))
					continue;
				single |= l == 1;
				if (!len[i + l] || s > (double)score[i + l])
					score[i + l] = (float)s, len[i + l] = (uint32_t)l, id[i + l] = unknown ? 0 : t;
			}
	}
	for (size_t i = n; i > 0; i -= len[i])
		if (id[i] || !m || out[m - 1])
			out[m++] = id[i];
	for (size_t i = 0; i < m / 2; i++) {
		uint32_t x = out[i];

		out[i] = out[m - 1 - i], out[m - 1 - i] = x;
	}
	free(score), free(id), free(len);
	return m;
}

static void
check(struct encoder *e, const char *what, const char *text, size_t n)
{
	uint32_t *want = malloc((n + 1) * sizeof *want);
	size_t m = plain(text, n, want);
	struct ids ids = {0};
	struct err err;

	OK(encode(e, text, n, &ids, &err) == 0 && ids.n == m && !memcmp(ids.v, want, m * sizeof *want), "%s, %zu bytes: %zu tokens",
	   what, n, ids.n);
	free(ids.v), free(want);
}

int
main(void)
{
	static const size_t sizes[] = { 1, 7, 100, 16370, 16384, 16400, 70001 };
	struct vocab_opts o = {0};
	struct vocab *v = vocab();
	struct encoder *e;
	char *text = malloc(70001);
	uint32_t r = 1;

	OK(v, "a model of a few tokens loads");
	if (!v) {
		free(text);
		return DONE();
	}
	e = encoder_new(v, &o);
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		memset(text, 'a', sizes[k]);
		check(e, "ways as likely all along", text, sizes[k]);
		for (size_t i = 0; i < sizes[k]; i++)
			text[i] = "abc"[(r = r * 1664525 + 1013904223) >> 29 ? r >> 28 & 1 : 2];
		check(e, "letters, some of them unknown", text, sizes[k]);
	}
	encoder_free(e);
	vocab_free(v);
	free(text);
	return DONE();
}
