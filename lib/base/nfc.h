/* nfc - normalization form C (UAX #15), Unicode 16.0.0 */
#ifndef LM_NFC_H
#define LM_NFC_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>

/* The normalized n bytes appended.  Returns 0 and appends nothing when they are in that form already beyond doubt.
 * Ill-formed bytes pass as they are. */
int nfc(const char *text, size_t n, struct buf *out);
/* The one character that a and, behind it, b make; 0: there is none. */
uint32_t nfc_compose(uint32_t a, uint32_t b);
#endif
