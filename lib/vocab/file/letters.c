/* letters - how vocabulary files spell bytes: GPT-2's letters, SentencePiece's U+2581 */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/table.h"

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
