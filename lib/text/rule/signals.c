/* signals - what quality rules measure in a text */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/signals.h"
#include "text/uni.h"
#include <stdlib.h>
#include <string.h>

struct slot {
	uint64_t key;
	uint32_t count, first;
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

#define GOLDEN 0x9e3779b97f4a7c15u
static uint64_t
mix(uint64_t h, uint64_t x)
{
	h = ((h << 23 | h >> 41) ^ x) * 0x9fb21c651e98df25u;
	return h ^ h >> 32;
}

/* Well mixed in its upper bits. */
static uint64_t
hash(const char *p, size_t n)
{
	uint64_t h = n * GOLDEN, x;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&x, p, 8);
		h = mix(h, x);
	}
	if (n) {
		x = 0;
		memcpy(&x, p, n);
		h = mix(h, x);
	}
	return h;
}

/* An empty table with room for n keys. */
static void
table_begin(struct signals *s, size_t n)
{
	size_t want = 16;

	for (s->shift = 60; want < 2 * n; s->shift--)
		want *= 2;
	if (want > s->n_slots) {
		free(s->slots);
		s->slots = xreallocarray(NULL, want, sizeof *s->slots);
		s->n_slots = want;
	}
	memset(s->slots, 0, want * sizeof *s->slots);
}

/* The key's slot; its count is 0 for the caller to change when the key is new. */
static struct slot *
table_slot(struct signals *s, uint64_t key)
{
	size_t mask = ((size_t)1 << (64 - s->shift)) - 1, i = (size_t)(key * GOLDEN >> s->shift);

	while (s->slots[i].count && s->slots[i].key != key)
		i = (i + 1) & mask;
	s->slots[i].key = key;
	return &s->slots[i];
}

/* Whether the piece is a copy of one before. */
static int
is_copy(struct signals *s, const char *p, size_t n)
{
	return table_slot(s, hash(p, n))->count++ > 0;
}

static size_t
count_newlines(const char *p, size_t n)
{
	const char *end = p + n;
	size_t count = 0;

	for (; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		count++;
	return count;
}

/* Pieces between runs of at least `least` newlines, as re.split gives them: empty ones at the ends count. */
static void
find_copies(struct signals *s, const char *p, size_t n, size_t least, enum signal count, enum signal chars)
{
	size_t pieces = 0, from = 0, copies = 0, copied = 0;

	table_begin(s, count_newlines(p, n) + 1);
	for (size_t i = 0, run; i <= n; i += run) {
		const char *nl = memchr(p + i, '\n', n - i);

		i = nl ? (size_t)(nl - p) : n;
		for (run = 1; i + run < n && p[i + run] == '\n'; run++)
			;
		if (i < n && run < least)
			continue;
		pieces++;
		if (is_copy(s, p + from, i - from)) {
			copies++;
			copied += uni_count(p + from, i - from);
		}
		from = i + run;
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

/*
 * Most n-grams of a text occur once.  Of n keys those are told, by counters that several keys may share: what is counted
 * once is no other.  Returns the counters, one for each value of key >> *shift.
 */
static unsigned char *
count_keys(struct signals *s, const uint64_t *key, size_t n, int *shift)
{
	unsigned char *seen;

	table_begin(s, n / 4 + 1);              /* 8 to 16 bytes a key */
	seen = (unsigned char *)s->slots;
	*shift = s->shift - 4;
	for (size_t i = 0; i < n; i++) {
		unsigned char *c = &seen[key[i] >> *shift];

		*c = (unsigned char)(*c + (*c < 2));
	}
	return seen;
}

static uint64_t
word_hash(const struct words *w, size_t i)
{
	size_t n = words_len(w, i);
	uint64_t x;

	if (n > 8)
		return hash(words_at(w, i), n);
	memcpy(&x, words_at(w, i), 8);
	return mix(n * GOLDEN, x << (64 - 8 * n));
}

/* The most frequent 2-, 3- and 4-gram's characters, joined by spaces; the first of equals. */
static void
find_top(struct signals *s)
{
	const struct words *w = &s->words;
	size_t left = w->n;
	uint64_t *word = xreallocarray(NULL, 2 * w->n + 1, sizeof *word), *key = word + w->n;
	uint32_t *place = xreallocarray(NULL, w->n + 1, sizeof *place);

	for (size_t i = 0; i < w->n; i++) {
		key[i] = word[i] = word_hash(w, i);
		place[i] = (uint32_t)i;
	}
	for (unsigned n = 2; n <= 4; n++) {
		struct slot best = { .count = w->n >= n };
		size_t chars = n - 1, k = 0, m = 0;
		unsigned char *seen;
		int shift;

		while (m < left && place[m] + n <= w->n)
			key[m] = mix(key[m], word[place[m] + n - 1]), m++;
		seen = count_keys(s, key, m, &shift);
		for (size_t i = 0; i < m; i++) {        /* what goes on from one that occurs once, does too */
			int again = seen[key[i] >> shift] > 1;

			key[k] = key[i];
			place[k] = place[i];
			k += (size_t)again;
		}
		left = k;
		table_begin(s, left);
		for (size_t i = 0; i < left; i++) {
			struct slot *slot = table_slot(s, key[i]);

			if (!slot->count++)
				slot->first = place[i];
			if (slot->count > best.count || (slot->count == best.count && slot->first < best.first))
				best = *slot;
		}
		for (size_t i = 0; i < n && best.count; i++)
			chars += w->v[best.first + i].chars;
		put(s, (enum signal)(SIG_TOP_2 + n - 2), share((double)best.count * (double)chars, (double)s->chars));
	}
	free(word);
	free(place);
}

/*
 * Characters in 5- to 10-grams seen before; behind one that is, the search goes on after it.  They are equal as strings
 * without blanks: "ab" "c" is "a" "bc".  Two that are equal begin with the same PREFIX bytes, unless they are shorter.
 */
#define PREFIX 12
static void
find_repeated(struct signals *s)
{
	const struct words *w = &s->words;
	size_t m = w->n < 5 ? 0 : w->n - 4, left = 0;
	uint64_t *key = xreallocarray(NULL, m + 1, sizeof *key), a;
	uint32_t *place = xreallocarray(NULL, m + 1, sizeof *place), b;
	unsigned char *seen;
	int shift;

	for (size_t i = 0; i < m; i++) {
		memcpy(&a, words_at(w, i), 8);
		memcpy(&b, words_at(w, i) + 8, PREFIX - 8);
		key[i] = mix(a * GOLDEN, b);
	}
	seen = count_keys(s, key, m, &shift);
	for (size_t i = 0; i < m; i++) {
		place[left] = (uint32_t)i;
		left += seen[key[i] >> shift] > 1 || w->v[i + 5].at - w->v[i].at < PREFIX;
	}
	for (unsigned n = 5; n <= 10; n++) {
		size_t copied = 0, from = 0;

		table_begin(s, left);
		for (size_t i = 0; i < left && place[i] + n <= w->n; i++) {
			const struct word *g = &w->v[place[i]];

			if (place[i] < from || !is_copy(s, words_at(w, place[i]), g[n].at - g->at))
				continue;
			for (size_t j = 0; j < n; j++)
				copied += g[j].chars;
			from = place[i] + n;
		}
		put(s, (enum signal)(SIG_DUP_5 + n - 5), share((double)copied, (double)s->chars));
	}
	free(key);
	free(place);
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

static void
find_gopher_words(struct signals *s)
{
	static const char *const stop[] = { "the", "be", "to", "of", "and", "that", "have", "with" };
	double words = 0, chars = 0, alpha = 0, all = (double)s->words.n;
	unsigned stops = 0;

	for (size_t i = 0; i < s->words.n; i++) {
		struct word w = s->words.v[i];
		size_t len = words_len(&s->words, i);

		alpha += w.alpha;
		words += !w.sign;
		chars += w.sign ? 0 : w.chars;
		for (unsigned k = 0; k < 8 && len <= 4 && stops < 255; k++)
			if (len == strlen(stop[k]) && !memcmp(words_at(&s->words, i), stop[k], len))
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

	for (size_t from = 0, next; from < s->n; from += next, lines++) {
		const char *p = s->text + from;
		size_t n = uni_line(p, s->n - from, &next);

		uni_strip(&p, &n);
		bullets += begins_with(p, n, "\xe2\x80\xa2") || begins_with(p, n, "-");
		ellipses += ends_with(p, n, "...") || ends_with(p, n, "\xe2\x80\xa6");
	}
	put(s, SIG_BULLETS, share(bullets, lines));
	put(s, SIG_END_ELLIPSES, share(ellipses, lines));
}

/* Lines between newlines that are not blank. */
static void
find_fineweb_lines(struct signals *s)
{
	size_t lines = 0, terminal = 0, brief = 0, copied = 0, newlines = count_newlines(s->text, s->n), from = 0, len;

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
		if (which <= SIG_TOP_4)
			find_top(s);
		else
			find_repeated(s);
	} else if (which == SIG_BULLETS || which == SIG_END_ELLIPSES) {
		find_gopher_lines(s);
	} else if (which <= SIG_STOP_WORDS) {
		find_words(s);
		find_gopher_words(s);
	} else if (which == SIG_NEWLINES) {
		find_words(s);
		put(s, which, share((double)count_newlines(p, n), (double)s->words.n));
	} else {
		find_fineweb_lines(s);
	}
	return s->value[which];
}
