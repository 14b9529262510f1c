/* entity - character references of HTML */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "text/page/html.h"
#include <stdlib.h>
#include <string.h>

#define LONGEST 32      /* bytes of a name, and of one that needs no semicolon */
#define LONGEST_BARE 6

static const char *const names[] = {
#include "text/page/entity_names.h"
};

/* What the numbers 128..159 mean in pages: the characters of windows-1252. */
static const uint16_t c1[32] = {
	0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
	0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178
};

/* What is behind a name in its row, or NULL. */
static const char *
lookup(const char *s, size_t n)
{
	size_t lo = 0, hi = sizeof names / sizeof *names;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strncmp(s, names[mid], n);

		if (c == 0 && (unsigned char)names[mid][n] < '0')
			return names[mid] + n;
		if (c <= 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static uint32_t
numeric(const char *s, size_t n, size_t *used)
{
	size_t i = 1;
	uint32_t c = 0;
	int hex = i < n && (s[i] == 'x' || s[i] == 'X');
	size_t from = i += (size_t)hex;

	for (; i < n; i++) {
		unsigned d = (unsigned char)s[i];

		d = d - '0' < 10 ? d - '0' : hex && (d | 32) - 'a' < 6 ? (d | 32) - 'a' + 10 : 99;
		if (d == 99)
			break;
		if (c < 0x110000)
			c = c * (hex ? 16 : 10) + d;
	}
	*used = 0;
	if (i == from)
		return 0;
	*used = i + (i < n && s[i] == ';');
	if (c >= 128 && c < 160)
		c = c1[c - 128];
	if (c == 0 || c >= 0x110000 || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	return c;
}

size_t
html_entity(const char *s, size_t n, char out[8], size_t *used)
{
	size_t i = 0, len;
	const char *row = NULL;
	char *next;

	*used = 0;
	if (n && s[0] == '#') {
		uint32_t c = numeric(s, n, used);

		return *used ? utf8_put(out, c) : 0;
	}
	while (i < n && i < LONGEST && ((unsigned)(s[i] | 32) - 'a' < 26 || (i && (unsigned)s[i] - '0' < 10)))
		i++;
	if (i < n && s[i] == ';' && (row = lookup(s, i)))
		*used = i + 1;
	for (i = i < LONGEST_BARE ? i : LONGEST_BARE; !row && i >= 2; i--)
		if ((row = lookup(s, i)) && *row == ' ')
			*used = i;
		else
			row = NULL;
	if (!row)
		return 0;
	len = utf8_put(out, (uint32_t)strtoul(row + 1, &next, 16));
	return *next ? len + utf8_put(out + len, (uint32_t)strtoul(next + 1, NULL, 16)) : len;
}
