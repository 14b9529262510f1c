/* scan - hand-written pre-tokenizers for the patterns of GPT-2, cl100k and Llama 3, Qwen 2, o200k */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/scan.h"
#include "vocab/ucd.h"
#include <string.h>

#define ALWAYS static inline __attribute__((always_inline))

typedef const unsigned char *cursor;

/* Sets of classes, as bits. */
enum {
	LETTERS = 1 << UCD_UPPER | 1 << UCD_LOWER | 1 << UCD_LETTER,
	NUMBERS = 1 << UCD_NUMBER,
	SPACES = 1 << UCD_SPACE,
	OTHERS = 1 << UCD_OTHER | 1 << UCD_MARK,
	UPPERS = 1 << UCD_UPPER | 1 << UCD_LETTER | 1 << UCD_MARK,      /* o200k: Lu Lt Lm Lo M */
	LOWERS = 1 << UCD_LOWER | 1 << UCD_LETTER | 1 << UCD_MARK       /* o200k: Ll Lm Lo M */
};

ALWAYS int
is(cursor cls, cursor p, cursor e, int set, uint32_t *len)
{
	if (*p < 0x80) {
		*len = 1;
		return set >> cls[*p] & 1;
	}
	return set >> cls[utf8_next(p, e, len)] & 1;
}

ALWAYS cursor
skip(cursor cls, cursor p, cursor e, int set)
{
	uint32_t len;

	while (p < e && is(cls, p, e, set, &len))
		p += len;
	return p;
}

/* skip() for letters, eight of ASCII at a time. */
ALWAYS cursor
letters(cursor cls, cursor p, cursor e)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x80 * ones;
	uint64_t w, x, m;
	uint32_t len;

	for (;;) {
		while (e - p >= 8) {
			memcpy(&w, p, 8);
			x = (w | 0x20 * ones) & ~high;
			m = (x + 0x1f * ones) & ~(x + 5 * ones) & ~w & high;    /* 'a' <= x && x <= 'z' && w < 0x80 */
			if (m != high) {
				p += __builtin_ctzll(~m & high) / 8;
				break;
			}
			p += 8;
		}
		while (p < e && *p < 0x80 && (LETTERS >> cls[*p] & 1))
			p++;
		if (p == e || *p < 0x80 || !is(cls, p, e, LETTERS, &len))
			return p;
		p += len;
	}
}

/* '(?:[sdmt]|ll|ve|re): the bytes that it takes after p, 0 when it does not match.  fold: (?i:), under which
 * U+017F is an s. */
ALWAYS uint32_t
contraction(cursor p, cursor e, int fold)
{
	unsigned a, b;

	if (*p != '\'' || p + 1 >= e)
		return 0;
	a = fold ? p[1] | 32u : p[1];
	if (a == 's' || a == 't' || a == 'm' || a == 'd')
		return 2;
	if (p + 2 >= e)
		return 0;
	b = fold ? p[2] | 32u : p[2];
	if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l'))
		return 3;
	return fold && p[1] == 0xc5 && p[2] == 0xbf ? 3 : 0;
}

/* \s+(?!\S)|\s+ after, where newlines is set, \s*[\r\n]+. */
ALWAYS cursor
blanks(cursor cls, cursor p, cursor e, int newlines)
{
	cursor q = p, last = p, newline = NULL;
	uint32_t len;

	while (q < e && is(cls, q, e, SPACES, &len)) {
		last = q;
		if (*q == '\r' || *q == '\n')
			newline = q;
		q += len;
	}
	if (newlines && newline)
		return newline + 1;
	return q == e || last == p ? q : last;
}

cursor
scan_gpt2(cursor cls, cursor p, cursor e)
{
	cursor q = p;
	uint32_t len;

	if ((len = contraction(p, e, 0)))
		return p + len;
	if (*p == ' ' && p + 1 < e)
		q = p + 1;
	if (is(cls, q, e, LETTERS, &len))
		return letters(cls, q + len, e);
	if (is(cls, q, e, NUMBERS, &len))
		return skip(cls, q + len, e, NUMBERS);
	if (is(cls, q, e, OTHERS, &len))
		return skip(cls, q + len, e, OTHERS);
	return blanks(cls, p, e, 0);
}

/* cl100k, Llama 3 and, with one digit a piece, Qwen 2. */
ALWAYS cursor
scan_llama(cursor cls, cursor p, cursor e, int digits)
{
	cursor q;
	uint32_t len, more;

	if (*p == ' ' && p + 1 < e && is(cls, p + 1, e, LETTERS, &len))
		return letters(cls, p + 1 + len, e);
	if (is(cls, p, e, LETTERS, &len))
		return letters(cls, p + len, e);
	if (is(cls, p, e, NUMBERS, &len)) {
		q = p + len;
		for (int i = 1; i < digits && q < e && is(cls, q, e, NUMBERS, &len); i++)
			q += len;
		return q;
	}
	if ((more = contraction(p, e, 1)))
		return p + more;
	if (*p != '\r' && *p != '\n' && p + len < e && is(cls, p + len, e, LETTERS, &more))
		return letters(cls, p + len + more, e);
	q = *p == ' ' && p + 1 < e ? p + 1 : p;
	if (is(cls, q, e, OTHERS, &len)) {
		q = skip(cls, q + len, e, OTHERS);
		while (q < e && (*q == '\r' || *q == '\n'))
			q++;
		return q;
	}
	return blanks(cls, p, e, 1);
}

cursor
scan_cl100k(cursor cls, cursor p, cursor e)
{
	return scan_llama(cls, p, e, 3);
}

cursor
scan_qwen2(cursor cls, cursor p, cursor e)
{
	return scan_llama(cls, p, e, 1);
}

/* [UPPERS]*[LOWERS]+ with backtracking: greedy, then back to the last character that can begin the second part. */
ALWAYS cursor
capital_word(cursor cls, cursor p, cursor e)
{
	cursor q = p, back = NULL;
	uint32_t len;

	while (q < e && is(cls, q, e, UPPERS, &len)) {
		if (is(cls, q, e, LOWERS, &len))
			back = q + len;
		q += len;
	}
	if (q < e && is(cls, q, e, LOWERS, &len))
		return skip(cls, q + len, e, LOWERS);
	return back;    /* everything after it is upper case: it ends the match too */
}

cursor
scan_o200k(cursor cls, cursor p, cursor e)
{
	cursor q, after = NULL;
	uint32_t len;

	is(cls, p, e, 0, &len);
	if (!is(cls, p, e, LETTERS | NUMBERS, &len) && *p != '\r' && *p != '\n' && p + len < e)
		after = p + len;
	q = after ? capital_word(cls, after, e) : NULL;
	if (!q)
		q = capital_word(cls, p, e);
	if (!q && after && is(cls, after, e, UPPERS, &len))
		q = skip(cls, skip(cls, after, e, UPPERS), e, LOWERS);
	if (!q && is(cls, p, e, UPPERS, &len))
		q = skip(cls, skip(cls, p, e, UPPERS), e, LOWERS);
	if (q)
		return q < e ? q + contraction(q, e, 1) : q;
	if (is(cls, p, e, NUMBERS, &len)) {
		q = p + len;
		for (int i = 1; i < 3 && q < e && is(cls, q, e, NUMBERS, &len); i++)
			q += len;
		return q;
	}
	q = *p == ' ' && p + 1 < e ? p + 1 : p;
	if (is(cls, q, e, OTHERS, &len)) {
		q = skip(cls, q + len, e, OTHERS);
		while (q < e && (*q == '\r' || *q == '\n' || *q == '/'))
			q++;
		return q;
	}
	return blanks(cls, p, e, 1);
}

/* Each number by itself, or each run of them; what lies between. */
ALWAYS cursor
scan_numbers(cursor cls, cursor p, cursor e, int all)
{
	uint32_t len;

	if (is(cls, p, e, NUMBERS, &len))
		return all ? skip(cls, p + len, e, NUMBERS) : p + len;
	return skip(cls, p + len, e, ~NUMBERS);
}

cursor scan_digit(cursor cls, cursor p, cursor e) { return scan_numbers(cls, p, e, 0); }
cursor scan_digits(cursor cls, cursor p, cursor e) { return scan_numbers(cls, p, e, 1); }

/* Spaces, then what is no space: SentencePiece's words. */
cursor
scan_spaces(cursor cls, cursor p, cursor e)
{
	(void)cls;
	while (p < e && *p == ' ')
		p++;
	while (p < e && *p != ' ')
		p++;
	return p;
}

cursor
scan_char(cursor cls, cursor p, cursor e)
{
	uint32_t len;

	is(cls, p, e, 0, &len);
	return p + len;
}

cursor
scan_whole(cursor cls, cursor p, cursor e)
{
	(void)cls, (void)p;
	return e;
}
