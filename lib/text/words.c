/* words - a text in words, as the Penn Treebank splits them */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/words.h"
#include "text/uni.h"
#include <stdlib.h>
#include <string.h>

/*
 * Each pass reads s and appends to out what one group of the tokenizer's substitutions makes of it; their
 * order is that of NLTK, with those taken together that do not see each other's work.  Room for 4 bytes out of each byte
 * in is made beforehand: no substitution makes more.
 */
struct pass {
	const char *s;
	size_t      n;
	char       *out;
};

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
static void
open_quotes(struct pass *p)
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
static void
quotes_by_place(struct pass *p)
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

static uint32_t
char_at(const struct pass *p, size_t i)
{
	size_t len;

	return i < p->n ? uni_decode(p->s + i, p->n - i, &len) : 0;
}

static uint32_t
char_before(const struct pass *p, size_t i)
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
		if (j == n && !uni_word(char_at(p, i + n)))
			return 1;
	}
	return 0;
}

/* ' that opens a word. */
static void
open_apostrophes(struct pass *p)
{
	for (size_t i = 0; i < p->n; i++) {
		*p->out++ = p->s[i];
		if (p->s[i] == '\'' && uni_word(char_at(p, i + 1)) && !uni_word(char_before(p, i)) && !clitic_at(p, i + 1))
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
static void
last_stop(struct pass *p)
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
static void
commas(struct pass *p)
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
static void
signs(struct pass *p)
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
static void
close_apostrophes(struct pass *p)
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
static void
brackets(struct pass *p)
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

static void
run_pass(struct words *w, void (*fn)(struct pass *))
{
	struct pass p = { .s = w->text.p, .n = w->text.n };
	struct buf t = w->text;

	buf_clear(&w->spare);
	buf_need(&w->spare, 4 * w->text.n + 16);
	p.out = w->spare.p;
	fn(&p);
	w->spare.n = (size_t)(p.out - w->spare.p);
	w->text = w->spare;
	w->spare = t;
}

static void
push(struct words *w, const char *p, size_t n)
{
	struct word word = { p, (uint32_t)n, (uint32_t)uni_count(p, n) };

	if (n > 4 && p[0] == '\'' && (p[1] | 32) == 't') {      /* 'tis, 'twas */
		size_t k = !strncasecmp(p + 2, "is", 2) ? 4 : n > 5 && !strncasecmp(p + 2, "was", 3) ? 5 : 0;
		size_t len;

		if (k && !uni_word(uni_decode(p + k, n - k, &len))) {
			push(w, p, 2);
			push(w, p + 2, k - 2);
			p += k;
			n -= k;
			word = (struct word){ p, (uint32_t)n, (uint32_t)uni_count(p, n) };
		}
	} else if ((n == 4 && !strncasecmp(p, "'tis", 4)) || (n == 5 && !strncasecmp(p, "'twas", 5))) {
		push(w, p, 2);
		word = (struct word){ p + 2, (uint32_t)n - 2, (uint32_t)n - 2 };
	}
	VEC_PUSH(w->v, w->n, w->cap, word);
}

static const struct { const char *word; size_t len, first; } contractions[] = {
	{ "cannot", 6, 3 }, { "d'ye", 4, 1 }, { "gimme", 5, 3 }, { "gonna", 5, 3 }, { "gotta", 5, 3 }, { "lemme", 5, 3 },
	{ "more'n", 6, 4 }, { "wanna", 5, 3 }
};
enum { CONTRACTIONS = sizeof contractions / sizeof *contractions };

/* Where contraction k stands in the n bytes as a word; n when nowhere. */
static size_t
contraction_at(const char *s, size_t n, size_t k)
{
	size_t len = contractions[k].len;
	struct pass p = { .s = s, .n = n };

	for (size_t i = 0; i + len <= n; i++)
		if ((s[i] | 32) == contractions[k].word[0] && !strncasecmp(s + i, contractions[k].word, len) &&
		    !uni_word(char_before(&p, i)) && !uni_word(char_at(&p, i + len)) && (k != CONTRACTIONS - 1 || i + len == n))
			return i;
	return n;
}

static void
contract(struct words *w, const char *s, size_t n, size_t k)
{
	while (n && k < CONTRACTIONS) {
		size_t i = n < contractions[k].len ? n : contraction_at(s, n, k), first = contractions[k].first, len = contractions[k].len;

		if (i == n) {
			k++;
			continue;
		}
		contract(w, s, i, k + 1);
		contract(w, s + i, first, k + 1);
		contract(w, s + i + first, len - first, k + 1);
		s += i + len;
		n -= i + len;
	}
	if (n)
		push(w, s, n);
}

/* A run without blanks: clitics taken off its end, each kind once, then contractions. */
static void
split_run(struct words *w, const char *s, size_t n)
{
	static const char *const longer[] = { "'ll", "'LL", "'re", "'RE", "'ve", "'VE", "n't", "N'T" };
	size_t tail = 0, tail2 = 0;
	char last = s[n - 1];

	if (n > 2 && s[n - 2] == '\'' && strchr("sSmMdD", last) && last && s[n - 3] != '\'')
		tail = 2;
	else if (n > 1 && last == '\'' && s[n - 2] != '\'')
		tail = 1;
	n -= tail;
	for (size_t k = 0; n > 3 && k < sizeof longer / sizeof *longer; k++)
		if (!memcmp(s + n - 3, longer[k], 3) && s[n - 4] != '\'')
			tail2 = 3;
	n -= tail2;
	if (n > 3)
		contract(w, s, n, 0);
	else if (n)
		push(w, s, n);
	if (tail2)
		push(w, s + n, tail2);
	if (tail)
		push(w, s + n + tail2, tail);
}

static void
split_blanks(struct words *w)
{
	const char *s = w->text.p;
	size_t n = w->text.n, from = 0, len;

	for (size_t i = 0; i <= n; i += len) {
		len = 1;
		if (i < n && ((unsigned char)s[i] > ' ' && (unsigned char)s[i] < 0x80))
			continue;
		if (i < n && !uni_space(uni_decode(s + i, n - i, &len)))
			continue;
		if (i > from)
			split_run(w, s + from, i - from);
		from = i + len;
	}
}

void
words_split(struct words *w, const char *s, size_t n)
{
	unsigned char has[256] = { 0 };

	for (size_t i = 0; i < n; i++)
		has[(unsigned char)s[i]] = 1;
	buf_clear(&w->text);
	buf_add(&w->text, s, n);
	w->n = 0;
	if (has['`'] || has['"'] || has[0xe2] || has[0xc2])
		run_pass(w, open_quotes);
	if (has['"'] || has['\''])
		run_pass(w, quotes_by_place);
	if (has['\''])
		run_pass(w, open_apostrophes);
	if (has['.'])
		run_pass(w, last_stop);
	if (has[','] || has[':'])
		run_pass(w, commas);
	run_pass(w, signs);
	if (has['\''])
		run_pass(w, close_apostrophes);
	run_pass(w, brackets);
	split_blanks(w);
}

void
words_free(struct words *w)
{
	free(w->v);
	buf_free(&w->text);
	buf_free(&w->spare);
}
