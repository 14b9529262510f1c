/* uni - characters: UTF-8, their classes and lower case, as Python's str has them */
/* SPDX-License-Identifier: MIT */
#include "base/lanes.h"
#include "base/utf8.h"
#include "text/uni.h"
#include "text/uni_tables.h"
#include <string.h>

#define COUNT(a) (sizeof (a) / sizeof *(a))

uint32_t
uni_decode(const char *s, size_t n, size_t *len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c, bytes;

	c = utf8_next(p, p + n, &bytes);
	*len = bytes;
	return c == UTF8_BAD ? UNI_BAD : c;
}

size_t
uni_plain(const char *p, size_t n)
{
	size_t i = 0;

	while (n - i > sizeof(lanes)) {
		lanes v = lanes_at(p + i), next = lanes_at(p + i + 1);
		uint64_t other = ~lanes_set((lanes)(v - 33 < 94) | ((lanes)(v == ' ') & (lanes)(next - 33 < 94))) & 0xffff;

		if (other)
			return i + (size_t)__builtin_ctzll(other);
		i += sizeof(lanes);
	}
	return i;
}

enum uni_class
uni_class(uint32_t c)
{
	size_t low = 0, high = COUNT(classes);

	if (c < 128)
		return (c | 32) - 'a' < 26 ? UNI_ALPHA : c - '0' < 10 ? UNI_DIGIT : UNI_OTHER;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c < classes[mid].first)
			high = mid;
		else if (c - classes[mid].first >= classes[mid].n)
			low = mid + 1;
		else
			return (enum uni_class)classes[mid].class;
	}
	return UNI_OTHER;
}

int
uni_word(uint32_t c)
{
	enum uni_class k;

	if (c == '_')
		return 1;
	k = uni_class(c);
	return k != UNI_OTHER && k != UNI_MARK;
}

int
uni_word_before(const char *s, size_t i)
{
	size_t back = i ? utf8_last(s, i) : 0, len;

	return i && uni_word(uni_decode(s + i - back, back, &len));
}

int
uni_space(uint32_t c)
{
	if (c < 128)
		return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f);
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

size_t
uni_blank_at(const char *s, size_t n)
{
	size_t len;

	return uni_space(uni_decode(s, n, &len)) ? len : 0;
}

/* Bytes of the end of a line at p, 0 when there is none. */
static size_t
line_end(const unsigned char *p, size_t n)
{
	if (*p < ' ')
		return (*p >= 10 && *p <= 13) || (*p >= 0x1c && *p <= 0x1e) ? 1 + (size_t)(*p == '\r' && n > 1 && p[1] == '\n') : 0;
	if (*p == 0xc2)
		return n > 1 && p[1] == 0x85 ? 2 : 0;
	return *p == 0xe2 && n > 2 && p[1] == 0x80 && (p[2] & 0xfe) == 0xa8 ? 3 : 0;
}

size_t
uni_line(const char *s, size_t n, size_t *next)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i = 0, len = 0;

	for (; n - i >= 16 && !len; i += len ? 0 : 16) {
		lanes v = lanes_at(p + i);
		uint64_t may = lanes_set((lanes)(v < ' ') | (lanes)(v == 0xc2) | (lanes)(v == 0xe2));

		for (; may && !len; may &= may - 1) {
			size_t at = i + (size_t)__builtin_ctzll(may);

			if ((len = line_end(p + at, n - at)))
				i = at;
		}
	}
	while (i < n && !len)
		i += !(len = line_end(p + i, n - i));
	*next = i + len;
	return i;
}

int
uni_terminal(uint32_t c)
{
	for (size_t i = 0; i < COUNT(terminals) && terminals[i].first <= c; i++)
		if (c <= terminals[i].last)
			return 1;
	return 0;
}

int
uni_symbol(uint32_t c)
{
	for (size_t i = 0; i < COUNT(symbols) && symbols[i].first <= c; i++)
		if (c <= symbols[i].last)
			return 1;
	return c > 128 && uni_terminal(c);
}

uint32_t
uni_lower(uint32_t c)
{
	size_t low = 0, high = COUNT(lowers);

	if (c < 128)
		return c - 'A' < 26 ? c + 32 : c;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c < lowers[mid].first)
			high = mid;
		else if (c > lowers[mid].last)
			low = mid + 1;
		else if ((c - lowers[mid].first) % lowers[mid].step)
			return c;
		else
			return (uint32_t)((int64_t)c + lowers[mid].add);
	}
	return c;
}

size_t
uni_count(const char *s, size_t n)
{
	size_t count = n, i = 0;

	while (n - i >= 16) {
		lanes inner = { 0 };            /* 10xxxxxx */

		for (int k = 0; k < 255 && n - i >= 16; k++, i += 16)
			inner -= (lanes)((lanes_at(s + i) & 0xc0) == 0x80);
		count -= lanes_sum(inner);
	}
	for (; i < n; i++)
		count -= ((unsigned char)s[i] & 0xc0) == 0x80;
	return count;
}

void
uni_strip(const char **s, size_t *n)
{
	size_t len;

	while (*n && uni_space(uni_decode(*s, *n, &len))) {
		*s += len;
		*n -= len;
	}
	while (*n) {
		size_t back = utf8_last(*s, *n);

		if (!uni_space(uni_decode(*s + *n - back, back, &len)) || len != back)
			break;
		*n -= back;
	}
}
