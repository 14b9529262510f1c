/* sha256 - the hash of FIPS 180-4, for files of other programs that name things by it */
/* SPDX-License-Identifier: MIT */
#include "score/task/sha256.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t
turn(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

/* 4.2.2: the first 32 bits of the fractions of the cube roots of the first 64 primes. */
static void
constants(uint32_t k[64])
{
	int n = 0;

	for (int p = 2; n < 64; p++) {
		int prime = 1;
		for (int q = 2; q * q <= p; q++)
			prime &= p % q != 0;
		if (prime) {
			long double root = cbrtl(p);
			k[n++] = (uint32_t)((root - floorl(root)) * 4294967296.0L);
		}
	}
}

/* 6.2.2: one block of 64 bytes. */
static void
block(uint32_t h[8], const uint32_t k[64], const unsigned char *p)
{
	uint32_t w[64], v[8];

	for (int t = 0; t < 16; t++, p += 4)
		w[t] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (int t = 16; t < 64; t++)
		w[t] = w[t - 16] + w[t - 7] + (turn(w[t - 15], 7) ^ turn(w[t - 15], 18) ^ w[t - 15] >> 3) +
		    (turn(w[t - 2], 17) ^ turn(w[t - 2], 19) ^ w[t - 2] >> 10);
	memcpy(v, h, sizeof v);
	for (int t = 0; t < 64; t++) {
		uint32_t e = v[4], a = v[0];
		uint32_t t1 = v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + k[t] + w[t];
		uint32_t t2 = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof *v);
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

void
sha256_hex(const void *bytes, size_t n, char out[65])
{
	uint32_t h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 }, k[64];
	const unsigned char *p = bytes;
	unsigned char end[128] = { 0 };
	size_t left = n % 64, blocks = left < 56 ? 1 : 2;

	constants(k);
	for (size_t i = 0; i < n / 64; i++, p += 64)
		block(h, k, p);
	if (left)
		memcpy(end, p, left);
	end[left] = 0x80;
	for (int i = 0; i < 8; i++)
		end[blocks * 64 - 1 - (size_t)i] = (unsigned char)((uint64_t)n * 8 >> 8 * i);
	for (size_t i = 0; i < blocks; i++)
		block(h, k, end + 64 * i);
	for (int i = 0; i < 8; i++)
		snprintf(out + 8 * i, 9, "%08x", h[i]);
}
