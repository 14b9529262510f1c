/* split - fuzz target: the scanners cut as PCRE2 does by the same pattern; what is cut is what was given */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "vocab/split.h"
#include "base/nfc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Characters of every class, of one to four bytes, that all versions of Unicode since 14.0 agree on; bytes that
 * are no UTF-8; and words that the patterns know. */
static const char *const bits[] = {
	"a", "b", "Z", "Q", "1", "9", " ", "  ", "\n", "\r", "\r\n", "\t", "'", "'s", "'LL", "'\xc5\xbf", "'re", "'D", ".", "/", "-", "_", "<|",
	"\xc3\xa9", "\xc3\x89", "\xc2\xa0", "\xc2\x85", "\xc2\xbd", "\xe2\x85\xa7", "\xe3\x80\x80", "\xe2\x80\xa8", "\xcc\x81", "\xe0\xa4\xbe",
	"\xe6\x97\xa5", "\xca\xb0", "\xc7\x85", "\xd9\xa3", "\xf0\x9f\x98\x80", "\xf0\x90\x90\x80", "\xf0\x9d\x9f\x98", "\xe2\x80\x8d", "\xef\xbb\xbf",
	"\xff", "\xe6\x97", "\xf0\x9f\x98", "\xc3", "\xed\xa0\x80", "\x80", "", "\x01", "e\xcc\x81", "don't", "HTTPServer", "123456",
};

static void
compare(const char *name, const struct split *ours, const struct split *theirs, const char *text, size_t n)
{
	struct err e;
	struct cuts a = { 0 }, b = { 0 };

	if (!theirs || split_ends(ours, &a, text, n, &e) || split_ends(theirs, &b, text, n, &e) || a.n != b.n ||
	    (a.n && memcmp(a.end, b.end, a.n * sizeof *a.end)) || (n && a.end[a.n - 1] != n)) {
		fprintf(stdout, "# %s cuts '", name);
		fwrite(text, 1, n, stdout);
		printf("' otherwise than PCRE2\n");
		fflush(stdout);
		abort();
	}
	cuts_free(&a), cuts_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const names[] = { "gpt2", "cl100k", "qwen2", "o200k" };
	static struct split *ours[4], *theirs[4];       /* made once */
	struct buf text = { 0 }, form = { 0 };
	struct err e;

	if (n > 2000)
		return 0;
	buf_need(&text, 1);
	for (size_t i = 0; i < n; i++)
		buf_str(&text, bits[p[i] % (sizeof bits / sizeof *bits)]);
	for (int i = 0; i < 4; i++) {
		if (!ours[i]) {
			ours[i] = split_new(names[i], &e);
			theirs[i] = split_new_pcre(split_pattern(ours[i], 0), &e);
		}
		compare(names[i], ours[i], theirs[i], text.p, text.n);
	}
	nfc(text.p, text.n, &form);
	nfc((const char *)p, n, &form);
	buf_free(&text), buf_free(&form);
	return 0;
}

#define SEED(name, s) { name, s, sizeof(s) - 1 }
const struct fuzz_seed fuzz_seeds[] = {
	SEED("empty", ""),
	SEED("each once", "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25\26\27\30\31\32\33\34\35\36\37 !\"#$%&'()*+,-./01234567"),
	SEED("backwards", "76543210/.-,+*)('&%$#\"! \37\36\35\34\33\32\31\30\27\26\25\24\23\22\21\20\17\16\15\14\13\12\11\10\7\6\5\4\3\2\1"),
	SEED("capitals and marks", "\2\37\2\2\43\2\42\37\37\3\2\1\0\2\37\17\2\2\21\37\37\2\43\16"),
	SEED("blanks", "\6\7\10\11\6\12\6\0\7\6\13\35\6\36\36\0\7\7\6\1\10\6\6\2"),
	SEED("numbers", "\4\4\4\4\5\33\34\44\4\65\0\4\6\4\4\64\66"),
	SEED("no UTF-8", "\52\0\53\54\55\56\57\6\52\10\52\52\4\57\60\61\16\52"),
	SEED("mixed", "The quick brown fox, 12,345 \x7f\x90\xa3\xb4\xc5 jumps\n\n  over \r\n'twas HTTPServer"),
	{ NULL, NULL, 0 }
};
