/* words - a text in words, as the Penn Treebank splits them */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/words.h"
#include "text/uni.h"
#include "text/rule/words_pass.h"
#include <stdlib.h>
#include <string.h>

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
		    !uni_word(pass_char_before(&p, i)) && !uni_word(pass_char_at(&p, i + len)) && (k != CONTRACTIONS - 1 || i + len == n))
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
		run_pass(w, pass_open_quotes);
	if (has['"'] || has['\''])
		run_pass(w, pass_quotes_by_place);
	if (has['\''])
		run_pass(w, pass_open_apostrophes);
	if (has['.'])
		run_pass(w, pass_last_stop);
	if (has[','] || has[':'])
		run_pass(w, pass_commas);
	run_pass(w, pass_signs);
	if (has['\''])
		run_pass(w, pass_close_apostrophes);
	run_pass(w, pass_brackets);
	split_blanks(w);
}

void
words_free(struct words *w)
{
	free(w->v);
	buf_free(&w->text);
	buf_free(&w->spare);
}
