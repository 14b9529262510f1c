/* crc32c - the checksum of every frame: SSE4.2 when the CPU has it, else a table of 8 bytes a step */
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include <stdio.h>
#include <string.h>

#define POLY 0x82f63b78u

static uint32_t table[8][256];

static void
fill(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ POLY : c >> 1;
		table[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++)
			table[k][i] = table[k-1][i] >> 8 ^ table[0][table[k-1][i] & 255];
}

static uint32_t
soft(uint32_t c, const unsigned char *p, size_t n)
{
	for (; n >= 8; n -= 8, p += 8) {
		uint64_t x;
		memcpy(&x, p, 8);
		x ^= c;
		c = 0;
		for (int k = 0; k < 8; k++)
			c ^= table[7-k][x >> 8*k & 255];
	}
	while (n--)
		c = c >> 8 ^ table[0][(c ^ *p++) & 255];
	return c;
}

#if defined __x86_64__
#include <immintrin.h>
__attribute__((target("sse4.2"))) static uint32_t
hard(uint32_t c, const unsigned char *p, size_t n)
{
	uint64_t x, r = c;
	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&x, p, 8);
		r = _mm_crc32_u64(r, x);
	}
	while (n--)
		r = _mm_crc32_u8((uint32_t)r, *p++);
	return (uint32_t)r;
}
#define HARD_OK() __builtin_cpu_supports("sse4.2")
#else
#define hard soft
#define HARD_OK() 0
#endif

static int have;

/* Before main: threads may ask for the first checksum together. */
__attribute__((constructor)) static void
setup(void)
{
	fill();
	have = HARD_OK();
}

uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	return ~(have ? hard(~crc, p, n) : soft(~crc, p, n));
}

void
crc32c_text(uint32_t crc, char out[CRC32C_TEXT])
{
	snprintf(out, CRC32C_TEXT, "crc32c:%08x", (unsigned)crc);
}
