/* idtext - tokens as text: lines of ids, tables of pieces, counts */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/idtext.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Characters are code points, an ill-formed part counts as one; words are what blanks of ASCII part. */
void
idtext_add(struct idtext_count *c, const char *text, size_t n, size_t tokens)
{
	const unsigned char *p = (const unsigned char *)text, *e = p + n;
	int in_word = 0;
	uint32_t len;

	c->tokens += tokens;
	c->bytes += n;
	for (; p < e; p += len, c->chars++) {
		int blank = *p == ' ' || (*p >= '\t' && *p <= '\r');

		utf8_next(p, e, &len);
		c->words += !blank && !in_word;
		in_word = !blank;
	}
}

void
idtext_total(const struct idtext_count *c, double price, struct buf *out)
{
	double tokens = (double)c->tokens;

	buf_clear(out);
	buf_printf(out, "documents\t%llu\ntokens\t%llu\nbytes\t%llu\ncharacters\t%llu\nwords\t%llu\n", (unsigned long long)c->docs,
		   (unsigned long long)c->tokens, (unsigned long long)c->bytes, (unsigned long long)c->chars,
		   (unsigned long long)c->words);
	if (c->words)
		buf_printf(out, "tokens_per_word\t%.3f\n", tokens / (double)c->words);
	if (c->tokens)
		buf_printf(out, "bytes_per_token\t%.3f\n", (double)c->bytes / tokens);
	if (price != 0)
		buf_printf(out, "price\t%.6g\n", tokens / 1e6 * price);
}

void
idtext_sum(struct idtext_count *c, const struct idtext_count *more)
{
	c->docs += more->docs;
	c->tokens += more->tokens;
	c->bytes += more->bytes;
	c->chars += more->chars;
	c->words += more->words;
}

void
idtext_add_lang(struct idtext_langs *l, const char *lang, const struct idtext_count *c)
{
	struct idtext_lang one = {0};
	size_t i = 0;

	snprintf(one.lang, sizeof one.lang, "%s", lang);
	while (i < l->n && strcmp(l->v[i].lang, one.lang))
		i++;
	if (i == l->n)
		VEC_PUSH(l->v, l->n, l->cap, one);
	idtext_sum(&l->v[i].count, c);
}

static int
by_tokens(const void *x, const void *y)
{
	const struct idtext_lang *a = x, *b = y;

	if (a->count.tokens != b->count.tokens)
		return a->count.tokens > b->count.tokens ? -1 : 1;
	return strcmp(a->lang, b->lang);
}

static void
lang_line(const char *lang, const struct idtext_count *c, struct buf *out)
{
	double tokens = (double)c->tokens;

	buf_printf(out, "%s\t%llu\t%llu\t%llu\t%llu\t%llu\t", lang, (unsigned long long)c->docs, (unsigned long long)c->tokens,
		   (unsigned long long)c->bytes, (unsigned long long)c->chars, (unsigned long long)c->words);
	c->chars ? buf_printf(out, "%.3f\t", tokens / (double)c->chars) : buf_str(out, "-\t");
	c->words ? buf_printf(out, "%.3f\n", tokens / (double)c->words) : buf_str(out, "-\n");
}

void
idtext_by_lang(struct idtext_langs *l, const struct idtext_count *total, struct buf *out)
{
	buf_clear(out);
	buf_str(out, "lang\tdocuments\ttokens\tbytes\tcharacters\twords\ttokens_per_character\ttokens_per_word\n");
	if (l->n)
		qsort(l->v, l->n, sizeof *l->v, by_tokens);
	for (size_t i = 0; i < l->n; i++)
		lang_line(l->v[i].lang, &l->v[i].count, out);
	lang_line("all", total, out);
	free(l->v);
	*l = (struct idtext_langs){0};
}

void
idtext_ids(const struct ids *ids, int goes_on, int more, struct buf *out)
{
	for (size_t i = 0; i < ids->n; i++)
		buf_printf(out, i || goes_on ? " %u" : "%u", ids->v[i]);
	if (!more)
		buf_char(out, '\n');
}

int
idtext_parse_ids(const char *p, size_t n, size_t n_vocab, struct ids *ids, struct err *err)
{
	const char *e = p + n;

	ids->n = 0;
	while (p < e) {
		uint64_t id = 0;
		const char *digits;

		if (*p == ' ' || *p == '\t' || *p == '\r' || *p == ',') {
			p++;
			continue;
		}
		for (digits = p; p < e && *p >= '0' && *p <= '9' && id < n_vocab; p++)
			id = 10 * id + (uint64_t)(*p - '0');
		if (p == digits)
			return err_set(err, "'%.1s' is no token number", p);
		if (id >= n_vocab)
			return err_set(err, "token %.*s: the vocabulary has %zu", (int)(p - digits), digits, n_vocab);
		VEC_PUSH(ids->v, ids->n, ids->cap, (uint32_t)id);
	}
	return 0;
}

static void
quote(const char *bytes, size_t n, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)bytes, *e = p + n;
	uint32_t len;

	buf_char(out, '"');
	for (; p < e; p += len) {
		uint32_t c = utf8_next(p, e, &len);

		if (c == '\n')
			buf_str(out, "\\n");
		else if (c == '\t')
			buf_str(out, "\\t");
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (int)c);
		else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == UTF8_BAD)
			for (uint32_t i = 0; i < len; i++)
				buf_printf(out, "\\x%02x", p[i]);
		else
			buf_add(out, p, len);
	}
	buf_char(out, '"');
}

void
idtext_pieces(const struct vocab *v, const struct ids *ids, const char *mask, int more, uint64_t *offset, struct buf *out)
{
	for (size_t i = 0; i < ids->n; i++) {
		size_t n;
		const char *bytes = vocab_bytes(v, ids->v[i], &n);

		buf_printf(out, "%u\t%llu\t", ids->v[i], (unsigned long long)*offset);
		*offset += n;
		if (mask)
			buf_printf(out, "%d\t", mask[i]);
		quote(bytes, n, out);
		if (vocab_special(v, ids->v[i]))
			buf_str(out, "\tspecial");
		buf_char(out, '\n');
	}
	if (more)
		return;
	buf_char(out, '\n');
	*offset = 0;
}
