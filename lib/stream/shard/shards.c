/* shards - where tokens go: one stream or several of a size, or files that other programs train from */
/* SPDX-License-Identifier: MIT */
#include "stream/shard/shards.h"
#include "base/file.h"
#include "base/mem.h"
#include "stream/shard/export.h"
#include <stdlib.h>
#include <string.h>

enum { NPY_HEADER = 128, LLMC_HEADER = 1024 };        /* npy_head is as long for any count */

struct shards {
	char              *path, *head;
	enum shards_format format;
	uint64_t           size;        /* tokens a file, 0: one file */
	struct toks_head   info;
	unsigned           number;      /* of the next file */
	struct toks_out   *stream;
	struct file_out   *file;
	uint64_t           tokens;      /* in this file */
	uint32_t          *lens;        /* of its items, for megatron */
	size_t             n_lens, cap_lens;
	struct buf         narrow;
};

/* NAME-00000.EXT, or the path as it is; megatron's ends in .bin, `ext` in its place if not NULL. */
static void
file_path(const struct shards *s, unsigned number, const char *ext, struct buf *b)
{
	const char *slash = strrchr(s->path, '/'), *dot = strrchr(s->path, '.');

	if (!dot || (slash && dot < slash) || dot == s->path)
		dot = s->path + strlen(s->path);
	if (s->format == SHARDS_MEGATRON && strcmp(dot, ".bin") != 0)
		dot = s->path + strlen(s->path);
	buf_add(b, s->path, (size_t)(dot - s->path));
	if (s->size)
		buf_printf(b, "-%05u", number);
	buf_str(b, ext ? ext : dot);
}

static int
write_bytes(struct shards *s, struct file_out *f, const void *p, size_t n, struct err *err)
{
	if (fwrite(p, 1, n, file_stream(f)) != n)
		return err_sys(err, "%s: writing", s->path);
	return 0;
}

static int
open_file(struct shards *s, struct err *err)
{
	static const char zeros[LLMC_HEADER];
	struct buf path = { 0 };
	int rc = 0;

	file_path(s, s->number, s->format == SHARDS_MEGATRON ? ".bin" : NULL, &path);
	s->tokens = s->n_lens = 0;
	if (s->format == SHARDS_LMS)
		s->stream = toks_create(path.p, s->head, &s->info);
	else if (!(s->file = file_create(path.p, 1, err)))
		rc = -1;
	else if (s->format == SHARDS_LLMC || s->format == SHARDS_NPY)
		rc = write_bytes(s, s->file, zeros, s->format == SHARDS_NPY ? NPY_HEADER : LLMC_HEADER, err);
	s->number++;
	buf_free(&path);
	return rc;
}

struct shards *
shards_create(const char *path, enum shards_format format, uint64_t size, const char *head, const struct toks_head *info, struct err *err)
{
	struct shards *s;

	if (!strcmp(path, "-") && (size || (format != SHARDS_LMS && format != SHARDS_RAW))) {
		err_set(err, "a file is needed (-o): this cannot go to standard output");
		return NULL;
	}
	s = xcalloc(1, sizeof *s);
	s->path = xstrdup(path);
	s->head = xstrdup(head);
	s->format = format;
	s->size = size;
	s->info = *info;
	if (open_file(s, err) == 0)
		return s;
	if (s->file)
		file_abort(s->file);
	s->file = NULL;
	shards_finish(s, NULL);
	return NULL;
}

static int
write_idx(struct shards *s, struct err *err)
{
	struct buf path = { 0 }, b = { 0 };
	int bad;
	uint64_t one = 1, n = s->n_lens, docs = n + 1, at = 0;
	unsigned char type = s->info.wide ? 4 : 8;      /* int32, uint16 */

	buf_add(&b, "MMIDIDX\0\0", 9);
	buf_add(&b, &one, 8);
	buf_add(&b, &type, 1);
	buf_add(&b, &n, 8);
	buf_add(&b, &docs, 8);
	buf_add(&b, s->lens, n * 4);
	for (size_t i = 0; i < n; i++) {
		buf_add(&b, &at, 8);
		at += (uint64_t)s->lens[i] * (s->info.wide ? 4 : 2);
	}
	for (uint64_t i = 0; i <= n; i++)
		buf_add(&b, &i, 8);
	file_path(s, s->number - 1, ".idx", &path);
	bad = file_write(path.p, 1, b.p, b.n, err);
	buf_free(&path);
	buf_free(&b);
	return bad;
}

/* The header of what is full now, in its place. */
static int
write_header(struct shards *s, struct err *err)
{
	int32_t llmc[3] = { s->info.wide ? 20240801 : 20240520, s->info.wide ? 7 : 1, (int32_t)s->tokens };
	uint64_t len = (uint64_t)s->info.seq + 1, shape[] = { s->tokens / len, len };
	struct buf npy = { 0 };
	int bad;

	if (s->format == SHARDS_LLMC && s->tokens > INT32_MAX)
		return err_set(err, "%s: more than %d tokens in a file of llm.c; --size makes several", s->path, INT32_MAX);
	if (fseek(file_stream(s->file), 0, SEEK_SET))
		return err_sys(err, "%s: going back to the header", s->path);
	if (s->format == SHARDS_LLMC)
		return write_bytes(s, s->file, llmc, sizeof llmc, err);
	npy_head(&npy, s->info.wide ? "<u4" : "<u2", s->info.seq ? 2 : 1, shape);
	bad = write_bytes(s, s->file, npy.p, npy.n, err);
	buf_free(&npy);
	return bad;
}

static int
close_file(struct shards *s, struct err *err)
{
	struct file_out *f = s->file;

	if (s->stream)
		toks_finish(s->stream);
	s->stream = NULL;
	if (!f)
		return 0;
	if (((s->format == SHARDS_LLMC || s->format == SHARDS_NPY) && write_header(s, err)) ||
	    (s->format == SHARDS_MEGATRON && write_idx(s, err))) {
		file_abort(f);
		s->file = NULL;
		return -1;
	}
	s->file = NULL;
	return file_commit(f, err);
}

static int
put_tokens(struct shards *s, const struct item *it, struct err *err)
{
	if (s->info.wide)
		return write_bytes(s, s->file, it->tok, it->n_tok * 4, err);
	buf_clear(&s->narrow);
	buf_need(&s->narrow, 2 * it->n_tok);
	for (size_t i = 0; i < it->n_tok; i++) {
		uint16_t t = (uint16_t)it->tok[i];

		memcpy(s->narrow.p + 2 * i, &t, 2);
	}
	return write_bytes(s, s->file, s->narrow.p, 2 * it->n_tok, err);
}

int
shards_put(struct shards *s, const struct item *it, struct err *err)
{
	if (s->size && s->tokens >= s->size && (close_file(s, err) || open_file(s, err)))
		return -1;
	s->tokens += it->n_tok;
	if (s->stream) {
		toks_put_item(s->stream, it);
		return 0;
	}
	if (s->format == SHARDS_MEGATRON)
		VEC_PUSH(s->lens, s->n_lens, s->cap_lens, (uint32_t)it->n_tok);
	return put_tokens(s, it, err);
}

void
shards_dates(struct shards *s, struct toks_in *in)
{
	if (!s->stream)
		return;
	toks_date(s->stream, toks_from(in), strlen(toks_from(in)));
	toks_date(s->stream, toks_to(in), strlen(toks_to(in)));
}

int
shards_finish(struct shards *s, struct err *err)
{
	int rc = close_file(s, err);

	free(s->path);
	free(s->head);
	free(s->lens);
	buf_free(&s->narrow);
	free(s);
	return rc;
}
