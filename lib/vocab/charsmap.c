/* charsmap - SentencePiece's normalization: strings to strings by a trie that the vocabulary's file carries */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/charsmap.h"
#include <string.h>

int
charsmap_check(const void *map, size_t n, struct err *err)
{
	uint32_t size;

	if (n < 4)
		return err_set(err, "a normalization map of %zu bytes", n);
	memcpy(&size, map, 4);
	if (size % 4 || size < 4 || size >= n - 4 || ((const char *)map)[n - 1])
		return err_set(err, "a normalization map whose trie has %u of %zu bytes", size, n);
	return 0;
}

/* A unit of the double array: its label (with the bit that leaves have), and how far its children lie. */
static uint32_t
unit_at(const unsigned char *trie, uint32_t i)
{
	uint32_t u;

	memcpy(&u, trie + 4 * (size_t)i, 4);
	return u;
}

static uint32_t label(uint32_t u) { return u & (0x80000000u | 0xff); }
static uint32_t offset(uint32_t u) { return u >> 10 << ((u & 1u << 9) >> 6); }

/* The longest string at p that the map knows: its bytes, and what becomes of it. */
static size_t
longest(const unsigned char *map, size_t n, const unsigned char *p, const unsigned char *e, const char **to)
{
	const unsigned char *trie = map + 4;
	uint32_t size, at, u;
	size_t best = 0;

	memcpy(&size, map, 4);
	n -= 4 + (size_t)size;
	size /= 4;
	at = offset(unit_at(trie, 0));
	for (size_t i = 0; p + i < e; i++) {
		at ^= p[i];
		if (at >= size || label(u = unit_at(trie, at)) != p[i])
			break;
		at ^= offset(u);
		if (at >= size)
			break;
		if (u >> 8 & 1) {
			uint32_t value = unit_at(trie, at) & 0x7fffffff;

			if (value >= n)
				break;
			*to = (const char *)trie + 4 * (size_t)size + value;
			best = i + 1;
		}
	}
	return best;
}

/* after: the last thing put ended in a space, and those that follow it go; U+2581 counts as none. */
static int
put(struct buf *out, int after, const char *s, size_t n)
{
	while (after && n && *s == ' ')
		s++, n--;
	for (size_t i = 0; i < n; i++) {
		int blank = n - i >= 3 && !memcmp(s + i, "\xe2\x96\x81", 3);

		buf_char(out, blank ? ' ' : (unsigned char)s[i]);
		i += blank ? 2 : 0;
	}
	return n ? s[n - 1] == ' ' : after;
}

void
charsmap_apply(const void *map, size_t n, int squeeze, const char *text, size_t len, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)text, *e = p + len;
	size_t from = out->n, k;
	const char *to = NULL;
	int after = squeeze;
	uint32_t c;

	buf_need(out, len + 1);
	for (; p < e; p += k, after &= squeeze) {
		if (map && (k = longest(map, n, p, e, &to))) {
			after = put(out, after, to, strlen(to));
			continue;
		}
		if (utf8_next(p, e, &c) == UTF8_BAD) {
			after = put(out, after, "\xef\xbf\xbd", 3);
			k = 1;
		} else {
			after = put(out, after, (const char *)p, k = c);
		}
	}
	while (squeeze && out->n > from && out->p[out->n - 1] == ' ')
		out->p[--out->n] = 0;
}
