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

struct grammar_state;           /* how far a text has come */
struct grammar_state *grammar_start(const struct grammar *);
void grammar_stop(struct grammar_state *);
/* allowed (V): 1 for tokens that may come next; returns how many there are. */
size_t grammar_allow(struct grammar_state *, uint8_t *allowed);
int  grammar_take(struct grammar_state *, uint32_t id);         /* -1: it may not come next, and nothing is done */
int  grammar_text(struct grammar_state *, const char *text, size_t n);  /* the same of a text */
int  grammar_whole(const struct grammar_state *);               /* the text may end here */
#endif
