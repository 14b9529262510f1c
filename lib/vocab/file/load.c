/* load - a vocabulary from a path: a file told by its content, a model that carries one, a folder */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "stream/tens.h"
#include "vocab/chat/chat.h"
#include "vocab/table.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int
is_safetensors(const unsigned char *p, size_t n)
{
	uint64_t len;

	if (n < 10)
		return 0;
	memcpy(&len, p, 8);
	return len >= 2 && len <= n - 8 && p[8] == '{';
}

static int
is_tiktoken(const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n && i < 4096 && p[i] > ' ' && p[i] < 127)
		i++;
	return i && i + 1 < n && p[i] == ' ' && p[i + 1] >= '0' && p[i + 1] <= '9';
}

/* max_token_length, then score, length and "<unk>" of token 0. */
static int
is_llama2c(const unsigned char *p, size_t n)
{
	return n >= 17 && !memcmp(p + 8, "\5\0\0\0<unk>", 9);
}

static struct vocab *
from_model(const unsigned char *p, size_t n, const char *pattern, struct err *err)
{
	struct tens_set set;
	const struct tens *t;
	struct vocab *v = NULL;

	if (tens_parse(&set, p, n, err))
		return NULL;
	t = tens_find(&set, "pipelm.tokenizer");
	if (!t || t->dtype != TENS_U8)
		err_set(err, "a model without a vocabulary (no U8 tensor pipelm.tokenizer): give -w");
	else
		v = tokenizer_json(t->data, t->bytes, pattern, err);
	tens_free(&set);
	return v;
}

static struct vocab *
parse(const unsigned char *p, size_t n, const char *pattern, struct err *err)
{
	size_t blank = 0;

	if (!n) {
		err_set(err, "empty");
		return NULL;
	}
	while (blank < n && strchr(" \t\r\n", p[blank]) && p[blank])
		blank++;
	if (is_safetensors(p, n))
		return from_model(p, n, pattern, err);
	if (blank < n && p[blank] == '{')
		return tokenizer_json((const char *)p, n, pattern, err);
	if (is_tiktoken(p, n))
		return tiktoken_file((const char *)p, n, pattern, err);
	if (is_llama2c(p, n) && !pattern)
		return llama2c_file(p, n, err);
	if (n >= 4 && !memcmp(p, "GGUF", 4))
		return gguf_file(p, n, pattern, err);
	if (is_spm_file(p, n) && !pattern)
		return spm_file(p, n, err);
	if (is_llama2c(p, n) || is_spm_file(p, n))
		err_set(err, "SentencePiece's vocabularies cut by no pattern");
	else if (!strncmp((const char *)p, "#version", n < 8 ? n : 8))
		err_set(err, "a merges.txt: give the vocab.json beside it");
	else
		err_set(err, "neither tokenizer.json, .tiktoken, SentencePiece's .model, GGUF, llama2.c's tokenizer.bin nor a model that carries one");
	return NULL;
}

struct vocab *
vocab_parse(const void *bytes, size_t n, const char *name, const char *pattern, struct err *err)
{
	struct vocab *v = parse(bytes, n, pattern, err);

	if (!v)
		err_in(err, name);
	return v;
}

/* The path itself, or the file within a folder that has what is looked for, in *inside. */
static const char *
within(const char *path, const char *const *names, struct buf *inside)
{
	struct stat st;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return path;
	for (; *names; names++) {
		buf_clear(inside);
		buf_printf(inside, "%s/%s", path, *names);
		if (!stat(inside->p, &st))
			break;
	}
	return inside->p;
}

int
chat_load(struct chat *c, const char *path, struct err *err)
{
	static const char *const names[] = { "model.safetensors", NULL };
	struct buf inside = {0};
	struct file_map m;
	struct tens_set set;
	struct json j;
	char *text = NULL;
	int rc = -1;

	path = within(path, names, &inside);
	if (!file_map(&m, path, err)) {
		if (!is_safetensors(m.p, m.n)) {
			err_set(err, "%s: only a model carries a chat template: name one, as --chat=chatml", path);
		} else if (tens_parse(&set, m.p, m.n, err)) {
			err_in(err, path);
		} else {
			text = tens_meta(&set, "pipelm.chat");
			if (!text)
				err_set(err, "%s: the model carries no chat template: name one, as --chat=chatml", path);
			else if (!(rc = json_parse(&j, text, strlen(text), err)))
				rc = chat_parse(c, j, err);
			tens_free(&set);
		}
		file_unmap(&m);
	}
	free(text);
	buf_free(&inside);
	return rc;
}

/* An object whose first value is a number: vocab.json. */
static int
is_vocab_json(const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (p[i] == ' ' || (p[i] >= '\t' && p[i] <= '\r')))
		i++;
	if (i == n || p[i++] != '{')
		return 0;
	while (i < n && p[i] != '"')
		i++;
	for (i++; i < n && p[i] != '"'; i++)
		i += p[i] == '\\';
	for (i++; i < n && (p[i] == ':' || p[i] == ' '); i++)
		;
	return i < n && p[i] >= '0' && p[i] <= '9';
}

/* merges.txt beside vocab.json, and X_merges.txt beside X_vocab.json. */
static struct vocab *
with_merges(const char *path, const struct file_map *json, const char *pattern, struct err *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *at = strstr(name, "vocab.json");
	struct buf beside = {0};
	struct file_map m;
	struct vocab *v = NULL;

	if (!at || at[10]) {
		err_set(err, "%s: neither a tokenizer.json nor a vocab.json that has its merges.txt beside it", path);
		return NULL;
	}
	buf_add(&beside, path, (size_t)(at - path));
	buf_str(&beside, "merges.txt");
	if (!file_map(&m, beside.p, err)) {
		v = pair_files((const char *)json->p, json->n, (const char *)m.p, m.n, pattern, err);
		if (!v)
			err_in(err, path);
		file_unmap(&m);
	}
	buf_free(&beside);
	return v;
}

struct vocab *
vocab_load(const char *path, const char *pattern, struct err *err)
{
	static const char *const names[] = { "tokenizer.json", "vocab.json", "model.safetensors", "tokenizer.model", NULL };
	struct file_map m;
	struct buf inside = {0};
	struct vocab *v = NULL;

	path = within(path, names, &inside);
	if (!file_map(&m, path, err)) {
		v = is_vocab_json(m.p, m.n) ? with_merges(path, &m, pattern, err) : vocab_parse(m.p, m.n, path, pattern, err);
		file_unmap(&m);
	}
	buf_free(&inside);
	return v;
}
