/* json - walking JSON in place, and the values in it */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "base/lanes.h"
#include "base/utf8.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
skip_string(const char *p, const char *end)
{
	uint64_t stop;

	for (p++; ; p += 1 + (*p == '\\')) {
		for (; end - p >= 16; p += 16) {
			lanes v = lanes_at(p);

			if ((stop = lanes_set((v == '"') | (v == '\\')))) {
				p += __builtin_ctzll(stop);
				break;
			}
		}
		if (*p == '"')
			return p + 1;
	}
}

/* Positions in 64 bytes: quotes that no backslash takes their meaning, what opens an array or object, what closes one. */
struct marks {
	uint64_t quote, open, close;
};

static struct marks
marks_at(const char *p, int *escaped)
{
	struct marks m = { 0 };
	uint64_t back = 0, bit;

	for (int i = 0; i < 64; i += 16) {
		lanes v = lanes_at(p + i);

		m.quote |= lanes_set(v == '"') << i;
		back |= lanes_set(v == '\\') << i;
		m.open |= lanes_set((v | 0x20) == '{') << i;
		m.close |= lanes_set((v | 0x20) == '}') << i;
	}
	if (*escaped)
		back &= ~(uint64_t)1, m.quote &= ~(uint64_t)1;
	for (*escaped = 0; back; back &= back - 1) {
		if (!(bit = (back & -back) << 1))
			*escaped = 1;
		back &= ~bit;
		m.quote &= ~bit;
	}
	return m;
}

/* Past the bracket or brace that closes the one at p, looked for 64 bytes at a time as long as there are so many. */
static const char *
skip_nested(const char *p, const char *end)
{
	int depth = 0, escaped = 0;
	uint64_t inside = 0, in, all;

	for (; end - p >= 64; p += 64) {
		struct marks m = marks_at(p, &escaped);

		in = m.quote ^ m.quote << 1;            /* bit i: how many quotes there are up to it, odd or even */
		in ^= in << 2, in ^= in << 4, in ^= in << 8, in ^= in << 16, in ^= in << 32;
		in ^= inside;
		inside = -(in >> 63);
		m.open &= ~in, m.close &= ~in;
		if (__builtin_popcountll(m.close) < depth) {
			depth += __builtin_popcountll(m.open) - __builtin_popcountll(m.close);
			continue;
		}
		for (all = m.open | m.close; all; all &= all - 1) {
			depth += m.open & all & -all ? 1 : -1;
			if (!depth)
				return p + __builtin_ctzll(all) + 1;
		}
	}
	if (inside)
		p = skip_string(p - 1 + escaped, end);
	for (; ; p++) {
		if (*p == '"')
			p = skip_string(p, end) - 1;
		else if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && !--depth)
			return p + 1;
	}
}

static const char *
skip_value(const char *p, const char *end)
{
	if (*p == '"')
		return skip_string(p, end);
	if (*p == '{' || *p == '[')
		return skip_nested(p, end);
	while (p < end && (unsigned char)*p > ' ' && *p != ',' && *p != ']' && *p != '}')
		p++;
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
		it->key = (struct json){ p, skip_string(p, it->end) };
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

void
json_pick(struct json j, const char *const *keys, size_t n, struct json *out)
{
	struct json_iter it = json_walk(j);

	memset(out, 0, n * sizeof *out);
	while (it.object && json_next(&it))
		for (size_t i = 0; i < n; i++)
			if (!out[i].p && json_is(it.key, keys[i]))
				out[i] = it.value;
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
		c = c << 4 | (uint32_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
	return c;
}

/* One escape at p (a backslash) appended; the bytes it took. */
static size_t
unescape(struct buf *b, const char *p)
{
	static const char to[128] = { ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t' };
	char e = to[p[1] & 127];
	uint32_t c;

	if (p[1] != 'u') {
		buf_char(b, e ? e : p[1]);
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
	size_t n = (size_t)(j.end - j.p), i;
	char s[64], *end;
	long long v = 0;
	double d;

	for (i = 0; i < n && n <= 18 && j.p[i] >= '0' && j.p[i] <= '9'; i++)
		v = 10 * v + (j.p[i] - '0');
	if (n && i == n)
		return v;
	d = json_num(j, NAN);
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
