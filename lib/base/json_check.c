/* json_check - whether bytes are JSON (RFC 8259): one pass, no recursion; what passes can be walked without any further test */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "base/lanes.h"
#include "base/utf8.h"
#include <string.h>

#define MAX_DEPTH 512

struct scan {
	const unsigned char *s, *p, *end;
	const char *what;
};

/* The length of the well-formed UTF-8 sequence at p, 0 when there is none. */
static size_t
utf8_len(const unsigned char *p, const unsigned char *end)
{
	uint32_t len;

	return utf8_next(p, end, &len) == UTF8_BAD ? 0 : len;
}

static int
hex(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void
blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static int
bad(struct scan *s, const char *what)
{
	s->what = what;
	return -1;
}

/* The bytes of the escape at p, 0 when there is none such; 1 of \u without its digits. */
static size_t
escape_len(const unsigned char *p, const unsigned char *end)
{
	static const char known[128] = { ['"'] = 2, ['\\'] = 2, ['/'] = 2, ['b'] = 2, ['f'] = 2, ['n'] = 2, ['r'] = 2, ['t'] = 2, ['u'] = 6 };
	size_t n = end - p < 2 || p[1] > 127 ? 0 : (size_t)known[p[1]];

	if (n == 6 && (end - p < 6 || hex(p[2]) < 0 || hex(p[3]) < 0 || hex(p[4]) < 0 || hex(p[5]) < 0))
		return 1;
	return n;
}

/* Past what stands for itself in a string: printable ASCII, 16 at a time. */
static const unsigned char *
plain(const unsigned char *p, const unsigned char *end)
{
	for (; end - p >= 16; p += 16) {
		lanes v = lanes_at(p);
		uint64_t stop = lanes_set((v == '"') | (v == '\\') | (v < 0x20) | (v >= 0x80));

		if (stop)
			return p + __builtin_ctzll(stop);
	}
	return p;
}

static int
check_string(struct scan *s)
{
	for (s->p++; (s->p = plain(s->p, s->end)) < s->end && *s->p != '"';) {
		size_t n = *s->p < 0x80 ? 1 : utf8_len(s->p, s->end);

		if (!n)
			return bad(s, "not UTF-8");
		if (*s->p < 0x20)
			return bad(s, "a control character in a string");
		if (*s->p == '\\') {
			n = escape_len(s->p, s->end);
			if (n < 2)
				return bad(s, n ? "\\u needs four hexadecimal digits" : "an unknown escape in a string");
		}
		s->p += n;
	}
	if (s->p >= s->end)
		return bad(s, "a string that does not end");
	s->p++;
	return 0;
}

static int
digits(struct scan *s)
{
	const unsigned char *p = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > p;
}

static int
check_number(struct scan *s)
{
	if (*s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0')
		s->p++;
	else if (!digits(s))
		return bad(s, "not a number");
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!digits(s))
			return bad(s, "no digit after the point");
	}
	if (s->p < s->end && (*s->p | 0x20) == 'e') {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		if (!digits(s))
			return bad(s, "no digit in the exponent");
	}
	return 0;
}

static int
check_word(struct scan *s, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, w, n) != 0)
		return bad(s, "not a value");
	s->p += n;
	return 0;
}

static int
check_scalar(struct scan *s)
{
	switch (*s->p) {
	case '"': return check_string(s);
	case 't': return check_word(s, "true");
	case 'f': return check_word(s, "false");
	case 'n': return check_word(s, "null");
	default: return *s->p == '-' || (*s->p >= '0' && *s->p <= '9') ? check_number(s) : bad(s, "not a value");
	}
}

static int
check_key(struct scan *s)
{
	blanks(s);
	if (s->p >= s->end || *s->p != '"')
		return bad(s, "a key should stand here");
	if (check_string(s) < 0)
		return -1;
	blanks(s);
	if (s->p >= s->end || *s->p != ':')
		return bad(s, "a colon should stand here");
	s->p++;
	return 0;
}

static int
check_value(struct scan *s)
{
	unsigned char open[MAX_DEPTH];
	int depth = 0;

	for (;;) {
		blanks(s);
		if (s->p >= s->end)
			return bad(s, "cut short");
		if (*s->p == '{' || *s->p == '[') {
			unsigned char c = *s->p++;
			blanks(s);
			if (s->p < s->end && *s->p == c + 2) {   /* empty: ']' and '}' follow their openers by two */
				s->p++;
			} else {
				if (depth == MAX_DEPTH)
					return bad(s, "nested too deeply");
				open[depth++] = c;
				if (c == '{' && check_key(s) < 0)
					return -1;
				continue;
			}
		} else if (check_scalar(s) < 0)
			return -1;
		for (;;) {              /* after a value: close what ends here, or go on to the next */
			if (!depth)
				return 0;
			blanks(s);
			if (s->p >= s->end)
				return bad(s, "cut short");
			if (*s->p == open[depth - 1] + 2) {
				s->p++, depth--;
				continue;
			}
			if (*s->p != ',')
				return bad(s, "a comma should stand here");
			s->p++;
			if (open[depth - 1] == '{' && check_key(s) < 0)
				return -1;
			break;
		}
	}
}

int
json_parse(struct json *j, const char *text, size_t n, struct err *e)
{
	const unsigned char *u = (const unsigned char *)text, *first;
	struct scan s = { u, u, u + n, NULL };
	int r;

	blanks(&s);
	first = s.p;
	r = check_value(&s);
	if (r == 0) {
		*j = (struct json){ (const char *)first, (const char *)s.p };
		blanks(&s);
		if (s.p < s.end)
			r = bad(&s, "something after the value");
	}
	if (r < 0) {
		*j = (struct json){ 0 };
		return err_set(e, "byte %zu: JSON: %s", (size_t)(s.p - s.s), s.what);
	}
	return 0;
}
