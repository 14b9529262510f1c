/* classifier - fuzz target: any bytes as a fastText model; a model trained on them, damaged where they say */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "text/lang/fasttext.h"
#include "text/lang/fttrain.h"
#include <stdlib.h>

static void
try_model(const void *bytes, size_t n, const char *text, size_t len)
{
	struct fasttext *m = fasttext_parse(bytes, n, NULL);
	double prob;
	int best;

	if (!m)
		return;
	best = fasttext_best(m, text, len, &prob);
	if (best >= fasttext_labels(m) || !(prob >= 0 && prob <= 1))
		abort();
	if (best >= 0 && !fasttext_label(m, best))
		abort();
	fasttext_free(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct fttrain_opts o = { 2, 2, 2, 8, 1, .5, 1 };
	struct fttrain *t = fttrain_new(&o);
	const char *s = (const char *)p;
	struct buf model = { 0 };

	try_model(p, n, s, n);
	fttrain_add(t, "a", 1, s, n, NULL);
	fttrain_add(t, "b", 1, s + n / 2, n - n / 2, NULL);
	fttrain_fit(t, NULL);
	fttrain_write(t, &model);
	try_model(model.p, model.n, s, n);
	for (size_t i = 0; i + 1 < n && i < 32; i += 2)         /* the header and what follows it, mostly */
		model.p[(size_t)p[i] * (1 + i % 4) % model.n] = (char)p[i + 1];
	try_model(model.p, model.n, s, n);
	try_model(model.p, model.n - model.n / 3, s, n);
	fttrain_free(t);
	buf_free(&model);
	return 0;
}

const struct fuzz_seed fuzz_seeds[] = {
	{ "words", "a good text has many words and a bad one has few words a good text", 0 },
	{ "sizes", "\x38\x7f\x3c\xff\x40\x80\x44\xff\x48\xff\x4c\xff\x50\xff\x54\x7f\x58\x01\x5c\x02", 20 },
	{ "loss", "\x20\x01\x20\x02\x20\x04\x30\x02\x34\x03\x28\x7f one two three", 26 },
	{ "tree", "\x20\x01\x21\x00 one two three four five", 28 },
	{ NULL, NULL, 0 }
};
