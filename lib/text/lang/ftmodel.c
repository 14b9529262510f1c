/* ftmodel - a fastText file taken apart in place: header, dictionary, matrices, the tree of labels */
/* SPDX-License-Identifier: MIT */
#include "text/lang/ftmodel.h"
#include "text/lang/fasttext.h"
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 793712314, SUPERVISED = 3, LABEL = 1, CENTROIDS = 256, DIM_MAX = 1 << 16, UNPACK_MAX = 1 << 22 };
typedef float quad __attribute__((vector_size(16)));

/* What is left to read; ok falls when more is wanted than there is. */
struct cursor {
	const unsigned char *p, *end;
	int ok;
};

static const unsigned char *
take(struct cursor *c, uint64_t n)
{
	const unsigned char *p = c->p;

	if (!c->ok || n > (uint64_t)(c->end - p)) {
		c->ok = 0;
		return NULL;
	}
	c->p += n;
	return p;
}

static int64_t
take_int(struct cursor *c, size_t bytes)
{
	const unsigned char *p = take(c, bytes);
	uint64_t v = 0;

	for (size_t i = 0; p && i < bytes; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return bytes == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
}

static float
float_at(const unsigned char *p)
{
	float f;

	memcpy(&f, p, sizeof f);
	return f;
}

/* The centroid of a part that a code stands for, and its columns. */
static const unsigned char *
centroid(const struct ftquant *q, int part, unsigned code, int *columns)
{
	size_t base = (size_t)part * CENTROIDS * (size_t)q->width;

	*columns = part == q->parts - 1 ? q->last : q->width;
	return q->centroids + 4 * (base + (size_t)code * (size_t)*columns);
}

void
ftmatrix_add(const struct ftmatrix *m, int64_t row, float *to)
{
	const unsigned char *p;
	float norm = 1;
	int columns;

	if (m->values) {
		int64_t k = 0;

		p = m->values + 4 * m->dim * row;
		for (quad a, b; k + 4 <= m->dim; k += 4) {
			memcpy(&a, to + k, sizeof a);
			memcpy(&b, p + 4 * k, sizeof b);
			a += b;
			memcpy(to + k, &a, sizeof a);
		}
		for (; k < m->dim; k++)
			to[k] += float_at(p + 4 * k);
		return;
	}
	if (m->norms)
		norm = float_at(centroid(&m->norm, 0, m->norms[row], &columns));
	for (int part = 0; part < m->quant.parts; part++, to += columns) {
		p = centroid(&m->quant, part, m->codes[row * m->quant.parts + part], &columns);
		for (int k = 0; k < columns; k++)
			to[k] += norm * float_at(p + 4 * k);
	}
}

double
ftmatrix_dot(const struct ftmatrix *m, int64_t row, const float *x)
{
	const unsigned char *p;
	float sum = 0, norm = 1;
	int columns;

	if (m->values) {
		p = m->values + 4 * m->dim * row;
		for (int64_t k = 0; k < m->dim; k++)
			sum += x[k] * float_at(p + 4 * k);
		return sum;
	}
	if (m->norms)
		norm = float_at(centroid(&m->norm, 0, m->norms[row], &columns));
	for (int part = 0; part < m->quant.parts; part++, x += columns) {
		p = centroid(&m->quant, part, m->codes[row * m->quant.parts + part], &columns);
		for (int k = 0; k < columns; k++)
			sum += x[k] * float_at(p + 4 * k);
	}
	return sum * norm;
}

static void
read_quant(struct cursor *c, struct ftquant *q, int64_t dim)
{
	q->dim = (int32_t)take_int(c, 4);
	q->parts = (int32_t)take_int(c, 4);
	q->width = (int32_t)take_int(c, 4);
	q->last = (int32_t)take_int(c, 4);
	if (q->dim != dim || q->parts < 1 || q->width < 1 || q->last < 1 || q->last > q->width ||
	    (int64_t)(q->parts - 1) * q->width + q->last != dim)
		c->ok = 0;
	q->centroids = c->ok ? take(c, (uint64_t)q->dim * CENTROIDS * 4) : NULL;
}

static void
read_matrix(struct cursor *c, struct ftmatrix *m, int quantized, int dim)
{
	int norms = quantized && take_int(c, 1) != 0;

	m->rows = take_int(c, 8);
	m->dim = take_int(c, 8);
	if (m->dim != dim || m->rows < 0 || m->rows > INT32_MAX)
		c->ok = 0;
	if (!c->ok)
		return;
	if (!quantized) {
		m->values = take(c, (uint64_t)m->rows * (uint64_t)dim * 4);
		return;
	}
	uint64_t size = (uint64_t)(uint32_t)take_int(c, 4);
	m->codes = take(c, size);
	read_quant(c, &m->quant, dim);
	if (c->ok && size != (uint64_t)m->rows * (uint64_t)m->quant.parts)
		c->ok = 0;
	if (norms) {
		m->norms = take(c, (uint64_t)m->rows);
		read_quant(c, &m->norm, 1);
	}
}

/* Codes as floats, which are added sooner than looked up, of a matrix that is not too big. */
static void
unpack(struct ftmatrix *m)
{
	float *v;

	if (m->values || m->rows * m->dim > UNPACK_MAX)
		return;
	v = xcalloc((size_t)(m->rows * m->dim) + 1, sizeof *v);
	for (int64_t row = 0; row < m->rows; row++)
		ftmatrix_add(m, row, v + row * m->dim);
	m->unpacked = v;
	m->values = (unsigned char *)v;
}

static uint32_t
table_size(uint64_t n)
{
	uint32_t size = 16;

	while (size < 2 * n)
		size *= 2;
	return size;
}

int32_t
ftmodel_find(const struct fasttext *m, const char *word, size_t n, uint32_t hash)
{
	for (uint32_t i = hash & (m->n_slots - 1); m->slots[i].id; i = (i + 1) & (m->n_slots - 1)) {
		const char *s = m->entry[m->slots[i].id - 1];

		if (m->slots[i].hash == hash && strncmp(s, word, n) == 0 && s[n] == 0)
			return m->slots[i].id - 1;
	}
	return -1;
}

static uint32_t
kept_slot(const struct fasttext *m, int32_t bucket)
{
	uint32_t i = (uint32_t)bucket * 0x9e3779b1u >> 7 & (m->n_kept - 1);

	while (m->kept[i].to && m->kept[i].from != bucket)
		i = (i + 1) & (m->n_kept - 1);
	return i;
}

int64_t
ftmodel_pruned(const struct fasttext *m, uint32_t bucket)
{
	int32_t to = m->kept[kept_slot(m, (int32_t)bucket)].to;

	return to ? (int64_t)m->n_words + to - 1 : -1;
}

/* Words, then labels, with their counts; which buckets of n-grams were kept. */
static void
read_dictionary(struct cursor *c, struct fasttext *m, int64_t **counts)
{
	int64_t n = take_int(c, 4), words = take_int(c, 4), labels = take_int(c, 4), kept;

	take(c, 8);
	kept = take_int(c, 8);
	if (words < 0 || labels < 1 || n != words + labels || n > 1 << 30 || kept > 1 << 30 || n > c->end - c->p || kept > (c->end - c->p) / 8)
		c->ok = 0;
	if (!c->ok)
		return;
	m->n_words = (int32_t)words;
	m->n_labels = (int32_t)labels;
	m->entry = xcalloc((size_t)n, sizeof *m->entry);
	*counts = xcalloc((size_t)labels, sizeof **counts);
	m->n_slots = table_size((uint64_t)n);
	m->slots = xcalloc(m->n_slots, sizeof *m->slots);
	for (int64_t i = 0; i < n && c->ok; i++) {
		const unsigned char *nul = memchr(c->p, 0, (size_t)(c->end - c->p));
		size_t len = nul ? (size_t)(nul - c->p) : 0;
		int64_t count;
		uint32_t h, k;

		m->entry[i] = (const char *)c->p;
		take(c, len + 1);
		count = take_int(c, 8);
		if (!nul || take_int(c, 1) != (i >= words ? LABEL : 0))
			c->ok = 0;
		if (!c->ok)
			return;
		if (i >= words)
			(*counts)[i - words] = count;
		h = ft_hash(m->entry[i], len);
		for (k = h & (m->n_slots - 1); m->slots[k].id; k = (k + 1) & (m->n_slots - 1))
			;
		m->slots[k].hash = h;
		m->slots[k].id = (int32_t)i + 1;
	}
	m->pruned = kept >= 0;
	if (m->pruned) {
		m->n_kept = table_size((uint64_t)kept);
		m->kept = xcalloc(m->n_kept, sizeof *m->kept);
	}
	m->kept_bits.mask = m->pruned ? (size_t)m->n_kept * 16 - 1 : 63;
	m->kept_bits.bits = xcalloc(m->kept_bits.mask / 64 + 1, sizeof *m->kept_bits.bits);
	if (!m->pruned)
		m->kept_bits.bits[0] = UINT64_MAX;
	for (int64_t i = 0; i < kept && c->ok; i++) {
		int32_t from = (int32_t)take_int(c, 4), to = (int32_t)take_int(c, 4);
		size_t bit = (uint32_t)from & m->kept_bits.mask;
		uint32_t k = kept_slot(m, from);

		if (to < 0 || to == INT32_MAX)
			c->ok = 0;
		else
			m->kept[k].from = from, m->kept[k].to = to + 1, m->kept_bits.bits[bit / 64] |= 1ull << bit % 64;
	}
}

/* The Huffman tree of the labels by their counts, which come in falling order. */
static void
build_tree(struct fasttext *m, const int64_t *counts)
{
	int64_t n = m->n_labels, leaf = n - 1, node = n;
	int64_t *count = xcalloc(2 * (size_t)n, sizeof *count);

	m->tree = xcalloc((size_t)n, sizeof *m->tree);
	for (int64_t i = 0; i < 2 * n - 1; i++)
		count[i] = i < n ? counts[i] : (int64_t)1e15;
	for (int64_t i = n; i < 2 * n - 1; i++) {
		int64_t least[2];

		for (int j = 0; j < 2; j++)
			least[j] = leaf >= 0 && (node >= i || count[leaf] < count[node]) ? leaf-- : node++;
		m->tree[i - n].left = (int32_t)least[0];
		m->tree[i - n].right = (int32_t)least[1];
		count[i] = (int64_t)((uint64_t)count[least[0]] + (uint64_t)count[least[1]]);
	}
	free(count);
}

static int
read_model(struct cursor *c, struct fasttext *m, struct err *err)
{
	int64_t magic = take_int(c, 4), version = take_int(c, 4), v[12], *counts = NULL;
	int quantized;

	if (!c->ok || magic != MAGIC || version < 11 || version > 12)
		return err_set(err, "no model of fastText, version 11 or 12");
	for (int i = 0; i < 12; i++)            /* dim ws epoch minCount neg wordNgrams loss model bucket minn maxn lrUpdateRate */
		v[i] = take_int(c, 4);
	take(c, 8);
	if (!c->ok || v[0] < 1 || v[0] > DIM_MAX || v[6] < FT_TREE || v[6] > FT_ALL || v[7] != SUPERVISED || v[8] < 0)
		return err_set(err, "not a classifier of fastText");
	m->dim = (int)v[0];
	m->ngrams = v[5] > 0 && v[5] < 64 ? (int)v[5] : 1;
	m->loss = (enum ft_loss)v[6];
	m->buckets = (uint32_t)v[8];
	m->inverse = v[8] ? UINT64_MAX / (uint64_t)v[8] + 1 : 0;
	m->minn = (int)v[9];
	m->maxn = version == 11 ? 0 : v[10] < 64 ? (int)v[10] : 64;
	read_dictionary(c, m, &counts);
	quantized = take_int(c, 1) != 0;
	read_matrix(c, &m->in, quantized, m->dim);
	read_matrix(c, &m->out, take_int(c, 1) != 0 && quantized, m->dim);
	if (c->ok && m->in.rows >= m->n_words && m->out.rows >= m->n_labels - (m->loss == FT_TREE) && m->loss == FT_TREE)
		build_tree(m, counts);
	free(counts);
	if (!c->ok || m->in.rows < m->n_words || m->out.rows < m->n_labels - (m->loss == FT_TREE))
		return err_set(err, "a damaged or cut-short model of fastText");
	unpack(&m->in);
	return 0;
}

struct fasttext *
fasttext_parse(const void *bytes, size_t n, struct err *err)
{
	struct fasttext *m = xcalloc(1, sizeof *m);
	struct cursor c = { bytes, (const unsigned char *)bytes + n, 1 };

	if (read_model(&c, m, err) == 0)
		return m;
	fasttext_free(m);
	return NULL;
}

struct fasttext *
fasttext_load(const char *path, struct err *err)
{
	struct file_map map;
	struct fasttext *m;

	if (file_map(&map, path, err))
		return NULL;
	if ((m = fasttext_parse(map.p, map.n, err))) {
		m->map = map;
		return m;
	}
	err_in(err, path);
	file_unmap(&map);
	return NULL;
}

void
fasttext_free(struct fasttext *m)
{
	if (!m)
		return;
	free(m->entry);
	free(m->slots);
	free(m->kept);
	free(m->kept_bits.bits);
	free(m->tree);
	free(m->in.unpacked);
	if (m->map.p)
		file_unmap(&m->map);
	free(m);
}
