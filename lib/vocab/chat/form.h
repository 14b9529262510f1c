/* form - how each template writes a turn: what chat.c and render.c share */
#ifndef LM_FORM_H
#define LM_FORM_H
/* SPDX-License-Identifier: MIT */
#include "vocab/chat/chat.h"

/* How a template writes one turn: head, role and tail; the content; then the token that ends the turn, and
 * text after it.  A NULL role is written by its name. */
struct form {
	const char *name;
	const char *open, *role_end;    /* special tokens around the role; NULL: none, the turn's text is below */
	const char *after_role;         /* text between the header and the content */
	const char *end;                /* the special token that ends a turn; NULL: the vocabulary's end of text */
	const char *after_end;
	const char *system;             /* when a conversation brings none */
	int         trim;               /* blanks around contents are taken off */
	const char *user, *assistant, *sys;     /* without special tokens: the headers in full */
	const char *after_user;         /* what ends a turn that is not the assistant's */
};

/* NULL: no such template. */
const struct form *form_named(const char *name);
#endif
