/* words - different pieces of text and how often each was met */
#ifndef LM_WORDS_H
#define LM_WORDS_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

struct words;
struct words *words_new(void);
void          words_free(struct words *);
void          words_clear(struct words *);      /* none; the memory stays */
/* Whether there may be no more: the memory of `limit` bytes may be taken before this is asked again, or the words are 4 G. */
int           words_full(const struct words *, size_t limit);
/* The next n pieces of a text, from p to e, of these lengths; returns where they end. */
const char   *words_met(struct words *, const char *p, const char *e, const uint32_t *len, size_t n);
void          words_add(struct words *, const char *p, size_t n, uint64_t count);
/* All is counted: how many there are, and the i-th; its bytes are good until more come. */
size_t        words_n(struct words *);
unsigned      words_part(const struct words *, size_t i);       /* one of 256, by the word's hash */
const char   *words_get(const struct words *, size_t i, size_t *n, uint64_t *count);
#endif
