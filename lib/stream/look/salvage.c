/* salvage - the whole frames of a damaged stream: looked for by their magic, believed by their checksums */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "stream/look/salvage.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/size.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>

static size_t padded(size_t n) { return round_up(n, FRAME_ALIGN); }

/* The length of the whole frame at p, or 0. */
static size_t
whole(const unsigned char *p, size_t n, struct frame *f)
{
	if (n < FRAME_HEADER || frame_unpack(p, f) != FRAME_OK)
		return 0;
	if (padded(f->meta_len) > n - FRAME_HEADER || padded(f->data_len) > n - FRAME_HEADER - padded(f->meta_len))
		return 0;
	f->meta = (const char *)p + FRAME_HEADER;
	f->data = p + FRAME_HEADER + padded(f->meta_len);
	if (crc32c(0, f->meta, f->meta_len) != f->meta_crc || crc32c(0, f->data, f->data_len) != f->data_crc)
		return 0;
	return FRAME_HEADER + padded(f->meta_len) + padded(f->data_len);
}

/* -1: there is no HEAD. */
static int
salvage(const unsigned char *bytes, size_t n, const char *out, struct salvage *r)
{
	struct stream_out *s = NULL;
	struct frame f;
	size_t at = 0, len;

	*r = (struct salvage){ 0 };
	while (at < n) {
		const unsigned char *p = memmem(bytes + at, n - at, FRAME_MAGIC, 8);
		if (!p)
			break;
		r->lost += (uint64_t)(p - (bytes + at));
		at = (size_t)(p - bytes);
		if (!(len = whole(p, n - at, &f))) {
			r->lost++, at++;
			continue;
		}
		if (f.kind == 'H' && !s) {
			char *head = xstrndup(f.meta, f.meta_len);
			s = stream_create(out, head);
			free(head);
		} else if (f.kind == 'D' && s) {
			char *meta = f.meta_len ? xstrndup(f.meta, f.meta_len) : NULL;
			stream_put(s, f.nrec, meta, f.data, f.data_len);
			r->frames++, r->records += f.nrec;
			free(meta);
		}
		at += len;
	}
	r->lost += n - at;
	if (!s)
		return -1;
	stream_finish(s);
	return 0;
}

int
salvage_file(const char *path, const char *out, struct salvage *r, struct err *err)
{
	struct file_map m;
	int rc = 0;

	if (file_map(&m, path ? path : "-", err) < 0)
		return -1;
	if (salvage(m.p, m.n, out, r) < 0)
		rc = err_set(err, "%s: no whole HEAD frame: nothing to save", path ? path : "standard input");
	file_unmap(&m);
	return rc;
}
