/* export - tokens and tensors as NumPy reads them, or as bytes alone */
/* SPDX-License-Identifier: MIT */
#include "stream/shard/export.h"
#include "base/file.h"
#include "stream/shard/shards.h"
#include "stream/tens.h"
#include <stdlib.h>
#include <string.h>

static int
export_toks(int nfiles, char **files, const char *out, int npy, struct err *err)
{
	struct toks_in *in = toks_open(nfiles, files);
	const struct toks_head *info = toks_info(in);
	struct shards *s = shards_create(out, npy ? SHARDS_NPY : SHARDS_RAW, 0, "", info, err);
	struct item it;
	int bad = !s;

	while (!bad && toks_next_item(in, &it))
		bad = shards_put(s, &it, err);
	if (s && shards_finish(s, bad ? NULL : err))
		bad = 1;
	toks_close(in);
	return bad ? -1 : 0;
}

void
npy_head(struct buf *b, const char *descr, int ndim, const uint64_t *shape)
{
	size_t len;

	buf_clear(b);
	buf_add(b, "\x93NUMPY\x01\x00\x00\x00", 10);
	buf_printf(b, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
	for (int i = 0; i < ndim; i++)
		buf_printf(b, "%llu%s", (unsigned long long)shape[i], i + 1 < ndim ? ", " : ndim == 1 ? "," : "");
	buf_str(b, "), }");
	while ((b->n + 1) % 64)
		buf_char(b, ' ');
	buf_char(b, '\n');
	len = b->n - 10;
	b->p[8] = (char)(len & 255);
	b->p[9] = (char)(len >> 8);
}

static int
put_tens(const struct tens *t, int npy, FILE *f, struct buf *b, struct err *err)
{
	static const char *const descr[] = { "<f4", "<f2", "<f4", "<f8", "|u1", "|i1", "<i4", "<i8" };
	const void *data = t->data;
	size_t bytes = t->bytes;
	float *wide = NULL;
	int ok;

	if (npy && t->dtype == TENS_OTHER)
		return err_set(err, "%s: of a type that NumPy does not have", t->name);
	if (npy)
		npy_head(b, descr[t->dtype], t->ndim, t->shape);
	if (npy && t->dtype == TENS_BF16) {
		wide = xreallocarray(NULL, t->count + 1, sizeof *wide);
		tens_to_f32(t, wide, 0, t->count);
		data = wide;
		bytes = t->count * sizeof *wide;
	}
	ok = (!npy || fwrite(b->p, 1, b->n, f) == b->n) && (!bytes || fwrite(data, 1, bytes, f) == bytes);
	free(wide);
	return ok ? 0 : err_sys(err, "%s: writing", t->name);
}

static int
export_tens(int nfiles, char **files, const char *out, int npy, struct err *err)
{
	struct stream *s = stream_open(nfiles, files, "tens");
	struct file_out *o = file_create(out, 1, err);
	struct tens_set set;
	struct frame f;
	struct buf b = { 0 };
	int bad = !o;

	while (!bad && stream_data(s, &f)) {
		if (tens_parse(&set, f.data, f.data_len, err) < 0)
			stream_damaged(s, "%s", err->text);
		for (size_t i = 0; i < set.n && !bad; i++)
			bad = put_tens(&set.v[i], npy, file_stream(o), &b, err);
		tens_free(&set);
	}
	if (o && bad)
		file_abort(o);
	else if (o)
		bad = file_commit(o, err);
	buf_free(&b);
	stream_close(s);
	return bad ? -1 : 0;
}

int
export_stream(const char *type, int nfiles, char **files, const char *out, int npy, struct err *err)
{
	if (type && strcmp(type, "toks") == 0)
		return export_toks(nfiles, files, out, npy, err);
	if (type && strcmp(type, "tens") == 0)
		return export_tens(nfiles, files, out, npy, err);
	return err_set(err, "--%s is for tokens and tensors", npy ? "npy" : "raw");
}
