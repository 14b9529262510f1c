/* gguf - the vocabulary within a GGUF file: byte-level BPE ("gpt2") and SentencePiece's ("llama") */
/* SPDX-License-Identifier: MIT */
#include "vocab/table.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { G_U32 = 4, G_I32 = 5, G_F32 = 6, G_BOOL = 7, G_STRING = 8, G_ARRAY = 9 };

struct text {
	const char *p;
	size_t n;
};

struct reader {
	const unsigned char *p;
	size_t n, at;
};

/* An array within the file: where its first element is, checked to be there whole. */
struct array {
	uint32_t type;
	uint64_t n;
	size_t   at;
};

struct gguf {
	struct reader r;
	struct text   model, pre;
	struct array  tokens, types, scores, merges;
	uint32_t      bos, eos, unk, space;
};

static int
take(struct reader *r, void *out, size_t n)
{
	if (r->n - r->at < n)
		return -1;
	memcpy(out, r->p + r->at, n);
	r->at += n;
	return 0;
}

static int
take_text(struct reader *r, struct text *t)
{
	uint64_t n;

	if (take(r, &n, 8) || n > r->n - r->at)
		return -1;
	t->p = (const char *)r->p + r->at;
	t->n = (size_t)n;
	r->at += (size_t)n;
	return 0;
}

static size_t
size_of(uint32_t type)
{
	static const uint8_t size[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

	return type < sizeof size ? size[type] : 0;
}

/* Past a value of this type; arrays of arrays are not part of any file that there is. */
static int
skip(struct reader *r, uint32_t type, struct array *a)
{
	struct text t;

	if (type == G_STRING)
		return take_text(r, &t);
	if (size_of(type)) {
		if (r->n - r->at < size_of(type))
			return -1;
		r->at += size_of(type);
		return 0;
	}
	if (type != G_ARRAY || take(r, &a->type, 4) || take(r, &a->n, 8))
		return -1;
	a->at = r->at;
	if (a->type == G_STRING) {
		for (uint64_t i = 0; i < a->n; i++)
			if (take_text(r, &t))
				return -1;
		return 0;
	}
	if (!size_of(a->type) || a->n > (r->n - r->at) / size_of(a->type))
		return -1;
	r->at += (size_t)a->n * size_of(a->type);
	return 0;
}

static int
is(struct text t, const char *s)
{
	return t.n == strlen(s) && !memcmp(t.p, s, t.n);
}

static int
read_value(struct gguf *g, struct text key, uint32_t type)
{
	struct { const char *name; struct text *to; } texts[] = { { "model", &g->model }, { "pre", &g->pre } };
	struct { const char *name; struct array *to; uint32_t of; } arrays[] = {
		{ "tokens", &g->tokens, G_STRING }, { "token_type", &g->types, G_I32 }, { "scores", &g->scores, G_F32 },
		{ "merges", &g->merges, G_STRING } };
	struct { const char *name; uint32_t *to; } numbers[] = { { "bos_token_id", &g->bos }, { "eos_token_id", &g->eos },
		{ "unknown_token_id", &g->unk } };
	struct array a = {0};
	size_t from = g->r.at;
	static const char prefix[] = "tokenizer.ggml.";

	if (skip(&g->r, type, &a))
		return -1;
	if (key.n < sizeof prefix || memcmp(key.p, prefix, sizeof prefix - 1))
		return 0;
	key.p += sizeof prefix - 1, key.n -= sizeof prefix - 1;
	for (size_t i = 0; i < 2; i++)
		if (type == G_STRING && is(key, texts[i].name))
			*texts[i].to = (struct text){ (const char *)g->r.p + from + 8, g->r.at - from - 8 };
	for (size_t i = 0; i < 4; i++)
		if (type == G_ARRAY && a.type == arrays[i].of && is(key, arrays[i].name))
			*arrays[i].to = a;
	for (size_t i = 0; i < 3; i++)
		if ((type == G_U32 || type == G_I32) && is(key, numbers[i].name))
			memcpy(numbers[i].to, g->r.p + from, 4);
	if (type == G_BOOL && is(key, "add_space_prefix"))
		g->space = g->r.p[from];
	return 0;
}

static int
read_header(struct gguf *g, struct err *err)
{
	uint32_t version, type;
	uint64_t n_tensors, n_values;
	struct text key;

	g->bos = g->eos = g->unk = UINT32_MAX;
	g->space = 1;
	g->r.at = 4;
	if (take(&g->r, &version, 4) || take(&g->r, &n_tensors, 8) || take(&g->r, &n_values, 8))
		return err_set(err, "GGUF: cut short");
	if (version < 2 || version > 3)
		return err_set(err, "GGUF: version %u is not supported", version);
	for (uint64_t i = 0; i < n_values; i++)
		if (take_text(&g->r, &key) || take(&g->r, &type, 4) || read_value(g, key, type))
			return err_set(err, "GGUF: byte %zu: cut short or no value", g->r.at);
	if (!g->tokens.n || !g->model.n)
		return err_set(err, "GGUF: no vocabulary within");
	return 0;
}

static int
set_token(struct vocab *v, const struct gguf *g, uint32_t id, struct text t, struct buf *bytes, struct err *err)
{
	int32_t type = 1;
	unsigned byte;
	char hex[8] = "", end;

	if (id < g->types.n)
		memcpy(&type, g->r.p + g->types.at + 4 * (size_t)id, 4);
	if (type == 3 || type == 4 || (type == 2 && v->spm))    /* control, user-defined, unknown */
		return table_set(v, id, t.p, t.n, TOKEN_ADDED | (type == 4 ? 0 : TOKEN_SPECIAL), err);
	if (type == 6 && t.n == 6) {
		memcpy(hex, t.p, 6);
		if (sscanf(hex, "<0x%2X%c", &byte, &end) == 2 && end == '>') {
			hex[0] = (char)byte;
			return table_set(v, id, hex, 1, TOKEN_BYTE, err);
		}
	}
	if (type == 5)                                          /* unused */
		return table_set(v, id, t.p, t.n, TOKEN_LOST, err);
	if (v->spm)
		blanks_bytes(t.p, t.n, bytes);
	else if (letters_bytes(t.p, t.n, bytes))
		return table_set(v, id, t.p, t.n, TOKEN_LOST, err);
	return table_set(v, id, bytes->p, bytes->n, 0, err);
}

static int
read_tokens(struct vocab *v, struct gguf *g, struct err *err)
{
	struct buf bytes = {0};
	struct text t;
	int rc = 0;

	g->r.at = g->tokens.at;
	for (uint64_t i = 0; i < g->tokens.n && !rc; i++)
		if (!take_text(&g->r, &t))
			rc = set_token(v, g, (uint32_t)i, t, &bytes, err);
	buf_free(&bytes);
	return rc;
}

static int
read_merges(struct vocab *v, struct gguf *g, struct err *err)
{
	struct buf bytes = {0};
	struct text t;
	int rc = 0;

	g->r.at = g->merges.at;
	for (uint64_t i = 0; i < g->merges.n && !rc && !take_text(&g->r, &t); i++) {
		const char *blank = t.n ? memchr(t.p + 1, ' ', t.n - 1) : NULL;
		uint32_t a = NO_TOKEN, b = NO_TOKEN;

		if (blank && !letters_bytes(t.p, (size_t)(blank - t.p), &bytes))
			a = table_find(v, bytes.p, bytes.n);
		if (blank && !letters_bytes(blank + 1, t.n - (size_t)(blank + 1 - t.p), &bytes))
			b = table_find(v, bytes.p, bytes.n);
		if (a == NO_TOKEN || b == NO_TOKEN)
			rc = err_set(err, "GGUF: merge %llu is no pair of tokens of the vocabulary", (unsigned long long)i);
		else
			rc = table_merge(v, a, b, err);
	}
	buf_free(&bytes);
	return rc;
}

/* llama.cpp's names of patterns, as far as they are known here. */
static struct split *
split_of(struct vocab *v, const struct gguf *g, const char *pattern, struct err *err)
{
	static const struct { const char *pre, *pattern; int digits, whole, nfc; } known[] = {
		{ "gpt-2", "gpt2", 0, 0, 0 }, { "mpt", "gpt2", 0, 0, 0 }, { "olmo", "gpt2", 0, 0, 0 }, { "phi-2", "gpt2", 0, 0, 0 },
		{ "llama-bpe", "llama3", 0, 1, 0 }, { "llama3", "llama3", 0, 1, 0 }, { "qwen2", "qwen2", 0, 0, 1 },
		{ "deepseek-r1-qwen", "qwen2", 0, 0, 1 }, { "gpt-4o", "o200k", 0, 0, 0 }, { "smollm", "gpt2", 1, 0, 0 },
		{ "starcoder", "gpt2", 1, 0, 0 }, { "refact", "gpt2", 1, 0, 0 }, { "command-r", "gpt2", 1, 0, 0 },
	};

	if (pattern)
		return split_new(pattern, 0, err);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (is(g->pre, known[i].pre)) {
			v->whole = known[i].whole;
			v->nfc = known[i].nfc;
			return split_new(known[i].pattern, known[i].digits, err);
		}
	err_set(err, "GGUF: pattern '%.*s' (tokenizer.ggml.pre) is not known: give --pattern", g->pre.n < 40 ? (int)g->pre.n : 40,
		g->pre.n ? g->pre.p : "");
	return NULL;
}

static int
set_scores(struct vocab *v, const struct gguf *g, struct err *err)
{
	float *score;

	if (g->scores.n < v->n)
		return err_set(err, "GGUF: fewer scores than tokens");
	score = xreallocarray(NULL, v->n + 1, sizeof *score);
	memcpy(score, g->r.p + g->scores.at, v->n * sizeof *score);
	for (size_t i = 0; i < v->n; i++)
		if (isnan(score[i])) {
			free(score);
			return err_set(err, "GGUF: a score that is no number");
		}
	table_merges_from_scores(v, score);
	free(score);
	table_split_spaces(v);
	return 0;
}

struct vocab *
gguf_file(const unsigned char *p, size_t n, const char *pattern, struct err *err)
{
	struct gguf g = { .r = { p, n, 0 } };
	struct vocab *v = table_new(n);

	if (read_header(&g, err))
		goto fail;
	v->spm = is(g.model, "llama");
	if (!v->spm && !is(g.model, "gpt2")) {
		err_set(err, "GGUF: a vocabulary of kind '%.*s' is not supported", g.model.n < 40 ? (int)g.model.n : 40, g.model.p);
		goto fail;
	}
	if (v->spm && pattern) {
		err_set(err, "GGUF: SentencePiece's vocabularies cut by no pattern");
		goto fail;
	}
	v->prefix = v->spm && g.space;
	if (read_tokens(v, &g, err))
		goto fail;
	table_index(v);
	if (v->spm ? set_scores(v, &g, err) : read_merges(v, &g, err))
		goto fail;
	if (!v->spm && !(v->split = split_of(v, &g, pattern, err)))
		goto fail;
	v->unk = v->spm && g.unk < v->n ? (int)g.unk : -1;
	if (v->spm) {           /* the others' are told by their names, as in tokenizer.json */
		v->bos = g.bos < v->n ? (int)g.bos : -1;
		v->eot = g.eos < v->n ? (int)g.eos : -1;
	}
	return table_finish(v, err);
fail:
	vocab_free(v);
	return NULL;
}
