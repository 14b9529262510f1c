/* warc - records of web archives (ISO 28500: 0.17 to 1.1, and ARC before it), plain, or one gzip member or zstd frame each; damage is passed over */
#ifndef LM_WARC_H
#define LM_WARC_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include "stream/input.h"
#include "stream/zst.h"
#include <stdint.h>

enum warc_type { WARC_OTHER, WARC_RESPONSE, WARC_RESOURCE, WARC_CONVERSION };

struct warc_record {
	enum warc_type type;
	const char *head;       /* its fields, see field_get (of ARC: as WARC names them); good until the next record */
	size_t      head_len;
	const char *body;       /* NULL when the record was passed over: of another type, or larger than the limit */
	size_t      body_len;
	uint64_t    offset;     /* in the file: of the record, or of the gzip member or frame that it begins in */
	int         too_large;
};

struct warc;
/* Reads from an input that was opened without decompression; packed: it is gzip, or frames for zst, which is
 * taken over.  say is told of damage that was passed over, with file and byte.  Records of more than max bytes come without a body. */
struct warc *warc_open(struct input *, int packed, struct zst *, size_t max, void (*say)(const char *fmt, ...) LM_PRINTF(1, 2));
/* 1, 0 at the end, -1 when the input cannot be read or was cut short in a record, gzip member or frame. */
int          warc_next(struct warc *, struct warc_record *, struct err *);
uint64_t     warc_damaged(const struct warc *);         /* places passed over so far */
void         warc_close(struct warc *);                 /* not the input */
#endif
