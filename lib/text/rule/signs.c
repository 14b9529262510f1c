/* signs - which signs of a text are words by themselves, as the Penn Treebank has it */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/signs.h"
#include <string.h>

#define NOWHERE SIZE_MAX

/* Whether bytes i.. are the character U+2000 + low, of two such. */
static int
is_e280(const struct signs *p, size_t i, int low, int or)
{
	const unsigned char *s = (const unsigned char *)p->s + i;

	return s[0] == 0xe2 && i + 2 < p->n && s[1] == 0x80 && (s[2] == low || s[2] == or);
}

static int
is_c2(const struct signs *p, size_t i, int low)
{
	return (unsigned char)p->s[i] == 0xc2 && i + 1 < p->n && (unsigned char)p->s[i + 1] == low;
}

/* Quotes that open, by their form: bytes. */
static size_t
opening(const struct signs *p, size_t i)
{
	return p->s[i] == '`' ? 1 : is_c2(p, i, 0xab) ? 2 : is_e280(p, i, 0x98, 0x9c) || is_e280(p, i, 0x9e, 0x9e) ? 3 : 0;
}

/* What may stand behind the last full stop: bytes. */
static size_t
closing(const struct signs *p, size_t i)
{
	if (p->s[i] && strchr("])}>\"' ", p->s[i]))
		return 1;
	return is_c2(p, i, 0xbb) ? 2 : is_e280(p, i, 0x99, 0x9d) ? 3 : 0;
}

/* Whether " or '' at i opens, by what is before it. */
static int
opens(const struct signs *p, size_t i)
{
	return i == p->opened || (i && p->s[i - 1] && strchr(" ([{<", p->s[i - 1]));
}

/* : and , stand apart unless a digit follows; a pair of them is one match. */
static int
is_comma(const struct signs *p, size_t i)
{
	size_t len;

	return (p->s[i] == ',' || p->s[i] == ':') && i != p->taken && !(i + 1 < p->n && uni_digit(uni_decode(p->s + i + 1, p->n - i - 1, &len)));
}

/* Whether one of the clitics that keep their apostrophe stands at i, whole. */
static int
clitic_at(const struct signs *p, size_t i)
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
apostrophe_apart(const struct signs *p, size_t i)
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

void
signs_begin(struct signs *p, const char *text, size_t n)
{
	*p = (struct signs){ text, n, NOWHERE, NOWHERE, NOWHERE, NOWHERE };
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

size_t
signs_apart(struct signs *p, size_t i, const char **as, int *blank)
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
