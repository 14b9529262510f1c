/* near-docs - made-up documents as JSON lines, of which some are nearly others: near-docs MB */
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "base/rng.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 20000, LONGEST = 900, BACK = 91, COPY_BACK = 99, EVERY = 40 };

static char words[WORDS][16];

static void
make_words(void)
{
	static const char hard[] = "bcdfghjklmnprstvwxyz", soft[] = "aeiou";

	for (unsigned i = 0; i < WORDS; i++) {
		char *w = words[i];
		for (unsigned k = i + 20; k; k /= 20) {
			*w++ = hard[k % 20];
			*w++ = soft[k % 5];
		}
		*w++ = ' ';
	}
}

/* The text of document `seed`; every fortieth word another when change is not 0.  The lower of two draws: common words are more common. */
static void
make_text(struct buf *b, uint64_t seed, uint64_t change)
{
	unsigned n = 100 + (unsigned)(rng_at(seed, 0, 0, 0, 0) % (LONGEST - 100));

	uint64_t key = rng_key(seed, 1, 0, 0);

	for (unsigned i = 1; i <= n; i++) {
		uint64_t r = rng_last(key, i);
		unsigned u = (unsigned)(r % WORDS), v = (unsigned)((r >> 32) % WORDS), k = u < v ? u : v;
		if (change && i % EVERY == 0)
			k = (unsigned)((k + change) % WORDS);
		buf_str(b, words[k]);
	}
}

int
main(int argc, char **argv)
{
	double most = (argc > 1 ? atof(argv[1]) : 1000) * 1e6, bytes = 0;
	unsigned long copies = 0, near = 0, doc = 1;
	struct buf b = { 0 };

	make_words();
	for (; bytes < most; doc++) {
		int copy = doc > 100 && doc % 20 == 0, nearly = doc > 100 && doc % 10 == 3;
		buf_clear(&b);
		make_text(&b, doc - (copy ? COPY_BACK : nearly ? BACK : 0), nearly ? doc : 0);
		printf("{\"id\":\"%lu\",\"text\":\"%s\"}\n", doc, b.p);
		bytes += (double)b.n;
		copies += (unsigned long)copy;
		near += (unsigned long)nearly;
	}
	fprintf(stderr, "%lu documents, %.0f MB: %lu copies, %lu near\n", doc - 1, bytes / 1e6, copies, near);
	buf_free(&b);
	return fflush(stdout) != 0;
}
