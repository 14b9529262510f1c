/* refinedweb - the corrections by line of RefinedWeb: what is no prose goes */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/lines.h"
#include "base/utf8.h"
#include "text/uni.h"
#include <string.h>
#include <strings.h>

struct line {
	size_t chars, upper, digits, words;
};

static struct line
measure(const char *p, size_t n)
{
	struct line l = { 0 };
	int blank = 1;

	for (size_t i = 0, len; i < n; i += len, l.chars++) {
		uint32_t c = uni_decode(p + i, n - i, &len);
		int was = blank;

		blank = uni_space(c);
		l.words += was && !blank;
		l.upper += uni_lower(c) != c;
		l.digits += (size_t)uni_digit(c);
	}
	return l;
}

/* Bytes of what no word is made of, at p. */
static size_t
skip_signs(const char *p, size_t n)
{
	size_t i = 0, len;

	for (; i < n && !uni_word(uni_decode(p + i, n - i, &len)); i += len)
		;
	return i;
}

/* "3 likes", "1.2K views": a number and what is counted, with signs around. */
static int
is_counter(const char *p, size_t n)
{
	static const char *const counted[] = { "likes", "shares", "comments", "retweets", "reposts", "quotes", "bookmarks", "upvotes",
		"downvotes", "downloads", "views", "followers" };
	size_t i = skip_signs(p, n), len, blank = 0;

	if (i == n || !uni_digit(uni_decode(p + i, n - i, &len)))
		return 0;
	for (; i < n && (p[i] == ',' || p[i] == '.' || uni_digit(uni_decode(p + i, n - i, &len))); i += len)
		len = p[i] == ',' || p[i] == '.' ? 1 : len;
	i += i < n && memchr("kmb", p[i] | 32, 3);
	for (; i < n && (len = uni_blank(p + i, n - i)); i += len)
		blank = 1;
	for (size_t k = 0; blank && k < sizeof counted / sizeof *counted; k++) {
		len = strlen(counted[k]);
		if (len <= n - i && !strncasecmp(p + i, counted[k], len) && skip_signs(p + i + len, n - i - len) == n - i - len)
			return 1;
	}
	return 0;
}

/* Bytes of the blank that ends at p + at. */
static size_t
blank_before(const char *p, size_t at)
{
	size_t back = at ? utf8_last(p, at) : 0;

	return back && uni_blank(p + at - back, back) == back ? back : 0;
}

/* Takes out of the line, which out ends with, what pages put beside their text, each time with a blank. */
static void
drop_snippets(struct buf *out, size_t line)
{
	static const char cart[] = "items in cart", more[] = "Read more...", sign_in[] = "Sign-in";
	char *p = out->p + line;
	size_t n = out->n - line, to = 0, len = sizeof cart - 1;

	for (size_t i = 0; i < n; ) {
		if (len <= n - i && (p[i] | 32) == 'i' && !strncasecmp(p + i, cart, len)) {
			to -= blank_before(p, to);
			i += len;
		} else {
			p[to++] = p[i++];
		}
	}
	n = to;
	len = sizeof more - 1;
	if (n >= len && !strncasecmp(p + n - len, more, len))
		n -= len + blank_before(p, n - len);
	len = sizeof sign_in - 1;
	if (n >= len && !strncasecmp(p, sign_in, len)) {
		len += n > len ? uni_blank(p + len, n - len) : 0;
		memmove(p, p + len, n -= len);
	}
	out->n = line + n;
	out->p[out->n] = 0;
}

const char *
refinedweb_apply(const double *v, struct buf *text, double *removed)
{
	const char *s = buf_text(text);
	struct buf out = { 0 };
	double before = 0, after = 0;
	size_t all = text->n;

	uni_strip(&s, &all);
	for (size_t from = 0, n, line; from < all; from += n + 1) {
		const char *p = s + from, *nl = memchr(p, '\n', all - from);
		struct line l;

		n = nl ? (size_t)(nl - p) : all - from;
		l = measure(p, n);
		before += (double)l.words;
		if (n && ((v[RW_UPPER] > 0 && (double)l.upper > v[RW_UPPER] * (double)l.chars) ||
			  (v[RW_NUMERIC] > 0 && (double)l.digits > v[RW_NUMERIC] * (double)l.chars) ||
			  (v[RW_COUNTERS] > 0 && is_counter(p, n)) || (double)l.words < v[RW_LINE_WORDS]))
			continue;
		line = out.n;
		buf_add(&out, p, n);
		if (n && (double)l.words <= v[RW_SNIPPET_WORDS]) {
			drop_snippets(&out, line);
			l = measure(out.p + line, out.n - line);
			if (!l.words) {
				out.n = line;
				continue;
			}
		}
		after += (double)l.words;
		buf_char(&out, '\n');
	}
	*removed = before > 0 ? (before - after) / before : 0;
	if (v[RW_REMOVED] > 0 && *removed > v[RW_REMOVED]) {
		buf_free(&out);
		return "refinedweb.removed";
	}
	s = buf_text(&out);
	uni_strip(&s, &out.n);
	buf_clear(text);
	buf_add(text, s, out.n);
	buf_free(&out);
	return NULL;
}
