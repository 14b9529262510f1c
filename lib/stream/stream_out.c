/* stream_out - frames written; see stream.h for the format */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>

#define BLOCK ((size_t)1 << 18)         /* a frame of records is put out once it holds this much */

struct stream_out {
	struct file_out *file;
	char            *name;
	int              fd;
	uint32_t         seq, chain;
	uint64_t         offset, nrec;
	struct buf       records;       /* that wait, and how many */
	uint64_t         waiting;
};

static void
write_full(struct stream_out *s, const void *buf, size_t n)
{
	struct err e;

	if (fd_write(s->fd, buf, n, s->name, &e) < 0)
		die_err(&e);
}

static void
put_frame(struct stream_out *s, int kind, uint64_t nrec, const char *meta, const void *data, size_t n)
{
	static const char spaces[FRAME_ALIGN + 1] = "                                                                ";
	static const unsigned char zeros[FRAME_ALIGN];
	size_t meta_len = meta ? strlen(meta) : 0;
	uint32_t link[2] = { crc32c(0, meta, meta_len), crc32c(0, data, n) };
	struct frame_header h = { .version = FRAME_VERSION, .kind = (uint8_t)kind, .seq = s->seq++, .nrec = nrec, .data_len = n,
		.meta_len = (uint32_t)meta_len, .meta_crc = link[0], .data_crc = link[1], .offset = s->offset };

	memcpy(h.magic, FRAME_MAGIC, sizeof h.magic);
	h.chain = s->chain = crc32c(s->chain, link, sizeof link);
	h.head_crc = crc32c(0, &h, FRAME_CHECKED);
	write_full(s, &h, sizeof h);
	write_full(s, meta, meta_len);
	write_full(s, spaces, frame_pad(meta_len));
	write_full(s, data, n);
	write_full(s, zeros, frame_pad(n));
	s->offset += FRAME_HEADER + meta_len + frame_pad(meta_len) + n + frame_pad(n);
}

struct stream_out *
stream_create(const char *path, const char *head)
{
	struct stream_out *s = xcalloc(1, sizeof *s);
	struct err e;

	path = path ? path : "-";
	if (strcmp(path, "-") == 0 && cli_on_terminal(1))
		die_usage("will not write a binary stream to a terminal: use -o FILE, or pipe it to lmcat");
	if (!(s->file = file_create(path, 1, &e)))
		die_err(&e);
	s->fd = fileno(file_stream(s->file));
	s->name = xstrdup(strcmp(path, "-") == 0 ? "standard output" : path);
	put_frame(s, 'H', 0, head, NULL, 0);
	return s;
}

void
stream_put(struct stream_out *s, uint64_t nrec, const char *meta, const void *data, size_t n)
{
	put_frame(s, 'D', nrec, meta, data, n);
	s->nrec += nrec;
}

struct buf *
stream_record(struct stream_out *s, size_t n)
{
	if (s->records.n && s->records.n + n > BLOCK)
		stream_flush(s);
	s->waiting++;
	return &s->records;
}

void
stream_flush(struct stream_out *s)
{
	if (s->waiting)
		stream_put(s, s->waiting, NULL, s->records.p, s->records.n);
	s->waiting = 0;
	buf_clear(&s->records);
}

void
stream_finish(struct stream_out *s)
{
	struct err e;

	stream_flush(s);
	put_frame(s, 'E', s->nrec, NULL, NULL, 0);
	if (file_commit(s->file, &e) < 0)
		die_err(&e);
	buf_free(&s->records);
	free(s->name), free(s);
}
