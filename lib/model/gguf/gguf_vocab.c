/* gguf_vocab - a vocabulary among the keys of a GGUF file */
/* SPDX-License-Identifier: MIT */
#include "model/gguf/gguf_keys.h"
#include "base/json.h"
#include "model/gguf/jinja.h"
#include "vocab/split.h"
#include "vocab/table.h"
#include "vocab/vocab.h"
#include <stdlib.h>
#include <string.h>

enum { NORMAL = 1, UNKNOWN, CONTROL, USER, UNUSED, BYTE };     /* tokenizer.ggml.token_type */

/* llama.cpp's name of a pattern; NULL: it knows none. */
static const char *
pre_of(const struct vocab *v)
{
	static const char *const names[][2] = {
		{ "gpt2", "gpt-2" }, { "llama3", "llama-bpe" }, { "qwen2", "qwen2" }, { "o200k", "gpt-4o" }, { "starcoder", "smollm" },
		{ "tekken", "tekken" }, { "qwen35", "qwen35" },
		{ "falcon", "falcon" }, { "deepseek-llm", "deepseek-llm" }, { "deepseek-coder", "deepseek-coder" }, { "deepseek-v3", "deepseek-v3" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (split_is(v->split, names[i][0]))
			return names[i][1];
	return NULL;
}

/* Tokens by id: text as in tokenizer.json, type, score. */
struct tokens {
	struct buf *text;
	int32_t    *type;
	float      *score;
	size_t      n;
};

static void
take_tokens(struct tokens *t, struct json tokenizer, int spm)
{
	struct json_iter it = json_walk(json_path(tokenizer, "model.vocab"));
	char *unk = json_dup(json_path(tokenizer, "model.unk_token"));

	while (json_next(&it)) {
		long long id = json_int(it.value, -1);
		if (id < 0 || (size_t)id >= t->n)
			continue;
		buf_clear(&t->text[id]);
		json_str(it.key, &t->text[id]);
		t->type[id] = NORMAL;
		if (spm && t->text[id].n == 6 && !strncmp(t->text[id].p, "<0x", 3))
			t->type[id] = BYTE;
		if (unk && !strcmp(t->text[id].p, unk))
			t->type[id] = UNKNOWN;
	}
	free(unk);
	it = json_walk(json_get(tokenizer, "added_tokens"));
	while (json_next(&it)) {
		long long id = json_int(json_get(it.value, "id"), -1);
		if (id < 0 || (size_t)id >= t->n)
			continue;
		buf_clear(&t->text[id]);
		json_str(json_get(it.value, "content"), &t->text[id]);
		if (t->type[id] != UNKNOWN)
			t->type[id] = json_bool(json_get(it.value, "special"), 0) ? CONTROL : USER;
	}
}

/* "a b", of a string or of a pair. */
static void
merge_text(struct json merge, struct buf *out)
{
	struct json_iter it = json_walk(merge);

	buf_clear(out);
	if (json_kind(merge) == '"') {
		json_str(merge, out);
		return;
	}
	while (json_next(&it)) {
		if (out->n)
			buf_char(out, ' ');
		json_str(it.value, out);
	}
}

static void
put_merges(struct gguf_keys *k, struct json merges)
{
	struct json_iter it = json_walk(merges);
	struct buf text = { 0 };

	keys_array(k, "tokenizer.ggml.merges", GGUF_KEY_STRING, json_count(merges));
	while (json_next(&it)) {
		merge_text(it.value, &text);
		keys_put_text(k, text.p, text.n);
	}
	buf_free(&text);
}

/* SentencePiece's: the earlier a token was made, the higher its score; so by id, as its vocabularies are sorted. */
static void
put_scores(struct gguf_keys *k, const struct tokens *t)
{
	keys_array(k, "tokenizer.ggml.scores", GGUF_KEY_F32, t->n);
	for (size_t i = 0; i < t->n; i++) {
		float score = t->type[i] == NORMAL ? -(float)i : t->type[i] == UNUSED ? -1e4f : 0;
		keys_put(k, &score, 4);
	}
}

static int
put_vocab(struct gguf_keys *k, const struct model *m, struct err *e)
{
	struct tokens t = { .n = (size_t)m->cfg.V };
	struct vocab *v = model_vocab(m, e);
	struct json o;
	const char *pre;

	if (!v)
		return -1;
	pre = v->spm ? "default" : pre_of(v);
	if (!pre || json_parse(&o, m->tokenizer.p, m->tokenizer.n, e)) {
		vocab_free(v);
		return pre ? -1 : err_set(e, "the vocabulary's pattern is none that llama.cpp knows");
	}
	t.text = xcalloc(t.n, sizeof *t.text);
	t.type = xcalloc(t.n, sizeof *t.type);
	for (size_t i = 0; i < t.n; i++) {
		buf_printf(&t.text[i], "[PAD%zu]", i);
		t.type[i] = UNUSED;
	}
	take_tokens(&t, o, v->spm);
	keys_text(k, "tokenizer.ggml.model", v->spm ? "llama" : "gpt2", v->spm ? 5 : 4);
	keys_text(k, "tokenizer.ggml.pre", pre, strlen(pre));
	keys_array(k, "tokenizer.ggml.tokens", GGUF_KEY_STRING, t.n);
	for (size_t i = 0; i < t.n; i++)
		keys_put_text(k, t.text[i].p, t.text[i].n);
	keys_array(k, "tokenizer.ggml.token_type", GGUF_KEY_I32, t.n);
	keys_put(k, t.type, t.n * 4);
	if (v->spm)
		put_scores(k, &t);
	else
		put_merges(k, json_path(o, "model.merges"));
	keys_text(k, "tokenizer.huggingface.json", m->tokenizer.p, m->tokenizer.n);
	for (size_t i = 0; i < t.n; i++)
		buf_free(&t.text[i]);
	free(t.text);
	free(t.type);
	vocab_free(v);
	return 0;
}

static void
put_ids(struct gguf_keys *k, const struct model *m)
{
	struct buf jinja = { 0 };
	uint8_t add = m->cfg.bos >= 0;

	if (m->cfg.bos >= 0)
		keys_int(k, "tokenizer.ggml.bos_token_id", m->cfg.bos);
	if (m->cfg.eos >= 0)
		keys_int(k, "tokenizer.ggml.eos_token_id", m->cfg.eos);
	keys_name(k, "tokenizer.ggml.add_bos_token", GGUF_KEY_BOOL);
	keys_put(k, &add, 1);
	if (!jinja_of_chat(m->chat, &jinja))
		keys_text(k, "tokenizer.chat_template", jinja.p, jinja.n);
	buf_free(&jinja);
}

int
keys_vocab(struct gguf_keys *k, const struct model *m, struct err *e)
{
	if (!m->tokenizer.n)
		keys_text(k, "tokenizer.ggml.model", "no_vocab", 8);
	else if (put_vocab(k, m, e))
		return -1;
	put_ids(k, m);
	return 0;
}
