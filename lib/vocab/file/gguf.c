/* gguf - the vocabulary within a GGUF file: byte-level BPE ("gpt2") and SentencePiece's ("llama") */
/* SPDX-License-Identifier: MIT */
#include "base/ggufkey.h"
#include "vocab/table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gguf {
	struct gguf_bytes left;
	struct gguf_text  model, pre;
	struct gguf_key   tokens, types, scores, merges;
	uint32_t          bos, eos, unk, space;
};

static int
read_value(struct gguf *g)
{
	struct { const char *name; struct gguf_text *to; } texts[] = { { "model", &g->model }, { "pre", &g->pre } };
	struct { const char *name; struct gguf_key *to; uint32_t of; } arrays[] = {
		{ "tokens", &g->tokens, GGUF_KEY_STRING }, { "token_type", &g->types, GGUF_KEY_I32 },
		{ "scores", &g->scores, GGUF_KEY_F32 }, { "merges", &g->merges, GGUF_KEY_STRING } };
	struct { const char *name; uint32_t *to; } numbers[] = { { "bos_token_id", &g->bos }, { "eos_token_id", &g->eos },
		{ "unknown_token_id", &g->unk } };
	static const char prefix[] = "tokenizer.ggml.";
	struct gguf_text name;
	struct gguf_key k;

	if (gguf_take_key(&g->left, &k))
		return -1;
	name = k.name;
	if (name.n < sizeof prefix || memcmp(name.p, prefix, sizeof prefix - 1))
		return 0;
	name.p += sizeof prefix - 1, name.n -= sizeof prefix - 1;
	for (size_t i = 0; i < 2; i++)
		if (k.type == GGUF_KEY_STRING && gguf_text_is(name, texts[i].name))
			*texts[i].to = k.text;
	for (size_t i = 0; i < 4; i++)
		if (k.type == GGUF_KEY_ARRAY && k.of == arrays[i].of && gguf_text_is(name, arrays[i].name))
			*arrays[i].to = k;
	for (size_t i = 0; i < 3; i++)
		if ((k.type == GGUF_KEY_U32 || k.type == GGUF_KEY_I32) && gguf_text_is(name, numbers[i].name))
			*numbers[i].to = k.num < 0 ? UINT32_MAX : (uint32_t)k.num;
	if (k.type == GGUF_KEY_BOOL && gguf_text_is(name, "add_space_prefix"))
		g->space = k.num != 0;
	return 0;
}

static int
read_header(struct gguf *g, struct err *err)
{
	const unsigned char *from = g->left.p;
	uint32_t version;
	uint64_t n_tensors, n_values;

	g->bos = g->eos = g->unk = UINT32_MAX;
	g->space = 1;
	g->left.p += 4;
	if (gguf_take(&g->left, &version, 4) || gguf_take(&g->left, &n_tensors, 8) || gguf_take(&g->left, &n_values, 8))
		return err_set(err, "GGUF: cut short");
	if (version < 2 || version > 3)
		return err_set(err, "GGUF: version %u is not supported", version);
	for (uint64_t i = 0; i < n_values; i++)
		if (read_value(g))
			return err_set(err, "GGUF: byte %zu: cut short or no value", (size_t)(g->left.p - from));
	if (!g->tokens.n || !g->model.n)
		return err_set(err, "GGUF: no vocabulary within");
	return 0;
}

static int
set_token(struct vocab *v, const struct gguf *g, uint32_t id, struct gguf_text t, struct buf *bytes, struct err *err)
{
	int32_t type = 1;
	int byte = fallback_byte(t.p, t.n);

	if (id < g->types.n)
		memcpy(&type, g->types.at.p + 4 * (size_t)id, 4);
	if (type == 3 || type == 4 || (type == 2 && v->spm))    /* control, user-defined, unknown */
		return table_set(v, id, t.p, t.n, TOKEN_ADDED | (type == 4 ? 0 : TOKEN_SPECIAL), err);
	if (type == 6 && byte >= 0)
		return table_set(v, id, &(char){ (char)byte }, 1, TOKEN_BYTE, err);
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
	struct gguf_text t;
	int rc = 0;

	for (uint64_t i = 0; i < g->tokens.n && !rc; i++)
		if (!gguf_take_text(&g->tokens.at, &t))
			rc = set_token(v, g, (uint32_t)i, t, &bytes, err);
	buf_free(&bytes);
	return rc;
}

static int
read_merges(struct vocab *v, struct gguf *g, struct err *err)
{
	struct gguf_text t;

	for (uint64_t i = 0; i < g->merges.n && !gguf_take_text(&g->merges.at, &t); i++)
		if (letters_merge(v, t.p, t.n))
			return err_set(err, "GGUF: merge %llu is no pair of tokens of the vocabulary", (unsigned long long)i);
	return 0;
}

/* llama.cpp's names of patterns, as far as they are known here. */
static struct split *
split_of(struct vocab *v, const struct gguf *g, const char *pattern, struct err *err)
{
	static const struct { const char *pattern, *pre[12]; int whole, nfc; } known[] = {
		{ "gpt2", { "gpt-2", "mpt", "olmo", "phi-2", "jais", "trillion", "exaone4", "granite-docling", "modern-bert" }, 0, 0 },
		{ "llama3", { "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "lfm2" }, 1, 0 },
		{ "llama3", { "dbrx", "smaug-bpe", "glm4", "chatglm-bpe" }, 0, 0 },
		{ "qwen2", { "qwen2", "deepseek-r1-qwen", "kormo", "megrez" }, 0, 1 },
		{ "qwen2", { "stablelm2", "hunyuan", "solar-open", "grok-2" }, 0, 0 },
		{ "qwen35", { "qwen35" }, 0, 1 }, { "tekken", { "tekken" }, 1, 0 },
		{ "o200k", { "gpt-4o", "llama4", "kanana2", "minimax-m2" }, 0, 0 },
		{ "starcoder", { "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2" }, 0, 0 },
		{ "falcon", { "falcon" }, 0, 0 }, { "deepseek-llm", { "deepseek-llm" }, 0, 0 },
		{ "deepseek-coder", { "deepseek-coder" }, 0, 0 },
		{ "deepseek-v3", { "deepseek-v3", "hunyuan-dense", "joyai-llm" }, 0, 0 },
	};

	if (pattern)
		return split_new(pattern, err);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		for (const char *const *pre = known[i].pre; *pre; pre++)
			if (gguf_text_is(g->pre, *pre)) {
				v->whole = known[i].whole;
				v->nfc = known[i].nfc;
				return split_new(known[i].pattern, err);
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
	memcpy(score, g->scores.at.p, v->n * sizeof *score);
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
	struct gguf g = { .left = { p, p + n } };
	struct vocab *v = table_new(n);

	if (read_header(&g, err))
		goto fail;
	v->drops = 1;
	v->spm = v->blank = gguf_text_is(g.model, "llama");
	if (!v->spm && !gguf_text_is(g.model, "gpt2")) {
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
