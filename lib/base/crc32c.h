/* crc32c - the checksum of streams (Castagnoli polynomial, as iSCSI) */
#ifndef LM_CRC32C_H
#define LM_CRC32C_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(uint32_t crc, const void *, size_t n);  /* 0 to begin with; go on with the result */

enum { CRC32C_TEXT = 16 };
void crc32c_text(uint32_t crc, char out[CRC32C_TEXT]);  /* "crc32c:XXXXXXXX", as it stands in provenance lines and metadata */
#endif
