/* zst - frames of zstd undone as their bytes come; the one file that names libzstd */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "stream/zst.h"
#include "base/size.h"
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_ZSTD
#include <zstd.h>

#define HEAD           5                /* bytes that tell how long a frame's head is */
#define WINDOW_LOG_MAX 27
#define DICTIONARY_MAX ((size_t)1 << 24)

struct zst {
	ZSTD_DCtx *z;
	size_t     wants;               /* 0: between two frames */
};

struct zst *
zst_new(const struct buf *dictionary)
{
	struct zst *s = xcalloc(1, sizeof *s);

	if (!(s->z = ZSTD_createDCtx()) || ZSTD_isError(ZSTD_DCtx_setParameter(s->z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)) ||
	    (dictionary->n && ZSTD_isError(ZSTD_DCtx_loadDictionary(s->z, dictionary->p, dictionary->n)))) {
		zst_free(s);
		return NULL;
	}
	return s;
}

void
zst_free(struct zst *s)
{
	if (s)
		ZSTD_freeDCtx(s->z);
	free(s);
}

int
zst_begins(const void *bytes, size_t n, int of_data)
{
	const unsigned char *p = bytes;

	return n >= 4 && (memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0 || (!of_data && (p[0] & 0xf0) == 0x50 && memcmp(p + 1, "\x2a\x4d\x18", 3) == 0));
}

size_t
zst_wants(const struct zst *s)
{
	return !s->wants ? HEAD : least(s->wants, ZST_BLOCK);
}

void
zst_reset(struct zst *s)
{
	s->wants = 0;
}

int
zst_undo(struct zst *s, struct zst_step *step)
{
	ZSTD_inBuffer in = { step->in, step->n, 0 };
	ZSTD_outBuffer out = { step->out, step->room, 0 };
	size_t r;

	if (!s->wants) {
		ZSTD_DCtx_reset(s->z, ZSTD_reset_session_only);
		r = ZSTD_findFrameCompressedSize(step->in, step->n);
		s->wants = ZSTD_isError(r) ? HEAD : r;
	}
	in.size = least(s->wants, step->n);
	r = ZSTD_decompressStream(s->z, &out, &in);
	step->used = ZSTD_isError(r) ? in.size : in.pos;
	step->made = out.pos;
	s->wants = ZSTD_isError(r) ? 0 : r;
	if (ZSTD_isError(r))
		step->why = ZSTD_getErrorName(r);
	return ZSTD_isError(r) ? -1 : r == 0;
}

int
zst_undo_all(const void *p, size_t n, size_t max, struct buf *out)
{
	struct buf none = { 0 };
	struct zst *s = zst_new(&none);
	struct zst_step step = { .in = p, .n = n };
	size_t from = out->n;
	int r = s ? 0 : -1;

	while (r >= 0 && out->n - from <= max && (step.n || (r == 0 && step.made == step.room))) {
		buf_need(out, ZST_BLOCK);
		step.out = out->p + out->n;
		step.room = ZST_BLOCK;
		r = zst_undo(s, &step);
		out->n += step.made;
		step.in = (const char *)step.in + step.used;
		step.n -= step.used;
	}
	zst_free(s);
	if (out->p)
		out->p[out->n] = 0;
	return out->n - from > max ? 1 : r == 1 ? 0 : -1;
}

int
zst_dictionary(struct input *in, struct buf *out, struct err *err)
{
	size_t got, n;
	const unsigned char *p = input_peek(in, 12, &got, err);

	buf_clear(out);
	if (!p)
		return -1;
	if (got < 12 || memcmp(p, "\x5d\x2a\x4d\x18", 4) != 0 || (memcmp(p + 8, "\x37\xa4\x30\xec", 4) != 0 && !zst_begins(p + 8, 4, 1)))
		return 0;
	n = p[4] | p[5] << 8 | p[6] << 16 | (size_t)p[7] << 24;
	if (n > DICTIONARY_MAX)
		return err_set(err, "%s: byte 0: a dictionary of %zu bytes", input_name(in), n);
	if (!(p = input_peek(in, 8 + n, &got, err)))
		return -1;
	if (got < 8 + n)
		return err_set(err, "%s: byte 0: cut short within the dictionary", input_name(in));
	if (!zst_begins(p + 8, n, 1))
		buf_add(out, p + 8, n);
	else if (zst_undo_all(p + 8, n, DICTIONARY_MAX, out))
		return err_set(err, "%s: byte 8: the dictionary is damaged or larger than %zu bytes", input_name(in), DICTIONARY_MAX);
	input_skip(in, 8 + n);
	return 0;
}
#else
struct zst *zst_new(const struct buf *dictionary) { (void)dictionary; return NULL; }
void        zst_free(struct zst *s) { (void)s; }
int         zst_begins(const void *p, size_t n, int of_data) { (void)p, (void)n, (void)of_data; return 0; }
size_t      zst_wants(const struct zst *s) { (void)s; return 0; }
void        zst_reset(struct zst *s) { (void)s; }
int         zst_undo(struct zst *s, struct zst_step *step) { (void)s, (void)step; return -1; }
int         zst_undo_all(const void *p, size_t n, size_t max, struct buf *out) { (void)p, (void)n, (void)max, (void)out; return -1; }
int         zst_dictionary(struct input *in, struct buf *out, struct err *err) { (void)in, (void)err; buf_clear(out); return 0; }
#endif
