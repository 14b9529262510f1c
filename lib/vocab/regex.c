/* regex - matches of a regular expression in a text, by PCRE2 */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/regex.h"
#include "vocab/ucd.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

struct regex {
	pcre2_code *code;
};

struct regex *
regex_new(const char *pattern, struct err *err)
{
	struct regex *r = NULL;
	struct buf text = {0};
	pcre2_code *t;
	int code, rc = onig_pattern(pattern, &text, err);
	size_t at;
	unsigned char why[128];

	t = rc ? NULL : pcre2_compile((PCRE2_SPTR)buf_text(&text), text.n, PCRE2_UTF | PCRE2_UCP, &code, &at, NULL);
	if (t) {
		pcre2_jit_compile(t, PCRE2_JIT_COMPLETE);       /* without a JIT the interpreter does it */
		r = xcalloc(1, sizeof *r);
		r->code = t;
	} else if (!rc) {
		pcre2_get_error_message(code, why, sizeof why);
		err_set(err, "pattern: %s at character %zu of '%.200s'", (char *)why, at + 1, text.p);
	}
	buf_free(&text);
	return r;
}

void
regex_free(struct regex *r)
{
	if (r)
		pcre2_code_free(r->code);
	free(r);
}

/* Whether clean() changes nothing. */
static int
is_clean(const unsigned char *p, size_t n)
{
	const unsigned char *e = p + n;
	uint32_t len, c;

	if (utf8_check(p, n) < n)
		return 0;
	for (; p < e; p += len) {
		if (*p < 0xd8) {                /* below U+0600 nothing is new; the second byte of two is no lead */
			len = 1;
			continue;
		}
		c = utf8_next(p, e, &len);
		if (ucd_like(c) != c)
			return 0;
	}
	return 1;
}

/* c->clean becomes the text in well-formed UTF-8, of characters that PCRE2 knows. */
static void
clean(struct cuts *c, const unsigned char *p, size_t n)
{
	const unsigned char *e = p + n, *q = p;
	char u[4];
	uint32_t len, ch;

	buf_clear(&c->clean);
	c->n_map = 0;
	for (; q < e; q += len) {
		ch = utf8_next(q, e, &len);
		if (ch != UTF8_BAD) {
			buf_add(&c->clean, u, utf8_put(u, ucd_like(ch)));       /* as long as ch */
			continue;
		}
		buf_str(&c->clean, "\xef\xbf\xbd");
		VEC_PUSH(c->map, c->n_map, c->map_cap, ((struct drift){ c->clean.n, (size_t)(q + len - p) }));
	}
}

/* Offsets in c->clean, from `first` on, become those in the text: both ascend. */
static void
map_back(struct cuts *c, size_t first, size_t origin, size_t gap)
{
	size_t k = 0;

	for (size_t i = first; i < c->n; i++) {
		size_t at = c->end[i] & ~gap;

		while (k < c->n_map && c->map[k].clean <= at)
			k++;
		if (k)
			at = at - c->map[k - 1].clean + c->map[k - 1].text;
		c->end[i] = (at + origin) | (c->end[i] & gap);
	}
}

static void
end_at(struct cuts *c, size_t at)
{
	VEC_PUSH(c->end, c->n, c->cap, at);
}

int
regex_ends(const struct regex *r, struct cuts *c, const unsigned char *p, size_t n, size_t origin, size_t gap, struct err *err)
{
	size_t first = c->n, at = 0;
	const unsigned char *t = p;
	size_t *ov;

	if (!c->match)
		c->match = pcre2_match_data_create(1, NULL);
	if (!c->match)
		return err_set(err, "no memory for the pattern");
	c->n_map = 0;
	if (!is_clean(p, n)) {
		clean(c, p, n);
		t = (const unsigned char *)c->clean.p;
		n = c->clean.n;
	}
	ov = pcre2_get_ovector_pointer(c->match);
	while (at < n) {
		/* Checked above, once; PCRE2 would check all that is left for each piece. */
		int rc = pcre2_match(r->code, t, n, at, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, c->match, NULL);
		unsigned char why[128];

		if (rc == PCRE2_ERROR_JIT_STACKLIMIT)   /* the interpreter has the heap */
			rc = pcre2_match(r->code, t, n, at, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY | PCRE2_NO_JIT, c->match, NULL);
		if (rc == PCRE2_ERROR_NOMATCH)
			break;
		if (rc < 0) {
			pcre2_get_error_message(rc, why, sizeof why);
			return err_set(err, "pattern: %s (byte %zu)", (char *)why, origin + at);
		}
		if (ov[0] < at || ov[1] <= ov[0])       /* \K can do that */
			return err_set(err, "pattern: a match that goes backwards (byte %zu)", origin + at);
		if (ov[0] > at)
			end_at(c, ov[0] | gap);
		end_at(c, at = ov[1]);
	}
	if (at < n)
		end_at(c, n | gap);
	map_back(c, first, origin, gap);
	return 0;
}

void
cuts_free(struct cuts *c)
{
	pcre2_match_data_free(c->match);
	free(c->end);
	free(c->spare);
	free(c->map);
	buf_free(&c->clean);
	memset(c, 0, sizeof *c);
}
