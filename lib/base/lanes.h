/* lanes - sixteen bytes side by side, and sets of positions among them */
#ifndef LM_LANES_H
#define LM_LANES_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef unsigned char lanes __attribute__((vector_size(16)));

static inline lanes
lanes_at(const void *p)
{
	lanes v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* Of its bytes. */
static inline size_t
lanes_sum(lanes v)
{
	const uint64_t even = 0x00ff00ff00ff00ffu;
	uint64_t x[2];

	memcpy(x, &v, sizeof x);
	x[0] = (x[0] & even) + (x[0] >> 8 & even) + (x[1] & even) + (x[1] >> 8 & even);
	return x[0] * 0x0001000100010001u >> 48;
}

/* Bit i: byte i of m, which is 0 or 255 each, as comparisons give it, is 255. */
static inline uint64_t
lanes_set(lanes m)
{
#ifdef __SSE2__
	typedef char chars __attribute__((vector_size(16)));

	return (unsigned)__builtin_ia32_pmovmskb128((chars)m);
#else
	uint64_t lo, hi;

	memcpy(&lo, &m, 8), memcpy(&hi, (char *)&m + 8, 8);
	return ((lo & 0x8040201008040201u) * 0x0101010101010101u) >> 56 | ((hi & 0x8040201008040201u) * 0x0101010101010101u) >> 56 << 8;
#endif
}
#endif
