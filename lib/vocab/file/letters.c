/* letters - how vocabulary files spell bytes: GPT-2's letters, SentencePiece's U+2581 */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/table.h"
#include <stdio.h>

uint32_t
byte_letter(int b)
{
	if ((b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae)
		return (uint32_t)b;
	if (b <= 0x20)
		return 0x100 + (uint32_t)b;
	return b == 0xad ? 0x143 : 0x100 + (uint32_t)b - 0x7f + 0x21;
}

int
letter_byte(uint32_t c)
{
	if (c < 0x100)
		return byte_letter((int)c) == c ? (int)c : -1;
	if (c > 0x143)
		return -1;
	c -= 0x100;
	return c <= 0x20 ? (int)c : c == 0x43 ? 0xad : (int)(c - 0x21 + 0x7f);
}

int
letters_bytes(const char *text, size_t n, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)text, *e = p + n;
	uint32_t len;
	int b;

	buf_clear(out);
	buf_need(out, n);
	for (; p < e; p += len) {
		b = *p, len = 1;
		if ((b <= 0x20 || b > 0x7e) && (b = letter_byte(utf8_next(p, e, &len))) < 0)
			return -1;
		out->p[out->n++] = (char)b;
	}
	out->p[out->n] = 0;
	return 0;
}

void
blanks_bytes(const char *text, size_t n, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)text, *e = p + n;
	uint32_t len;

	buf_clear(out);
	for (; p < e; p += len) {
		if (utf8_next(p, e, &len) == 0x2581)
			buf_char(out, ' ');
		else
			buf_add(out, p, len);
	}
}

int
fallback_byte(const char *text, size_t n)
{
	char s[7] = "", end;
	unsigned byte;

	if (n == 6)
		memcpy(s, text, 6);
	return sscanf(s, "<0x%2X%c", &byte, &end) == 2 && end == '>' ? (int)byte : -1;
}

int
letters_merge(struct vocab *v, const char *text, size_t n)
{
	const char *blank = memchr(text, ' ', n);
	uint32_t a = NO_TOKEN, b = NO_TOKEN;
	struct buf bytes = { 0 };

	if (blank && !letters_bytes(text, (size_t)(blank - text), &bytes))
		a = table_find(v, bytes.p, bytes.n);
	if (blank && !letters_bytes(blank + 1, n - (size_t)(blank + 1 - text), &bytes))
		b = table_find(v, bytes.p, bytes.n);
	buf_free(&bytes);
	if (a == NO_TOKEN || b == NO_TOKEN)
		return -1;
	table_merge(v, a, b);
	return 0;
}
