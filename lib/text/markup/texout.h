/* texout - what LaTeX's text is written by; within text/markup */
#ifndef LM_TEXOUT_H
#define LM_TEXOUT_H
/* SPDX-License-Identifier: MIT */
#include "text/markup/latex.h"
#include "text/markup/texmacro.h"

struct latex_reader {
	struct tex    t;
	struct latex *doc;
	struct buf   *out;
	int  markdown, body, lists, tables, depth;
	int  taken;                     /* something was left out just now */
	struct buf name, arg;           /* scratch of command(), good until it reads on */
};

void tex_put(struct latex_reader *, const char *s, size_t n);
/* At least so many newlines. */
void tex_lines(struct latex_reader *, int least);
/* A formula as it is written, macros expanded, up to what closes it: "$", "$$", ")", "]" or an environment's name. */
void tex_formula(struct latex_reader *, const char *close);
/* Everything up to \end{name}, as it is; shown or not. */
void tex_verbatim(struct latex_reader *, const char *name, int show);
#endif
