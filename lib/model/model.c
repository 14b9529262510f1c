/* model - a model in memory */
/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/json.h"
#include "model/adapter.h"
#include "model/weights.h"
#include "stream/toks.h"
#include "vocab/chat/chat.h"
#include "vocab/vocab.h"
#include <stdlib.h>
#include <string.h>

void
model_shape(struct model *m, const struct config *c)
{
	memset(m, 0, sizeof *m);
	m->cfg = *c;
	params_init(&m->par, c);
	m->score_gain = 1;
}

static void
take_memory(struct model *m)
{
	size_t n = m->par.total * sizeof *m->w;

	arena_init(&m->mem, n + 64);
	m->w = arena_take(&m->mem, n);
}

void
model_init(struct model *m, const struct config *c)
{
	model_shape(m, c);
	take_memory(m);
}

static void
close_files(struct model *m)
{
	free(m->src);
	m->src = NULL;
	for (int i = 0; i < m->n_file; i++)
		file_unmap(&m->file[i]);
	free(m->file);
	m->file = NULL;
	m->n_file = 0;
}

void
model_drop(struct model *m)
{
	arena_free(&m->mem);
	m->w = NULL;
	close_files(m);
}

void
model_widen(struct model *m)
{
	if (m->src) {
		take_memory(m);
		weights_widen(&m->par, m->src, m->n_file > 0, m->w);
	}
	close_files(m);
}

void
model_free(struct model *m)
{
	adapter_free(m->adapter);
	params_free(&m->par);
	model_drop(m);
	buf_free(&m->tokenizer);
	free(m->prog);
	free(m->data);
	free(m->chat);
	free(m->score);
	memset(m, 0, sizeof *m);
}

void
model_add_prog(struct model *m, const char *line)
{
	struct buf b = { 0 };
	size_t n = m->prog ? strlen(m->prog) : 0;

	while (n && m->prog[n - 1] != ']')
		n--;
	if (n > 1) {
		buf_add(&b, m->prog, n - 1);
		while (b.n && strchr(" \t\r\n", b.p[b.n - 1]))
			b.n--;
		if (b.p[b.n - 1] != '[')
			buf_char(&b, ',');
	} else {
		buf_char(&b, '[');
	}
	json_quote(&b, line, strlen(line));
	buf_char(&b, ']');
	free(m->prog);
	m->prog = b.p;
}

int
model_average(struct model *m, const struct model *x, int k, struct err *e)
{
	if (!config_same(&m->cfg, &x->cfg))
		return err_set(e, "of another shape than the first: no average");
	if (m->vocab[0] && x->vocab[0] && strcmp(m->vocab, x->vocab))
		return err_set(e, "of another vocabulary than the first: no average");
	for (size_t i = 0; i < m->par.total; i++)
		m->w[i] += (x->w[i] - m->w[i]) / (float)k;
	return 0;
}

const struct params *
model_moving(const struct model *m)
{
	return m->adapter ? &m->adapter->par : &m->par;
}

float *
model_moving_w(const struct model *m)
{
	return m->adapter ? m->adapter->w : m->w;
}

float *
model_swap(struct model *m, float *w)
{
	float **at = m->adapter ? &m->adapter->w : &m->w, *was = *at;

	*at = w;
	return was;
}

void
model_set_vocab(struct model *m, const struct vocab *v)
{
	buf_clear(&m->tokenizer);
	vocab_json(v, &m->tokenizer);
	vocab_crc(v, m->vocab);
}

int
model_set_chat(struct model *m, const char *name, const struct vocab *v, struct err *e)
{
	struct chat chat;
	struct buf b = { 0 };

	if (chat_init(&chat, name, v, e))
		return -1;
	chat_print(&chat, &b);
	free(m->chat);
	m->chat = b.p;
	chat_free(&chat);
	return 0;
}

struct vocab *
model_vocab(const struct model *m, struct err *e)
{
	if (!m->tokenizer.n) {
		err_set(e, "the model carries no tokenizer");
		return NULL;
	}
	struct vocab *v = vocab_parse(m->tokenizer.p, m->tokenizer.n, "pipelm.tokenizer", NULL, e);

	if (v && vocab_size(v) > (size_t)m->cfg.V) {
		err_set(e, "the tokenizer has %zu tokens, and the model %d", (size_t)vocab_size(v), m->cfg.V);
		vocab_free(v);
		return NULL;
	}
	return v;
}

int
model_agrees(const struct model *m, const struct toks_head *h, struct err *e)
{
	if (m->vocab[0] && h->vocab[0] ? !strcmp(m->vocab, h->vocab) && h->n_vocab <= m->cfg.V : h->n_vocab == m->cfg.V)
		return 0;
	return err_set(e, "the tokens are of another vocabulary (%s, %lld tokens) than the model (%s, %d)", h->vocab[0] ? h->vocab : "unknown",
	               h->n_vocab, m->vocab[0] ? m->vocab : "unknown", m->cfg.V);
}

int
model_finite(const struct model *m, struct err *e)
{
	struct weight_src *here;
	int bad;

	if (!m->w)
		return weights_finite(&m->par, m->src, e);
	here = xcalloc((size_t)m->par.n, sizeof *here);
	weights_here(&m->par, m->w, here);
	bad = weights_finite(&m->par, here, e);
	free(here);
	return bad;
}

/* Of a tensor that is still in its file. */
static uint32_t
crc_of_rows(uint32_t crc, const struct param *p, const struct weight_src *s)
{
	size_t cols = param_cols(p);
	float *row = xreallocarray(NULL, cols, sizeof *row);

	for (size_t r = 0; r < param_rows(p); r++) {
		weights_widen_row(p, s, r, row);
		crc = crc32c(crc, row, cols * sizeof *row);
	}
	free(row);
	return crc;
}

uint32_t
model_crc(const struct model *m)
{
	uint32_t crc = 0;

	for (int i = 0; i < m->par.n; i++) {
		const struct param *p = &m->par.v[i];
		crc = m->w ? crc32c(crc, m->w + p->offset, p->count * sizeof *m->w) : crc_of_rows(crc, p, &m->src[i]);
	}
	if (m->score)
		crc = crc32c(crc, m->score, (size_t)m->cfg.C * sizeof *m->score);
	for (int i = 0; m->adapter && i < m->adapter->par.n; i++)
		crc = crc32c(crc, m->adapter->w + m->adapter->par.v[i].offset, m->adapter->par.v[i].count * sizeof *m->w);
	return crc;
}

void model_crc_text(const struct model *m, char out[CRC32C_TEXT]) { crc32c_text(model_crc(m), out); }
