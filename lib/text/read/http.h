/* http - responses as crawls keep them: the head's fields, and the body with its codings undone */
#ifndef LM_HTTP_H
#define LM_HTTP_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>

/* The value of a field in a block of "Name: value" lines (CR LF or LF; names in any case), without blanks
 * around it; NULL when it is not there.  For WARC heads as well.  Pure. */
const char *field_get(const char *block, size_t n, const char *name, size_t *len);

/* Bytes of the head, up to and including its blank line; 0 when there is none within n. */
size_t field_block(const char *s, size_t n);

struct http {
	int    status;
	size_t body;            /* where it begins */
	char   type[64];        /* "text/html", lower case, no parameters; "" when not said */
	char   charset[40];
};

/* Pure: 0, or -1 when it is no response ("HTTP/" and a status). */
int http_parse(struct http *, const char *s, size_t n);

/* "text/html; charset=x" taken apart. */
void http_type(const char *value, size_t n, char type[64], char charset[40]);

/* The body of at most max bytes, transfer and content codings undone, into an emptied *out.  NULL, or why not:
 * "http.coding" (one that is unknown, or built without), "too_large", "http.damaged".  A body that does not keep to the coding
 * that is declared (crawlers undo them and leave the field) is taken as it is; one that breaks off gives what
 * came.  Pure. */
const char *http_body(const struct http *, const char *s, size_t n, size_t max, struct buf *out);
#endif
