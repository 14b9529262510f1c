/* xml - tags and text of XML one after the other; what is not well-formed is passed over, not refused */
#ifndef LM_XML_H
#define LM_XML_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>

enum xml_kind { XML_OPEN, XML_CLOSE, XML_EMPTY, XML_TEXT, XML_CDATA };

/* At first p and end are the bytes; then, after each xml_next, what it found.  Nothing is copied. */
struct xml {
	const char   *p, *end;          /* what is still to be read */
	enum xml_kind kind;
	const char   *name, *s;         /* of a tag: its name, and its attributes; else s is the text as it stands */
	size_t        name_len, n;
};

void xml_text(const char *s, size_t n, struct buf *out);        /* appended, with references replaced */
int  xml_next(struct xml *);                            /* 1, 0 at the end; comments and declarations are passed over */
int  xml_is(const struct xml *, const char *name);      /* whether a tag has this name, whatever its prefix */
int  xml_attr(const struct xml *, const char *name, struct buf *out);   /* the value to an emptied *out: 1, 0 it has none */
/* The decoded text up to the end tag of the element that has just begun, appended, without what is in elements within. */
void xml_content(struct xml *, struct buf *out);
#endif
