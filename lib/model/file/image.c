/* image - a model as one safetensors image: weights, score head, tokenizer, and what the metadata says */
/* SPDX-License-Identifier: MIT */
#include "model/file/image.h"
#include "model/adapter.h"
#include "base/json.h"
#include "model/params.h"
#include "model/weights.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Buffers that other programs save beside the weights and that follow from the configuration. */
static int
ignorable(const struct config *c, const char *name)
{
	return params_ends(name, ".attn.bias") || params_ends(name, ".attn.masked_bias") || params_ends(name, "rotary_emb.inv_freq") ||
	       (c->tied && !strcmp(name, "lm_head.weight")) || !strcmp(name, "score.weight") ||
	       !strcmp(name, "pipelm.tokenizer");
}

/* Every tensor of the images must be one of ours; those that weights_check() found are par->n in number, so
 * only a count that is off makes it worth to look for the stranger. */
static int
check_extra(const struct config *c, const struct params *par, const struct tens_set *sets, int n, struct err *e)
{
	size_t known = 0;

	for (int s = 0; s < n; s++)
		for (size_t i = 0; i < sets[s].n; i++)
			known += !ignorable(c, sets[s].v[i].name);
	if (known == (size_t)par->n)
		return 0;
	for (int s = 0; s < n; s++)
		for (size_t i = 0; i < sets[s].n; i++) {
			const char *name = sets[s].v[i].name;
			const char *bare = strncmp(name, "transformer.", 12) ? name : name + 12;
			if (!ignorable(c, name) && !params_find(par, bare))
				return err_set(e, "%s: a tensor that this shape has no use for", name);
		}
	return err_set(e, "a tensor comes twice");
}

static const struct tens *
find(const struct tens_set *sets, int n, const char *name)
{
	const struct tens *t = NULL;

	for (int s = 0; s < n && !t; s++)
		t = tens_find(&sets[s], name);
	return t;
}

static char *
meta(const struct tens_set *sets, int n, const char *key)
{
	char *v = NULL;

	for (int s = 0; s < n && !v; s++)
		v = tens_meta(&sets[s], key);
	return v;
}

/* Metadata that is JSON of one kind. */
static int
meta_json(char **out, const struct tens_set *sets, int n, const char *key, int kind, struct err *e)
{
	struct json v;
	struct err why;

	*out = meta(sets, n, key);
	if (*out && (json_parse(&v, *out, strlen(*out), &why) || json_kind(v) != kind))
		return err_set(e, "%s: not a JSON %s", key, kind == '[' ? "array" : "object");
	return 0;
}

static int
meta_num(double *out, const struct tens_set *sets, int n, const char *key, double otherwise, struct err *e)
{
	char *s = meta(sets, n, key), *end;

	*out = s ? strtod(s, &end) : otherwise;
	if (s && (*end || end == s || !isfinite(*out))) {
		free(s);
		return err_set(e, "%s: not a number", key);
	}
	free(s);
	return 0;
}

static int
take_score(struct model *m, const struct tens_set *sets, int n, struct err *e)
{
	const struct tens *t = find(sets, n, "score.weight");

	m->score_gain = 1;
	if (!t)
		return 0;
	if (t->ndim != 2 || t->shape[0] != 1 || t->shape[1] != (uint64_t)m->cfg.C)
		return err_set(e, "score.weight: not of shape (1, %d)", m->cfg.C);
	m->score = xcalloc((size_t)m->cfg.C, sizeof *m->score);
	if (tens_to_f32(t, m->score, 0, t->count))
		return err_set(e, "score.weight: not of type F32, F16, BF16 or F64");
	return meta_num(&m->score_gain, sets, n, "pipelm.score_gain", 1, e) ||
	       meta_num(&m->score_bias, sets, n, "pipelm.score_bias", 0, e) ? -1 : 0;
}

static int
take_meta(struct model *m, const struct tens_set *sets, int n, struct err *e)
{
	const struct tens *t = find(sets, n, "pipelm.tokenizer");
	char *v;

	if (t && t->dtype != TENS_U8)
		return err_set(e, "pipelm.tokenizer: not of type U8");
	if (t)
		buf_add(&m->tokenizer, t->data, t->bytes);
	free(m->prog);
	if (meta_json(&m->prog, sets, n, "pipelm.prog", '[', e) || meta_json(&m->data, sets, n, "pipelm.data", '{', e) ||
	    meta_json(&m->chat, sets, n, "pipelm.chat", '{', e))
		return -1;
	if ((v = meta(sets, n, "pipelm.vocab"))) {
		int bad = strlen(v) >= sizeof m->vocab;
		if (!bad)
			memcpy(m->vocab, v, strlen(v) + 1);
		free(v);
		if (bad)
			return err_set(e, "pipelm.vocab: not a checksum");
	}
	return 0;
}

static int
check_crc(const struct model *m, const struct tens_set *sets, int n, struct err *e)
{
	char is[CRC32C_TEXT], *says = meta(sets, n, "pipelm.crc32c");
	int same;

	if (!says)
		return 0;
	model_crc_text(m, is);
	same = !strcmp(is, says);
	free(says);
	return same ? 0 : err_set(e, "damaged: the weights do not match pipelm.crc32c");
}

int
image_take(struct model *m, const struct config *c, const struct tens_set *sets, int n, int keep, struct err *e)
{
	struct params par;
	int bad;

	params_init(&par, c);
	bad = weights_check(&par, sets, n, e) || check_extra(c, &par, sets, n, e);
	params_free(&par);
	if (bad)
		return -1;
	model_shape(m, c);
	m->src = xcalloc((size_t)m->par.n, sizeof *m->src);
	weights_find(&m->par, sets, n, m->src);
	if (!keep)
		model_widen(m);
	if (take_score(m, sets, n, e) || take_meta(m, sets, n, e) || check_crc(m, sets, n, e)) {
		model_free(m);
		return -1;
	}
	return 0;
}

/* ---- writing */

static void
declare_meta(const struct model *m, enum image_kind kind, struct tens_new *t)
{
	struct buf config = { 0 };
	char crc[CRC32C_TEXT];

	tens_declare_meta(t, "format", "pt");   /* what Hugging Face's loader asks for */
	if (kind == IMAGE_OURS) {
		config_print(&m->cfg, &config);
		tens_declare_meta(t, "pipelm.config", config.p);
		buf_free(&config);
	}
	model_crc_text(m, crc);
	tens_declare_meta(t, "pipelm.crc32c", crc);
	tens_declare_meta(t, "pipelm.prog", m->prog);
	tens_declare_meta(t, "pipelm.data", m->data);
	tens_declare_meta(t, "pipelm.chat", m->chat);
	if (m->vocab[0])
		tens_declare_meta(t, "pipelm.vocab", m->vocab);
	if (m->score) {
		tens_declare_num(t, "pipelm.score_gain", m->score_gain);
		tens_declare_num(t, "pipelm.score_bias", m->score_bias);
	}
}

void
image_header(const struct model *m, enum image_kind kind, struct buf *out)
{
	struct tens_new t = { 0 };
	uint64_t score[2] = { 1, (uint64_t)m->cfg.C }, tok[1] = { m->tokenizer.n };

	declare_meta(m, kind, &t);
	weights_declare(&m->par, &t);
	if (m->score)
		tens_declare(&t, "score.weight", TENS_F32, 2, score);
	if (kind == IMAGE_OURS && m->tokenizer.n)
		tens_declare(&t, "pipelm.tokenizer", TENS_U8, 1, tok);
	tens_header(&t, out);
}

void
image_data(const struct model *m, enum image_kind kind, void (*put)(void *, const void *, size_t), void *ctx)
{
	weights_write(&m->par, m->w, put, ctx);
	if (m->score)
		put(ctx, m->score, (size_t)m->cfg.C * sizeof *m->score);
	if (kind == IMAGE_OURS && m->tokenizer.n)
		put(ctx, m->tokenizer.p, m->tokenizer.n);
}
