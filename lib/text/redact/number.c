/* number - payment cards and telephones */
/* SPDX-License-Identifier: MIT */
#include "text/redact/find.h"
#include <string.h>

/* Digits at s, with single separators between them; *digits gets them, at most max. */
static size_t
digit_group(const char *s, size_t n, const char *separators, char *digits, size_t max, size_t *count)
{
	size_t i = 0, end = 0;

	*count = 0;
	while (i < n && *count < max) {
		if (find_digit(s[i])) {
			digits[(*count)++] = s[i++];
			end = i;
		} else if (end && strchr(separators, s[i]) && s[i] && i + 1 < n && (find_digit(s[i + 1]) || strchr("( ", s[i + 1]))) {
			i++;
		} else {
			break;
		}
	}
	return end;
}

static int
luhn(const char *d, size_t n)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++) {
		int v = d[n - 1 - i] - '0';

		if (i & 1)
			v = v > 4 ? 2 * v - 9 : 2 * v;
		sum += v;
	}
	return sum % 10 == 0;
}

/* Visa, Mastercard, American Express, Discover, JCB, Diners by prefix and length. */
static int
card_issuer(const char *d, size_t n)
{
	int two = (d[0] - '0') * 10 + d[1] - '0', four = two * 100 + (d[2] - '0') * 10 + d[3] - '0';

	if (d[0] == '4')
		return n == 13 || n == 16 || n == 19;
	if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720) || two == 35)
		return n == 16;
	if (two == 34 || two == 37)
		return n == 15;
	if (four == 6011 || two == 65)
		return n >= 16;
	return (two == 36 || two == 38 || two == 30) && n == 14;
}

int
find_card(const char *s, size_t n, size_t from, struct match *m)
{
	char d[20];
	size_t count;

	for (size_t i = from; i < n; i++) {
		if (!find_digit(s[i]) || (i && (find_alnum(s[i - 1]) || s[i - 1] == '.' || s[i - 1] == '-')))
			continue;
		m->len = digit_group(s + i, n - i, " -", d, sizeof d, &count);
		if (count >= 13 && count <= 19 && (i + m->len == n || !find_alnum(s[i + m->len])) && card_issuer(d, count) && luhn(d, count)) {
			m->at = i;
			return 1;
		}
	}
	return 0;
}

/* (ddd) ddd-dddd, ddd-ddd-dddd, ddd.ddd.dddd at s, or with 1 in front: bytes, 0 for none. */
static size_t
phone_american(const char *s, size_t n)
{
	size_t i = n > 2 && s[0] == '1' && strchr("-. ", s[1]) ? 2 : 0;
	int paren = n > i && s[i] == '(';
	char sep;

	i += (size_t)paren;
	if (n < i + 12 || s[i] < '2' || !find_digit(s[i]) || !find_digit(s[i + 1]) || !find_digit(s[i + 2]))
		return 0;
	i += 3;
	if (paren) {
		if (s[i++] != ')')
			return 0;
		i += s[i] == ' ' || s[i] == '-';
		sep = 0;
	} else {
		sep = s[i++];
		if (sep != '-' && sep != '.' && sep != ' ')
			return 0;
	}
	if (n < i + 8 || s[i] < '2' || !find_digit(s[i]) || !find_digit(s[i + 1]) || !find_digit(s[i + 2]))
		return 0;
	if (sep ? s[i + 3] != sep : s[i + 3] != '-' && s[i + 3] != '.' && s[i + 3] != ' ')
		return 0;
	for (int k = 4; k < 8; k++)
		if (!find_digit(s[i + (size_t)k]))
			return 0;
	return i + 8 < n && find_alnum(s[i + 8]) ? 0 : i + 8;
}

int
find_phone(const char *s, size_t n, size_t from, struct match *m)
{
	char d[20];
	size_t count;

	for (size_t i = from; i < n; i++) {
		if (i && (find_alnum(s[i - 1]) || s[i - 1] == '.' || s[i - 1] == '-' || s[i - 1] == '/'))
			continue;
		m->at = i;
		if (s[i] == '+' && i + 1 < n && s[i + 1] > '0' && find_digit(s[i + 1])) {
			m->len = 1 + digit_group(s + i + 1, n - i - 1, " -.()", d, sizeof d, &count);
			if (count >= 8 && count <= 15 && (i + m->len == n || !find_alnum(s[i + m->len])))
				return 1;
		} else if ((find_digit(s[i]) || s[i] == '(') && (m->len = phone_american(s + i, n - i))) {
			return 1;
		}
	}
	return 0;
}
