/* texwords - what LaTeX's commands and environments come to in text; within text/markup */
#ifndef LM_TEXWORDS_H
#define LM_TEXWORDS_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>

/* A command: what is shown for it, and how many of its arguments are left out ([options] before each, too); what follows
 * them is text.  gone -1: a length follows. */
struct tex_word {
	const char *name, *shows;
	int         gone;
};
const struct tex_word *tex_word(const char *name);      /* NULL: not known */
const char *tex_accent(const char *name);               /* the combining character, or NULL */
int         tex_section(const char *name);              /* 1 for \part ... 6, 0: none */

enum { ENV_TEXT, ENV_MATH, ENV_GONE, ENV_VERBATIM, ENV_LIST, ENV_TABLE };
int tex_environment(const char *name, int *args);       /* ENV_*; *args: its arguments, which are left out */
#endif
