/* text - fuzz target: tidying, words, rules, redaction, languages and shingles of any bytes */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "text/lang/lang.h"
#include "text/same/minhash.h"
#include "text/rule/code.h"
#include "text/redact/redact.h"
#include "text/rule/rules.h"
#include "text/tidy.h"
#include "text/rule/words.h"
#include <stdlib.h>
#include <string.h>

static void
must(int ok)
{
	if (!ok)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *s = (const char *)p;
	struct buf once = { 0 }, twice = { 0 }, text = { 0 };
	struct words w = { 0 };
	struct shingles sh = { 0 };
	struct minhash m;
	struct rules *r = rules_new("gopher-rep,gopher,fineweb,code,c4", NULL);
	struct lang l;
	uint64_t keys[4];
	double values[128];

	tidy_text(s, n, &once);
	tidy_text(once.p, once.n, &twice);
	must(once.n == twice.n && !memcmp(once.p, twice.p, once.n));
	words_split(&w, s, n);
	for (size_t i = 0; i < w.n; i++)
		must(words_len(&w, i) > 0 && w.v[i].chars <= words_len(&w, i));
	rules_set(r, "gopher.min_words=0", NULL);
	buf_add(&text, s, n);
	must(rules_values() <= 128);
	redact(&text, ~0u);
	rules_measure(r, &text, values);
	code_header(&text, &once, &twice);
	rules_apply(r, "en", &text);
	lang_detect(s, n, &l);
	must(l.score >= 0 && l.score <= 1 && strlen(l.code) < sizeof l.code);
	shingles_make(&sh, s, n, 3);
	minhash_init(&m, 4, 2, 1);
	minhash_keys(&m, &sh, keys);
	shingles_sort(&sh);
	must(sh.n == 0 || shingles_jaccard(&sh, &sh) == 1);
	minhash_free(&m);
	shingles_free(&sh);
	words_free(&w);
	rules_free(r);
	buf_free(&once);
	buf_free(&twice);
	buf_free(&text);
	return 0;
}

const struct fuzz_seed fuzz_seeds[] = {
	{ "prose", "He said, \"I can't -- we'll (maybe) cannot.\" 'Tis 12:30, `so`...\r\n\r\n\r\n\xe2\x80\xa2 a [1] b [edit]\n\xe2\x80\x9cquoted\xe2\x80\x9d \xc2\xabx\xc2\xbb", 0 },
	{ "private", "a.b+c@x.example.org <q@[1.2.3.4]> 8.8.8.8 +44 20 7946 0958 (212) 555-0187 4111-1111-1111-1111 AKIAIOSFODNN7EXAMPLE "
	             "eyJhbGciOi.eyJzdWIiOi.abcdefghijk -----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", 0 },
	{ "scripts", "e\xcc\x81\xcc\xa3 \xd0\xad\xd1\x82\xd0\xbe \xd9\x85\xe2\x80\x8c\xdb\x8c \xe0\xa4\xb9 \xe6\x96\x87\xe3\x81\xa7 \xf0\x9f\x98\x80\xc2\xad\xef\xbb\xbf\xc0\xaf\xff", 0 },
	{ "nothing", "\n", 1 },
	{ NULL, NULL, 0 }
};
