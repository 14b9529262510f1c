/* weights - a model's weights as tensors of safetensors images: names, shapes, turned matrices */
/* SPDX-License-Identifier: MIT */
#include "model/weights.h"
#include "base/file.h"
#include "base/par.h"
#include "base/size.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 64         /* of a turned matrix at a time */

static void
file_shape(const struct param *p, uint64_t shape[2])
{
	shape[0] = p->shape[p->conv1d];
	shape[1] = p->shape[!p->conv1d];
}

void
weights_declare(const struct params *par, struct tens_new *t)
{
	uint64_t shape[2];

	for (int i = 0; i < par->n; i++) {
		file_shape(&par->v[i], shape);
		tens_declare(t, par->v[i].name, TENS_F32, par->v[i].ndim, shape);
	}
}

/* w (out, in) is written as (in, out). */
static void
write_turned(const struct param *p, const float *w, void (*put)(void *, const void *, size_t), void *ctx)
{
	size_t out = p->shape[0], in = p->shape[1];
	float *rows = xreallocarray(NULL, ROWS * out, sizeof *rows);

	for (size_t i = 0; i < in; i += ROWS) {
		size_t n = least(in - i, ROWS);
		for (size_t o = 0; o < out; o++)
			for (size_t k = 0; k < n; k++)
				rows[k * out + o] = w[o * in + i + k];
		put(ctx, rows, n * out * sizeof *rows);
	}
	free(rows);
}

void
weights_write(const struct params *par, const float *w, void (*put)(void *, const void *, size_t), void *ctx)
{
	for (int i = 0; i < par->n; i++) {
		const struct param *p = &par->v[i];
		if (p->conv1d)
			write_turned(p, w + p->offset, put, ctx);
		else
			put(ctx, w + p->offset, p->count * sizeof *w);
	}
}

void
weights_to_buf(void *buf, const void *p, size_t n)
{
	buf_add(buf, p, n);
}

void
weights_to_file(void *file, const void *p, size_t n)
{
	fwrite(p, 1, n, file);
}

/* Where a search went last: tensors mostly come in the table's order, so the next is near. */
struct cursor {
	const struct tens_set *sets;
	int    n, set;
	size_t at;
};

static const struct tens *
find_exact(struct cursor *c, const char *name)
{
	for (int s = 0; s < c->n; s++) {
		int k = (c->set + s) % c->n;
		const struct tens_set *set = &c->sets[k];
		size_t from = s ? 0 : c->at;
		for (size_t i = 0; i < set->n; i++) {
			size_t j = (from + i) % set->n;
			if (!strcmp(set->v[j].name, name)) {
				c->set = k;
				c->at = j;
				return &set->v[j];
			}
		}
	}
	return NULL;
}

/* GPT-2's files come with and without "transformer." in front. */
static const struct tens *
find(struct cursor *c, const struct param *p)
{
	char name[160];
	const struct tens *t = find_exact(c, p->name);

	snprintf(name, sizeof name, "transformer.%s", p->name);
	return t ? t : find_exact(c, name);
}

static int
check(const struct param *p, const struct tens *t, struct err *e)
{
	uint64_t want[2];

	file_shape(p, want);
	if (t->dtype != TENS_F32 && t->dtype != TENS_F16 && t->dtype != TENS_BF16 && t->dtype != TENS_F64)
		return err_set(e, "%s: not of type F32, F16, BF16 or F64", t->name);
	if (t->ndim != p->ndim)
		return err_set(e, "%s: %d dimensions, not %d", t->name, t->ndim, p->ndim);
	if (p->ndim == 1 && t->shape[0] != want[0])
		return err_set(e, "%s: %" PRIu64 " elements, not %" PRIu64, t->name, t->shape[0], want[0]);
	if (p->ndim == 2 && (t->shape[0] != want[0] || t->shape[1] != want[1]))
		return err_set(e, "%s: shape (%" PRIu64 ", %" PRIu64 "), not (%" PRIu64 ", %" PRIu64 ")", t->name,
		               t->shape[0], t->shape[1], want[0], want[1]);
	return 0;
}

int
weights_check(const struct params *par, const struct tens_set *sets, int n, struct err *e)
{
	struct cursor c = { sets, n, 0, 0 };

	for (int i = 0; i < par->n; i++) {
		const struct tens *t = find(&c, &par->v[i]);
		if (!t)
			return err_set(e, "%s: missing", par->v[i].name);
		if (check(&par->v[i], t, e))
			return -1;
	}
	return 0;
}

void
weights_find(const struct params *par, const struct tens_set *sets, int n, struct weight_src *src)
{
	struct cursor c = { sets, n, 0, 0 };

	for (int i = 0; i < par->n; i++) {
		const struct tens *t = find(&c, &par->v[i]);
		src[i] = (struct weight_src){ .type = tens_quant(t->dtype), .data = t->data, .turned = par->v[i].conv1d };
	}
}

void
weights_here(const struct params *par, const float *w, struct weight_src *src)
{
	for (int i = 0; i < par->n; i++)
		src[i] = (struct weight_src){ .type = QUANT_F32, .data = w + par->v[i].offset };
}

const void *
weights_row(const struct param *p, const struct weight_src *s, size_t r, enum quant *type, float *tmp)
{
	size_t rows = param_rows(p), cols = param_cols(p), size = quant_bytes(s->type, cols);
	const unsigned char *data = s->data;

	*type = s->type;
	if (s->turned) {
		size_t one = quant_bytes(s->type, 1);
		for (size_t k = 0; k < cols; k++)
			quant_unpack(s->type, data + (k * rows + r) * one, 1, tmp + k);
		*type = QUANT_F32;
		return tmp;
	}
	if (s->pairs)
		r = weights_pair_row(r, rows / (size_t)s->pairs);
	return data + r * size;
}

void
weights_widen_row(const struct param *p, const struct weight_src *s, size_t r, float *out)
{
	enum quant type;
	const void *row = weights_row(p, s, r, &type, out);

	if (row != out)
		quant_unpack(type, row, param_cols(p), out);
}

struct check {
	const struct param *p;
	const struct weight_src *s;
	int bad;
};

/* In the order of the file, turned or not: only each number matters. */
static void
check_rows(size_t block, void *ctx)
{
	struct check *c = ctx;
	size_t cols = param_cols(c->p), first = block * ROWS, n = least(ROWS, param_rows(c->p) - first);
	const unsigned char *rows = c->s->data;

	if (!quant_finite(c->s->type, rows + first * quant_bytes(c->s->type, cols), n * cols))
		__atomic_store_n(&c->bad, 1, __ATOMIC_RELAXED);
}

int
weights_finite(const struct params *par, const struct weight_src *src, struct err *e)
{
	for (int i = 0; i < par->n; i++) {
		struct check c = { &par->v[i], &src[i], 0 };

		par_for(div_up(param_rows(c.p), ROWS), check_rows, &c);
		if (c.bad)
			return err_set(e, "tensor %s has weights that are no numbers (NaN or infinite)", c.p->name);
	}
	return 0;
}

struct widen {
	const struct param *p;
	const struct weight_src *s;
	float *w;
};

static void
widen_rows(size_t block, void *ctx)
{
	const struct widen *u = ctx;

	for (size_t r = block * ROWS, end = least(r + ROWS, param_rows(u->p)); r < end; r++)
		weights_widen_row(u->p, u->s, r, u->w + r * param_cols(u->p));
}

void
weights_widen(const struct params *par, const struct weight_src *src, int mapped, float *w)
{
	for (int i = 0; i < par->n; i++) {
		const struct param *p = &par->v[i];
		par_for(div_up(param_rows(p), ROWS), widen_rows, &(struct widen){ p, &src[i], w + p->offset });
		if (mapped)             /* never all twice in memory */
			mem_forget(src[i].data, param_rows(p) * quant_bytes(src[i].type, param_cols(p)));
	}
}
