/* main - runs a fuzz target on files, or on seeds of its own and on mutations of them: no fuzzer needed */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/rng.h"
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 400 };

/* Cut, flip, repeat or overwrite at a place that depends on (seed, round) alone. */
static size_t
mutate(unsigned char *p, size_t n, size_t cap, uint64_t seed, uint64_t round)
{
	for (uint64_t k = 0; k < 1 + rng_at(seed, round, 0, 0, 0) % 4 && n; k++) {
		size_t at = rng_at(seed, round, k, 1, 0) % n;
		uint64_t r = rng_at(seed, round, k, 2, 0);
		switch (r % 5) {
		case 0: p[at] ^= (unsigned char)(1 << (r >> 8 & 7)); break;
		case 1: p[at] = (unsigned char)(r >> 8); break;
		case 2: n = at; break;
		case 3: memset(p + at, (int)(r >> 8 & 255), n - at < 8 ? n - at : 8); break;
		default:
			if (2 * n - at <= cap) {
				memmove(p + n, p + at, n - at);
				n += n - at;
			}
		}
	}
	return n;
}

static void
try_all(const unsigned char *p, size_t n, uint64_t seed)
{
	size_t cap = 2 * n + 64;

	LLVMFuzzerTestOneInput(p, n);
	for (uint64_t round = 0; round < ROUNDS; round++) {
		unsigned char *copy = malloc(cap), *exact;
		size_t m;
		memcpy(copy, p, n);
		m = mutate(copy, n, cap, seed, round);
		exact = malloc(m ? m : 1);      /* its own size: a read past the end is caught */
		memcpy(exact, copy, m);
		LLVMFuzzerTestOneInput(exact, m);
		free(exact), free(copy);
	}
}

int
main(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		struct file_map m;
		if (file_map(&m, argv[i], NULL) == 0) {
			LLVMFuzzerTestOneInput(m.p, m.n);
			file_unmap(&m);
		}
	}
	for (const struct fuzz_seed *s = fuzz_seeds; argc < 2 && s->name; s++) {
		try_all((const unsigned char *)s->bytes, s->n ? s->n : strlen(s->bytes), (uint64_t)n);
		printf("ok %d - %s and %d mutations of it\n", ++n, s->name, ROUNDS);
	}
	if (argc < 2)
		printf("1..%d\n", n);
	return 0;
}
