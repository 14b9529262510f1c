/* dolma - what the rules of Dolma (Soldaini et al. 2024) measure: its tagger gopher_v1 */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/signals.h"
#include "text/uni.h"
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"
enum { LONGEST = 1024 };        /* words are not longer, for the median */

static double
median(const size_t count[LONGEST], size_t n)
{
	size_t i = 0, low, seen = count[0];

	while (seen <= (n - 1) / 2)
		seen += count[++i];
	low = i;
	while (seen <= n / 2)
		seen += count[++i];
	return (double)(low + i) / 2;
}

/* Returns the characters of all words. */
static double
find_words(struct signals *s, const struct words *w)
{
	size_t lengths[LONGEST] = { 0 }, chars = 0, symbols = 0, alpha = 0, stops = 0;
	int hash = memchr(s->text, '#', s->n) != NULL, dots = memmem(s->text, s->n, ELLIPSIS, 3) != NULL;

	for (size_t i = 0; i < w->n; i++) {
		const char *p = words_at(w, i);
		size_t n = words_len(w, i);

		lengths[w->v[i].chars < LONGEST ? w->v[i].chars : LONGEST - 1]++;
		chars += w->v[i].chars;
		alpha += w->v[i].alpha;
		stops += signals_stop_word(w, i) >= 0;
		symbols += (hash && memchr(p, '#', n)) || (dots && memmem(p, n, ELLIPSIS, 3));
	}
	signals_put(s, SIG_D_WORDS, (double)w->n, 1);
	signals_put(s, SIG_D_WORD_LENGTH, w->n ? median(lengths, w->n) : 0, 1);
	signals_put(s, SIG_D_SYMBOLS, (double)symbols, (double)w->n);
	signals_put(s, SIG_D_ALPHA, (double)alpha, (double)w->n);
	signals_put(s, SIG_D_STOP_WORDS, (double)stops, 1);
	return (double)chars;
}

static void
find_lines(struct signals *s, double chars)
{
	double lines = (double)s->newlines + 1, bullets = 0, ellipses = 0, copies = 0, copied = 0;

	signals_table(s, s->newlines + 1);
	for (int twice = 0; twice < 2; twice++)
		for (size_t from = 0, n; from <= s->n; from += n + 1) {
			const char *p = s->text + from, *nl = memchr(p, '\n', s->n - from);
			uint32_t *times;

			n = nl ? (size_t)(nl - p) : s->n - from;
			times = signals_times(s, p, n);
			if (!twice) {
				++*times;
				bullets += n && (*p == '*' || *p == '-');
				ellipses += n > 2 && !memcmp(p + n - 3, ELLIPSIS, 3);
			} else if (*times > 1) {
				copies++;
				copied += (double)uni_count(p, n);
			}
		}
	signals_put(s, SIG_D_BULLETS, bullets, lines);
	signals_put(s, SIG_D_END_ELLIPSES, ellipses, lines);
	signals_put(s, SIG_D_DUP_LINES, copies, lines);
	signals_put(s, SIG_D_DUP_LINE_CHARS, copied, chars);
}

static void
find_grams(struct signals *s, const struct words *w, double chars)
{
	struct gram grams[11];

	signals_grams(s, w, 10, grams);
	for (unsigned n = 2; n <= 4; n++)
		signals_put(s, (enum signal)(SIG_D_TOP_2 + n - 2), (double)grams[n].top_count * (double)grams[n].top_chars, chars);
	for (unsigned n = 5; n <= 10; n++) {
		double all = 0;         /* each word is in n n-grams, in fewer near the ends */

		for (size_t i = 0; i < w->n && w->n >= n; i++) {
			size_t before = i + 1 < n ? i + 1 : n, behind = w->n - i < n ? w->n - i : n, most = w->n - n + 1;

			before = before < behind ? before : behind;
			all += (double)(before < most ? before : most) * (double)w->v[i].chars;
		}
		signals_put(s, (enum signal)(SIG_D_DUP_5 + n - 5), (double)grams[n].chars, all);
	}
}

void
signals_dolma(struct signals *s, enum signal which)
{
	if (!s->known[SIG_D_WORDS]) {
		words_blanks(&s->blanks, s->text, s->n);
		s->blanks_chars = find_words(s, &s->blanks);
	}
	if (which >= SIG_D_TOP_2)
		find_grams(s, &s->blanks, s->blanks_chars);
	else if (which >= SIG_D_BULLETS)
		find_lines(s, s->blanks_chars);
}
