/* grammar - texts that a grammar allows, token by token (llama.cpp's GBNF, without its rarer forms) */
#ifndef LM_GRAMMAR_H
#define LM_GRAMMAR_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "vocab/vocab.h"

/*
 * Rules `name ::= this | that`, from the rule `root` on, of: "text", [a-z_], [^x], . (any character), names,
 * ( groups ), and * + ? {2} {2,} {2,5} after any of them; escapes \n \t \r \\ \" \[ \] \xHH \uHHHH; # comments.  A
 * rule may go on in the next line within a group and after ::= and |.  No left recursion.
 */
struct grammar;

/* Pure.  NULL with the reason and the byte. */
struct grammar *grammar_parse(const char *text, size_t n, struct err *);
/* From a file, or the built-in one named json, for the tokens of a vocabulary. */
struct grammar *grammar_load(const char *path, const struct vocab *, size_t V, struct err *);
const char     *grammar_crc(const struct grammar *);    /* "crc32c:..." of its text, if it was loaded */
void            grammar_free(struct grammar *);
const char     *grammar_json(void);             /* the grammar of a JSON value */
/* The texts of a vocabulary's tokens, for grammar_allow. */
void            grammar_tokens(struct grammar *, const struct vocab *, size_t V);

/*
 * How far n_seq texts have come.  Several threads may ask at once, of different texts.  Which tokens may follow is found
 * by one walk through all their texts in order, and kept for the places where texts were lately.
 */
struct grammar_walk;
struct grammar_walk *grammar_walk_new(const struct grammar *, int n_seq);
void grammar_walk_free(struct grammar_walk *);
void grammar_begin(struct grammar_walk *, int seq);             /* an empty text; so do all begin */
/* allowed (V): 1 for tokens that may come next; returns how many there are. */
size_t grammar_allow(struct grammar_walk *, int seq, uint8_t *allowed);
int  grammar_take(struct grammar_walk *, int seq, uint32_t id);         /* -1: it may not come next, and nothing is done */
int  grammar_text(struct grammar_walk *, int seq, const char *text, size_t n);  /* the same of a text */
int  grammar_whole(struct grammar_walk *, int seq);                     /* the text may end here */
#endif
