/* json - reading JSON in place (RFC 8259) and writing it */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "base/utf8.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 512

/* ---- checking: one pass, no recursion; what passes can be walked without any further test */

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

static int
check_string(struct scan *s)
{
	for (s->p++; s->p < s->end && *s->p != '"';) {
		size_t n = utf8_len(s->p, s->end);
		if (!n)
			return bad(s, "not UTF-8");
		if (*s->p < 0x20)
			return bad(s, "a control character in a string");
		if (*s->p == '\\') {
			if (s->end - s->p < 2 || !strchr("\"\\/bfnrtu", s->p[1]) || !s->p[1])
				return bad(s, "an unknown escape in a string");
			n = 2;
			if (s->p[1] == 'u') {
				if (s->end - s->p < 6 || hex(s->p[2]) < 0 || hex(s->p[3]) < 0 ||
				    hex(s->p[4]) < 0 || hex(s->p[5]) < 0)
					return bad(s, "\\u needs four hexadecimal digits");
				n = 6;
			}
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

/* ---- walking what was checked */

int
json_kind(struct json j)
{
	if (!j.p)
		return 0;
	return *j.p == '-' || (*j.p >= '0' && *j.p <= '9') ? '0' : *j.p;
}

static const char *
skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
		p++;
	return p;
}

static const char *
skip_string(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

static const char *
skip_value(const char *p, const char *end)
{
	int depth = 0;

	do {
		if (*p == '"')
			p = skip_string(p);
		else if (*p == '{' || *p == '[')
			depth++, p++;
		else if (*p == '}' || *p == ']')
			depth--, p++;
		else if (depth)
			p++;
		else
			while (p < end && !strchr(",]} \t\r\n", *p))
				p++;
	} while (depth);
	return p;
}

struct json_iter
json_walk(struct json j)
{
	int k = json_kind(j);

	if (k != '{' && k != '[')
		return (struct json_iter){ 0 };
	return (struct json_iter){ .p = j.p + 1, .end = j.end, .object = k == '{' };
}

int
json_next(struct json_iter *it)
{
	const char *p = it->p;

	if (!p)
		return 0;
	p = skip_blanks(p);
	if (*p == ',')
		p = skip_blanks(p + 1);
	if (*p == '}' || *p == ']') {
		it->p = NULL;
		return 0;
	}
	it->key = (struct json){ 0 };
	if (it->object) {
		it->key = (struct json){ p, skip_string(p) };
		p = skip_blanks(skip_blanks(it->key.end) + 1);
	}
	it->value = (struct json){ p, skip_value(p, it->end) };
	it->p = it->value.end;
	return 1;
}

size_t
json_count(struct json j)
{
	struct json_iter it = json_walk(j);
	size_t n = 0;

	while (json_next(&it))
		n++;
	return n;
}

struct json
json_get(struct json j, const char *key)
{
	struct json_iter it = json_walk(j);

	while (it.object && json_next(&it))
		if (json_is(it.key, key))
			return it.value;
	return (struct json){ 0 };
}

struct json
json_path(struct json j, const char *dotted)
{
	char key[128];

	for (;;) {
		size_t n = strcspn(dotted, ".");
		if (n >= sizeof key)
			return (struct json){ 0 };
		memcpy(key, dotted, n);
		key[n] = 0;
		j = json_get(j, key);
		if (!dotted[n] || !j.p)
			return j;
		dotted += n + 1;
	}
}

/* ---- values */

static void
put_utf8(struct buf *b, uint32_t c)
{
	char s[4];

	buf_add(b, s, utf8_put(s, c));
}

static uint32_t
four(const char *p)
{
	uint32_t c = 0;

	for (int i = 0; i < 4; i++)
		c = c << 4 | (uint32_t)hex((unsigned char)p[i]);
	return c;
}

/* One escape at p (a backslash) appended; the bytes it took. */
static size_t
unescape(struct buf *b, const char *p)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *f = strchr(from, p[1]);
	uint32_t c;

	if (p[1] != 'u') {
		buf_char(b, f ? to[f - from] : p[1]);
		return 2;
	}
	c = four(p + 2);
	if (c >= 0xd800 && c < 0xdc00 && p[6] == '\\' && p[7] == 'u') {
		uint32_t low = four(p + 8);
		if (low >= 0xdc00 && low < 0xe000) {
			put_utf8(b, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
			return 12;
		}
	}
	put_utf8(b, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	return 6;
}

int
json_str(struct json j, struct buf *out)
{
	const char *p, *end;

	if (json_kind(j) != '"')
		return -1;
	end = j.end - 1;
	for (p = j.p + 1; p < end;) {
		const char *q = memchr(p, '\\', (size_t)(end - p));
		buf_add(out, p, (size_t)((q ? q : end) - p));
		if (!q)
			break;
		p = q + unescape(out, q);
	}
	buf_need(out, 0);
	out->p[out->n] = 0;
	return 0;
}

char *
json_dup(struct json j)
{
	struct buf b = { 0 };

	return json_str(j, &b) < 0 ? NULL : b.p;
}

int
json_is(struct json j, const char *s)
{
	size_t n = strlen(s);
	struct buf b = { 0 };
	int same;

	if (json_kind(j) != '"')
		return 0;
	if (!memchr(j.p, '\\', (size_t)(j.end - j.p)))
		return (size_t)(j.end - j.p) == n + 2 && memcmp(j.p + 1, s, n) == 0;
	json_str(j, &b);
	same = b.n == n && memcmp(b.p, s, n) == 0;
	buf_free(&b);
	return same;
}

double
json_num(struct json j, double otherwise)
{
	char s[64];
	size_t n = (size_t)(j.end - j.p);

	if (json_kind(j) != '0' || n >= sizeof s)
		return otherwise;
	memcpy(s, j.p, n);
	s[n] = 0;
	return strtod(s, NULL);
}

long long
json_int(struct json j, long long otherwise)
{
	double d = json_num(j, NAN);
	char s[64], *end;
	size_t n = (size_t)(j.end - j.p);
	long long v;

	if (isnan(d) || d != floor(d) || fabs(d) > 9e18)
		return otherwise;
	memcpy(s, j.p, n);
	s[n] = 0;
	v = strtoll(s, &end, 10);
	return *end ? (long long)d : v;         /* 1e3 is whole too */
}

int
json_bool(struct json j, int otherwise)
{
	int k = json_kind(j);

	return k == 't' ? 1 : k == 'f' ? 0 : otherwise;
}

/* ---- writing */

void
json_quote(struct buf *b, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n, *q;

	buf_char(b, '"');
	while (p < end) {
		size_t k;
		for (q = p; q < end && *q >= 0x20 && *q < 0x80 && *q != '"' && *q != '\\'; q++)
			;
		buf_add(b, p, (size_t)(q - p));
		if ((p = q) == end)
			break;
		if (*p == '"' || *p == '\\')
			buf_printf(b, "\\%c", *p++);
		else if (*p == '\n')
			buf_str(b, "\\n"), p++;
		else if (*p == '\t')
			buf_str(b, "\\t"), p++;
		else if (*p < 0x20)
			buf_printf(b, "\\u%04x", *p++);
		else if ((k = utf8_len(p, end)) > 0)
			buf_add(b, p, k), p += k;
		else
			buf_str(b, "\xef\xbf\xbd"), p++;
	}
	buf_char(b, '"');
}

void
json_raw(struct buf *b, struct json v)
{
	buf_add(b, v.p, (size_t)(v.end - v.p));
}

void
json_key(struct buf *b, const char *key)
{
	if (b->n && !strchr("{[", b->p[b->n - 1]))
		buf_char(b, ',');
	json_quote(b, key, strlen(key));
	buf_char(b, ':');
}

void
json_add_str(struct buf *b, const char *key, const char *s)
{
	json_key(b, key);
	json_quote(b, s, strlen(s));
}

void
json_add_num(struct buf *b, const char *key, double x)
{
	char s[40];

	json_key(b, key);
	if (!isfinite(x)) {
		buf_str(b, "null");
		return;
	}
	/* the fewest digits that read back as x; counts as counts, not 3.7e+08 */
	for (int digits_ = fabs(x) < 1e15 && x == floor(x) ? 17 : 6; digits_ <= 17; digits_++) {
		snprintf(s, sizeof s, "%.*g", digits_, x);
		if (strtod(s, NULL) == x)
			break;
	}
	buf_str(b, s);
}

void
json_add_int(struct buf *b, const char *key, long long v)
{
	json_key(b, key);
	buf_printf(b, "%lld", v);
}
