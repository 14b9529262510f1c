/* warc - fuzz target: WARC records, plain and in gzip members, and what is in them */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "text/read/http.h"
#include "text/read/warc.h"
#include <stdlib.h>

static void LM_PRINTF(1, 2)
say(const char *fmt, ...)
{
	(void)fmt;
}

static void
records(const uint8_t *p, size_t n, int gz)
{
	struct input *in = input_bytes(p, n, "seed");
	struct warc *w = warc_open(in, gz, 4096, say);
	struct warc_record r;
	struct err err;
	volatile unsigned sum = 0;

	while (warc_next(w, &r, &err) > 0) {
		size_t len;
		const char *id = field_get(r.head, r.head_len, "warc-record-id", &len);

		if (id && len)
			sum += (unsigned char)id[len - 1];
		for (size_t i = 0; i < r.body_len; i++)
			sum += (unsigned char)r.body[i];
	}
	warc_close(w);
	input_close(in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct http h;
	struct buf body = { 0 };

	records(p, n, 0);
	records(p, n, 1);
	if (http_parse(&h, (const char *)p, n) == 0)
		http_body(&h, (const char *)p, n, 4096, &body);
	buf_free(&body);
	return 0;
}

#define SEED(name, s) { name, s, sizeof(s) - 1 }
const struct fuzz_seed fuzz_seeds[] = {
	{ "nothing", "", 0 },
	SEED("two records", "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nContent-Length: 35\r\n\r\n"
	    "HTTP/1.1 200 OK\r\n\r\n<p>A page</p>\n\r\n\r\nWARC/1.0\nWARC-Type: conversion\nContent-Length: 4\n\ntext\n\n"),
	SEED("two gzip members",
	    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x0b\x77\x0c\x72\xd6\x37\xd4\x33\xe0\xe5\x0a\x07\xb2\x74\x43\x2a\x0b\x52"
	    "\xad\x14\x8a\x52\x8b\x0b\xf2\xf3\x8a\x53\x79\xb9\x9c\xf3\xf3\x4a\x52\xf3\x4a\x74\x7d\x52\xf3\xd2\x4b\x32\xac\x14"
	    "\x4c\x78\xb9\x78\xb9\x4a\x52\x2b\x4a\x40\x34\x00\x4b\x46\xed\x56\x3c\x00\x00\x00\x1f\x8b\x08\x00\x00\x00\x00\x00"
	    "\x02\x03\x0b\x77\x0c\x72\xd6\x37\xd4\x33\xe0\xe5\x0a\x07\xb2\x74\x43\x2a\x0b\x52\xad\x14\x92\xf3\xf3\xca\x52\x8b"
	    "\x8a\x33\xf3\xf3\x78\xb9\x9c\xf3\xf3\x4a\x52\xf3\x4a\x74\x7d\x52\xf3\xd2\x4b\x32\xac\x14\x4c\x79\xb9\x78\xb9\x32"
	    "\x52\x73\x72\xf2\x41\x0c\x00\x33\x7c\x70\x3a\x3f\x00\x00\x00"),
	SEED("ARC", "filedesc://x 0.0.0.0 20080430204826 text/plain 5\n1 0 x\n\nhttp://a b/ 1.1.1.1 20080430204826 text/html 24\n"
	    "HTTP/1.0 200 OK\n\n<p>one\n\nhttp://c/ 1.1.1.1 20080430204826 text/html 200 x - 9 f 4\ntext\n"),
	SEED("chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip, deflate\r\n\r\n5;x=y\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n"),
	{ 0 }
};
