/* tens - safetensors images; see tens.h and the format's own description (github.com/huggingface/safetensors) */
/* SPDX-License-Identifier: MIT */
#include "stream/tens.h"
#include "base/order.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_MAX ((uint64_t)100 << 20)

static const struct dtype { const char *name; enum tens_dtype dtype; size_t size; } dtypes[] = {
	{ "F32", TENS_F32, 4 }, { "F16", TENS_F16, 2 }, { "BF16", TENS_BF16, 2 }, { "F64", TENS_F64, 8 },
	{ "U8", TENS_U8, 1 }, { "I8", TENS_I8, 1 }, { "I32", TENS_I32, 4 }, { "I64", TENS_I64, 8 },
	{ "BOOL", TENS_OTHER, 1 }, { "F8_E5M2", TENS_OTHER, 1 }, { "F8_E4M3", TENS_OTHER, 1 }, { "I16", TENS_OTHER, 2 },
	{ "U16", TENS_OTHER, 2 }, { "U32", TENS_OTHER, 4 }, { "U64", TENS_OTHER, 8 },
};
#define N_DTYPES (sizeof dtypes / sizeof *dtypes)

_Static_assert(TENS_OTHER == 8, "dtypes[] begins in the order of enum tens_dtype");

size_t tens_size(enum tens_dtype d) { return d < TENS_OTHER ? dtypes[d].size : 0; }

/* One entry of the header: {"dtype":..,"shape":[..],"data_offsets":[b,e]}. */
static int
parse_entry(struct tens *t, struct json v, uint64_t room, const char *base, struct err *e)
{
	struct json_iter it = json_walk(json_get(v, "shape"));
	struct json off = json_get(v, "data_offsets");
	struct json_iter oi = json_walk(off);
	long long begin = -1, end = -1;
	uint64_t count = 1, bytes;
	size_t d;

	for (d = 0; d < N_DTYPES && !json_is(json_get(v, "dtype"), dtypes[d].name); d++)
		;
	if (d == N_DTYPES)
		return err_set(e, "tensor %s: unknown dtype", t->name);
	t->dtype = dtypes[d].dtype;
	if (json_kind(json_get(v, "shape")) != '[')
		return err_set(e, "tensor %s: no shape", t->name);
	while (json_next(&it)) {
		long long n = json_int(it.value, -1);
		if (n < 0 || t->ndim == TENS_DIMS || __builtin_mul_overflow(count, (uint64_t)n, &count))
			return err_set(e, "tensor %s: a shape out of range", t->name);
		t->shape[t->ndim++] = (uint64_t)n;
	}
	if (json_next(&oi))
		begin = json_int(oi.value, -1);
	if (json_next(&oi))
		end = json_int(oi.value, -1);
	if (begin < 0 || end < begin || (uint64_t)end > room || __builtin_mul_overflow(count, dtypes[d].size, &bytes) ||
	    (uint64_t)(end - begin) != bytes || json_count(off) != 2)
		return err_set(e, "tensor %s: data_offsets that do not fit its shape or the file", t->name);
	t->data = base + begin;
	t->bytes = (size_t)bytes, t->count = (size_t)count;
	return 0;
}

static int
by_place(const void *a, const void *b)
{
	const struct tens *x = a, *y = b;

	return x->data != y->data ? ORDER(x->data, y->data) : x->bytes != y->bytes ? ORDER(x->bytes, y->bytes) : strcmp(x->name, y->name);
}

static int
check_names(const struct tens_set *s, struct err *e)
{
	char **names = xmalloc((s->n + 1) * sizeof *names);
	int r = 0;

	for (size_t i = 0; i < s->n; i++)
		names[i] = s->v[i].name;
	qsort(names, s->n, sizeof *names, order_text);
	for (size_t i = 1; i < s->n && r == 0; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			r = err_set(e, "tensor %s comes twice", names[i]);
	free(names);
	return r;
}

static int
parse_all(struct tens_set *s, const char *image, size_t n, struct err *e)
{
	uint64_t len;
	struct json j;
	struct json_iter it;
	size_t cap = 0, i;
	const char *base, *at;

	if (!n)
		return err_set(e, "empty (did the command before it fail?)");
	if (n < 8)
		return err_set(e, "no safetensors header in %zu bytes", n);
	if (n > 8 && image[8] != '{')
		return err_set(e, "not safetensors: no header begins at byte 8");
	memcpy(&len, image, 8);
	if (len > HEADER_MAX || len > n - 8)
		return err_set(e, "a safetensors header of %llu bytes in a file of %zu", (unsigned long long)len, n);
	if (json_parse(&j, image + 8, (size_t)len, e) < 0)
		return err_in(e, "header");
	if (json_kind(j) != '{')
		return err_set(e, "a safetensors header that is no object");
	base = image + 8 + len;
	it = json_walk(j);
	while (json_next(&it)) {
		struct tens t = { 0 };
		if (json_is(it.key, "__metadata__")) {
			s->meta = it.value;
			continue;
		}
		t.name = json_dup(it.key);
		VEC_PUSH(s->v, s->n, cap, t);
		if (parse_entry(&s->v[s->n - 1], it.value, n - 8 - len, base, e) < 0)
			return -1;
	}
	if (s->n)
		qsort(s->v, s->n, sizeof *s->v, by_place);
	for (i = 0, at = base; i < s->n; at += s->v[i++].bytes)
		if (s->v[i].data != at)
			return err_set(e, "tensor %s: overlaps another or leaves a hole", s->v[i].name);
	if (at != image + n)
		return err_set(e, "%zu bytes after the last tensor", (size_t)(image + n - at));
	return check_names(s, e);
}

int
tens_parse(struct tens_set *s, const void *image, size_t n, struct err *e)
{
	*s = (struct tens_set){ 0 };
	if (parse_all(s, image, n, e) == 0)
		return 0;
	tens_free(s);
	return -1;
}

void
tens_free(struct tens_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
	*s = (struct tens_set){ 0 };
}

const struct tens *
tens_find(const struct tens_set *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, name) == 0)
			return &s->v[i];
	return NULL;
}

char *tens_meta(const struct tens_set *s, const char *key) { return json_dup(json_get(s->meta, key)); }

enum quant
tens_quant(enum tens_dtype d)
{
	static const enum quant types[] = { [TENS_F32] = QUANT_F32, [TENS_F16] = QUANT_F16, [TENS_BF16] = QUANT_BF16, [TENS_F64] = QUANT_F64 };

	return types[d];
}

int
tens_to_f32(const struct tens *t, float *out, size_t first, size_t n)
{
	if (t->dtype > TENS_F64 || first > t->count || n > t->count - first)
		return -1;
	quant_unpack(tens_quant(t->dtype), (const char *)t->data + first * tens_size(t->dtype), n, out);
	return 0;
}

/* ---- writing */

void
tens_declare(struct tens_new *w, const char *name, enum tens_dtype d, int ndim, const uint64_t *shape)
{
	uint64_t bytes = tens_size(d);

	json_key(&w->entries, name);
	buf_printf(&w->entries, "{\"dtype\":\"%s\",\"shape\":[", dtypes[d].name);
	for (int i = 0; i < ndim; i++) {
		buf_printf(&w->entries, "%s%llu", i ? "," : "", (unsigned long long)shape[i]);
		bytes *= shape[i];
	}
	buf_printf(&w->entries, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)w->offset,
	    (unsigned long long)(w->offset + bytes));
	w->offset += bytes;
}

void
tens_declare_meta(struct tens_new *w, const char *key, const char *value)
{
	if (value)
		json_add_str(&w->meta, key, value);
}

void
tens_declare_num(struct tens_new *w, const char *key, double value)
{
	char s[40];

	snprintf(s, sizeof s, "%.17g", value);
	tens_declare_meta(w, key, s);
}

void
tens_header(struct tens_new *w, struct buf *out)
{
	struct buf b = { 0 };
	uint64_t len;

	buf_char(&b, '{');
	if (w->meta.n)
		buf_printf(&b, "\"__metadata__\":{%s}%s", w->meta.p, w->entries.n ? "," : "");
	buf_add(&b, w->entries.p, w->entries.n);
	buf_char(&b, '}');
	while ((8 + b.n) % 64)
		buf_char(&b, ' ');
	len = b.n;
	buf_add(out, &len, 8);
	buf_add(out, b.p, b.n);
	buf_free(&b), buf_free(&w->entries), buf_free(&w->meta);
}

int
tens_list(const void *image, size_t n, struct buf *out, struct err *err)
{
	struct tens_set set;

	if (tens_parse(&set, image, n, err) < 0)
		return -1;
	for (size_t i = 0; i < set.n; i++) {
		buf_printf(out, "%s%s\t", i ? "\n" : "", set.v[i].name);
		for (int k = 0; k < set.v[i].ndim; k++)
			buf_printf(out, "%s%llu", k ? "x" : "", (unsigned long long)set.v[i].shape[k]);
		buf_printf(out, "\t%zu bytes", set.v[i].bytes);
	}
	tens_free(&set);
	return 0;
}
