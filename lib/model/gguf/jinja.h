/* jinja - our chat templates as other programs want them: Jinja */
#ifndef LM_JINJA_H
#define LM_JINJA_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

/* Appends the template that pipelm.chat's JSON names, with its default system text; -1, nothing: it has no Jinja. */
int jinja_of_chat(const char *chat, struct buf *out);
#endif
