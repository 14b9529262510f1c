/* signals - what quality rules measure in a text */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/signals.h"
#include "base/lanes.h"
#include "base/utf8.h"
#include "text/uni.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Newlines, and words that begin with a byte of ASCII behind a blank or newline: of words there may be more. */
static void
count_newlines(struct signals *s)
{
	const char *p = s->text;
	size_t i = 1, n = s->n;

	s->newlines = n && *p == '\n';
	while (i < n && n - i >= 16) {
		lanes line = { 0 }, word = { 0 };

		for (int k = 0; k < 255 && n - i >= 16; k++, i += 16) {
			lanes before = lanes_at(p + i - 1), v = lanes_at(p + i);

			line -= (lanes)(v == '\n');
			word -= (lanes)((before == ' ') | (before == '\n')) & (lanes)(v - 33 < 94);
		}
		s->newlines += lanes_sum(line);
		s->least_words += lanes_sum(word);
	}
	for (; i < n; i++)
		s->newlines += p[i] == '\n';
}

void
signals_init(struct signals *s, const char *text, size_t n)
{
	memset(s, 0, sizeof *s);
	s->text = text;
	s->n = n;
	s->short_line = 30;
	s->top_bound = NAN;
	s->chars = uni_count(text, n);
	count_newlines(s);
}

void
signals_free(struct signals *s)
{
	words_free(&s->words);
	words_free(&s->blanks);
	free(s->slots);
}

void
signals_put(struct signals *s, enum signal which, double part, double of)
{
	s->value[which] = of > 0 ? part / of : 0;
	s->known[which] = 1;
}

/* Pieces between runs of at least `least` newlines, as re.split gives them: empty ones at the ends count. */
static void
find_copies(struct signals *s, const char *p, size_t n, size_t least, enum signal count, enum signal chars)
{
	size_t pieces = 0, from = 0, copies = 0, copied = 0;

	signals_table(s, s->newlines + 1);
	for (size_t i = 0, run; i <= n; i += run) {
		const char *nl = memchr(p + i, '\n', n - i);

		i = nl ? (size_t)(nl - p) : n;
		for (run = 1; i + run < n && p[i + run] == '\n'; run++)
			;
		if (i < n && run < least)
			continue;
		pieces++;
		if ((i < n || pieces > 1) && (*signals_times(s, p + from, i - from))++) {       /* the only one is no copy */
			copies++;
			copied += uni_count(p + from, i - from);
		}
		from = i + run;
	}
	signals_put(s, count, (double)copies, (double)pieces);
	signals_put(s, chars, (double)copied, (double)s->chars);
}

static void
find_words(struct signals *s)
{
	if (!s->have_words)
		words_split(&s->words, s->text, s->n);
	s->have_words = 1;
}

static size_t
occurrences(const char *p, size_t n, const char *what)
{
	size_t len = strlen(what), count = 0;
	const char *end = p + n;

	while ((p = memchr(p, *what, (size_t)(end - p)))) {
		int is = (size_t)(end - p) >= len && !memcmp(p, what, len);

		count += (size_t)is;
		p += is ? len : 1;
	}
	return count;
}

const char signals_stops[8][4] = { "be", "that", "the", "of", "with", "to", "have", "and" };

static void
find_gopher_words(struct signals *s)
{
	size_t words = 0, chars = 0, alpha = 0;
	double all = (double)s->words.n;
	unsigned stops = 0;

	for (size_t i = 0; i < s->words.n; i++) {
		struct word w = s->words.v[i];

		alpha += w.alpha;
		words += !w.sign;
		chars += w.sign ? 0 : w.chars;
		stops |= 1u << (signals_stop_word(&s->words, i) + 1);
	}
	signals_put(s, SIG_WORDS, (double)words, 1);
	signals_put(s, SIG_WORD_LENGTH, (double)chars, (double)words);
	signals_put(s, SIG_ALPHA, (double)alpha, all);
	signals_put(s, SIG_STOP_WORDS, __builtin_popcount(stops >> 1), 1);
	signals_put(s, SIG_HASHES, (double)occurrences(s->text, s->n, "#"), all);
	signals_put(s, SIG_ELLIPSES, (double)(occurrences(s->text, s->n, "...") + occurrences(s->text, s->n, "\xe2\x80\xa6")), all);
}

static int
ends_with(const char *p, size_t n, const char *what)
{
	size_t len = strlen(what);

	return n >= len && !memcmp(p + n - len, what, len);
}

static int
begins_with(const char *p, size_t n, const char *what)
{
	size_t len = strlen(what);

	return n >= len && !memcmp(p, what, len);
}

/* Lines as str.splitlines has them. */
static void
find_gopher_lines(struct signals *s)
{
	double lines = 0, bullets = 0, ellipses = 0;

	for (size_t from = 0, next; from < s->n; from += next, lines++) {
		const char *p = s->text + from;
		size_t n = uni_line(p, s->n - from, &next);

		uni_strip(&p, &n);
		bullets += begins_with(p, n, "\xe2\x80\xa2") || begins_with(p, n, "-");
		ellipses += ends_with(p, n, "...") || ends_with(p, n, "\xe2\x80\xa6");
	}
	signals_put(s, SIG_BULLETS, bullets, lines);
	signals_put(s, SIG_END_ELLIPSES, ellipses, lines);
}

/* Lines between newlines that are not blank. */
static void
find_fineweb_lines(struct signals *s)
{
	size_t lines = 0, terminal = 0, brief = 0, copied = 0, from = 0, len;

	signals_table(s, s->newlines + 1);
	while (from <= s->n) {
		const char *line = s->text + from, *nl = memchr(line, '\n', s->n - from), *p = line;
		size_t n = nl ? (size_t)(nl - line) : s->n - from, m = n, chars, back;

		from += n + 1;
		uni_strip(&p, &m);
		if (!m)
			continue;
		lines++;
		back = utf8_last(line, n);
		terminal += (size_t)uni_terminal(uni_decode(line + n - back, back, &len));
		chars = uni_count(line, n);
		brief += chars <= s->short_line;
		copied += (*signals_times(s, line, n))++ ? chars : 0;
	}
	signals_put(s, SIG_LINES, (double)lines, 1);
	signals_put(s, SIG_TERMINAL_LINES, (double)terminal, (double)lines);
	signals_put(s, SIG_SHORT_LINES, (double)brief, (double)lines);
	signals_put(s, SIG_DUP_CHARS, (double)copied, (double)(s->chars - s->newlines));
}

/* With a blank between words, of all characters. */
static void
find_top(struct signals *s)
{
	struct gram grams[5];

	signals_grams(s, &s->words, 4, grams);
	for (unsigned n = 2; n <= 4; n++)
		signals_put(s, (enum signal)(SIG_TOP_2 + n - 2), (double)grams[n].top_count * (double)(grams[n].top_chars + n - 1), (double)s->chars);
}

double
signals_get(struct signals *s, enum signal which)
{
	const char *p = s->text;
	size_t n = s->n;

	if (s->known[which])
		return s->value[which];
	if (which >= SIG_D_WORDS) {
		signals_dolma(s, which);
	} else if (which >= SIG_LONGEST_LINE) {
		signals_code(s);
	} else if (which <= SIG_DUP_PARAGRAPH_CHARS) {
		uni_strip(&p, &n);
		find_copies(s, p, n, 2, SIG_DUP_PARAGRAPHS, SIG_DUP_PARAGRAPH_CHARS);
	} else if (which <= SIG_DUP_LINE_CHARS) {
		find_copies(s, p, n, 1, SIG_DUP_LINES, SIG_DUP_LINE_CHARS);
	} else if (which <= SIG_DUP_10) {
		find_words(s);
		if (which <= SIG_TOP_4)
			find_top(s);
		else
			signals_repeated(s);
	} else if (which == SIG_BULLETS || which == SIG_END_ELLIPSES) {
		find_gopher_lines(s);
	} else if (which <= SIG_STOP_WORDS) {
		find_words(s);
		find_gopher_words(s);
	} else if (which == SIG_NEWLINES) {
		find_words(s);
		signals_put(s, which, (double)s->newlines, (double)s->words.n);
	} else {
		find_fineweb_lines(s);
	}
	return s->value[which];
}

double
signals_bound(struct signals *s, enum signal which)
{
	if (s->known[which])
		return s->value[which];
	if (which == SIG_NEWLINES && !s->have_words)
		return s->least_words ? (double)s->newlines / (double)s->least_words : INFINITY;
	if (which < SIG_TOP_2 || which > SIG_TOP_4)
		return signals_get(s, which);
	find_words(s);
	if (isnan(s->top_bound))
		s->top_bound = signals_top_bound(s);
	return s->top_bound;
}
