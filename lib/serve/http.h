/* http - the desk on a port: connections of libmicrohttpd, and no thread but the caller's */
#ifndef LM_HTTP_H
#define LM_HTTP_H
/* SPDX-License-Identifier: MIT */
#include "serve/desk.h"
#include <signal.h>

struct http;
/* Listens at a numeric address; port 0: a free one.  NULL with the reason. */
struct http *http_open(struct desk *, const char *host, int port, size_t most_body, struct err *);
void         http_address(const struct http *, struct buf *);   /* "http://127.0.0.1:8080/" */
/* Takes requests and decodes, in turns, until *stop is not 0: then what is under way is finished, unless *stop is 2. */
void         http_serve(struct http *, const volatile sig_atomic_t *stop);
void         http_close(struct http *);
#endif
