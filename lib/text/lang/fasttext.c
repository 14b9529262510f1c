/* fasttext - models read in place: features of a text, the mean of their rows, the labels' scores */
/* SPDX-License-Identifier: MIT */
#include "text/lang/fasttext.h"
#include "base/list.h"
#include "text/lang/ftmodel.h"
#include "text/lang/lang.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING = 512, CHARS_MAX = 64, ROW = 1u << 31 };

/* A text on its way through a model. */
struct ask {
	const struct fasttext *m;
	float    *hidden;               /* [dim] */
	double    rows;                 /* that were added */
	uint32_t *hashes;               /* of its words */
	struct buf word;                /* the last one between marks */
	size_t    n_hashes, cap_hashes;
	uint32_t  waiting[WAITING + CHARS_MAX]; /* hashes of n-grams, mod buckets, and rows of words with ROW set; added in this order */
	size_t    n_waiting;
};

/* What waits is looked up together, so that one does not wait for the other's place in memory. */
static void
add_waiting(struct ask *a)
{
	const struct fasttext *m = a->m;

	for (size_t i = 0; i < a->n_waiting; i++) {
		uint32_t x = a->waiting[i];
		int64_t row = x & ROW ? (int64_t)(x & ~ROW) : m->pruned ? ftmodel_pruned(m, x) : (int64_t)x + m->n_words;

		if (row >= 0 && row < m->in.rows) {
			ftmatrix_add(&m->in, row, a->hidden);
			a->rows++;
		}
	}
	a->n_waiting = 0;
}

static void
make_room(struct ask *a)
{
	if (a->n_waiting >= WAITING)
		add_waiting(a);
}

/* n-grams of minn to maxn characters of a word between marks. */
static void
add_subwords(struct ask *a, const char *word, size_t len)
{
	const int minn = a->m->minn, maxn = a->m->maxn;         /* what the loops want, told apart from what they write */
	const uint32_t buckets = a->m->buckets;
	const uint64_t inverse = a->m->inverse;
	const struct ft_kept kept = a->m->kept_bits;
	size_t n = len + 2;
	char *s;

	buf_clear(&a->word);
	buf_need(&a->word, n + 1);
	s = a->word.p;
	s[0] = '<';
	memcpy(s + 1, word, len);
	s[n - 1] = '>';
	s[n] = 0;
	for (size_t i = 0; buckets && i < n; i++) {
		uint32_t h = FT_HASH;
		size_t j = i, waits;

		if ((s[i] & 0xc0) == 0x80)
			continue;
		make_room(a);
		waits = a->n_waiting;
		for (int k = 1; j < n && k <= maxn; k++) {
			do
				h = ft_hash_add(h, s[j++]);
			while ((s[j] & 0xc0) == 0x80);
			if (k < minn || (k == 1 && (i == 0 || j == n)))
				continue;
			a->waiting[waits] = ft_bucket(h, buckets, inverse);
			waits += ft_kept(kept, a->waiting[waits]);
		}
		a->n_waiting = waits;
	}
}

static void
add_word(struct ask *a, const char *word, size_t n)
{
	const struct fasttext *m = a->m;
	uint32_t h = ft_hash(word, n);
	int32_t id = ftmodel_find(m, word, n, h);
	int end = n == 4 && memcmp(word, "</s>", 4) == 0;

	if (id >= m->n_words || (id < 0 && n >= 9 && memcmp(word, "__label__", 9) == 0))
		return;                         /* a label is no feature */
	VEC_PUSH(a->hashes, a->n_hashes, a->cap_hashes, h);
	if (id >= 0) {
		make_room(a);
		a->waiting[a->n_waiting++] = (uint32_t)id | ROW;
	}
	if (!end && m->maxn > 0)
		add_subwords(a, word, n);
}

/* Runs of two to ngrams words. */
static void
add_ngrams(struct ask *a)
{
	for (size_t i = 0; a->m->buckets && i < a->n_hashes; i++) {
		uint64_t h = (uint64_t)(int64_t)(int32_t)a->hashes[i];

		for (size_t j = i + 1; j < a->n_hashes && j < i + (size_t)a->m->ngrams; j++) {
			h = h * 116049371 + (uint64_t)(int64_t)(int32_t)a->hashes[j];
			make_room(a);
			a->waiting[a->n_waiting] = (uint32_t)(h % a->m->buckets);
			a->n_waiting += ft_kept(a->m->kept_bits, a->waiting[a->n_waiting]);
		}
	}
}

/* The mean of the rows of all features: 0, or -1 when there are none. */
static int
read_text(struct ask *a, const char *s, size_t n)
{
	for (size_t i = 0; i < n; ) {
		size_t from;

		while (i < n && ft_blank(s[i]))
			i++;
		for (from = i; i < n && !ft_blank(s[i]); )
			i++;
		if (i > from)
			add_word(a, s + from, i - from);
	}
	add_word(a, "</s>", 4);
	if (a->m->ngrams > 1)
		add_ngrams(a);
	add_waiting(a);
	for (int k = 0; k < a->m->dim && a->rows > 0; k++)
		a->hidden[k] = (float)(a->hidden[k] / a->rows);
	return a->rows > 0 ? 0 : -1;
}

static double
sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

/* The probabilities of what is left and right below inner node i; 1e-5 is what fastText adds before it takes logarithms. */
static void
fork_at(const struct fasttext *m, const float *hidden, size_t i, double prob, double below[2])
{
	double f = sigmoid(ftmatrix_dot(&m->out, (int64_t)i, hidden));

	below[0] = prob * (1 - f + 1e-5);
	below[1] = prob * (f + 1e-5);
}

/* Down the tree from its root, the last node: the probability of each leaf; with `best`, of those alone that may be the likeliest. */
static void
score_tree(const struct fasttext *m, const float *hidden, int best, double *score)
{
	size_t leaves = (size_t)m->n_labels, i = 2 * leaves - 2;
	double least = best ? 1 : 0, below[2];

	while (best && i >= leaves) {           /* the likelier side each time: the likeliest leaf is no worse than where that ends */
		fork_at(m, hidden, i - leaves, least, below);
		i = (size_t)(below[1] > below[0] ? m->tree[i - leaves].right : m->tree[i - leaves].left);
		least = below[1] > below[0] ? below[1] : below[0];
	}
	score[2 * leaves - 2] = 1;
	for (i = 2 * leaves - 2; i >= leaves; i--) {
		if (score[i] < .99 * least)
			continue;               /* a leaf's is a thousandth more than its node's at most */
		fork_at(m, hidden, i - leaves, score[i], below);
		score[m->tree[i - leaves].left] = below[0];
		score[m->tree[i - leaves].right] = below[1];
	}
}

/* The probability of each label, or with `best` of those that may be the likeliest, in an array to be freed; NULL for a text without features. */
static double *
ask(const struct fasttext *m, const char *text, size_t n, int best)
{
	struct ask a;
	double *score = NULL, most = -INFINITY, sum = 0;

	a.m = m;
	a.hidden = xcalloc((size_t)m->dim, sizeof *a.hidden);
	a.rows = 0;
	a.word = (struct buf){ 0 };
	a.hashes = NULL;
	a.n_hashes = a.cap_hashes = a.n_waiting = 0;
	if (read_text(&a, text, n) == 0) {
		score = xcalloc(2 * (size_t)m->n_labels, sizeof *score);
		if (m->loss == FT_TREE)
			score_tree(m, a.hidden, best, score);
		for (int i = 0; i < m->n_labels && m->loss != FT_TREE; i++) {
			score[i] = ftmatrix_dot(&m->out, i, a.hidden);
			most = score[i] > most ? score[i] : most;
		}
		for (int i = 0; i < m->n_labels && m->loss == FT_SOFTMAX; i++)
			sum += score[i] = exp(score[i] - most);
		for (int i = 0; i < m->n_labels; i++) {
			double p = m->loss == FT_TREE ? score[i] : m->loss == FT_SOFTMAX ? score[i] / sum : sigmoid(score[i]);

			score[i] = p > 0 ? p < 1 ? p : 1 : 0;   /* a model of NaNs is no language */
		}
	}
	free(a.hashes);
	buf_free(&a.word);
	free(a.hidden);
	return score;
}

int
fasttext_best(const struct fasttext *m, const char *text, size_t n, double *prob)
{
	double *p = ask(m, text, n, 1);
	int best = p ? 0 : -1;

	for (int i = 1; p && i < m->n_labels; i++)
		if (p[i] > p[best])
			best = i;
	*prob = p ? p[best] : 0;
	free(p);
	return best;
}

double
fasttext_prob(const struct fasttext *m, const char *text, size_t n, int label)
{
	double *p = ask(m, text, n, 0), x = p ? p[label] : 0;

	free(p);
	return x;
}

int
fasttext_labels(const struct fasttext *m)
{
	return m->n_labels;
}

const char *
fasttext_label(const struct fasttext *m, int i)
{
	const char *s = m->entry[m->n_words + i];

	return strncmp(s, "__label__", 9) == 0 ? s + 9 : s;
}

int
fasttext_find(const struct fasttext *m, const char *label, size_t n)
{
	for (int i = 0; i < m->n_labels; i++)
		if (strlen(fasttext_label(m, i)) == n && memcmp(fasttext_label(m, i), label, n) == 0)
			return i;
	return -1;
}

const char *
lang_unknown(const char *list, const struct fasttext *m)
{
	const char *code;
	size_t n;

	while (list_next(&list, &code, &n)) {
		int known = m && fasttext_find(m, code, n) >= 0;

		for (int i = 0; !m && i < lang_count(); i++)
			known |= strlen(lang_code(i)) == n && memcmp(lang_code(i), code, n) == 0;
		if (!known)
			return code;
	}
	return list;
}
