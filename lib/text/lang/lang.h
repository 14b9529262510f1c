/* lang - which language a text is in, from its script, words and letters; the tables are built in */
#ifndef LM_LANG_H
#define LM_LANG_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>

struct lang {
	char   code[24];        /* ISO 639-1, or as a model has it; "und" when there is nothing to tell from */
	double score;           /* 0..1: how much of the evidence speaks for it against its rivals */
};

/* Of valid or broken UTF-8 alike.  Long texts are sampled: 8 pieces of 256 bytes spread evenly over them.  Pure. */
void lang_detect(const char *s, size_t n, struct lang *);
int         lang_count(void);           /* languages that it knows */
const char *lang_code(int i);
#endif
