/* signals - what quality rules measure in a text */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/signals.h"
#include "base/rng.h"
#include "text/uni.h"
#include <stdlib.h>
#include <string.h>

struct slot {
	uint64_t key;
	uint32_t round, count, first, chars;
};

void
signals_init(struct signals *s, const char *text, size_t n)
{
	memset(s, 0, sizeof *s);
	s->text = text;
	s->n = n;
	s->chars = uni_count(text, n);
	s->short_line = 30;
}

void
signals_free(struct signals *s)
{
	words_free(&s->words);
	free(s->slots);
	free(s->grams);
}

static void
put(struct signals *s, enum signal which, double value)
{
	s->value[which] = value;
	s->known[which] = 1;
}

static double
share(double part, double of)
{
	return of > 0 ? part / of : 0;
}

/* An empty table with room for n keys. */
static void
table_begin(struct signals *s, size_t n)
{
	size_t want = 16;

	while (want < 2 * n)
		want *= 2;
	if (want > s->n_slots) {
		free(s->slots);
		s->slots = xcalloc(want, sizeof *s->slots);
		s->n_slots = want;
		s->round = 0;
	}
	s->round++;
}

static struct slot *
table_slot(struct signals *s, uint64_t key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15u >> 20) & (s->n_slots - 1);

	while (s->slots[i].round == s->round && s->slots[i].key != key)
		i = (i + 1) & (s->n_slots - 1);
	if (s->slots[i].round != s->round)
		s->slots[i] = (struct slot){ .key = key, .round = s->round };
	return &s->slots[i];
}

/* Whether the piece is a copy of one before. */
static int
is_copy(struct signals *s, const char *p, size_t n)
{
	return table_slot(s, rng_hash(p, n, 0))->count++ > 0;
}

/* Pieces between runs of at least `least` newlines, as re.split gives them: empty ones at the ends count. */
static void
find_copies(struct signals *s, const char *p, size_t n, size_t least, enum signal count, enum signal chars)
{
	size_t pieces = 1, from = 0, copies = 0, copied = 0;

	for (size_t i = 0; i < n; i++)
		pieces += p[i] == '\n';
	table_begin(s, pieces);
	pieces = 0;
	for (size_t i = 0; i <= n; ) {
		size_t run = 0;

		while (i + run < n && p[i + run] == '\n')
			run++;
		if (i < n && run < least) {
			i += run + !run;
			continue;
		}
		pieces++;
		if (is_copy(s, p + from, i - from)) {
			copies++;
			copied += uni_count(p + from, i - from);
		}
		i += i < n ? run : 1;
		from = i;
	}
	put(s, count, share((double)copies, (double)pieces));
	put(s, chars, share((double)copied, (double)s->chars));
}

static void
find_words(struct signals *s)
{
	if (!s->have_words)
		words_split(&s->words, s->text, s->n);
	s->have_words = 1;
}

/* The most frequent n-gram's characters, joined by spaces; the first of equals. */
static void
find_top(struct signals *s, size_t n, enum signal which)
{
	struct word *w = s->words.v;
	struct slot best = { 0 };
	size_t count = s->words.n;

	table_begin(s, count);
	for (size_t i = 0; i + n <= count; i++) {
		uint64_t h = n;
		uint32_t chars = (uint32_t)n - 1;
		struct slot *slot;

		for (size_t j = 0; j < n; j++) {
			h = (h ^ s->grams[2 * (count + 1) + i + j]) * 0x9fb21c651e98df25u;
			h ^= h >> 32;
			chars += w[i + j].chars;
		}
		slot = table_slot(s, h);
		if (!slot->count++) {
			slot->first = (uint32_t)i;
			slot->chars = chars;
		}
	}
	for (size_t i = 0; i < s->n_slots; i++) {
		struct slot *k = &s->slots[i];

		if (k->round == s->round && (k->count > best.count || (k->count == best.count && k->first < best.first)))
			best = *k;
	}
	put(s, which, share((double)best.count * best.chars, (double)s->chars));
}

/*
 * Hashes of any run of words as one string without blanks, for which "ab" "c" and "a" "bc" are equal: with the bytes c
 * of all words, pre[i] is the sum of c[k] b^k up to word i, inv[i] is b^-k there; modulo 2^64.  Behind them one hash a word.
 */
static void
find_grams(struct signals *s)
{
	static const uint64_t b = 0x9e3779b97f4a7c15u;
	size_t count = s->words.n;
	uint64_t pow = 1, sum = 0, inv = b, back = 1;

	if (s->grams)
		return;
	for (int i = 0; i < 5; i++)
		inv *= 2 - b * inv;     /* Newton's iteration for the inverse of an odd number */
	s->grams = xreallocarray(NULL, 3 * count + 3, sizeof *s->grams);
	for (size_t i = 0; i <= count; i++) {
		struct word w = i < count ? s->words.v[i] : (struct word){ 0 };

		s->grams[i] = sum;
		s->grams[count + 1 + i] = back;
		for (size_t j = 0; j < w.n; j++) {
			sum += ((unsigned char)w.p[j] + 1u) * pow;
			pow *= b;
			back *= inv;
		}
		s->grams[2 * (count + 1) + i] = w.n ? rng_hash(w.p, w.n, 0) : 0;
	}
}

/* Characters in n-grams seen before; behind one that is, the search goes on after it. */
static void
find_repeated(struct signals *s, size_t n, enum signal which)
{
	const uint64_t *pre = s->grams, *inv = s->grams + s->words.n + 1;
	size_t copied = 0, i = 0;

	table_begin(s, s->words.n);
	while (i + n <= s->words.n) {
		if (!table_slot(s, (pre[i + n] - pre[i]) * inv[i])->count++) {
			i++;
			continue;
		}
		for (size_t j = 0; j < n; j++)
			copied += s->words.v[i + j].chars;
		i += n;
	}
	put(s, which, share((double)copied, (double)s->chars));
}

static size_t
occurrences(const char *p, size_t n, const char *what)
{
	size_t len = strlen(what), count = 0;
	const char *end = p + n, *at;

	while ((at = memmem(p, (size_t)(end - p), what, len))) {
		count++;
		p = at + len;
	}
	return count;
}

static void
find_gopher_words(struct signals *s)
{
	static const char *const stop[] = { "the", "be", "to", "of", "and", "that", "have", "with" };
	double words = 0, chars = 0, alpha = 0, all = (double)s->words.n;
	unsigned stops = 0;

	for (size_t i = 0; i < s->words.n; i++) {
		struct word w = s->words.v[i];
		int letters = 0, only_signs = 1;
		size_t len;

		for (size_t j = 0; j < w.n && (only_signs || !letters); j += len) {
			uint32_t c = uni_decode(w.p + j, w.n - j, &len);

			letters |= uni_alpha(c);
			only_signs &= !uni_alpha(c) && uni_symbol(c);
		}
		alpha += letters;
		words += !only_signs;
		chars += only_signs ? 0 : w.chars;
		for (unsigned k = 0; k < 8 && w.n <= 4; k++)
			if (w.n == strlen(stop[k]) && !memcmp(w.p, stop[k], w.n))
				stops |= 1u << k;
	}
	put(s, SIG_WORDS, words);
	put(s, SIG_WORD_LENGTH, share(chars, words));
	put(s, SIG_ALPHA, share(alpha, all));
	put(s, SIG_STOP_WORDS, __builtin_popcount(stops));
	put(s, SIG_HASHES, share((double)occurrences(s->text, s->n, "#"), all));
	put(s, SIG_ELLIPSES, share((double)(occurrences(s->text, s->n, "...") + occurrences(s->text, s->n, "\xe2\x80\xa6")), all));
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
	size_t from = 0, len;

	for (size_t i = 0; i < s->n; i += len) {
		uint32_t c = uni_decode(s->text + i, s->n - i, &len);
		size_t end = i + len;
		const char *p = s->text + from;

		if (!uni_line_end(c) && end < s->n)
			continue;
		if (c == '\r' && end < s->n && s->text[end] == '\n')
			len++;
		end = uni_line_end(c) ? i : s->n;
		end -= from;
		uni_strip(&p, &end);
		lines++;
		bullets += begins_with(p, end, "\xe2\x80\xa2") || begins_with(p, end, "-");
		ellipses += ends_with(p, end, "...") || ends_with(p, end, "\xe2\x80\xa6");
		from = i + len;
	}
	put(s, SIG_BULLETS, share(bullets, lines));
	put(s, SIG_END_ELLIPSES, share(ellipses, lines));
}

/* Lines between newlines that are not blank. */
static void
find_fineweb_lines(struct signals *s)
{
	size_t lines = 0, terminal = 0, brief = 0, copied = 0, newlines = 0, from = 0, len;

	for (size_t i = 0; i < s->n; i++)
		newlines += s->text[i] == '\n';
	table_begin(s, newlines + 1);
	while (from <= s->n) {
		const char *line = s->text + from, *nl = memchr(line, '\n', s->n - from), *p = line;
		size_t n = nl ? (size_t)(nl - line) : s->n - from, m = n, chars, back = 1;

		from += n + 1;
		uni_strip(&p, &m);
		if (!m)
			continue;
		lines++;
		while (back < 4 && back < n && ((unsigned char)line[n - back] & 0xc0) == 0x80)
			back++;
		terminal += (size_t)uni_terminal(uni_decode(line + n - back, back, &len));
		chars = uni_count(line, n);
		brief += chars <= s->short_line;
		copied += is_copy(s, line, n) ? chars : 0;
	}
	put(s, SIG_LINES, (double)lines);
	put(s, SIG_TERMINAL_LINES, share((double)terminal, (double)lines));
	put(s, SIG_SHORT_LINES, share((double)brief, (double)lines));
	put(s, SIG_DUP_CHARS, share((double)copied, (double)(s->chars - newlines)));
}

double
signals_get(struct signals *s, enum signal which)
{
	const char *p = s->text;
	size_t n = s->n;

	if (s->known[which])
		return s->value[which];
	if (which >= SIG_LONGEST_LINE) {
		signals_code(s);
	} else if (which <= SIG_DUP_PARAGRAPH_CHARS) {
		uni_strip(&p, &n);
		find_copies(s, p, n, 2, SIG_DUP_PARAGRAPHS, SIG_DUP_PARAGRAPH_CHARS);
	} else if (which <= SIG_DUP_LINE_CHARS) {
		find_copies(s, p, n, 1, SIG_DUP_LINES, SIG_DUP_LINE_CHARS);
	} else if (which <= SIG_DUP_10) {
		find_words(s);
		find_grams(s);
		if (which <= SIG_TOP_4)
			find_top(s, 2 + which - SIG_TOP_2, which);
		else
			find_repeated(s, 5 + which - SIG_DUP_5, which);
	} else if (which == SIG_BULLETS || which == SIG_END_ELLIPSES) {
		find_gopher_lines(s);
	} else if (which <= SIG_STOP_WORDS) {
		find_words(s);
		find_gopher_words(s);
	} else if (which == SIG_NEWLINES) {
		find_words(s);
		put(s, which, share((double)occurrences(p, n, "\n"), (double)s->words.n));
	} else {
		find_fineweb_lines(s);
	}
	return s->value[which];
}
