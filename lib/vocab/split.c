/* split - pre-tokenizers by name or expression; PCRE2 for what no scanner of ours knows */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/block.h"
#include "vocab/scan.h"
#include "vocab/split.h"
#include "vocab/ucd.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define REST         " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define UPPER        "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER        "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"

/* The expressions in the form in which tokenizer.json files have them. */
static const struct known {
	const char *name, *regex;
	scan_fn *scan;
	block_fn *block;
} known[] = {
	{ "gpt2", "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", scan_gpt2, block_gpt2 },
	{ "cl100k", CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|" REST, scan_cl100k, block_cl100k },
	{ "llama3", CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|" REST, scan_cl100k, block_cl100k },
	{ "qwen2", CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|" REST, scan_qwen2, block_qwen2 },
	{ "o200k", "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" CONTRACTIONS "?|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*"
	  CONTRACTIONS "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+", scan_o200k, block_o200k },
};

struct split {
	char          *regex;
	unsigned char *cls;
	scan_fn       *scan;
	block_fn      *block;
	int            digits;
	pcre2_code    *code;
};

struct split *
split_new_pcre(const char *pattern, struct err *err)
{
	struct split *s = xcalloc(1, sizeof *s);
	int code;
	size_t at;
	unsigned char why[128];

	s->regex = xstrdup(pattern);
	s->cls = ucd_classes();
	s->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &code, &at, NULL);
	if (!s->code) {
		pcre2_get_error_message(code, why, sizeof why);
		err_set(err, "pattern: %s at character %zu of '%.200s'", (char *)why, at + 1, pattern);
		split_free(s);
		return NULL;
	}
	pcre2_jit_compile(s->code, PCRE2_JIT_COMPLETE);         /* without a JIT the interpreter does it */
	return s;
}

struct split *
split_new(const char *pattern, int digits, struct err *err)
{
	struct split *s;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(pattern, known[i].name) && strcmp(pattern, known[i].regex))
			continue;
		s = xcalloc(1, sizeof *s);
		s->regex = xstrdup(known[i].regex);
		s->cls = ucd_classes();
		s->scan = known[i].scan;
		s->block = known[i].block;
		s->digits = digits;
		return s;
	}
	s = split_new_pcre(pattern, err);
	if (s)
		s->digits = digits;
	return s;
}

struct split *
split_spaces(int cut)
{
	struct split *s = xcalloc(1, sizeof *s);

	s->regex = xstrdup("");
	s->scan = cut ? scan_spaces : scan_whole;
	return s;
}

void
split_free(struct split *s)
{
	if (!s)
		return;
	pcre2_code_free(s->code);
	free(s->regex);
	free(s->cls);
	free(s);
}

const char *
split_pattern(const struct split *s)
{
	return s->regex;
}

int
split_digits(const struct split *s)
{
	return s->digits;
}

int
split_scans(const struct split *s)
{
	return s->scan && !s->digits;
}

int
split_parts_lines(const struct split *s)
{
	return s->block != NULL;
}

size_t
split_ahead(const struct split *s, const unsigned char *p, const unsigned char *e, uint32_t *len, size_t max)
{
	const unsigned char *q;
	size_t n = 0;

	while (n < max && p < e) {
		if (s->block && e - p >= BLOCK_NEEDS && (p[0] | p[1]) < 0x80) {
			uint64_t starts = s->block(p), done = 0;

			for (; starts && n < max; starts &= starts - 1) {
				uint64_t at = (uint64_t)__builtin_ctzll(starts);

				len[n++] = (uint32_t)(at - done);
				done = at;
			}
			p += done;
			if (done)
				continue;
		}
		q = s->scan(s->cls, p, e);
		len[n++] = (uint32_t)(q - p);
		p = q;
	}
	return n;
}

static void
end_at(struct cuts *c, size_t at)
{
	VEC_PUSH(c->end, c->n, c->cap, at);
}

/* c->clean becomes the text in well-formed UTF-8. */
static void
clean(struct cuts *c, const unsigned char *p, size_t n)
{
	const unsigned char *e = p + n, *q = p;
	uint32_t len;

	buf_clear(&c->clean);
	c->n_map = 0;
	while (q < e) {
		size_t ok = utf8_check(q, (size_t)(e - q));

		buf_add(&c->clean, q, ok);
		q += ok;
		if (q == e)
			break;
		utf8_next(q, e, &len);
		q += len;
		buf_str(&c->clean, "\xef\xbf\xbd");
		if (c->n_map == c->map_cap)
			c->map = xreallocarray(c->map, c->map_cap = c->map_cap ? 2 * c->map_cap : 16, sizeof *c->map);
		c->map[c->n_map].clean = c->clean.n;
		c->map[c->n_map++].text = (size_t)(q - p);
	}
}

/* Offsets in c->clean, from `first` on, become those in the text: both ascend. */
static void
map_back(struct cuts *c, size_t first, size_t origin)
{
	size_t k = 0;

	for (size_t i = first; i < c->n; i++) {
		while (k < c->n_map && c->map[k].clean <= c->end[i])
			k++;
		if (k)
			c->end[i] = c->end[i] - c->map[k - 1].clean + c->map[k - 1].text;
		c->end[i] += origin;
	}
}

static int
pcre_ends(const struct split *s, struct cuts *c, const unsigned char *p, size_t n, size_t origin, struct err *err)
{
	size_t first = c->n, at = 0;
	const unsigned char *t = p;
	size_t *ov;

	if (!c->match)
		c->match = pcre2_match_data_create_from_pattern(s->code, NULL);
	if (!c->match)
		return err_set(err, "no memory for the pattern");
	c->n_map = 0;
	if (utf8_check(p, n) < n) {
		clean(c, p, n);
		t = (const unsigned char *)c->clean.p;
		n = c->clean.n;
	}
	ov = pcre2_get_ovector_pointer(c->match);
	while (at < n) {
		/* Checked above, once; PCRE2 would check all that is left for each piece. */
		int rc = pcre2_match(s->code, t, n, at, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, c->match, NULL);
		unsigned char why[128];

		if (rc == PCRE2_ERROR_JIT_STACKLIMIT)   /* the interpreter has the heap */
			rc = pcre2_match(s->code, t, n, at, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY | PCRE2_NO_JIT, c->match, NULL);
		if (rc == PCRE2_ERROR_NOMATCH)
			break;
		if (rc < 0) {
			pcre2_get_error_message(rc, why, sizeof why);
			return err_set(err, "pattern: %s (byte %zu)", (char *)why, origin + at);
		}
		if (ov[0] < at || ov[1] <= ov[0])       /* \K can do that */
			return err_set(err, "pattern: a match that goes backwards (byte %zu)", origin + at);
		if (ov[0] > at)
			end_at(c, ov[0]);
		end_at(c, at = ov[1]);
	}
	if (at < n)
		end_at(c, n);
	map_back(c, first, origin);
	return 0;
}

static int
part_ends(const struct split *s, struct cuts *c, const unsigned char *text, size_t from, size_t to, struct err *err)
{
	uint32_t len[64];
	size_t n;

	if (s->code)
		return pcre_ends(s, c, text + from, to - from, from, err);
	while (from < to) {
		n = split_ahead(s, text + from, text + to, len, 64);
		for (size_t i = 0; i < n; i++)
			end_at(c, from += len[i]);
	}
	return 0;
}

int
split_ends(const struct split *s, struct cuts *c, const void *text, size_t n, struct err *err)
{
	const unsigned char *t = text;
	size_t from = 0, at = 0;
	uint32_t len;

	c->n = 0;
	if (!s->digits)
		return part_ends(s, c, t, 0, n, err);
	while (at < n) {
		if (s->cls[utf8_next(t + at, t + n, &len)] != UCD_NUMBER) {
			at += len;
			continue;
		}
		if (at > from && part_ends(s, c, t, from, at, err))
			return -1;
		end_at(c, from = at += len);
	}
	return from < n ? part_ends(s, c, t, from, n, err) : 0;
}

void
cuts_free(struct cuts *c)
{
	pcre2_match_data_free(c->match);
	free(c->end);
	free(c->map);
	buf_free(&c->clean);
	memset(c, 0, sizeof *c);
}
