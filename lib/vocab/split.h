/* split - pre-tokenizers: where a text is cut before merging, so that no token crosses the cut */
#ifndef LM_SPLIT_H
#define LM_SPLIT_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>

struct split;                   /* immutable: many threads may cut with one */

/* From a name (gpt2 cl100k o200k llama3 qwen2 qwen35 tekken starcoder falcon deepseek-llm deepseek-coder deepseek-v3) or a regular
 * expression (PCRE2).  Those of the first five are told by their text and cut by hand-written scanners.  NULL with the
 * reason when it does not compile. */
struct split *split_new(const char *pattern, struct err *);
/* Another one, that cuts the pieces of those before it; *split NULL: the first.  What an expression does not match is a
 * piece too.  *split is the caller's to free, on failure as well. */
int           split_add(struct split **, const char *pattern, struct err *);
/* Another expression, of which what it does not match is dropped. */
int           split_add_only(struct split **, const char *pattern, struct err *);
/* The same by PCRE2 whatever the text: what the scanners are tested against. */
struct split *split_new_pcre(const char *pattern, struct err *);
/* Whole texts, or for SentencePiece's vocabularies cuts before a run of spaces. */
struct split *split_spaces(int cut);
void          split_free(struct split *);
/* The i-th regular expression; NULL past the last; "" for split_spaces. */
const char   *split_pattern(const struct split *, size_t i);
int           split_drops(const struct split *, size_t i);      /* whether that was added by split_add_only */
int           split_is(const struct split *, const char *name);

/* Whether one scanner of ours cuts: then split_ahead may be asked for the lengths of the next pieces from p < e on, at most max
 * of them, where a piece must begin.  Returns how many. */
int    split_scans(const struct split *);
size_t split_ahead(const struct split *, const unsigned char *p, const unsigned char *e, uint32_t *len, size_t max);
/* The first place from `from` on where one piece ends and another begins for sure, whatever follows; n: none is known. */
size_t split_cut(const struct split *, const char *text, size_t n, size_t from);

/* Any splitter: the ends of all pieces of n bytes, in order; the last is n.  Those of what is dropped have CUT_DROPPED.  Ill-formed UTF-8 is cut as if each
 * maximal subpart were U+FFFD.  One thread's scratch, all zero to begin with.  -1 when PCRE2 gave up. */
#define CUT_DROPPED ((size_t)1 << 63)
struct drift {                  /* where the text and what is matched for it go apart: offsets in both */
	size_t clean, text;
};
struct cuts {
	size_t    *end, *spare;
	size_t     n, cap, spare_cap;
	void      *match;               /* PCRE2's scratch */
	struct buf clean;               /* the text with U+FFFD for what is ill-formed */
	struct drift *map;              /* after each U+FFFD */
	size_t     n_map, map_cap;
};
int  split_ends(const struct split *, struct cuts *, const void *text, size_t n, struct err *);
void cuts_free(struct cuts *);
#endif
