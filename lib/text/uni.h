/* uni - characters: UTF-8, their classes and lower case, as Python's str has them */
#ifndef LM_UNI_H
#define LM_UNI_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

enum uni_class { UNI_OTHER, UNI_ALPHA, UNI_DIGIT, UNI_NUMBER, UNI_MARK };

#define UNI_BAD 0xfffdu

/* The character at p, of which n > 0 bytes are there; *len its bytes.  What is no UTF-8 is UNI_BAD, and *len the
 * maximal part of a sequence (Unicode, table 3-8): at least 1. */
uint32_t uni_decode(const char *p, size_t n, size_t *len);

/* How many bytes from p are such as most are: ASCII that is seen, or one blank in front of that.  Not always all of them. */
size_t   uni_plain(const char *p, size_t n);

enum uni_class uni_class(uint32_t c);
static inline int uni_alpha(uint32_t c) { return c < 128 ? (c | 32) - 'a' < 26 : uni_class(c) == UNI_ALPHA; }
static inline int uni_digit(uint32_t c) { return c < 128 ? c - '0' < 10 : uni_class(c) == UNI_DIGIT; }
int      uni_word(uint32_t c);          /* \w: letters, numbers and _ */
int      uni_word_before(const char *s, size_t i);      /* whether the character that ends at s + i is one; i 0: no */
int      uni_space(uint32_t c);         /* \s */
size_t   uni_blank_at(const char *p, size_t n);
/* Bytes of the blank at p, 0 when there is none. */
static inline size_t
uni_blank(const char *p, size_t n)
{
	unsigned char c = (unsigned char)*p;

	return c > ' ' && c != 0xc2 && (c < 0xe1 || c > 0xe3) ? 0 : uni_blank_at(p, n);
}
/* Bytes of the first line, of str.splitlines; *next is where the second begins.  CR LF is one end. */
size_t   uni_line(const char *s, size_t n, size_t *next);
int      uni_terminal(uint32_t c);      /* ends a sentence, in any script */
int      uni_symbol(uint32_t c);        /* makes no word: signs and terminators */
uint32_t uni_lower(uint32_t c);         /* simple lower case */

size_t   uni_count(const char *s, size_t n);    /* characters in n bytes of UTF-8 */
/* Bytes of blank at either end taken away: *s and *n change. */
void     uni_strip(const char **s, size_t *n);
#endif
