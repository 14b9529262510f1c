/* signals - what quality rules measure in a text; each value is worked out when it is first asked for */
#ifndef LM_SIGNALS_H
#define LM_SIGNALS_H
/* SPDX-License-Identifier: MIT */
#include "text/rule/words.h"
#include <string.h>

/* As datatrove's filters measure them, but for the last; shares are of 1.  "Duplicate" counts second and later copies; lengths
 * are in characters; words are those of words_split. */
enum signal {
	SIG_DUP_PARAGRAPHS, SIG_DUP_PARAGRAPH_CHARS, SIG_DUP_LINES, SIG_DUP_LINE_CHARS,
	SIG_TOP_2, SIG_TOP_3, SIG_TOP_4,        /* characters of the most frequent 2-, 3-, 4-gram of words */
	SIG_DUP_5, SIG_DUP_6, SIG_DUP_7, SIG_DUP_8, SIG_DUP_9, SIG_DUP_10,      /* characters in repeated n-grams */
	SIG_WORDS, SIG_WORD_LENGTH,             /* of words that are not signs alone: how many, mean length */
	SIG_HASHES, SIG_ELLIPSES,               /* "#", "..." and U+2026, per word */
	SIG_BULLETS, SIG_END_ELLIPSES,          /* lines that begin with a bullet or -, that end in an ellipsis */
	SIG_ALPHA,                              /* words with a letter, of all */
	SIG_STOP_WORDS,                         /* how many of: the be to of and that have with */
	SIG_LINES,                              /* lines that are not blank */
	SIG_TERMINAL_LINES, SIG_SHORT_LINES,    /* of those: ending in a terminator, of up to short_line characters */
	SIG_DUP_CHARS,                          /* characters of duplicate lines, of all but newlines */
	SIG_NEWLINES,                           /* newlines per word */
	SIG_LONGEST_LINE, SIG_MEAN_LINE, SIG_ALL_LINES, /* characters; lines, blank ones too */
	SIG_ALNUM, SIG_LETTERS,                 /* of all characters */
	SIG_GENERATED,                          /* 1: the first lines say that a program wrote it */
	SIG_ENCODED_RUN, SIG_ENCODED,           /* base64, hexadecimal: bytes of the longest run, share of all */
	/* as Dolma does: words are what stands between blanks, lines are split at newlines, all copies count */
	SIG_D_WORDS, SIG_D_WORD_LENGTH,         /* the median */
	SIG_D_SYMBOLS,                          /* words with # or U+2026 in them, of all */
	SIG_D_ALPHA, SIG_D_STOP_WORDS,          /* how often they occur */
	SIG_D_BULLETS, SIG_D_END_ELLIPSES,      /* lines that begin with * or -, that end in U+2026 */
	SIG_D_DUP_LINES, SIG_D_DUP_LINE_CHARS,  /* the latter, and the next three, of the characters of words */
	SIG_D_TOP_2, SIG_D_TOP_3, SIG_D_TOP_4,
	SIG_D_DUP_5, SIG_D_DUP_6, SIG_D_DUP_7, SIG_D_DUP_8, SIG_D_DUP_9, SIG_D_DUP_10,  /* of the characters of all n-grams */
	SIG_COUNT
};

struct signals {
	const char  *text;              /* must stay */
	size_t       n, chars, newlines, short_line;
	size_t       least_words;       /* there may be more */
	int          have_words;
	struct words blanks;            /* words between blanks */
	double       blanks_chars;      /* theirs */
	double       top_bound;         /* NAN until it is known */
	struct words words;
	struct slot *slots;             /* a hash table, used for one signal after another */
	size_t       n_slots, used;
	int          shift;             /* of a key, to its slot */
	double       value[SIG_COUNT];
	unsigned char known[SIG_COUNT];
};

void   signals_init(struct signals *, const char *text, size_t n);      /* short_line is 30 */
double signals_get(struct signals *, enum signal);
double signals_bound(struct signals *, enum signal);    /* the value, or more than it where that is sooner known */
void   signals_free(struct signals *);

/* Within text/rule. */
void signals_put(struct signals *, enum signal, double part, double of);        /* part / of, 0 of nothing */
void signals_table(struct signals *, size_t n);         /* an empty table, about n pieces to come */
uint32_t *signals_times(struct signals *, const char *p, size_t n);     /* how often the piece is in the table: to be changed */
/* Of n-grams of words: how often there is the one most frequent, of equals the first, and its characters; and the characters of
 * all that are there twice and more. */
struct gram {
	size_t top_count, top_chars, chars;
};
void signals_grams(struct signals *, const struct words *, unsigned last, struct gram grams[]);        /* grams[2] to grams[last] */
extern const char signals_stops[8][4];  /* each where the product of its bytes has it: no two in one place */
/* Which of the stop words word i is, -1: none.  Without a branch, which nobody could foretell. */
static inline int
signals_stop_word(const struct words *w, size_t i)
{
	size_t len = words_len(w, i);
	uint32_t x, place, stop;

	memcpy(&x, words_at(w, i), 4);
	x &= (uint32_t)((1ull << 8 * (len & 7)) - 1);
	place = x * 0x6ec9d287u >> 29;
	memcpy(&stop, signals_stops[place], 4);
	return ((len <= 4) & (x == stop)) * ((int)place + 1) - 1;
}
double signals_top_bound(struct signals *);     /* none of them is more: no n-gram is there more often than its first two words */
void signals_repeated(struct signals *);        /* SIG_DUP_5 to 10 */
void signals_code(struct signals *);            /* SIG_LONGEST_LINE to SIG_ENCODED */
void signals_dolma(struct signals *, enum signal);      /* SIG_D_* */
#endif
