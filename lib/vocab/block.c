/* block - the scanners' patterns on 64 bytes of ASCII at once, by algebra on sets of positions */
/* SPDX-License-Identifier: MIT */
#include "vocab/block.h"
#include "base/lanes.h"

#define ALWAYS static inline __attribute__((always_inline))

enum family { GPT2, CL100K, QWEN2, O200K };

typedef uint64_t set;           /* of the 64 positions */

struct sets {
	set letter, upper, digit, space, newline, blank, apostrophe, slash, high;
};

ALWAYS void
classify(const unsigned char *p, struct sets *s)
{
	for (int i = 0; i < 64; i += 16) {
		lanes v = lanes_at(p + i);

		s->letter |= lanes_set((lanes)((v | 0x20) - 'a' < 26)) << i;
		s->upper |= lanes_set((lanes)(v - 'A' < 26)) << i;
		s->digit |= lanes_set((lanes)(v - '0' < 10)) << i;
		s->space |= lanes_set((lanes)(v - '\t' < 5) | (lanes)(v == ' ')) << i;
		s->newline |= lanes_set((lanes)(v == '\n') | (lanes)(v == '\r')) << i;
		s->blank |= lanes_set((lanes)(v == ' ')) << i;
		s->apostrophe |= lanes_set((lanes)(v == '\'')) << i;
		s->slash |= lanes_set((lanes)(v == '/')) << i;
		s->high |= lanes_set((lanes)(v > 0x7f)) << i;
	}
}

ALWAYS set first_of(set s) { return s & ~(s << 1); }
ALWAYS set last_of(set s) { return s & ~(s >> 1); }
ALWAYS set below(set bit) { return bit - 1; }

/* Positions up to the first of the run of s that the bit ends or stands in; all when there is no bit. */
ALWAYS set
until_run(set s, set bit)
{
	set gap = ~s & below(bit);

	return !bit ? ~(set)0 : gap ? ~(set)0 >> (__builtin_clzll(gap) - 1) : 1;
}

/* What follows the apostrophe in '(?:[sdmt]|ll|ve|re), 0 when it is something else. */
ALWAYS int
contraction(const unsigned char *p, unsigned fold)
{
	unsigned a = p[0] | fold, b = p[1] | fold;

	if (a == 's' || a == 't' || a == 'm' || a == 'd')
		return 1;
	return (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l') ? 2 : 0;
}

/* Pieces begin after contractions, and in o200k not where these do. */
ALWAYS set
contractions(const unsigned char *p, set starts, set at, enum family family)
{
	int done = 0;

	for (; at; at &= at - 1) {
		int i = __builtin_ctzll(at), n = contraction(p + i + 1, family == GPT2 ? 0 : 0x20);

		if (!n || (family == O200K && i == done))       /* after another one: it is a word of its own */
			continue;
		if (family == O200K)
			starts &= ~((set)1 << i);
		if (family == GPT2)                             /* there a letter is otherwise not joined to what is before */
			starts &= ~((set)2 << i);
		done = i + 1 + n;
		if (done < 64)
			starts |= (set)1 << done;
	}
	return starts;
}

/*
 * A piece begins at p.  What follows is cut as the expressions in split.c cut it: runs of letters, digits, others and
 * spaces, where a run of letters, and often one of others, begins with the character before it.  The others
 * swallow newlines after them (o200k: and slashes).  In a run of spaces a piece ends with the last newline, and the
 * last space is one by itself or begins what follows.
 */
ALWAYS set
starts(const unsigned char *p, enum family family)
{
	struct sets c = {0};
	set known, top, others, swallowed = 0, join, single, begin, spaces, blanks, apart, doubt, sure = ~(set)0;

	classify(p, &c);
	known = c.high ? below(c.high & -c.high) : ~(set)0;
	top = known & ~(known >> 1);
	others = known & ~(c.letter | c.digit | c.space);
	c.newline &= known, c.letter &= known, c.blank &= known, c.space &= known;
	if (family != GPT2) {
		set eaten = c.newline | (family == O200K ? c.slash & known : 0);

		swallowed = eaten & ~(eaten + (others << 1 & c.newline));
		if (family == O200K && (doubt = (swallowed & c.slash) << 1 & c.newline))
			sure = below(doubt & -doubt);
		others &= ~swallowed;
	}
	sure &= until_run(c.space, c.space & top);
	spaces = c.space & ~swallowed;
	single = first_of(others) & ~(others >> 1);

	begin = first_of(c.letter);
	if (family == O200K)
		begin |= c.upper & (c.letter & ~c.upper) << 1;
	join = family == GPT2 ? c.blank : (spaces & ~c.newline) | (single & ~(c.blank << 1));
	begin = (begin & ~(join << 1)) | (begin & join << 1) >> 1;

	apart = first_of(others);
	if (family == GPT2)
		apart |= first_of(c.digit & known);
	begin |= (apart & ~(c.blank << 1)) | (apart & c.blank << 1) >> 1;
	if (family == QWEN2)
		begin |= c.digit;
	if (family == CL100K || family == O200K)
		for (set at = first_of(c.digit), d = c.digit; at; at = at << 3 & d & d << 1 & d << 2)
			begin |= at;

	begin |= first_of(spaces) | (swallowed << 1 & ~swallowed);
	if (family == GPT2) {
		begin |= last_of(spaces);
	} else {
		set newlines = c.newline & spaces, after;

		blanks = spaces & ~c.newline;
		begin |= last_of(spaces) & ~c.newline;
		after = newlines << 1 & blanks;
		begin |= after;
		doubt = (blanks + after) & newlines;    /* newlines, blanks, newlines */
		sure &= until_run(spaces, doubt & -doubt);
	}
	apart = single & c.apostrophe;
	if (family == O200K)
		sure &= ~(apart & top);
	apart &= c.letter >> 1 & (family == O200K ? c.letter << 1 : ~(c.blank << 1));
	if (apart)
		begin = contractions(p, begin, apart, family);
	return begin & known & sure & ~(set)1;
}

set block_gpt2(const unsigned char *p) { return starts(p, GPT2); }
set block_cl100k(const unsigned char *p) { return starts(p, CL100K); }
set block_qwen2(const unsigned char *p) { return starts(p, QWEN2); }
set block_o200k(const unsigned char *p) { return starts(p, O200K); }
