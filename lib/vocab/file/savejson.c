/* savejson - a vocabulary as the tokenizer.json that Hugging Face's tokenizers load */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "base/utf8.h"
#include "vocab/table.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A token as JSON: the letters of its bytes, or SentencePiece's text. */
static void
quote(const struct vocab *v, uint32_t id, struct buf *tmp, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)v->pool.p + v->tok[id].at;
	char u[4];

	buf_clear(tmp);
	if (v->flags[id] & (TOKEN_ADDED | TOKEN_LOST)) {
		buf_add(tmp, p, v->tok[id].len);
	} else if (v->flags[id] & TOKEN_BYTE) {
		buf_printf(tmp, "<0x%02X>", *p);
	} else {
		for (uint32_t i = 0; i < v->tok[id].len; i++) {
			if (!v->spm)
				buf_add(tmp, u, utf8_put(u, byte_letter(p[i])));
			else if (p[i] == ' ')
				buf_str(tmp, "\xe2\x96\x81");
			else
				buf_char(tmp, p[i]);
		}
	}
	json_quote(out, buf_text(tmp), tmp->n);
}

static void
added_tokens(const struct vocab *v, struct buf *out)
{
	const struct added **of = xcalloc(v->n, sizeof *of);
	int first = 1;

	for (const struct added *a = v->added; a < v->added + v->n_added; a++)
		of[a->id] = a;
	buf_str(out, "\"added_tokens\":[");
	for (uint32_t i = 0; i < v->n; i++) {
		if (!of[i])
			continue;
		buf_printf(out, "%s\n{\"id\":%u,\"content\":", first ? "" : ",", i);
		json_quote(out, of[i]->p, of[i]->len);
		buf_printf(out, ",\"single_word\":false,\"lstrip\":%s,\"rstrip\":%s,\"normalized\":false,\"special\":%s}",
			   of[i]->strip & STRIP_LEFT ? "true" : "false", of[i]->strip & STRIP_RIGHT ? "true" : "false",
			   v->flags[i] & TOKEN_SPECIAL ? "true" : "false");
		first = 0;
	}
	buf_str(out, "],\n");
	free(of);
}

static void
byte_level(const struct vocab *v, struct buf *out)
{
	static const char level[] = "{\"type\":\"ByteLevel\",\"add_prefix_space\":%s,\"trim_offsets\":true,\"use_regex\":%s}";
	const char *regex;

	buf_printf(out, "\"normalizer\":%s,\n\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[",
		   v->nfc ? "{\"type\":\"NFC\"}" : "null");
	for (size_t i = 0; !v->prefix && (regex = split_pattern(v->split, i)) && *regex; i++) {
		buf_str(out, "{\"type\":\"Split\",\"pattern\":{\"Regex\":");
		json_quote(out, regex, strlen(regex));
		buf_str(out, split_drops(v->split, i) ? "},\"behavior\":\"Removed\",\"invert\":true}," :
							"},\"behavior\":\"Isolated\",\"invert\":false},");
	}
	/* A space in front is put to each piece of those before it: so there is none, its own pattern is GPT-2's. */
	buf_printf(out, level, v->prefix ? "true" : "false", v->prefix && split_is(v->split, "gpt2") ? "true" : "false");
	buf_str(out, "]},\n\"post_processor\":null,\n\"decoder\":");
	buf_printf(out, level, "false", "false");
	buf_str(out, ",\n");
}

static void
base64(const struct buf *from, struct buf *out)
{
	static const char abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < from->n; i += 3) {
		uint32_t w = 0, n = from->n - i < 3 ? (uint32_t)(from->n - i) : 3;

		for (uint32_t k = 0; k < 3; k++)
			w = w << 8 | (k < n ? (unsigned char)from->p[i + k] : 0);
		for (uint32_t k = 0; k < 4; k++)
			buf_char(out, k <= n ? abc[w >> (18 - 6 * k) & 63] : '=');
	}
}

static void
metaspace(const struct vocab *v, char space[120])
{
	snprintf(space, 120, "{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\",\"prepend_scheme\":\"%s\",\"split\":false}",
		 !v->prefix ? "never" : v->prefix == PREFIX_EACH ? "always" : "first");
}

/* As SentencePiece's own files have it: all is done once to a whole text, even nothing. */
static void
spm_text(const struct vocab *v, struct buf *out)
{
	char space[120];

	metaspace(v, space);
	buf_str(out, "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[");
	if (v->charsmap.n) {
		buf_str(out, "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"");
		base64(&v->charsmap, out);
		buf_str(out, v->squeeze ? "\"}," : "\"}");
	}
	if (v->squeeze)
		buf_str(out, "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true},"
			     "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\" \"}");
	buf_printf(out, "]},\n\"pre_tokenizer\":%s,\n\"post_processor\":null,\n\"decoder\":{\"type\":\"Sequence\",\"decoders\":["
		   "{\"type\":\"ByteFallback\"},%s]},\n", space, space);
}

static void
sentencepiece(const struct vocab *v, struct buf *out)
{
	char space[120] = "null";

	if (v->lone)
		metaspace(v, space);
	buf_str(out, "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[");
	if (v->nfc)
		buf_str(out, "{\"type\":\"NFC\"},");
	if (v->prefix && !v->lone)
		buf_str(out, "{\"type\":\"Prepend\",\"prepend\":\"\xe2\x96\x81\"},");
	buf_printf(out, "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"}]},\n"
		     "\"pre_tokenizer\":%s,\n\"post_processor\":null,\n\"decoder\":{\"type\":\"Sequence\",\"decoders\":["
		     "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\xe2\x96\x81\"},\"content\":\" \"},"
		     "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"}", space);
	if (v->prefix)
		buf_str(out, ",{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}");
	buf_str(out, "]},\n");
}

static void
unigram(const struct vocab *v, struct buf *tmp, struct buf *out)
{
	buf_printf(out, "\"model\":{\"type\":\"Unigram\",\"unk_id\":%d,\"byte_fallback\":%s,\n\"vocab\":[", v->unk,
		   v->byte_fallback ? "true" : "false");
	for (uint32_t i = 0; i < v->n; i++) {
		buf_str(out, i ? ",\n[" : "\n[");
		quote(v, i, tmp, out);
		buf_printf(out, ",%.9g]", v->score[i]);
	}
	buf_str(out, "]}}\n");
}

/* Added tokens that the model's vocabulary lacks are numbered from its size on: from which id on that gives them their own. */
static uint32_t
numbered(const struct vocab *v)
{
	uint32_t id = (uint32_t)v->n;

	if (v->spm)
		return id;
	while (id && (v->flags[id - 1] & TOKEN_ADDED))
		id--;
	for (uint32_t i = 0; i < id; i++)
		if (v->flags[i] & TOKEN_HOLE)
			return (uint32_t)v->n;
	return id;
}

static void
model(const struct vocab *v, struct buf *tmp, struct buf *out)
{
	uint32_t n = numbered(v);
	int first = 1;

	buf_str(out, "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":");
	if (v->unk >= 0)
		quote(v, (uint32_t)v->unk, tmp, out);
	else
		buf_str(out, "null");
	buf_printf(out, ",\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":%s,\"byte_fallback\":%s,"
		   "\"ignore_merges\":%s,\n\"vocab\":{", v->fuse_unk ? "true" : "false", v->byte_fallback ? "true" : "false",
		   v->whole ? "true" : "false");
	for (uint32_t i = 0; i < n; i++) {
		if (v->flags[i] & TOKEN_HOLE)
			continue;
		buf_str(out, first ? "\n" : ",\n");
		quote(v, i, tmp, out);
		buf_printf(out, ":%u", i);
		first = 0;
	}
	buf_str(out, "},\n\"merges\":[");
	for (size_t i = 0; i < v->n_merges; i++) {
		buf_str(out, i ? ",\n[" : "\n[");
		quote(v, v->merges[i].a, tmp, out);
		buf_char(out, ',');
		quote(v, v->merges[i].b, tmp, out);
		buf_char(out, ']');
	}
	buf_str(out, "]}}\n");
}

void
vocab_json(const struct vocab *v, struct buf *out)
{
	struct buf tmp = {0};

	buf_str(out, "{\"version\":\"1.0\",\n\"truncation\":null,\n\"padding\":null,\n");
	added_tokens(v, out);
	if (v->spm_text)
		spm_text(v, out);
	else if (v->spm)
		sentencepiece(v, out);
	else
		byte_level(v, out);
	if (v->score)
		unigram(v, &tmp, out);
	else
		model(v, &tmp, out);
	buf_free(&tmp);
}
