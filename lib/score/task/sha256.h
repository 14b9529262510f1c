/* sha256 - the hash of FIPS 180-4, for files of other programs that name things by it */
#ifndef LM_SHA256_H
#define LM_SHA256_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>

/* 64 digits in small letters and a zero. */
void sha256_hex(const void *, size_t n, char out[65]);
#endif
