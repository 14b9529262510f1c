/* utf8 - one code point at a time, with ill-formed bytes told apart as WHATWG does */
#ifndef LM_UTF8_H
#define LM_UTF8_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD 0x110000u

/* The code point at p < e and its length; UTF8_BAD and the length of the maximal subpart (Unicode 16.0,
 * 3.9, table 3-7) where the bytes are ill-formed. */
static inline uint32_t
utf8_next(const unsigned char *p, const unsigned char *e, uint32_t *len)
{
	uint32_t b = *p, lo = 0x80, hi = 0xbf, need, c;

	*len = 1;
	if (b < 0x80)
		return b;
	if (b < 0xc2 || b > 0xf4)
		return UTF8_BAD;
	if (b < 0xe0) {
		need = 1, c = b & 31;
	} else if (b < 0xf0) {
		need = 2, c = b & 15;
		if (b == 0xe0)
			lo = 0xa0;
		else if (b == 0xed)
			hi = 0x9f;
	} else {
		need = 3, c = b & 7;
		if (b == 0xf0)
			lo = 0x90;
		else if (b == 0xf4)
			hi = 0x8f;
	}
	for (uint32_t i = 1; i <= need; i++, lo = 0x80, hi = 0xbf) {
		if (p + i >= e || p[i] < lo || p[i] > hi) {
			*len = i;
			return UTF8_BAD;
		}
		c = c << 6 | (p[i] & 63);
	}
	*len = need + 1;
	return c;
}

/* Bytes of the character, or of what there is of one, that ends at s + n; n > 0.  At most 4. */
static inline size_t
utf8_last(const char *s, size_t n)
{
	size_t back = 1;

	while (back < 4 && back < n && ((unsigned char)s[n - back] & 0xc0) == 0x80)
		back++;
	return back;
}

/* Bytes of an unfinished text that end with a whole character. */
static inline size_t
utf8_whole(const char *s, size_t n)
{
	size_t back = n ? utf8_last(s, n) : 0;
	uint32_t len;

	if (n && utf8_next((const unsigned char *)s + n - back, (const unsigned char *)s + n, &len) == UTF8_BAD && len == back)
		return n - back;
	return n;
}

/* Writes c, at most 4 bytes; returns how many. */
static inline size_t
utf8_put(char *out, uint32_t c)
{
	unsigned char *o = (unsigned char *)out;

	if (c < 0x80)
		return o[0] = (unsigned char)c, 1;
	if (c < 0x800)
		return o[0] = (unsigned char)(0xc0 | c >> 6), o[1] = (unsigned char)(0x80 | (c & 63)), 2;
	if (c < 0x10000)
		return o[0] = (unsigned char)(0xe0 | c >> 12), o[1] = (unsigned char)(0x80 | (c >> 6 & 63)),
		       o[2] = (unsigned char)(0x80 | (c & 63)), 3;
	return o[0] = (unsigned char)(0xf0 | c >> 18), o[1] = (unsigned char)(0x80 | (c >> 12 & 63)),
	       o[2] = (unsigned char)(0x80 | (c >> 6 & 63)), o[3] = (unsigned char)(0x80 | (c & 63)), 4;
}

/* The first offset at which n bytes are not UTF-8; n when they all are. */
static inline size_t
utf8_check(const void *text, size_t n)
{
	const unsigned char *p = text, *e = p + n, *q = p;
	uint32_t len;

	while (q < e) {
		if (*q < 0x80)
			q++;
		else if (utf8_next(q, e, &len) == UTF8_BAD)
			break;
		else
			q += len;
	}
	return (size_t)(q - p);
}
#endif
