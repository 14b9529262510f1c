/* onig - what Oniguruma and Rust write otherwise than PCRE2 in regular expressions: sets within sets, scripts */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "vocab/regex.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

/* What begins with a backslash at p; returns its length. */
static size_t
escape(const char *p, const char *e, int in_set, struct buf *out)
{
	static const char *const scripts[] = { "\\p{Han}", "\\p{Hiragana}", "\\p{Katakana}", "\\p{Hangul}" };

	for (size_t i = 0; PCRE2_MAJOR * 100 + PCRE2_MINOR >= 1040 && i < sizeof scripts / sizeof *scripts; i++) {
		size_t n = strlen(scripts[i]);

		if ((size_t)(e - p) >= n && !memcmp(p, scripts[i], n)) {        /* PCRE2 adds what several scripts use */
			buf_printf(out, "\\p{sc:%s", scripts[i] + 3);
			return n;
		}
	}
	if (p[1] == 'h')                /* PCRE2's is a blank */
		buf_str(out, in_set ? "0-9A-Fa-f" : "[0-9A-Fa-f]");
	else
		buf_add(out, p, 2);
	return 2;
}

/* The set that begins at *p, behind its bracket, up to the end of it: its members, those of sets within among them. */
static int
members(const char **p, const char *e, struct buf *out, struct err *err)
{
	const char *q = *p, *opened = NULL;
	int depth = 0;

	if (q < e && *q == ']')         /* the first of a set is one of it */
		buf_str(out, "\\]"), q++;
	for (; q < e; q++) {
		if (*q == '\\' && q + 1 < e) {
			q += escape(q, e, 1, out) - 1;
		} else if (e - q > 2 && q[0] == '[' && q[1] == ':' && memmem(q + 2, (size_t)(e - q) - 2, ":]", 2)) {
			const char *end = (char *)memmem(q + 2, (size_t)(e - q) - 2, ":]", 2) + 2;

			buf_add(out, q, (size_t)(end - q));
			q = end - 1;
		} else if (*q == '[') {
			if (q + 1 < e && q[1] == '^')
				return err_set(err, "pattern: [^ within a set is not supported");
			opened = q + 1;
			depth++;
		} else if (*q == '&' && q + 1 < e && q[1] == '&' && depth) {
			return err_set(err, "pattern: && within a set in a set is not supported");
		} else if ((*q == '&' && q + 1 < e && q[1] == '&') || (*q == ']' && !depth)) {
			*p = q;
			return 0;
		} else if (*q == ']') {
			depth--;
		} else {
			if (*q == '-' && (q == opened || (q + 1 < e && q[1] == ']')))   /* what was no range shall be none */
				buf_char(out, '\\');
			buf_char(out, *q);
		}
	}
	return err_set(err, "pattern: a set that does not end");
}

/* A set; of A&&[^B] what is in A, looked at first for not being in B. */
static int
set(const char **p, const char *e, struct buf *out, struct err *err)
{
	struct buf a = {0}, b = {0};
	int negated = *p < e && **p == '^', rc;

	*p += negated;
	rc = members(p, e, &a, err);
	if (!rc && **p == '&') {
		if (negated || e - *p < 5 || memcmp(*p, "&&[^", 4)) {
			rc = err_set(err, "pattern: of && in sets only [A&&[^B]] is supported");
		} else {
			*p += 4;
			rc = members(p, e, &b, err);
			if (!rc && (e - *p < 2 || memcmp(*p, "]]", 2)))
				rc = err_set(err, "pattern: of && in sets only [A&&[^B]] is supported");
			*p += !rc;
		}
	}
	if (!rc && b.n)
		buf_printf(out, "(?:(?![%s])[%s])", b.p, buf_text(&a));
	else if (!rc)
		buf_printf(out, "[%s%s]", negated ? "^" : "", buf_text(&a));
	*p += !rc;
	buf_free(&a), buf_free(&b);
	return rc;
}

int
onig_pattern(const char *p, struct buf *out, struct err *err)
{
	const char *e = p + strlen(p);

	while (p < e) {
		if (*p == '\\' && p + 1 < e) {
			p += escape(p, e, 0, out);
		} else if (*p == '[') {
			p++;
			if (set(&p, e, out, err))
				return -1;
		} else {
			buf_char(out, *p++);
		}
	}
	return 0;
}
