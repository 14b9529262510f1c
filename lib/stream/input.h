/* input - foreign bytes: files one after another, decompressed by what they begin with */
#ifndef LM_INPUT_H
#define LM_INPUT_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct input;               /* one open file */

/* "-" or NULL is standard input.  gzip, zstd, xz, bzip2, lz4 ... are undone, all but zstd through libarchive, when
 * `decompress` is set; a member that is cut or damaged is an error when it is reached.  NULL on failure. */
struct input *input_open(const char *path, int decompress, struct err *);
/* Bytes in memory as an input; they are copied. */
struct input *input_bytes(const void *, size_t n, const char *name);
/* What decompress does, later: for an input that was looked at, and not yet read from. */
int input_unpack(struct input *, struct err *);
/* The next bytes without consuming them: at least min(n, what is left); *got says how many. */
const unsigned char *input_peek(struct input *, size_t n, size_t *got, struct err *);   /* NULL: a read failed */
void input_skip(struct input *, size_t n);              /* that many of those */
/* Up to n bytes; 0 at the end, -1 on failure. */
ssize_t input_read(struct input *, void *, size_t n, struct err *);
/* One line without its newline, appended to an emptied *line: 1, 0 at the end, -1 on failure.
 * *cut is set when the last line had no newline.  A line longer than max is a failure. */
int input_line(struct input *, struct buf *line, size_t max, int *cut, struct err *);
/* The next JSON object of JSON lines, or of an array of objects that is all the file; blank lines and a byte order mark are skipped.
 * 1 with its text in an emptied *object, 0 at the end, -1 on failure: a last line without its newline or an
 * array without its end is cut short, an object longer than max too long.  It is not parsed here. */
int input_object(struct input *, struct buf *object, size_t max, struct err *);
/* All that is left, appended. */
int input_all(struct input *, struct buf *, size_t max, struct err *);
uint64_t input_offset(const struct input *);    /* bytes handed out so far, decompressed */
uint64_t input_record(const struct input *);    /* lines or objects handed out so far */
const char *input_name(const struct input *);
void input_close(struct input *);
/* Closes a file, but keeps standard input with what was peeked at: the next input_open of it goes on there. */
void input_again(struct input *);
#endif
