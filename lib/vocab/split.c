/* split - pre-tokenizers by name or expression, one after another; PCRE2 for what no scanner of ours knows */
/* SPDX-License-Identifier: MIT */
#include "base/list.h"
#include "base/utf8.h"
#include "vocab/block.h"
#include "vocab/regex.h"
#include "vocab/scan.h"
#include "vocab/ucd.h"
#include <stdlib.h>
#include <string.h>

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define REST         " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define UPPER        "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER        "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"

#define GPT2         "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define CL100K       CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|" REST
#define QWEN2        CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|" REST
#define O200K        "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" CONTRACTIONS "?|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*" \
		     CONTRACTIONS "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define QWEN35       CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define TEKKEN       "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" \
		     "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CJK          "[一-龥ࠀ-一가-퟿]+"
/* Letters with case, as DeepSeek LLM lists them. */
#define CASED        "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝ" \
		     "Ὗ-\\x{1f7d}ᾀ-ᾴᾶ-ᾼ\\x{1fbe}ῂ-ῄῆ-ῌῐ-\\x{1fd3}ῖ-\\x{1fdb}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\\x{2126}ℨ\\x{212a}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎ" \
		     "ↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃"

/* Expressions that scanners know, in the form in which tokenizer.json files have them. */
static const struct {
	const char *regex;
	scan_fn *scan;
	block_fn *block;
} scanners[] = {
	{ GPT2, scan_gpt2, block_gpt2 }, { CL100K, scan_cl100k, block_cl100k }, { QWEN2, scan_qwen2, block_qwen2 },
	{ O200K, scan_o200k, block_o200k }, { "\\p{N}", scan_digit, NULL }, { "\\p{N}+", scan_digits, NULL },
	{ "[\\s\\S]", scan_char, NULL },
};

#define STEPS 8

/* Expressions with a name, each applied to the pieces of the one before. */
static const struct known {
	const char *name, *regex[STEPS];
} known[] = {
	{ "gpt2", { GPT2 } },
	{ "cl100k", { CL100K } },
	{ "llama3", { CL100K } },
	{ "qwen2", { QWEN2 } },
	{ "o200k", { O200K } },
	{ "qwen35", { QWEN35 } },
	{ "tekken", { TEKKEN } },
	{ "starcoder", { "\\p{N}", GPT2 } },
	{ "falcon", { "[\\p{P}$+<=>^`|~]+", GPT2, "[0-9][0-9][0-9]" } },
	{ "deepseek-llm", { "[\r\n]", "\\s?[" CASED "]+", "\\s?[!-/:-~！-／：-～‘-‟　-。]+", "\\s+$", CJK, "\\p{N}+" } },
	{ "deepseek-coder", { "[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", CJK, "\\p{N}" } },
	{ "deepseek-v3", { "\\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+",
	  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|"
	  "\\s+(?!\\S)|\\s+" } },
};

struct step {
	char         *text;
	scan_fn      *scan;
	block_fn     *block;
	struct regex *regex;
	int           only;             /* what it does not match is dropped */
};

struct split {
	unsigned char *cls;
	struct step    step[STEPS];
	size_t         n;
};

static struct split *
fresh(void)
{
	struct split *s = xcalloc(1, sizeof *s);

	s->cls = ucd_classes();
	return s;
}

/* The next step, by PCRE2. */
static int
compile(struct split *s, const char *pattern, int only, struct err *err)
{
	struct regex *r = regex_new(pattern, err);

	if (r)
		s->step[s->n++] = (struct step){ xstrdup(pattern), NULL, NULL, r, only };
	return r ? 0 : -1;
}

static int
add_step(struct split *s, const char *regex, int only, struct err *err)
{
	int i;

	if (s->n == STEPS)
		return err_set(err, "patterns: more than %d one after another", STEPS);
	i = ROW_OF(scanners, regex, strlen(regex));
	if (i < 0 || (only && !scanners[i].block))      /* those match all there is */
		return compile(s, regex, only, err);
	s->step[s->n++] = (struct step){ xstrdup(regex), scanners[i].scan, scanners[i].block, NULL, 0 };
	return 0;
}

static const struct known *
named(const char *name)
{
	int i = ROW_OF(known, name, strlen(name));

	return i < 0 ? NULL : known + i;
}

int
split_add(struct split **split, const char *pattern, struct err *err)
{
	const struct known *k = named(pattern);

	if (!*split)
		*split = fresh();
	if (!k)
		return add_step(*split, pattern, 0, err);
	for (size_t i = 0; i < STEPS && k->regex[i]; i++)
		if (add_step(*split, k->regex[i], 0, err))
			return -1;
	return 0;
}

int
split_add_only(struct split **split, const char *pattern, struct err *err)
{
	if (!*split)
		*split = fresh();
	return add_step(*split, pattern, 1, err);
}

struct split *
split_new(const char *pattern, struct err *err)
{
	struct split *s = NULL;

	if (!split_add(&s, pattern, err))
		return s;
	split_free(s);
	return NULL;
}

struct split *
split_new_pcre(const char *pattern, struct err *err)
{
	struct split *s = fresh();

	if (!compile(s, pattern, 0, err))
		return s;
	split_free(s);
	return NULL;
}

struct split *
split_spaces(int cut)
{
	struct split *s = xcalloc(1, sizeof *s);

	s->step[s->n++] = (struct step){ xstrdup(""), cut ? scan_spaces : scan_whole, NULL, NULL, 0 };
	return s;
}

void
split_free(struct split *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		regex_free(s->step[i].regex);
		free(s->step[i].text);
	}
	free(s->cls);
	free(s);
}

const char *
split_pattern(const struct split *s, size_t i)
{
	return i < s->n ? s->step[i].text : NULL;
}

int
split_drops(const struct split *s, size_t i)
{
	return s->step[i].only;
}

int
split_is(const struct split *s, const char *name)
{
	const struct known *k = named(name);

	for (size_t i = 0; k && i < STEPS && (i < s->n || k->regex[i]); i++)
		if (i == s->n || !k->regex[i] || strcmp(s->step[i].text, k->regex[i]))
			return 0;
	return k != NULL;
}

int
split_scans(const struct split *s)
{
	return s->n == 1 && s->step[0].scan;
}

/* Whether a newline and a letter of ASCII after it are never in one piece. */
static int
parts_lines(const struct split *s)
{
	size_t i = 0;

	while (i < s->n && (s->step[i].scan == scan_digit || s->step[i].scan == scan_digits))
		i++;
	return i + 1 == s->n && s->step[i].block;
}

size_t
split_cut(const struct split *s, const char *text, size_t n, size_t from)
{
	const char *p = text + (from ? from : 1), *end = text + n;

	if (from >= n || !parts_lines(s))
		return n;
	for (; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		if (p + 1 < end && p[-1] > ' ' && p[-1] < 0x7f && (p[1] | 32) >= 'a' && (p[1] | 32) <= 'z')
			return (size_t)(p + 1 - text);
	return n;
}

static size_t
scan_ahead(const struct step *s, const unsigned char *cls, const unsigned char *p, const unsigned char *e, uint32_t *len, size_t max)
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
		q = s->scan(cls, p, e);
		len[n++] = (uint32_t)(q - p);
		p = q;
	}
	return n;
}

size_t
split_ahead(const struct split *s, const unsigned char *p, const unsigned char *e, uint32_t *len, size_t max)
{
	return scan_ahead(s->step, s->cls, p, e, len, max);
}

static void
end_at(struct cuts *c, size_t at)
{
	VEC_PUSH(c->end, c->n, c->cap, at);
}

static int
part_ends(const struct step *s, const unsigned char *cls, struct cuts *c, const unsigned char *text, size_t from, size_t to, struct err *err)
{
	uint32_t len[64];
	size_t n;

	if (s->regex)
		return regex_ends(s->regex, c, text + from, to - from, from, s->only ? CUT_DROPPED : 0, err);
	while (from < to) {
		n = scan_ahead(s, cls, text + from, text + to, len, 64);
		for (size_t i = 0; i < n; i++)
			end_at(c, from += len[i]);
	}
	return 0;
}

int
split_ends(const struct split *s, struct cuts *c, const void *text, size_t n, struct err *err)
{
	c->n = 0;
	if (n && part_ends(s->step, s->cls, c, text, 0, n, err))
		return -1;
	for (size_t k = 1; k < s->n; k++) {
		size_t *whole = c->end, n_whole = c->n, cap = c->cap, from = 0;

		c->end = c->spare, c->n = 0, c->cap = c->spare_cap;
		c->spare = whole, c->spare_cap = cap;
		for (size_t i = 0; i < n_whole; from = whole[i++] & ~CUT_DROPPED)
			if (whole[i] & CUT_DROPPED)
				end_at(c, whole[i]);
			else if (part_ends(s->step + k, s->cls, c, text, from, whole[i], err))
				return -1;
	}
	return 0;
}
