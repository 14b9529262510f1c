/* texmacro - what TeX reads from: files within files, macros expanded; within text/markup */
#ifndef LM_TEXMACRO_H
#define LM_TEXMACRO_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>

#define TEX_DEPTH   64          /* macros within macros, files within files */
#define TEX_BUCKETS 256

struct tex_macro {
	struct tex_macro *next;
	char   *name, *body, *first;    /* without the backslash; first: of an argument that may be left out, or NULL */
	size_t  name_len, body_len;
	int     n_args;
};

/* Where reading goes on: the innermost is read first. */
struct tex_frame {
	const char *p, *end;
	char       *owned;              /* freed with it */
};

struct tex {
	struct tex_frame  frame[TEX_DEPTH];
	int               n;
	struct tex_macro *macro[TEX_BUCKETS];
	uint64_t          budget;       /* bytes that expansion may still make */
};

void tex_init(struct tex *, const char *s, size_t n);
void tex_free(struct tex *);
/* Reads from these bytes next; owned is freed then.  When there are too many within each other they are left out. */
void tex_push(struct tex *, const char *s, size_t n, char *owned);

int  tex_peek(struct tex *);                            /* the next byte, -1 at the end */
int  tex_next(struct tex *);                            /* the same, and past it */
void tex_blanks(struct tex *);                          /* past blanks, one newline at most, and comments */
void tex_comment(struct tex *);                         /* past '%' and its line, and the blanks that begin the next */
/* After a backslash: the command's name to *name (emptied): letters, or one other character. */
void tex_name(struct tex *, struct buf *name);
/* An argument to *arg (emptied), as it is written: {...} without its braces, a command, or one character. */
void tex_arg(struct tex *, struct buf *arg);
/* [...] if it comes next: 1, with what is in it in *arg (emptied; NULL: not wanted). */
int  tex_option(struct tex *, struct buf *arg);

/* \newcommand, \def, \let, \DeclareMathOperator and their kin: 1 when it was one, and is done. */
int  tex_define(struct tex *, const char *command);
/* A macro of that name is expanded: what it stands for is read next.  0: there is none. */
int  tex_expand(struct tex *, const char *name, size_t n);
#endif
