/* fttrain - training a classifier of texts: dictionary, features, gradient descent, the file */
/* SPDX-License-Identifier: MIT */
#include "text/lang/fttrain.h"
#include "base/rng.h"
#include "text/lang/ftmodel.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct word {
	char    *s;
	int64_t  count;
	uint32_t hash;
	int32_t  row;           /* -1: too rare */
};

struct example {
	size_t first, n;        /* of its words' numbers */
	int    label;
};

struct fttrain {
	struct fttrain_opts o;
	struct word    *words;
	int32_t        *slots;          /* open hash table of words, + 1 */
	uint32_t       *tokens;         /* words of all texts */
	struct example *ex;
	struct { char *s; int64_t count; } *labels;
	size_t   n_words, cap_words, n_slots, n_tokens, cap_tokens, n_ex, cap_ex, n_labels, cap_labels;
	int32_t  rows;                  /* of words that stay */
	float   *in, *out;              /* (rows + buckets, dim), (labels, dim) */
	uint32_t *features;             /* of the text at hand */
	size_t   n_features, cap_features;
};

struct fttrain *
fttrain_new(const struct fttrain_opts *o)
{
	struct fttrain *t = xcalloc(1, sizeof *t);

	t->o = *o;
	if (o->ngrams < 2)
		t->o.buckets = 0;
	return t;
}

static void
grow(struct fttrain *t)
{
	t->n_slots = t->n_slots ? 2 * t->n_slots : 1024;
	free(t->slots);
	t->slots = xcalloc(t->n_slots, sizeof *t->slots);
	for (size_t w = 0; w < t->n_words; w++) {
		size_t i = t->words[w].hash & (t->n_slots - 1);

		while (t->slots[i])
			i = (i + 1) & (t->n_slots - 1);
		t->slots[i] = (int32_t)w + 1;
	}
}

static uint32_t
number_of(struct fttrain *t, const char *s, size_t n)
{
	uint32_t h = ft_hash(s, n);
	size_t i;

	if (2 * t->n_words >= t->n_slots)
		grow(t);
	for (i = h & (t->n_slots - 1); t->slots[i]; i = (i + 1) & (t->n_slots - 1)) {
		const struct word *w = &t->words[t->slots[i] - 1];

		if (w->hash == h && strncmp(w->s, s, n) == 0 && w->s[n] == 0)
			return (uint32_t)t->slots[i] - 1;
	}
	VEC_PUSH(t->words, t->n_words, t->cap_words, ((struct word){ xstrndup(s, n), 0, h, -1 }));
	t->slots[i] = (int32_t)t->n_words;
	return (uint32_t)t->n_words - 1;
}

static int
label_of(struct fttrain *t, const char *s, size_t n)
{
	for (size_t i = 0; i < t->n_labels; i++)
		if (strlen(t->labels[i].s) == n && memcmp(t->labels[i].s, s, n) == 0)
			return (int)i;
	if (t->n_labels == t->cap_labels)
		t->labels = xreallocarray(t->labels, t->cap_labels = t->cap_labels ? 2 * t->cap_labels : 8, sizeof *t->labels);
	t->labels[t->n_labels].s = xstrndup(s, n);
	t->labels[t->n_labels].count = 0;
	return (int)t->n_labels++;
}

int
fttrain_add(struct fttrain *t, const char *label, size_t n_label, const char *text, size_t n, struct err *err)
{
	struct example e = { .first = t->n_tokens };

	if (n_label == 0 || memchr(label, 0, n_label))
		return err_set(err, "an empty label");
	for (size_t i = 0, from; i < n; ) {
		while (i < n && ft_blank(text[i]))
			i++;
		for (from = i; i < n && !ft_blank(text[i]); )
			i++;
		if (i > from && !(i - from >= 9 && memcmp(text + from, "__label__", 9) == 0))
			VEC_PUSH(t->tokens, t->n_tokens, t->cap_tokens, number_of(t, text + from, i - from));
	}
	VEC_PUSH(t->tokens, t->n_tokens, t->cap_tokens, number_of(t, "</s>", 4));
	e.n = t->n_tokens - e.first;
	if (t->n_words > INT32_MAX / 4)
		return err_set(err, "too many words");
	for (size_t i = e.first; i < t->n_tokens; i++)
		t->words[t->tokens[i]].count++;
	e.label = label_of(t, label, n_label);
	t->labels[e.label].count++;
	VEC_PUSH(t->ex, t->n_ex, t->cap_ex, e);
	return 0;
}

size_t
fttrain_labels(const struct fttrain *t)
{
	return t->n_labels;
}

/* Rows of the text's words and runs of words, as text/lang/fasttext.c finds them. */
static void
find_features(struct fttrain *t, const struct example *e)
{
	const uint32_t *tok = t->tokens + e->first;

	t->n_features = 0;
	for (size_t i = 0; i < e->n; i++)
		if (t->words[tok[i]].row >= 0)
			VEC_PUSH(t->features, t->n_features, t->cap_features, (uint32_t)t->words[tok[i]].row);
	for (size_t i = 0; t->o.buckets && i < e->n; i++) {
		uint64_t h = (uint64_t)(int64_t)(int32_t)t->words[tok[i]].hash;

		for (size_t j = i + 1; j < e->n && j < i + (size_t)t->o.ngrams; j++) {
			h = h * 116049371 + (uint64_t)(int64_t)(int32_t)t->words[tok[j]].hash;
			VEC_PUSH(t->features, t->n_features, t->cap_features, (uint32_t)t->rows + (uint32_t)(h % t->o.buckets));
		}
	}
}

/* One step: the text's loss; p [labels], hidden and grad [dim] are scratch. */
static double
step(struct fttrain *t, const struct example *e, double lr, double *p, float *hidden, float *grad, int *right)
{
	int dim = t->o.dim, best = 0;
	double sum = 0, most = -INFINITY;

	find_features(t, e);
	memset(hidden, 0, (size_t)dim * sizeof *hidden);
	memset(grad, 0, (size_t)dim * sizeof *grad);
	for (size_t f = 0; f < t->n_features; f++)
		for (int k = 0; k < dim; k++)
			hidden[k] += t->in[(size_t)t->features[f] * (size_t)dim + (size_t)k];
	for (int k = 0; k < dim && t->n_features; k++)
		hidden[k] /= (float)t->n_features;
	for (size_t l = 0; l < t->n_labels; l++) {
		float dot = 0;

		for (int k = 0; k < dim; k++)
			dot += hidden[k] * t->out[l * (size_t)dim + (size_t)k];
		p[l] = dot;
		if (p[l] > most)
			most = p[l], best = (int)l;
	}
	for (size_t l = 0; l < t->n_labels; l++)
		sum += p[l] = exp(p[l] - most);
	*right = best == e->label;
	for (size_t l = 0; l < t->n_labels; l++) {
		float g = (float)(lr * (((int)l == e->label) - p[l] / sum)), *o = t->out + l * (size_t)dim;

		for (int k = 0; k < dim; k++) {
			grad[k] += g * o[k];
			o[k] += g * hidden[k];
		}
	}
	for (size_t f = 0; f < t->n_features; f++)      /* the whole gradient to each row, as fastText does when it labels */
		for (int k = 0; k < dim; k++)
			t->in[(size_t)t->features[f] * (size_t)dim + (size_t)k] += grad[k] / (float)t->n_features;
	return -log(p[e->label] / sum + 1e-30);
}

static void
start(struct fttrain *t)
{
	size_t n;

	for (size_t w = 0; w < t->n_words; w++)
		if (t->words[w].count >= t->o.min_count)
			t->words[w].row = t->rows++;
	n = ((size_t)t->rows + t->o.buckets) * (size_t)t->o.dim;
	t->in = xreallocarray(NULL, n ? n : 1, sizeof *t->in);
	t->out = xcalloc(t->n_labels * (size_t)t->o.dim, sizeof *t->out);
	for (size_t i = 0; i < n; i++)
		t->in[i] = (float)((2 * rng_unit(rng_at(t->o.seed, i, 0, 0, 0)) - 1) / t->o.dim);
}

void
fttrain_fit(struct fttrain *t, void (*tell)(int epoch, double loss, double right))
{
	size_t *order = xcalloc(t->n_ex + 1, sizeof *order), done = 0;
	double *p = xcalloc(t->n_labels + 1, sizeof *p);
	float *hidden = xcalloc((size_t)t->o.dim, sizeof *hidden), *grad = xcalloc((size_t)t->o.dim, sizeof *grad);

	start(t);
	for (int epoch = 0; epoch < t->o.epochs; epoch++) {
		struct rng rng = { rng_at(t->o.seed, (uint64_t)epoch, 1, 0, 0), 0 };
		double loss = 0, all = (double)t->n_ex * t->o.epochs;
		size_t hits = 0;

		rng_order(&rng, order, t->n_ex);
		for (size_t i = 0; i < t->n_ex; i++, done++) {
			int right;

			loss += step(t, &t->ex[order[i]], t->o.lr * (1 - (double)done / all), p, hidden, grad, &right);
			hits += (size_t)right;
		}
		if (tell)
			tell(epoch, loss / (double)t->n_ex, (double)hits / (double)t->n_ex);
	}
	free(order);
	free(p);
	free(hidden);
	free(grad);
}

static void
put(struct buf *b, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		buf_char(b, (int)(v >> 8 * i & 255));
}

static void
put_entry(struct buf *b, const char *prefix, const char *s, int64_t count, int type)
{
	buf_str(b, prefix);
	buf_add(b, s, strlen(s) + 1);
	put(b, (uint64_t)count, 8);
	put(b, (uint64_t)type, 1);
}

void
fttrain_write(const struct fttrain *t, struct buf *b)
{
	const int64_t head[] = { 793712314, 12, t->o.dim, 5, t->o.epochs, t->o.min_count, 5, t->o.ngrams, FT_SOFTMAX, 3, t->o.buckets, 0, 0, 100 };
	double sample = 1e-4;
	uint64_t bits;

	memcpy(&bits, &sample, sizeof bits);
	for (size_t i = 0; i < sizeof head / sizeof *head; i++)
		put(b, (uint64_t)head[i], 4);
	put(b, bits, 8);
	put(b, (uint64_t)t->rows + t->n_labels, 4);
	put(b, (uint64_t)t->rows, 4);
	put(b, t->n_labels, 4);
	put(b, t->n_tokens, 8);
	put(b, UINT64_MAX, 8);                  /* nothing pruned */
	for (size_t w = 0; w < t->n_words; w++)
		if (t->words[w].row >= 0)
			put_entry(b, "", t->words[w].s, t->words[w].count, 0);
	for (size_t l = 0; l < t->n_labels; l++)
		put_entry(b, "__label__", t->labels[l].s, t->labels[l].count, 1);
	put(b, 0, 1);
	put(b, (uint64_t)t->rows + t->o.buckets, 8);
	put(b, (uint64_t)t->o.dim, 8);
	buf_add(b, t->in, ((size_t)t->rows + t->o.buckets) * (size_t)t->o.dim * sizeof *t->in);
	put(b, 0, 1);
	put(b, t->n_labels, 8);
	put(b, (uint64_t)t->o.dim, 8);
	buf_add(b, t->out, t->n_labels * (size_t)t->o.dim * sizeof *t->out);
}

void
fttrain_free(struct fttrain *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_words; i++)
		free(t->words[i].s);
	for (size_t i = 0; i < t->n_labels; i++)
		free(t->labels[i].s);
	free(t->words);
	free(t->labels);
	free(t->slots);
	free(t->tokens);
	free(t->ex);
	free(t->in);
	free(t->out);
	free(t->features);
	free(t);
}
