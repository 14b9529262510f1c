/* c4 - the rules of C4: lines go, and with some of them the page */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/lines.h"
#include "base/lanes.h"
#include "text/uni.h"
#include <math.h>
#include <string.h>
#include <strings.h>

/* A phrase, and where the three letters are, of which few other words have any, by which it is found. */
static const struct { const char *text; unsigned char n, mark; } phrases[] = {
	{ "lorem ipsum", 11, 7 }, { "javascript", 10, 0 }, { "terms of use", 12, 3 }, { "privacy policy", 14, 4 },
	{ "cookie policy", 13, 3 }, { "uses cookies", 12, 8 }, { "use of cookies", 14, 10 }, { "use cookies", 11, 7 }
};
enum { PHRASES = sizeof phrases / sizeof *phrases, LOREM_IPSUM = 1, JAVASCRIPT = 2, POLICY = 0xfc };

/* The phrases, in upper or lower case, whose marks are at p[i] of n, a bit each. */
static unsigned
phrases_at(const char *p, size_t n, size_t i)
{
	unsigned found = 0;

	for (unsigned k = 0; k < PHRASES; k++) {
		size_t mark = phrases[k].mark, len = phrases[k].n;

		if (i >= mark && len - mark <= n - i && (p[i] | 32) == phrases[k].text[mark] && !strncasecmp(p + i - mark, phrases[k].text, len))
			found |= 1u << k;
	}
	return found;
}

/* Which phrases are in the text. */
static unsigned
find_phrases(const char *p, size_t n)
{
	unsigned found = 0;
	size_t i = 0;

	for (; n - i >= 16 + 2; i += 16) {
		lanes a = lanes_at(p + i) | 32, b = lanes_at(p + i + 1) | 32, c = lanes_at(p + i + 2) | 32;
		lanes marks = (lanes)((a == 'p') & (b == 's') & (c == 'u')) | (lanes)((a == 'j') & (b == 'a') & (c == 'v')) |
			(lanes)((a == 'm') & (b == 's') & (c == ' ')) | (lanes)((a == 'a') & (b == 'c') & (c == 'y')) |
			(lanes)((a == 'k') & (b == 'i') & (c == 'e'));

		for (uint64_t set = lanes_set(marks); set; set &= set - 1)
			found |= phrases_at(p, n, i + (size_t)__builtin_ctzll(set));
	}
	for (; i < n; i++)
		found |= phrases_at(p, n, i);
	return found;
}

/* Of a line: words between blanks, whether one is too long, sentences, which end at blanks behind . ! or ? */
struct counts {
	size_t words, sentences;
	int    too_long;
};

static int
longer(const char *p, size_t n, double chars)
{
	size_t len;

	for (size_t i = 0; i < n && chars >= 0; i += len, chars--)
		uni_decode(p + i, n - i, &len);
	return chars < 0;
}

/* Byte by byte, for lines with other blanks than those of ASCII, or with words that may be too long. */
static struct counts
count_slowly(const char *p, size_t n, double longest)
{
	struct counts c = { 0 };
	size_t from = 0, len;
	int ends = 1;

	for (size_t i = 0; i <= n; i += len ? len : 1) {
		len = i < n ? uni_blank(p + i, n - i) : 1;
		if (!len)
			continue;
		if (i > from) {
			ends = p[i - 1] == '.' || p[i - 1] == '!' || p[i - 1] == '?';
			c.sentences += (size_t)ends;
			c.words++;
			c.too_long |= (double)(i - from) > longest && longer(p + from, i - from, longest);
		}
		from = i + len;
	}
	c.sentences += !ends;
	return c;
}

static struct counts
count(const char *p, size_t n, double longest)
{
	struct counts c = { 0 };
	uint64_t after_blank = 1, after_end = 0, ends = 1;      /* what the last byte was; whether the last word ends a sentence */

	for (size_t i = 0; i < n; i += 64) {
		uint64_t blank = 0, other = 0, end = 0;
		const char *s = p + i;
		char last[64];

		if (n - i < 64) {
			memset(last, ' ', 64);
			s = memcpy(last, s, n - i);
		}
		for (int k = 0; k < 64; k += 16) {
			lanes v = lanes_at(s + k);

			blank |= lanes_set((lanes)(v - 9 < 5) | (lanes)(v - 28 < 5)) << k;
			other |= lanes_set((lanes)(v == 0xc2) | (lanes)(v - 0xe1 < 3)) << k;
			end |= lanes_set((lanes)(v == '.') | (lanes)(v == '!') | (lanes)(v == '?')) << k;
		}
		for (; other; other &= other - 1)
			if (uni_blank(p + i + __builtin_ctzll(other), n - i - (size_t)__builtin_ctzll(other)))
				return count_slowly(p, n, longest);
		if (!blank || longest < 2 * 64)
			return count_slowly(p, n, longest);
		c.words += (size_t)__builtin_popcountll(~blank & (blank << 1 | after_blank));
		c.sentences += (size_t)__builtin_popcountll(blank & (end << 1 | after_end));
		after_blank = blank >> 63;
		after_end = end >> 63;
		ends = ~blank ? end >> (63 - __builtin_clzll(~blank)) & 1 : ends;
	}
	c.sentences += !ends + (n % 64 == 0 && !after_blank && after_end);
	return c;
}

/* Bytes of [12], [edit] or [citation needed] at p, 0 for none. */
static size_t
citation_len(const char *p, size_t n)
{
	size_t i = 1, len;

	if (n > 5 && !memcmp(p, "[edit]", 6))
		return 6;
	if (n > 16 && !memcmp(p, "[citation needed]", 17))
		return 17;
	while (i < n && uni_digit(uni_decode(p + i, n - i, &len)))
		i += len;
	return i < n && p[i] == ']' ? i + 1 : 0;
}

static void
drop_citations(const char *p, size_t n, struct buf *out)
{
	buf_clear(out);
	buf_need(out, n);
	for (size_t i = 0; i < n; ) {
		size_t len = p[i] == '[' ? citation_len(p + i, n - i) : 0;

		if (len)
			i += len;
		else
			out->p[out->n++] = p[i++];
	}
	out->p[out->n] = 0;
}

static int
ends_line(const char *p, size_t n)
{
	return n && strchr(".?!\"'", p[n - 1]) && p[n - 1] && !(n > 2 && !memcmp(p + n - 3, "...", 3));
}

/* What is done with the lines of a text. */
struct c4 {
	const double *v;
	unsigned      may;      /* phrases that are in the text, 0 when none is */
	int           bracket, brace;   /* whether these are */
	const char   *reason;   /* why the page goes */
	struct buf    line;
	size_t        sentences;        /* in lines that stay */
};

/* One line, blanks off: whether it stays, then *p and *n are what is left of it. */
static int
c4_line(struct c4 *c, const char **p, size_t *n)
{
	const double *v = c->v;
	struct counts has = count(*p, *n, v[C4_WORD_LENGTH] ? v[C4_WORD_LENGTH] : INFINITY);
	unsigned found = c->may;        /* until the line itself is looked at */

	if (has.too_long)
		return 0;
	if (v[C4_CITATIONS] && c->bracket && memchr(*p, '[', *n)) {
		drop_citations(*p, *n, &c->line);
		*p = c->line.p;
		*n = c->line.n;
		has.sentences = count(*p, *n, INFINITY).sentences;
		found = 1;
	}
	if ((v[C4_END_PUNCTUATION] && !ends_line(*p, *n)) || (double)has.words < v[C4_LINE_WORDS])
		return 0;
	found = found ? find_phrases(*p, *n) : 0;
	if (v[C4_LOREM_IPSUM] && found & LOREM_IPSUM)
		c->reason = "c4.lorem_ipsum";
	else if (v[C4_JAVASCRIPT] && found & JAVASCRIPT)
		return 0;
	else if (v[C4_CURLY_BRACKET] && c->brace && memchr(*p, '{', *n))
		c->reason = "c4.curly_bracket";
	else if (v[C4_POLICY] && found & POLICY)
		return 0;
	c->sentences += c->reason ? 0 : has.sentences;
	return !c->reason;
}

const char *
c4_apply(const double *v, struct buf *text, double *sentence_count)
{
	const char *s = buf_text(text);
	struct c4 c = { .v = v, .may = find_phrases(s, text->n), .bracket = memchr(s, '[', text->n) != NULL, .brace = memchr(s, '{', text->n) != NULL };
	struct buf out = { 0 };
	size_t kept = 0, n;

	for (size_t from = 0, next; from < text->n && !c.reason; from += next) {
		const char *p = s + from;

		n = uni_line(p, text->n - from, &next);
		uni_strip(&p, &n);
		if (!c4_line(&c, &p, &n))
			continue;
		if (kept++)
			buf_char(&out, '\n');
		buf_add(&out, p, n);
	}
	*sentence_count = (double)c.sentences;
	if (!c.reason && v[C4_SENTENCES] && *sentence_count < v[C4_SENTENCES])
		c.reason = "c4.sentences";
	if (!c.reason) {
		s = buf_text(&out);
		n = out.n;
		uni_strip(&s, &n);
		buf_clear(text);
		buf_add(text, s, n);
	}
	buf_free(&out);
	buf_free(&c.line);
	return c.reason;
}
