/* c4 - the rules of C4: lines go, and with some of them the page */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/c4.h"
#include "text/uni.h"
#include <math.h>
#include <string.h>

static const char *const phrases[] = { "lorem ipsum", "javascript",
	"terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies" };
enum { PHRASES = sizeof phrases / sizeof *phrases, LOREM_IPSUM = 1, JAVASCRIPT = 2, POLICY = 0xfc, ALL = 0xff };

/* Which of some phrases are in the text, in upper or lower case. */
static unsigned
find_phrases(const char *p, size_t n, unsigned which, struct buf *lower)
{
	unsigned found = 0;

	if (!which || !n)
		return 0;
	buf_clear(lower);
	buf_need(lower, n);
	for (size_t i = 0; i < n; i++)
		lower->p[i] = (char)(p[i] | (((unsigned)p[i] - 'A' < 26) << 5));
	for (unsigned k = 0; k < PHRASES; k++)
		if (which >> k & 1 && memmem(lower->p, n, phrases[k], strlen(phrases[k])))
			found |= 1u << k;
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

static struct counts
count(const char *p, size_t n, double longest)
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
	unsigned      may;      /* phrases that are in the text */
	const char   *reason;   /* why the page goes */
	struct buf    line, lower;
	size_t        sentences;        /* in lines that stay */
};

/* One line, blanks off: whether it stays, then *p and *n are what is left of it. */
static int
c4_line(struct c4 *c, const char **p, size_t *n)
{
	const double *v = c->v;
	struct counts has = count(*p, *n, v[C4_WORD_LENGTH] ? v[C4_WORD_LENGTH] : INFINITY);
	unsigned found = c->may;

	if (has.too_long)
		return 0;
	if (v[C4_CITATIONS] && memchr(*p, '[', *n)) {
		drop_citations(*p, *n, &c->line);
		*p = c->line.p;
		*n = c->line.n;
		has.sentences = count(*p, *n, INFINITY).sentences;
		found = ALL;
	}
	if ((v[C4_END_PUNCTUATION] && !ends_line(*p, *n)) || (double)has.words < v[C4_LINE_WORDS])
		return 0;
	found = find_phrases(*p, *n, found, &c->lower);
	if (v[C4_LOREM_IPSUM] && found & LOREM_IPSUM)
		c->reason = "c4.lorem_ipsum";
	else if (v[C4_JAVASCRIPT] && found & JAVASCRIPT)
		return 0;
	else if (v[C4_CURLY_BRACKET] && memchr(*p, '{', *n))
		c->reason = "c4.curly_bracket";
	else if (v[C4_POLICY] && found & POLICY)
		return 0;
	c->sentences += c->reason ? 0 : has.sentences;
	return !c->reason;
}

const char *
c4_apply(const double v[C4_PARAMS], struct buf *text, double *sentence_count)
{
	struct c4 c = { .v = v };
	struct buf out = { 0 };
	size_t kept = 0, n;

	c.may = find_phrases(text->p, text->n, ALL, &c.lower);
	for (size_t from = 0, next; from < text->n && !c.reason; from += next) {
		const char *p = text->p + from;

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
		const char *s = out.p ? out.p : "";

		n = out.n;
		uni_strip(&s, &n);
		buf_clear(text);
		buf_add(text, s, n);
	}
	buf_free(&out);
	buf_free(&c.line);
	buf_free(&c.lower);
	return c.reason;
}
