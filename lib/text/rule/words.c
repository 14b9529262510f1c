/* words - a text in words, as the Penn Treebank splits them */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/words.h"
#include "base/lanes.h"
#include "text/rule/signs.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* Whether a word begins as those contractions do that are letters alone. */
static inline int
contracted(const char *s)
{
#define FOUR(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
	const unsigned char *p = (const unsigned char *)s;
	uint32_t x = FOUR(p[0], p[1], p[2], p[3]) | FOUR(32, 32, 32, 32);

	return (x == FOUR('c', 'a', 'n', 'n')) | (x == FOUR('g', 'i', 'm', 'm')) | (x == FOUR('g', 'o', 'n', 'n')) |
	       (x == FOUR('g', 'o', 't', 't')) | (x == FOUR('l', 'e', 'm', 'm')) | (x == FOUR('w', 'a', 'n', 'n'));
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
		if (c == known[k].word[0] && len <= n - i && (s[i + 2] | 32) == known[k].word[2] && !strncasecmp(s + i, known[k].word, len) &&
		    (c == '\'' || !uni_word_before(s + from, i - from)) && !word_at(s, n, i + len) && (c != 'w' || i + len == n))
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

	if (!(kind & (SIGN | HIGH)) && !contracted(s)) {
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

/* The words between i and a blank of ASCII at `end`, or where the text ends. */
static void
split_run(struct words *w, struct signs *p, size_t i, size_t end)
{
	const char *s = p->s;
	char *out = w->text.p + w->text.n;
	size_t from = i;
	unsigned kind = 0;

	while (i < end) {
		unsigned k = kinds[(unsigned char)s[i]];
		const char *as;
		size_t bytes;
		int blank;

		if (!(k & STOP) || !(bytes = signs_apart(p, i, &as, &blank))) {
			*out++ = s[i++];
			kind |= k;
			continue;
		}
		if (i > from)
			push_run(w, i - from, kind);
		if (!blank) {
			memcpy(w->text.p + w->text.n, as ? as : s + i, as ? 2 : bytes);
			push(w, as ? 2 : bytes, 0);
		}
		from = i += bytes;
		out = w->text.p + w->text.n;
		kind = 0;
	}
	if (i > from)
		push_run(w, i - from, kind);
}

enum { WINDOW = 64, AHEAD = 16 };       /* bytes that are looked at together, and that may be read behind them */

/* A word of up to WINDOW bytes, letters to begin with. */
static inline void
push_letters(struct words *w, const char *s, size_t n)
{
	char *out = w->text.p + w->text.n;

	memcpy(out, s, AHEAD);
	if (n > AHEAD)
		memcpy(out + AHEAD, s + AHEAD, n - AHEAD);
	VEC_PUSH(w->v, w->n, w->cap, ((struct word){ .at = (uint32_t)w->text.n, .chars = (uint32_t)n & 0x3fffffff, .alpha = 1 }));
	w->text.n += n;
}

/* Of WINDOW bytes at i those words that end there: returns how far that is.  Most are letters alone, or with a comma or full
 * stop behind them. */
static size_t
split_window(struct words *w, struct signs *p, size_t i)
{
	const char *s = p->s + i;
	uint64_t letter = 0, blank = 0;
	size_t from = 0;

	for (int k = 0; k < WINDOW; k += 16) {
		lanes v = lanes_at(s + k);

		letter |= lanes_set((lanes)((v | 32) - 'a' < 26)) << k;
		blank |= lanes_set((lanes)(v - 9 < 5) | (lanes)(v - 28 < 5)) << k;
	}
	for (; blank; blank &= blank - 1) {
		size_t end = (size_t)__builtin_ctzll(blank), n = end - from, letters = n ? (size_t)__builtin_ctzll(~letter >> from) : 0;
		char last = s[from + letters];
		int comma = last == ',' && letters + 1 == n;

		if (letters && !contracted(s + from) && (letters == n || comma || (last == '.' && letters + 1 == n && i + end - 1 != p->stop))) {
			push_letters(w, s + from, n - (size_t)comma);
			if (comma) {
				w->text.p[w->text.n] = ',';
				push(w, 1, SIGN);
			}
		} else if (n) {
			split_run(w, p, i + from, i + end);
		}
		from = end + 1;
	}
	if (from)
		return i + from;
	for (from = i + WINDOW; from < p->n && ((unsigned char)p->s[from] > ' ' || !uni_space((unsigned char)p->s[from])); from++)
		;
	split_run(w, p, i, from);
	return from;
}

static void
begin(struct words *w, size_t bytes)
{
	w->n = 0;
	if (w->cap < bytes / 8)         /* about as many as there will be */
		w->v = xreallocarray(w->v, w->cap = bytes / 8, sizeof *w->v);
	buf_clear(&w->text);
	buf_need(&w->text, bytes + WORDS_SLACK);
}

static void
end(struct words *w)
{
	struct word last = { .at = (uint32_t)w->text.n };

	memset(w->text.p + w->text.n, 0, WORDS_SLACK);
	VEC_PUSH(w->v, w->n, w->cap, last);
	w->n--;
}

void
words_split(struct words *w, const char *s, size_t n)
{
	struct signs p;
	size_t i = 0;

	begin(w, 2 * n);        /* " becomes two */
	signs_begin(&p, s, n);
	while (i < n && n - i >= WINDOW + AHEAD)
		i = split_window(w, &p, i);
	split_run(w, &p, i, n);
	end(w);
}

void
words_blanks(struct words *w, const char *s, size_t n)
{
	size_t from = 0, len;

	begin(w, n);
	for (size_t i = 0; i <= n; i += len ? len : 1) {
		len = i < n ? uni_blank(s + i, n - i) : 1;
		if (!len)
			continue;
		if (i > from) {
			memcpy(w->text.p + w->text.n, s + from, i - from);
			push(w, i - from, 0);
		}
		from = i + len;
	}
	end(w);
}

void
words_free(struct words *w)
{
	free(w->v);
	buf_free(&w->text);
}
