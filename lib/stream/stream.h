/*
 * stream - the one format on every pipe; see lmstream(5).
 *
 * A segment is a HEAD frame, any number of others, and an END frame; a stream
 * is one or more segments, so cat(1) joins streams.  A frame is
 *
 *	header (64 bytes) | meta: JSON, spaces up to 64 | data, zeros up to 64
 *
 * so whatever is joined, data starts at a multiple of 64 and can be mapped.
 * All numbers are little-endian.  The END frame is written last, after all
 * else went well: input that stops without one was cut short, and its reader
 * says so and exits 1.  Kinds in lower case may be skipped by a reader that
 * does not know them.
 *
 * The functions on streams end the program with a message that names
 * file, frame and byte when the input is damaged or a write fails.
 */
#ifndef LM_STREAM_H
#define LM_STREAM_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/json.h"
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAGIC   "\x89LMS\r\n\x1a\n"
#define FRAME_HEADER  64
#define FRAME_ALIGN   64
#define FRAME_CHECKED 60
#define FRAME_VERSION 1

struct frame_header {           /* as it lies in the stream */
	unsigned char magic[8];
	uint8_t  version, kind;
	uint16_t zero;
	uint32_t seq;
	uint64_t nrec, data_len;
	uint32_t meta_len, meta_crc, data_crc, chain;
	uint64_t offset;
	uint32_t index, head_crc;   /* head_crc: of the FRAME_CHECKED bytes before it */
};
_Static_assert(sizeof(struct frame_header) == FRAME_HEADER, "the layout is the format's");

struct frame {
	int         kind;           /* 'H' head, 'D' data, 'E' end; 'i' index, 'n' note */
	uint32_t    seq;            /* number within the segment, from 0 */
	uint64_t    nrec;           /* records within; in END, of the whole segment */
	uint64_t    offset;         /* from the segment's first byte; in END, the segment's length before it */
	const char *meta;           /* JSON, NUL-terminated; belongs to the stream, good until the next frame */
	const void *data;           /* aligned to 64; likewise */
	size_t      meta_len, data_len;
	uint32_t    meta_crc, data_crc, chain, index;
};

enum frame_err { FRAME_OK, FRAME_NOT, FRAME_CRC, FRAME_NEWER, FRAME_SIZE };

/* Pure: reads the 64-byte header. */
enum frame_err frame_unpack(const unsigned char h[FRAME_HEADER], struct frame *);
/* The bytes of padding behind n bytes of meta or data. */
static inline size_t frame_pad(size_t n) { return -n & (FRAME_ALIGN - 1); }

struct input;
struct stream;              /* one that is read */

/* Reading.  The operands are joined as cat would join them; none, or "-", is standard input. */
struct stream *stream_open(int nfiles, char **files, const char *type); /* type: what HEAD must say; NULL any */
struct stream *stream_from(struct input *, const char *type);   /* goes on from an open input, and owns it */
int            stream_next(struct stream *, struct frame *);    /* 0 at the end; HEAD and END frames come too */
int            stream_data(struct stream *, struct frame *);    /* the next D frame; 0 at the end of all segments */
const char    *stream_head(struct stream *);                    /* the current segment's HEAD meta */
uint64_t       stream_segment(struct stream *);                 /* number of the current segment, from 0 */
const char    *stream_name(struct stream *);                    /* of the file being read, for messages */
void           stream_want_segments(struct stream *, long long n);   /* the end checks that n came; 0: any */
void           stream_close(struct stream *);

/* Whether the bytes that are first in a file are a stream's. */
int stream_is(const void *bytes, size_t n);

/* Ends the program: "file: what (frame n, byte b)". */
_Noreturn void stream_damaged(struct stream *, const char *fmt, ...) LM_PRINTF(2, 3);

/* Writing.  "-" or NULL is standard output, refused when it is a terminal;
 * a file appears under its name only once it is whole. */
struct stream_out;
struct stream_out *stream_create(const char *path, const char *head);
void               stream_put(struct stream_out *, uint64_t nrec, const char *meta, const void *data, size_t n);
/* Where the caller appends one more record, of n bytes: what waits goes out as a frame once it is large. */
struct buf        *stream_record(struct stream_out *, size_t n);
void               stream_flush(struct stream_out *);           /* writes the records so far: before an error that ends the program */
void               stream_finish(struct stream_out *);          /* END, flush, rename; frees it */

/* HEAD texts.  Both return a text to be freed. */
/* A new one: {"type":TYPE,<fields>,"prog":[<this run's line>]}; fields is JSON without braces, or "". */
char *head_new(const char *type, const char *fields);
/* What the output says when the input said `in`: its keys copied, those named in fields replaced or added
 * (type too), this run's line added to prog. */
char *head_next(const char *in, const char *type, const char *fields);
/* The type that the HEAD at the front of an input names, to be freed; NULL when it is no stream.  -1: nothing comes. */
int   head_type(struct input *, char **type, struct err *);
#endif
