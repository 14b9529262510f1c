/* ucd - what the pre-tokenizers ask of a character: Unicode 16.0.0 */
#ifndef LM_UCD_H
#define LM_UCD_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>

/* \s is White_Space; letters are told apart by what o200k asks: Lu Lt, Ll, Lm Lo. */
enum ucd { UCD_OTHER, UCD_SPACE, UCD_NUMBER, UCD_UPPER, UCD_LOWER, UCD_LETTER, UCD_MARK };

/* The class of each code point, and UCD_OTHER at UTF8_BAD: 0x110001 bytes, to be freed. */
unsigned char *ucd_classes(void);
/* Whether c is White_Space. */
int ucd_space(uint32_t c);
/* c, or if it is newer than Unicode 13 one of its category, as long in UTF-8, that is not. */
uint32_t ucd_like(uint32_t c);
#endif
