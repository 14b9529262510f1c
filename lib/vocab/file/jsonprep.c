/* jsonprep - what a tokenizer.json does to a text before merging: its normalizer, its pre-tokenizer */
/* SPDX-License-Identifier: MIT */
#include "vocab/file/tokjson.h"
#include <stdio.h>
#include <string.h>

#define BLANK "\xe2\x96\x81"    /* U+2581, SentencePiece's space */

struct prep {
	struct vocab *v;
	struct buf text;
	int byte_level, metaspace;
};

int
json_lacks(struct err *err, const char *what, struct json v)
{
	char type[48] = "";
	struct json t = json_get(v, "type");
	size_t n = (size_t)(t.end - t.p);

	if (json_kind(t) == '"' && n < sizeof type)
		snprintf(type, sizeof type, " %.*s", (int)n, t.p);
	return err_set(err, "%s%s is not supported", what, type);
}

int
json_none(struct json v)
{
	int k = json_kind(v);

	return !k || k == 'n';
}

static int
read_charsmap(struct prep *r, struct json text, struct err *err)
{
	if (json_none(text))
		return 0;
	r->v->spm_text = 1;
	base64_bytes(text.p + 1, text.end - 1, &r->text);
	return table_charsmap(r->v, r->text.p, r->text.n, err);
}

static int
read_normalizer(struct prep *r, struct json v, struct err *err)
{
	struct json_iter it;
	int empty = 1;

	if (json_none(v))
		return 0;
	if (json_is(json_get(v, "type"), "NFC")) {
		r->v->nfc = 1;
		return 0;
	}
	if (json_is(json_get(v, "type"), "Prepend") && json_is(json_get(v, "prepend"), BLANK)) {
		r->v->prefix = 1;
		return 0;
	}
	if (json_is(json_get(v, "type"), "Precompiled"))
		return read_charsmap(r, json_get(v, "precompiled_charsmap"), err);
	if ((json_is(json_get(v, "type"), "Strip") && json_bool(json_get(v, "strip_left"), 1) && json_bool(json_get(v, "strip_right"), 1)) ||
	    (json_is(json_get(v, "type"), "Replace") && json_is(json_path(v, "pattern.Regex"), " {2,}") &&
	     (json_is(json_get(v, "content"), " ") || json_is(json_get(v, "content"), BLANK)))) {
		r->v->spm_text = r->v->squeeze = 1;
		return 0;
	}
	if (json_is(json_get(v, "type"), "Replace") && json_is(json_path(v, "pattern.String"), " ") &&
	    json_is(json_get(v, "content"), BLANK)) {
		r->metaspace = 1;
		return 0;
	}
	if (!json_is(json_get(v, "type"), "Sequence"))
		return json_lacks(err, "normalizer", v);
	it = json_walk(json_get(v, "normalizers"));
	for (; json_next(&it); empty = 0) {
		if (json_is(json_get(it.value, "type"), "Sequence"))
			return json_lacks(err, "normalizer: a sequence in a sequence", it.value);
		if (read_normalizer(r, it.value, err))
			return -1;
	}
	r->v->spm_text |= empty;        /* an empty list: see savejson.c */
	return 0;
}

/* r->text as an expression: a literal's signs lose their meaning. */
static void
quote(struct prep *r)
{
	struct buf literal = r->text;

	r->text = (struct buf){0};
	for (size_t i = 0; i < literal.n; i++) {
		if (strchr("\\^$.|?*+()[]{}-#", literal.p[i]))
			buf_char(&r->text, '\\');
		buf_char(&r->text, literal.p[i]);
	}
	buf_free(&literal);
}

static int
read_split(struct prep *r, struct json v, struct err *err)
{
	struct json behavior = json_get(v, "behavior"), regex = json_path(v, "pattern.Regex"), literal = json_path(v, "pattern.String");
	int invert = json_bool(json_get(v, "invert"), 0);

	if (r->metaspace && json_is(literal, " "))
		return 0;       /* there are none left */
	if (!(json_is(behavior, "Isolated") && !invert) && !(json_is(behavior, "Removed") && invert))
		return err_set(err, "pre_tokenizer Split: only Isolated, and Removed with invert, are supported");
	buf_clear(&r->text);
	if (json_str(json_kind(regex) ? regex : literal, &r->text) || !r->text.n || memchr(r->text.p, 0, r->text.n))
		return err_set(err, "pre_tokenizer Split: a pattern that is neither Regex nor String");
	if (!json_kind(regex))
		quote(r);
	buf_char(&r->text, 0);
	return invert ? split_add_only(&r->v->split, r->text.p, err) : split_add(&r->v->split, r->text.p, err);
}

/* Each mark by itself, or runs of them. */
static int
read_punctuation(struct prep *r, struct json v, struct err *err)
{
	struct json behavior = json_get(v, "behavior");
	int runs = json_is(behavior, "Contiguous");

	if (!runs && !json_none(behavior) && !json_is(behavior, "Isolated"))
		return err_set(err, "pre_tokenizer Punctuation: only Isolated and Contiguous are supported");
	return split_add(&r->v->split, runs ? "[\\p{P}$+<=>^`|~]+" : "[\\p{P}$+<=>^`|~]", err);
}

static int
read_pretokenizer(struct prep *r, struct json v, struct err *err)
{
	struct json type = json_get(v, "type");
	struct json_iter it;

	if (json_none(v))
		return 0;
	if (r->byte_level && !json_is(type, "Sequence"))        /* it would see letters, not the text */
		return json_lacks(err, "pre_tokenizer: after ByteLevel,", v);
	if (json_is(type, "Split"))
		return read_split(r, v, err);
	if (json_is(type, "ByteLevel")) {
		r->byte_level = 1;
		if (r->v->split && json_bool(json_get(v, "add_prefix_space"), 0))
			return err_set(err, "pre_tokenizer ByteLevel: add_prefix_space after another one is not supported");
		r->v->prefix = r->v->lone = json_bool(json_get(v, "add_prefix_space"), 0);
		return json_bool(json_get(v, "use_regex"), 1) ? split_add(&r->v->split, "gpt2", err) : 0;
	}
	if (json_is(type, "Digits"))
		return split_add(&r->v->split, json_bool(json_get(v, "individual_digits"), 0) ? "\\p{N}" : "\\p{N}+", err);
	if (json_is(type, "Punctuation"))
		return read_punctuation(r, v, err);
	if (json_is(type, "Metaspace") && json_is(json_get(v, "replacement"), BLANK)) {
		if (r->v->split)
			return json_lacks(err, "pre_tokenizer: after another one,", v);
		r->metaspace = r->v->lone = 1;
		if (json_bool(json_get(v, "split"), 1) && split_add(&r->v->split, " [^ ]*|[^ ]+", err))
			return -1;
		r->v->prefix = json_is(json_get(v, "prepend_scheme"), "never") ? 0 :
			       json_is(json_get(v, "prepend_scheme"), "first") ? PREFIX_FIRST : PREFIX_EACH;
		return 0;
	}
	if (!json_is(type, "Sequence"))
		return json_lacks(err, "pre_tokenizer", v);
	it = json_walk(json_get(v, "pretokenizers"));
	while (json_next(&it)) {
		if (json_is(json_get(it.value, "type"), "Sequence"))
			return json_lacks(err, "pre_tokenizer: a sequence in a sequence", it.value);
		if (read_pretokenizer(r, it.value, err))
			return -1;
	}
	return 0;
}

int
json_prep(struct vocab *v, struct json root, int *byte_level, int *metaspace, struct err *err)
{
	struct prep r = { .v = v };
	int rc = read_normalizer(&r, json_get(root, "normalizer"), err) || read_pretokenizer(&r, json_get(root, "pre_tokenizer"), err);

	buf_free(&r.text);
	if (!rc && r.byte_level && (v->squeeze || v->charsmap.n))
		rc = err_set(err, "normalizer: SentencePiece's with ByteLevel is not supported");
	*byte_level = r.byte_level;
	*metaspace = v->blank = r.metaspace;
	return rc ? -1 : 0;
}
