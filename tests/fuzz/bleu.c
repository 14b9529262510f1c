/* bleu - fuzz target: a text is as good as itself and no better than perfect, whatever is in it and however it is cut */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "base/utf8.h"
#include "score/bleu/bleu.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double
score(const struct bleu_opts *o, struct bleu_text hyp, const struct bleu_text *ref, int refs)
{
	struct bleu *b = bleu_new(o);
	uint32_t count[BLEU_COUNTS];
	double sum[BLEU_COUNTS];
	struct bleu_score s;

	bleu_count(b, hyp, ref, refs, count);
	for (int i = 0; i < BLEU_COUNTS; i++)
		sum[i] = count[i];
	bleu_score(o, sum, &s);
	bleu_free(b);
	return s.score;
}

/* The first line against the others. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *text = (const char *)p, *nl = n ? memchr(text, '\n', n) : NULL;
	size_t len = nl ? (size_t)(nl - text) : n;
	struct bleu_text hyp = { text, len }, ref[2] = { { nl ? nl + 1 : text, nl ? n - len - 1 : 0 }, { text, len } };

	if (n > 4000 || utf8_check(p, n) < n)
		return 0;
	for (int i = 0; i < MTTOK_COUNT + 3; i++) {
		struct bleu_opts o = { .tok = (enum mttok_kind)(i % MTTOK_COUNT), .smooth = (enum bleu_smooth)(n % BLEU_SMOOTHS), .smooth_value = -1,
			.lowercase = n % 3 == 0, .effective = 1, .chrf = i >= MTTOK_COUNT, .words = i >= MTTOK_COUNT ? i - MTTOK_COUNT : 0 };
		double a = score(&o, hyp, ref, 1), whole = score(&o, hyp, ref, 2);
		if (!(a >= 0 && a < 100.001) || !(whole < 100.001) || (whole > 0 && whole < 99.999)) {
			printf("# way %d: %.6f, against itself too %.6f\n", i, a, whole);
			fflush(stdout);
			abort();
		}
	}
	return 0;
}

#define SEED(name, s) { name, s, sizeof(s) - 1 }
const struct fuzz_seed fuzz_seeds[] = {
	SEED("empty", ""),
	SEED("blanks", " \t \n \xc2\xa0\xe3\x80\x80"),
	SEED("a line", "The cat sat on the mat.\nA cat sat on a mat."),
	SEED("entities", "&quot;A&quot; &amp; &lt;skipped> <skipped>-\n&amp;quot;"),
	SEED("marks", "3.5% of 1,000.50 $ (x-y) 5. .5 U.S.A.\n\xe2\x80\x9eWort\xe2\x80\x9c \xe2\x82\xac 5"),
	SEED("a NUL", "a\0b c\nd\0"),
	SEED("repeated", "a a a a a a a a\na a"),
	SEED("capitals", "\xc4\xb0 \xc3\x89T\xc3\x89\n\xc3\xa9t\xc3\xa9"),
	{ NULL, NULL, 0 }
};
