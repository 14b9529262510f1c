/* words_pass - the substitutions that set signs and quotes apart from words */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/words_pass.h"
#include "text/uni.h"
#include <string.h>

static void
add(struct pass *p, const char *s, size_t n)
{
	memcpy(p->out, s, n);
	p->out += n;
}

/* s with a space on either side */
static void
add_apart(struct pass *p, const char *s, size_t n)
{
	*p->out++ = ' ';
	add(p, s, n);
	*p->out++ = ' ';
}

/* Whether bytes i.. are one of the characters U+2000 + low, and whether of « or ». */
static int
is_e280(const struct pass *p, size_t i, int from, int to)
{
	const unsigned char *s = (const unsigned char *)p->s + i;

	return s[0] == 0xe2 && i + 2 < p->n && s[1] == 0x80 && s[2] >= from && s[2] <= to;
}

static int
is_c2(const struct pass *p, size_t i, int c)
{
	return (unsigned char)p->s[i] == 0xc2 && i + 1 < p->n && (unsigned char)p->s[i + 1] == c;
}

/* Quotes that open by their form, and " at the very start. */
void
pass_open_quotes(struct pass *p)
{
	for (size_t i = 0; i < p->n; ) {
		size_t run = 0;

		if (i == 0 && p->s[0] == '"') {
			add(p, " `` ", 4);
			i++;
		} else if (p->s[i] == '`') {
			while (i + run < p->n && p->s[i + run] == '`')
				run++;
			i += run;
			*p->out++ = ' ';
			for (; run >= 2; run -= 2)
				add(p, " `` ", 4);
			if (run)
				*p->out++ = '`';
			*p->out++ = ' ';
		} else if (is_e280(p, i, 0x98, 0x98) || is_e280(p, i, 0x9c, 0x9c) || is_e280(p, i, 0x9e, 0x9e)) {
			add_apart(p, p->s + i, 3);
			i += 3;
		} else if (is_c2(p, i, 0xab)) {
			add_apart(p, p->s + i, 2);
			i += 2;
		} else {
			*p->out++ = p->s[i++];
		}
	}
}

/* " and '' behind a blank or a bracket. */
void
pass_quotes_by_place(struct pass *p)
{
	for (size_t i = 0; i < p->n; ) {
		char c = p->s[i++];

		*p->out++ = c;
		if (c != ' ' && c != '(' && c != '[' && c != '{' && c != '<')
			continue;
		if (i < p->n && p->s[i] == '"') {
			add(p, " `` ", 4);
			i++;
		} else if (i + 1 < p->n && p->s[i] == '\'' && p->s[i + 1] == '\'') {
			add(p, " `` ", 4);
			i += 2;
		}
	}
}

uint32_t
pass_char_at(const struct pass *p, size_t i)
{
	size_t len;

	return i < p->n ? uni_decode(p->s + i, p->n - i, &len) : 0;
}

uint32_t
pass_char_before(const struct pass *p, size_t i)
{
	size_t back = 1, len;

	if (i == 0)
		return 0;
	while (back < 4 && back < i && ((unsigned char)p->s[i - back] & 0xc0) == 0x80)
		back++;
	return uni_decode(p->s + i - back, back, &len);
}

/* Whether one of the clitics that keep their apostrophe stands at i, whole. */
static int
clitic_at(const struct pass *p, size_t i)
{
	static const char *const clitics[] = { "re", "ve", "ll", "m", "t", "s", "d", "n" };

	for (size_t k = 0; k < sizeof clitics / sizeof *clitics; k++) {
		size_t n = strlen(clitics[k]), j = 0;

		while (j < n && i + j < p->n && (p->s[i + j] | 32) == clitics[k][j])
			j++;
		if (j == n && !uni_word(pass_char_at(p, i + n)))
			return 1;
	}
	return 0;
}

/* ' that opens a word. */
void
pass_open_apostrophes(struct pass *p)
{
	for (size_t i = 0; i < p->n; i++) {
		*p->out++ = p->s[i];
		if (p->s[i] == '\'' && uni_word(pass_char_at(p, i + 1)) && !uni_word(pass_char_before(p, i)) && !clitic_at(p, i + 1))
			*p->out++ = ' ';
	}
}

static int
closing(const struct pass *p, size_t i)
{
	if (p->s[i] && strchr("])}>\"' ", p->s[i]))
		return 1;
	return is_c2(p, i, 0xbb) ? 2 : is_e280(p, i, 0x9d, 0x9d) || is_e280(p, i, 0x99, 0x99) ? 3 : 0;
}

/* The full stop that ends the text, with what closes behind it. */
void
pass_last_stop(struct pass *p)
{
	const char *dot = memrchr(p->s, '.', p->n);
	size_t at = dot ? (size_t)(dot - p->s) : 0, i = at + 1, end, len;

	if (!dot || at == 0 || p->s[at - 1] == '.') {
		add(p, p->s, p->n);
		return;
	}
	while (i < p->n && closing(p, i))
		i += (size_t)closing(p, i);
	for (end = i; end < p->n && uni_space(uni_decode(p->s + end, p->n - end, &len)); end += len)
		;
	if (end < p->n) {
		add(p, p->s, p->n);
		return;
	}
	add(p, p->s, at);
	add_apart(p, ".", 1);
	add(p, p->s + at + 1, i - at - 1);
	*p->out++ = ' ';
}

/* : and , unless a digit follows; a pair of them is one match. */
void
pass_commas(struct pass *p)
{
	char *start = p->out;
	size_t i = 0, len, tail;

	while (i < p->n) {
		char c = p->s[i++];
		uint32_t next;

		if ((c != ':' && c != ',') || i == p->n) {
			*p->out++ = c;
			continue;
		}
		next = uni_decode(p->s + i, p->n - i, &len);
		if (uni_digit(next)) {
			*p->out++ = c;
			continue;
		}
		add_apart(p, &c, 1);
		add(p, p->s + i, len);
		i += len;
	}
	tail = p->out > start && p->out[-1] == '\n';
	if ((size_t)(p->out - start) > tail) {
		char *last = p->out - 1 - tail, c = *last;

		if (c == ':' || c == ',') {
			p->out = last;
			add_apart(p, &c, 1);
			if (tail)
				*p->out++ = '\n';
		}
	}
}

/* Signs that stand alone wherever they are. */
void
pass_signs(struct pass *p)
{
	for (size_t i = 0; i < p->n; ) {
		size_t run = 1;

		switch (p->s[i]) {
		case '.':
			while (i + run < p->n && p->s[i + run] == '.')
				run++;
			if (run > 1)
				add_apart(p, p->s + i, run);
			else
				*p->out++ = '.';
			i += run;
			break;
		case ';': case '@': case '#': case '$': case '%': case '&': case '?': case '!':
			add_apart(p, p->s + i++, 1);
			break;
		default:
			*p->out++ = p->s[i++];
		}
	}
}

/* ' before a space. */
void
pass_close_apostrophes(struct pass *p)
{
	size_t from = 0;        /* matches do not overlap */

	for (size_t i = 0; i < p->n; i++) {
		if (p->s[i] == '\'' && i > from && p->s[i - 1] != '\'' && i + 1 < p->n && p->s[i + 1] == ' ') {
			*p->out++ = ' ';
			from = i + 2;
		}
		*p->out++ = p->s[i];
	}
}

/* Brackets, dashes, stars, and quotes that close. */
void
pass_brackets(struct pass *p)
{
	for (size_t i = 0; i < p->n; ) {
		char c = p->s[i];

		if (c == '"') {
			add(p, " '' ", 4);
			i++;
		} else if (c && strchr("*[](){}<>", c)) {
			add_apart(p, p->s + i++, 1);
		} else if ((c == '-' || c == '\'') && i + 1 < p->n && p->s[i + 1] == c) {
			add_apart(p, p->s + i, 2);
			i += 2;
		} else if (is_e280(p, i, 0x9d, 0x9d) || is_e280(p, i, 0x99, 0x99)) {
			add_apart(p, p->s + i, 3);
			i += 3;
		} else if (is_c2(p, i, 0xbb)) {
			add_apart(p, p->s + i, 2);
			i += 2;
		} else {
			*p->out++ = c;
			i++;
		}
	}
}
