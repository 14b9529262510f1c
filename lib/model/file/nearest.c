/* nearest - tokens that a model takes for alike: neighbours in its embedding */
/* SPDX-License-Identifier: MIT */
#include "model/file/nearest.h"
#include "base/json.h"
#include "base/order.h"
#include "vocab/vocab.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct near {
	double   cosine;
	uint32_t id;
};

static int
nearer(const void *a, const void *b)
{
	const struct near *x = a, *y = b;

	return x->cosine != y->cosine ? ORDER(y->cosine, x->cosine) : ORDER(x->id, y->id);
}

static double
dot(const float *a, const float *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

static int64_t
token_of(const struct vocab *v, const char *s, size_t V)
{
	int64_t id = vocab_find(v, s, strlen(s));
	char *end;

	if (id < 0 && *s >= '0' && *s <= '9') {
		id = strtoll(s, &end, 10);
		id = *end ? -1 : id;
	}
	return id < (int64_t)V ? id : -1;
}

int
model_nearest(const struct model *m, const char *token, size_t n, struct buf *out, struct err *e)
{
	struct vocab *v = model_vocab(m, e);
	size_t V = (size_t)m->cfg.V, C = (size_t)m->cfg.C, len;
	const float *w = m->w + m->par.tok, *own;
	int64_t id = v ? token_of(v, token, V) : -1;
	struct near *all;

	if (id < 0) {
		if (v)
			err_set(e, "\"%s\" is no token of it (most words begin with a blank)", token);
		vocab_free(v);
		return -1;
	}
	all = xcalloc(V, sizeof *all);
	own = w + (size_t)id * C;
	for (size_t k = 0; k < V; k++) {
		double size = sqrt(dot(own, own, C) * dot(w + k * C, w + k * C, C));
		all[k] = (struct near){ k == (size_t)id ? INFINITY : size > 0 ? dot(own, w + k * C, C) / size : 0, (uint32_t)k };
	}
	qsort(all, V, sizeof *all, nearer);
	for (size_t k = 0; k < n && k < V; k++) {
		const char *text = vocab_bytes(v, all[k].id, &len);
		buf_printf(out, "%.6f\t%u\t", k ? all[k].cosine : 1, all[k].id);
		json_quote(out, text ? text : "", text ? len : 0);
		buf_char(out, '\n');
	}
	free(all);
	vocab_free(v);
	return 0;
}
