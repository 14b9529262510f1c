/* c4 - the rules of C4: lines go, and with some of them the page */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/c4.h"
#include "text/uni.h"
#include <string.h>

static int
contains(const char *p, size_t n, const char *what)
{
	return memmem(p, n, what, strlen(what)) != NULL;
}

/* Words between blanks; *longest gets the characters of the longest. */
static size_t
blank_words(const char *p, size_t n, size_t *longest)
{
	size_t words = 0, chars = 0, len;

	*longest = 0;
	for (size_t i = 0; i < n; i += len) {
		if (uni_space(uni_decode(p + i, n - i, &len))) {
			chars = 0;
			continue;
		}
		words += chars++ == 0;
		*longest = chars > *longest ? chars : *longest;
	}
	return words;
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

/* A sentence ends at blanks behind . ! or ? */
static size_t
sentences(const char *p, size_t n)
{
	size_t count = 0, len;
	int open = 0;
	uint32_t before = 0;

	for (size_t i = 0; i < n; i += len) {
		uint32_t c = uni_decode(p + i, n - i, &len);

		if (uni_space(c)) {
			if (open && (before == '.' || before == '!' || before == '?')) {
				count++;
				open = 0;
			}
		} else {
			open = 1;
		}
		before = c;
	}
	return count + (size_t)open;
}

static int
ends_line(const char *p, size_t n)
{
	return n && strchr(".?!\"'", p[n - 1]) && p[n - 1] && !(n > 2 && !memcmp(p + n - 3, "...", 3));
}

/* One line, blanks off: 0 it stays (*line has it), 1 it goes, -1 the page goes with *reason. */
static int
c4_line(const double *v, const char *p, size_t n, struct buf *line, struct buf *lower, const char **reason)
{
	static const char *const policies[] = { "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies" };
	size_t longest, words;

	words = blank_words(p, n, &longest);
	if (v[C4_WORD_LENGTH] && (double)longest > v[C4_WORD_LENGTH])
		return 1;
	buf_clear(line);
	if (v[C4_CITATIONS] && memchr(p, '[', n))
		drop_citations(p, n, line);
	else
		buf_add(line, p, n);
	if ((v[C4_END_PUNCTUATION] && !ends_line(line->p, line->n)) || (double)words < v[C4_LINE_WORDS])
		return 1;
	buf_clear(lower);
	buf_need(lower, line->n);
	for (size_t i = 0; i < line->n; i++)
		lower->p[i] = (char)uni_lower((unsigned char)line->p[i] < 128 ? (unsigned char)line->p[i] : 0);
	*reason = "c4.lorem_ipsum";
	if (v[C4_LOREM_IPSUM] && contains(lower->p, line->n, "lorem ipsum"))
		return -1;
	if (v[C4_JAVASCRIPT] && contains(lower->p, line->n, "javascript"))
		return 1;
	*reason = "c4.curly_bracket";
	if (v[C4_CURLY_BRACKET] && memchr(line->p, '{', line->n))
		return -1;
	for (size_t i = 0; v[C4_POLICY] && i < sizeof policies / sizeof *policies; i++)
		if (contains(lower->p, line->n, policies[i]))
			return 1;
	return 0;
}

const char *
c4_apply(const double v[C4_PARAMS], struct buf *text, double *sentence_count)
{
	struct buf out = { 0 }, line = { 0 }, lower = { 0 };
	const char *reason = NULL, *s;
	size_t from = 0, count = 0, kept = 0, len, n;
	int what = 0;

	for (size_t i = 0; i < text->n && what >= 0; i += len) {
		uint32_t c = uni_decode(text->p + i, text->n - i, &len);
		const char *p = text->p + from;

		if (!uni_line_end(c) && i + len < text->n)
			continue;
		n = (uni_line_end(c) ? i : text->n) - from;
		if (c == '\r' && i + 1 < text->n && text->p[i + 1] == '\n')
			len++;
		from = i + len;
		uni_strip(&p, &n);
		what = c4_line(v, p, n, &line, &lower, &reason);
		if (what)
			continue;
		count += sentences(line.p, line.n);
		if (kept++)
			buf_char(&out, '\n');
		buf_add(&out, line.p, line.n);
	}
	*sentence_count = (double)count;
	if (what >= 0)
		reason = v[C4_SENTENCES] && (double)count < v[C4_SENTENCES] ? "c4.sentences" : NULL;
	if (!reason) {
		s = out.p ? out.p : "";
		n = out.n;
		uni_strip(&s, &n);
		buf_clear(text);
		buf_add(text, s, n);
	}
	buf_free(&out);
	buf_free(&line);
	buf_free(&lower);
	return reason;
}
