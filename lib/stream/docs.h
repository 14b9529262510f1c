/* docs - documents: a text and its metadata (JSON) each; as frames or as JSONL, told by the first bytes */
#ifndef LM_DOCS_H
#define LM_DOCS_H
/* SPDX-License-Identifier: MIT */
#include "stream/stream.h"

struct doc {
	const char *text, *meta;        /* not NUL-terminated; good until the next call; meta is a JSON object */
	size_t      text_len, meta_len;
};

/* Reading.  Frames of type docs, or JSONL (plain, gzip, zstd): one object a line, `text` is the text (objects
 * without it: see doc_from_jsonl), the other keys the meta, as they are.  Damage ends the program with file,
 * record and byte.  A file that is neither is one document of plain text, else an error; TEXT_PARTS: of which docs_next
 * gives no more than a part. */
enum docs_text { TEXT_NONE, TEXT_WHOLE, TEXT_PARTS };
struct docs_in;
struct docs_in *docs_open(int nfiles, char **files, enum docs_text);
struct input;
struct docs_in *docs_from(struct input *);                  /* goes on from an open input, and owns it */
int             docs_next(struct docs_in *, struct doc *);  /* 0 at the end */
int             docs_more(const struct docs_in *);          /* whether the text of the last one goes on: then */
/* it becomes what it was from `used` on with as much again behind it, and at least `more` bytes. */
void            docs_grow(struct docs_in *, struct doc *, size_t used, size_t more);
const char     *docs_head(struct docs_in *);                /* HEAD meta; "{\"type\":\"docs\"}" for JSONL */
uint64_t        docs_count(struct docs_in *);               /* documents read so far */
const char     *docs_at(struct docs_in *, uint64_t *record); /* the file of the last one, as long as the operands last */
void            docs_close(struct docs_in *);

/* Writes one to a stream of docs. */
void docs_put(struct stream_out *, const struct doc *);

/* One JSONL line of a document, with newline: {"text":...,<meta keys>}. */
void doc_to_jsonl(struct buf *, const struct doc *);
/* Pure: a JSONL line into text and meta, both appended (emptied first): 0, or -1 with the reason.
 * An object without `text` gives no text and the whole object as meta, and returns 1. */
int doc_from_jsonl(const char *line, size_t n, struct buf *text, struct buf *meta, struct err *);
#endif
