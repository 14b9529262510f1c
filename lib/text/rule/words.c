/* words - a text in words, as the Penn Treebank splits them */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/words.h"
#include "text/uni.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * NLTK puts blanks around signs by one substitution after another over the whole text, then splits at blanks.  Each of them
 * looks at the characters beside the sign alone, so that one pass over the text can decide for each sign what all of them
 * together do: it stands apart, as what word, or it is part of the word around it.
 */
struct scan {
	const char *s;
	size_t      n;
	size_t      opened;     /* behind a quote that opens by its form */
	size_t      taken;      /* a comma here went with the one before it */
	size_t      stop, close;        /* the full stop that ends the text, and where what closes behind it ends */
};
#define NOWHERE SIZE_MAX

/* What a byte tells of the word that it is in; STOP: it may not be in a word. */
enum { LETTER = 1, DIGIT = 2, SIGN = 4, HIGH = 8, STOP = 16 };
static const unsigned char kinds[256] = {
	[0 ... 8] = SIGN, [9 ... 13] = STOP, [14 ... 27] = SIGN, [28 ... 32] = STOP, [33 ... '*'] = SIGN | STOP, ['+'] = SIGN,
	[',' ... '.'] = SIGN | STOP, ['/'] = SIGN, ['0' ... '9'] = DIGIT, [':' ... '<'] = SIGN | STOP, ['='] = SIGN,
	['>' ... '@'] = SIGN | STOP, ['A' ... 'Z'] = LETTER, ['['] = SIGN | STOP, ['\\'] = SIGN, [']'] = SIGN | STOP,
	['^' ... '_'] = SIGN, ['`'] = SIGN | STOP, ['a' ... 'z'] = LETTER, ['{'] = SIGN | STOP, ['|'] = SIGN, ['}'] = SIGN | STOP,
	['~' ... 127] = SIGN, [128 ... 0xc1] = HIGH, [0xc2] = HIGH | STOP, [0xc3 ... 0xe0] = HIGH, [0xe1 ... 0xe3] = HIGH | STOP,
	[0xe4 ... 255] = HIGH
};

/* The next n bytes of w->text are a word; kind: of its bytes, 0 when that is to be found out. */
static void
push(struct words *w, size_t n, unsigned kind)
{
	const char *p = w->text.p + w->text.n;
	struct word word = { .at = (uint32_t)w->text.n, .chars = (uint32_t)n & 0x3fffffff };
	size_t len;

	if (!kind)
		for (size_t i = 0; i < n; i++)
			kind |= kinds[(unsigned char)p[i]];
	word.alpha = (kind & LETTER) != 0;
	word.sign = (kind & (LETTER | DIGIT)) == 0;
	if (kind & HIGH) {
		word.chars = 0;
		for (size_t i = 0; i < n; i += len) {
			uint32_t c = uni_decode(p + i, n - i, &len);

			word.alpha |= (unsigned)uni_alpha(c) & 1;
			word.sign &= !uni_alpha(c) && uni_symbol(c);
		}
		word.chars = (uint32_t)uni_count(p, n) & 0x3fffffff;
	}
	w->text.n += n;
	VEC_PUSH(w->v, w->n, w->cap, word);
}

/* Whether the character at i is one of a word. */
static int
word_at(const char *s, size_t n, size_t i)
{
	size_t len;

	return i < n && uni_word(uni_decode(s + i, n - i, &len));
}

/* Whether one may begin with c: with one of c d g l m w ' in the lower five bits. */
static inline int
may_contract(char c)
{
	return 0x803098 >> (c & 31) & 1;
}

/* Bytes of a contraction at s[i] of n, and how many of them are its first word; 0 for none.  from: where the last one ended. */
static size_t
contraction(const char *s, size_t n, size_t i, size_t from, size_t *first)
{
	static const struct { const char *word; size_t len, first; } known[] = {
		{ "cannot", 6, 3 }, { "d'ye", 4, 1 }, { "gimme", 5, 3 }, { "gonna", 5, 3 }, { "gotta", 5, 3 }, { "lemme", 5, 3 },
		{ "more'n", 6, 4 }, { "wanna", 5, 3 }, { "'tis", 4, 2 }, { "'twas", 5, 2 }
	};
	char c = (char)(s[i] | 32);

	if (c == '\'' && i > from)
		return 0;
	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		size_t len = known[k].len;

		*first = known[k].first;
		if (c == known[k].word[0] && len <= n - i && (s[i + 2] | 32) == known[k].word[2] && !strncasecmp(s + i, known[k].word, len) && (c == '\'' || !uni_word_before(s + from, i - from)) &&
		    !word_at(s, n, i + len) && (c != 'w' || i + len == n))
			return len;
	}
	return 0;
}

/* What has no sign apart: clitics taken off its end, each kind once, then contractions. */
static void
push_run(struct words *w, size_t n, unsigned kind)
{
	static const char longer[][4] = { "'ll", "'LL", "'re", "'RE", "'ve", "'VE", "n't", "N'T" };
	const char *s = w->text.p + w->text.n;
	size_t tail = 0, tail2 = 0, first, from = 0;
	char last = s[n - 1];

	if (!(kind & (SIGN | HIGH)) && (n < 5 || n > 6 || !may_contract(*s) || contraction(s, n, 0, 0, &first) == 0)) {
		push(w, n, kind);
		return;
	}
	if (n > 2 && s[n - 2] == '\'' && strchr("sSmMdD", last) && last && s[n - 3] != '\'')
		tail = 2;
	else if (n > 1 && last == '\'' && s[n - 2] != '\'')
		tail = 1;
	n -= tail;
	for (size_t k = 0; n > 3 && k < sizeof longer / sizeof *longer; k++)
		if (!memcmp(s + n - 3, longer[k], 3) && s[n - 4] != '\'')
			tail2 = 3;
	n -= tail2;
	for (size_t i = 0, len; i + 4 <= n; i++) {
		if (!may_contract(s[i]) || !(len = contraction(s, n, i, from, &first)))
			continue;
		if (i > from)
			push(w, i - from, 0);
		push(w, first, 0);
		push(w, len - first, 0);
		from = i + len;
		i = from - 1;
	}
	if (n > from)
		push(w, n - from, from || tail || tail2 ? 0 : kind);
	if (tail2)
		push(w, tail2, 0);
	if (tail)
		push(w, tail, 0);
}

/* Whether bytes i.. are the character U+2000 + low, of two such. */
static int
is_e280(const struct scan *p, size_t i, int low, int or)
{
	const unsigned char *s = (const unsigned char *)p->s + i;

	return s[0] == 0xe2 && i + 2 < p->n && s[1] == 0x80 && (s[2] == low || s[2] == or);
}

static int
is_c2(const struct scan *p, size_t i, int low)
{
	return (unsigned char)p->s[i] == 0xc2 && i + 1 < p->n && (unsigned char)p->s[i + 1] == low;
}

/* Quotes that open, by their form: bytes. */
static size_t
opening(const struct scan *p, size_t i)
{
	return p->s[i] == '`' ? 1 : is_c2(p, i, 0xab) ? 2 : is_e280(p, i, 0x98, 0x9c) || is_e280(p, i, 0x9e, 0x9e) ? 3 : 0;
}

/* What may stand behind the last full stop: bytes. */
static size_t
closing(const struct scan *p, size_t i)
{
	if (p->s[i] && strchr("])}>\"' ", p->s[i]))
		return 1;
	return is_c2(p, i, 0xbb) ? 2 : is_e280(p, i, 0x99, 0x9d) ? 3 : 0;
}

/* Whether " or '' at i opens, by what is before it. */
static int
opens(const struct scan *p, size_t i)
{
	return i == p->opened || (i && p->s[i - 1] && strchr(" ([{<", p->s[i - 1]));
}

/* : and , stand apart unless a digit follows; a pair of them is one match. */
static int
is_comma(const struct scan *p, size_t i)
{
	size_t len;

	return (p->s[i] == ',' || p->s[i] == ':') && i != p->taken && !(i + 1 < p->n && uni_digit(uni_decode(p->s + i + 1, p->n - i - 1, &len)));
}

/* Whether one of the clitics that keep their apostrophe stands at i, whole. */
static int
clitic_at(const struct scan *p, size_t i)
{
	static const char clitics[][3] = { "re", "ve", "ll", "m", "t", "s", "d", "n" };

	for (size_t k = 0; k < sizeof clitics / sizeof *clitics; k++) {
		size_t n = strlen(clitics[k]), j = 0;

		while (j < n && i + j < p->n && (p->s[i + j] | 32) == clitics[k][j])
			j++;
		if (j == n && !word_at(p->s, p->n, i + n))
			return 1;
	}
	return 0;
}

/* Whether ' at i opens a word, or stands before a space or what stands apart by itself. */
static int
apostrophe_apart(const struct scan *p, size_t i)
{
	const char *s = p->s;
	size_t k = i + 1;

	if (word_at(s, p->n, k))
		return !uni_word_before(s, i) && !clitic_at(p, k);
	if (k == p->n)
		return k == p->close;
	return s[k] == ' ' || k == p->close || k == p->stop || (s[k] && strchr(";@#$%&?!", s[k])) ||
	       (s[k] == '.' && k + 1 < p->n && s[k + 1] == '.') || opening(p, k) || is_comma(p, k);
}

/* The full stop that ends the text, with what closes behind it. */
static void
find_stop(struct scan *p)
{
	const char *dot = memrchr(p->s, '.', p->n);
	size_t at = dot ? (size_t)(dot - p->s) : 0, i = at + 1, end, len;

	if (at == 0 || p->s[at - 1] == '.')
		return;
	for (; i < p->n && (len = closing(p, i)); i += len)
		if ((p->s[i] == '"' || (p->s[i] == '\'' && i + 1 < p->n && p->s[i + 1] == '\'')) && opens(p, i))
			return;
	for (end = i; end < p->n && uni_space(uni_decode(p->s + end, p->n - end, &len)); end += len)
		;
	if (end == p->n) {
		p->stop = at;
		p->close = i;
	}
}

/* Bytes at i that stand apart, 0 when that is part of a word.  They are a word, or if *as is not NULL, that is the word;
 * *blank: they are none. */
static size_t
apart(struct scan *p, size_t i, const char **as, int *blank)
{
	const char *s = p->s;
	size_t run = 1, len;
	int twice = i + 1 < p->n && s[i + 1] == s[i];

	*as = NULL;
	*blank = 0;
	switch ((unsigned char)s[i]) {
	case '"':
		*as = i == 0 || opens(p, i) ? "``" : "''";
		if (i == 0)
			p->opened = 1;
		return 1;
	case '`':
		p->opened = i + 1 + (size_t)twice;
		return 1 + (size_t)twice;
	case '\'':
		if (twice && opens(p, i))
			*as = "``";
		return twice ? 2 : (size_t)apostrophe_apart(p, i);
	case '-':
		return twice ? 2 : 0;
	case '.':
		while (i + run < p->n && s[i + run] == '.')
			run++;
		return run > 1 || i == p->stop ? run : 0;
	case ',': case ':':
		if (!is_comma(p, i))
			return 0;
		p->taken = i + 1;
		return 1;
	case 0xc2: case 0xe1: case 0xe2: case 0xe3:
		if ((len = opening(p, i)))
			p->opened = i + len;
		else if (!(len = closing(p, i)))
			*blank = (len = uni_blank(s + i, p->n - i)) > 0;
		return len;
	default:
		*blank = uni_space((unsigned char)s[i]);
		return 1;
	}
}

/* The letters that 8 bytes begin with, copied with what is behind them: how many. */
static inline size_t
copy_letters(char *out, const char *s)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t x, low, other;

	memcpy(&x, s, 8);
	memcpy(out, &x, 8);
	low = (x | 0x20 * ones) & 0x7f * ones;
	other = (~(low + (0x80 - 'a') * ones) | (low + (0x7f - 'z') * ones) | x) & 0x80 * ones;
	return other ? (size_t)__builtin_ctzll(other) / 8 : 8;
}

void
words_split(struct words *w, const char *s, size_t n)
{
	struct scan p = { s, n, NOWHERE, NOWHERE, NOWHERE, NOWHERE };
	struct word end = { 0 };
	size_t from = 0, i = 0;
	unsigned kind = 0;
	char *out;

	w->n = 0;
	buf_clear(&w->text);
	buf_need(&w->text, 2 * n + WORDS_SLACK);        /* " becomes two */
	find_stop(&p);
	out = w->text.p;
	while (i < n) {
		unsigned k = kinds[(unsigned char)s[i]];
		const char *as;
		size_t bytes = 1;
		int blank = s[i] == ' ';

		if (!(k & STOP)) {
			size_t len = k == LETTER && n - i >= 8 ? copy_letters(out, s + i) : 1;

			*out = s[i];
			out += len;
			i += len;
			kind |= k;
			continue;
		}
		as = NULL;
		if (!blank && !(bytes = apart(&p, i, &as, &blank))) {
			*out++ = s[i++];
			kind |= k;
			continue;
		}
		if (i > from)
			push_run(w, i - from, kind);
		if (!blank) {
			memcpy(out, as ? as : s + i, as ? 2 : bytes);
			push(w, as ? 2 : bytes, 0);
		}
		from = i += bytes;
		out = w->text.p + w->text.n;
		kind = 0;
	}
	if (i > from)
		push_run(w, i - from, kind);
	memset(w->text.p + w->text.n, 0, WORDS_SLACK);
	end.at = (uint32_t)w->text.n;
	VEC_PUSH(w->v, w->n, w->cap, end);
	w->n--;
}

void
words_free(struct words *w)
{
	free(w->v);
	buf_free(&w->text);
}
