/* rankfile - vocabularies whose tokens carry their own rank: .tiktoken, and llama2.c's tokenizer.bin */
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "vocab/table.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct named {
	uint32_t id;
	const char *name;
};

/* The published files, told by size and CRC-32C: the files hold neither pattern nor specials. */
static const struct published {
	size_t size;
	uint32_t crc;
	const char *pattern;
	struct named special[6];
} published[] = {
	{ 835554, 0x70d99c18, "gpt2", { { 50256, "<|endoftext|>" } } },
	{ 836186, 0xf7dee75c, "gpt2", { { 50256, "<|endoftext|>" } } },
	{ 1681126, 0x2c0261b3, "cl100k", { { 100257, "<|endoftext|>" }, { 100258, "<|fim_prefix|>" }, { 100259, "<|fim_middle|>" },
				  { 100260, "<|fim_suffix|>" }, { 100276, "<|endofprompt|>" } } },
	{ 3613922, 0x88588369, "o200k", { { 199999, "<|endoftext|>" }, { 200018, "<|endofprompt|>" } } },
};

/* Of each character what it stands for and 1; 0: nothing. */
static const unsigned char sextet[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, ['+'] = 63, ['/'] = 64,
};

const char *
base64_bytes(const char *p, const char *e, struct buf *out)
{
	uint32_t bits = 0, have = 0, s;

	buf_clear(out);
	buf_need(out, (size_t)(e - p));
	for (; p < e && (s = sextet[(unsigned char)*p]); p++) {
		bits = bits << 6 | (s - 1);
		have += 6;
		if (have >= 8)
			out->p[out->n++] = (char)(bits >> (have -= 8));
	}
	out->p[out->n] = 0;
	while (p < e && *p == '=')
		p++;
	return p;
}

/* One line: base64 of the token, a blank, its rank. */
static int
read_line(struct vocab *v, const char *p, const char *e, size_t line, struct buf *token, struct err *err)
{
	uint64_t rank = 0;
	const char *digits;

	p = base64_bytes(p, e, token);
	if (!token->n || p == e || *p++ != ' ')
		return err_set(err, "line %zu: not base64, a blank and a rank", line);
	for (digits = p; p < e && *p >= '0' && *p <= '9' && rank < VOCAB_MAX; p++)
		rank = 10 * rank + (uint64_t)(*p - '0');
	if (p < e && *p == '\r')
		p++;
	if (p == digits || p < e)
		return err_set(err, "line %zu: not base64, a blank and a rank", line);
	if (table_set(v, rank, token->p, token->n, 0, err)) {
		char where[40];

		snprintf(where, sizeof where, "line %zu", line);
		return err_in(err, where);
	}
	return 0;
}

static int
read_lines(struct vocab *v, const char *text, size_t n, struct err *err)
{
	const char *p = text, *e = text + n, *nl;
	struct buf token = {0};
	int rc = 0;

	for (size_t line = 1; p < e && !rc; line++, p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(e - p));
		if (!nl)
			nl = e;
		if (nl > p)
			rc = read_line(v, p, nl, line, &token, err);
	}
	buf_free(&token);
	return rc;
}

struct vocab *
tiktoken_file(const char *text, size_t n, const char *pattern, struct err *err)
{
	struct vocab *v = table_new(n);
	const struct published *known = NULL;
	uint32_t *rank, crc = crc32c(0, text, n);

	for (size_t i = 0; i < sizeof published / sizeof *published; i++)
		if (published[i].size == n && published[i].crc == crc)
			known = published + i;
	if (!known && !pattern) {
		err_set(err, "a .tiktoken file that is none of the published ones: give its --pattern");
		goto fail;
	}
	if (read_lines(v, text, n, err))
		goto fail;
	if (known)
		for (const struct named *s = known->special; s->name; s++)
			if (table_set(v, s->id, s->name, strlen(s->name), TOKEN_ADDED | TOKEN_SPECIAL, err))
				goto fail;
	table_index(v);
	v->whole = 1;
	v->split = split_new(pattern ? pattern : known->pattern, err);
	if (!v->split)
		goto fail;
	rank = xreallocarray(NULL, v->n + 1, sizeof *rank);
	for (size_t i = 0; i < v->n; i++)
		rank[i] = (uint32_t)i;
	table_merges_from_ranks(v, rank);
	free(rank);
	return table_finish(v, err);
fail:
	vocab_free(v);
	return NULL;
}

static int
read_scored(struct vocab *v, const unsigned char *p, size_t n, float **score, struct err *err)
{
	size_t at = 4, cap = 0, k = 0;

	while (at < n) {
		const char *text;
		float s;
		int32_t len;
		int flags = k < 3 ? TOKEN_ADDED | TOKEN_SPECIAL : 0;

		if (n - at < 8)
			return err_set(err, "byte %zu: cut short", at);
		memcpy(&s, p + at, 4);
		memcpy(&len, p + at + 4, 4);
		at += 8;
		if (len < 0 || (size_t)len > n - at || isnan(s))
			return err_set(err, "byte %zu: no token of llama2.c's tokenizer.bin", at - 8);
		text = (const char *)p + at;
		at += (size_t)len;
		if (k == 1 || k == 2) {         /* \n<s>\n and \n</s>\n */
			const char *name = k == 1 ? "<s>" : "</s>";

			if (table_set(v, k, name, strlen(name), flags, err))
				return -1;
		} else if (k >= 3 && k < 259) {
			if (fallback_byte(text, (size_t)len) != (int)k - 3)
				return err_set(err, "token %zu is not <0x%02zX>: not llama2.c's tokenizer.bin", k, k - 3);
			if (table_set(v, k, &(char){ (char)(k - 3) }, 1, TOKEN_BYTE, err))
				return -1;
		} else if (table_set(v, k, text, (size_t)len, flags, err)) {
			return -1;
		}
		VEC_PUSH(*score, k, cap, s);
	}
	return k < 259 ? err_set(err, "%zu tokens: not llama2.c's tokenizer.bin", k) : 0;
}

struct vocab *
llama2c_file(const unsigned char *p, size_t n, struct err *err)
{
	struct vocab *v = table_new(n);
	float *score = NULL;

	if (read_scored(v, p, n, &score, err)) {
		free(score);
		vocab_free(v);
		return NULL;
	}
	v->spm = v->prefix = 1;
	v->unk = 0;
	v->bos = 1;
	v->eot = 2;
	table_index(v);
	table_merges_from_scores(v, score);
	free(score);
	table_split_spaces(v);
	return table_finish(v, err);
}
