/* train - byte-level BPE from counts of pieces, with pair counts kept up to date merge by merge */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/train/pairs.h"
#include "vocab/split.h"
#include "vocab/table.h"
#include "vocab/train/train.h"
#include "vocab/train/spill.h"
#include "vocab/train/words.h"
#include <stdlib.h>
#include <string.h>

struct trainer {
	struct trainer_opts o;
	struct split *split;
	struct cuts   cuts;
	struct words *words;
	struct spill *spill;            /* those that were counted before */
	uint64_t      pieces;
};

static int
check(const struct trainer_opts *o, struct err *err)
{
	for (int i = 0; i < o->n_special; i++) {
		if (!*o->special[i] || utf8_check(o->special[i], strlen(o->special[i])) < strlen(o->special[i]))
			return err_set(err, "a special token that is empty or not UTF-8");
		for (int k = 0; k < i; k++)
			if (!strcmp(o->special[i], o->special[k]))
				return err_set(err, "special token %s comes twice", o->special[i]);
	}
	if (o->size < 256 + (size_t)o->n_special || o->size > VOCAB_MAX)
		return err_set(err, "a size of %zu: 256 bytes and %d specials need %d at least", o->size, o->n_special,
			       256 + o->n_special);
	if (o->unit == UNIT_BPE && o->size > MERGE_MAX)
		return err_set(err, "a size of %zu: merging makes %u tokens at most", o->size, MERGE_MAX);
	return 0;
}

static const char *
pattern(const struct trainer_opts *o)
{
	return o->unit == UNIT_CHAR ? "[\\s\\S]" : o->pattern;
}

struct trainer *
trainer_new(const struct trainer_opts *o, struct err *err)
{
	struct trainer *t;

	if (check(o, err))
		return NULL;
	t = xcalloc(1, sizeof *t);
	t->o = *o;
	t->split = split_new(pattern(o), err);
	if (!t->split) {
		free(t);
		return NULL;
	}
	t->words = words_new();
	return t;
}

void
trainer_free(struct trainer *t)
{
	if (!t)
		return;
	split_free(t->split);
	cuts_free(&t->cuts);
	words_free(t->words);
	spill_free(t->spill);
	free(t);
}

static int
make_room(struct trainer *t, struct err *err)
{
	return words_full(t->words, t->o.memory ? t->o.memory : SIZE_MAX) ? spill_words(&t->spill, t->words, err) : 0;
}

/* A text without specials. */
static int
add_text(struct trainer *t, const char *p, size_t n, struct err *err)
{
	const char *e = p + n;
	uint32_t len[256];
	size_t k = 0;

	if (split_scans(t->split)) {
		for (; p < e; t->pieces += k) {
			k = split_ahead(t->split, (const unsigned char *)p, (const unsigned char *)e, len, 256);
			p = words_met(t->words, p, e, len, k);
			if (make_room(t, err))
				return -1;
		}
		return 0;
	}
	if (split_ends(t->split, &t->cuts, p, n, err))
		return -1;
	for (size_t i = 0, from = 0; i < t->cuts.n; from = t->cuts.end[i++]) {
		len[k++] = (uint32_t)(t->cuts.end[i] - from);
		if (k < 256 && i + 1 < t->cuts.n)
			continue;
		p = words_met(t->words, p, e, len, k);
		k = 0;
		if (make_room(t, err))
			return -1;
	}
	t->pieces += t->cuts.n;
	return 0;
}

/* The longest special at p, or 0. */
static size_t
special_at(const struct trainer *t, const char *p, const char *e)
{
	size_t best = 0;

	for (int i = 0; i < t->o.n_special; i++) {
		size_t n = strlen(t->o.special[i]);

		if (n > best && (size_t)(e - p) >= n && *p == *t->o.special[i] && !memcmp(p, t->o.special[i], n))
			best = n;
	}
	return best;
}

int
trainer_add(struct trainer *t, const char *text, size_t n, struct err *err)
{
	const char *p = text, *e = text + n, *from = text;
	unsigned char first[256] = {0};
	size_t len;

	if (n > UINT32_MAX)
		return err_set(err, "a text of more than 4 GB");
	for (int i = 0; i < t->o.n_special; i++)
		first[(unsigned char)*t->o.special[i]] = 1;
	while (p < e) {
		if (t->o.n_special < 2 && !(p = t->o.n_special ? memchr(p, *t->o.special[0], (size_t)(e - p)) : NULL))
			break;
		if (!first[(unsigned char)*p] || !(len = special_at(t, p, e))) {
			p++;
			continue;
		}
		if (add_text(t, from, (size_t)(p - from), err))
			return -1;
		from = p += len;
	}
	return add_text(t, from, (size_t)(e - from), err);
}

size_t
trainer_cut(const struct trainer *t, const char *text, size_t n, size_t from)
{
	for (int i = 0; i < t->o.n_special; i++)
		if (strchr(t->o.special[i], '\n'))
			return n;
	return split_cut(t->split, text, n, from);
}

int
trainer_join(struct trainer *t, struct trainer *other, struct err *err)
{
	size_t all = words_n(other->words), n;
	uint64_t count;
	int rc = 0;

	for (size_t i = 0; i < all && !rc; i++) {
		const char *p = words_get(other->words, i, &n, &count);

		words_add(t->words, p, n, count);
		rc = make_room(t, err);
	}
	spill_join(&t->spill, other->spill);
	other->spill = NULL;
	t->pieces += other->pieces;
	trainer_free(other);
	return rc;
}

/* Every word and its count to `each`; they are forgotten.  How many there were, to *n. */
static int
all_words(struct trainer *t, int (*each)(void *ctx, const char *p, size_t n, uint64_t count, struct err *), void *ctx,
	  uint64_t *distinct, struct err *err)
{
	size_t parts = t->spill ? SPILL_PARTS : 1, n;
	int rc = t->spill ? spill_words(&t->spill, t->words, err) : 0;
	uint64_t count;

	*distinct = 0;
	for (size_t k = 0; k < parts && !rc; k++) {
		if (t->spill && (rc = spill_part(t->spill, k, t->words, err)))
			break;
		*distinct += words_n(t->words);
		for (size_t i = 0, all = words_n(t->words); i < all && !rc; i++) {
			const char *p = words_get(t->words, i, &n, &count);

			rc = each ? each(ctx, p, n, count, err) : 0;
		}
		words_clear(t->words);
	}
	spill_free(t->spill);
	words_free(t->words);
	t->spill = NULL, t->words = NULL;
	return rc;
}

/* The specials and the bytes, in the order of their letters, as Hugging Face's trainer has them. */
static void
first_tokens(const struct trainer *t, struct vocab *v, uint32_t *of_byte)
{
	uint32_t id = 0;

	for (int i = 0; i < t->o.n_special; i++)
		table_set(v, id++, t->o.special[i], strlen(t->o.special[i]), TOKEN_SPECIAL | TOKEN_ADDED, NULL);
	for (uint32_t c = 0; c <= 0x143; c++) {
		int b = letter_byte(c);
		char byte = (char)b;

		if (b < 0)
			continue;
		of_byte[b] = id;
		table_set(v, id++, &byte, 1, 0, NULL);
	}
}

struct candidate {
	uint64_t count;
	size_t   len;
	char    *bytes;
};

/* The most frequent words so far: as many as there are to be tokens, after more came than that twice over. */
struct choice {
	uint64_t min_count;
	size_t   most, n, cap;
	struct candidate *v;
};

static int
by_count(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;
	int c;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	c = memcmp(b->bytes, a->bytes, a->len < b->len ? a->len : b->len);
	return c ? c : (a->len < b->len) - (a->len > b->len);
}

static void
choose(struct choice *c)
{
	if (c->n)
		qsort(c->v, c->n, sizeof *c->v, by_count);
	while (c->n > c->most)
		free(c->v[--c->n].bytes);
}

/* Words that may be tokens: more than a byte, short enough to be looked up whole, and of UTF-8. */
static int
offer_word(void *choice, const char *p, size_t n, uint64_t count, struct err *err)
{
	struct choice *c = choice;
	struct candidate fresh = { count, n, NULL };

	(void)err;
	if (n < 2 || n >= WHOLE_MAX || count < c->min_count || utf8_check(p, n) < n)
		return 0;
	fresh.bytes = xstrndup(p, n);
	VEC_PUSH(c->v, c->n, c->cap, fresh);
	if (c->n > 2 * c->most + 1024)
		choose(c);
	return 0;
}

static int
whole_words(struct trainer *t, struct vocab *v, size_t next, struct trainer_found *found, struct err *err)
{
	struct choice c = { .min_count = t->o.min_count, .most = t->o.size - next };
	int rc = all_words(t, offer_word, &c, &found->distinct, err);

	choose(&c);
	for (size_t i = 0; i < c.n; i++)
		table_set(v, next++, c.v[i].bytes, c.v[i].len, 0, NULL);
	c.most = 0;
	choose(&c);
	free(c.v);
	table_index(v);
	v->whole = 1;
	return rc;
}

struct joining {
	struct pairs   *pairs;
	const uint32_t *of_byte;
	uint32_t       *sym;
	size_t          cap;
};

static int
join_word(void *joining, const char *p, size_t n, uint64_t count, struct err *err)
{
	struct joining *j = joining;

	if (n > j->cap)
		j->sym = xreallocarray(j->sym, j->cap = 2 * n, sizeof *j->sym);
	for (size_t k = 0; k < n; k++)
		j->sym[k] = j->of_byte[(unsigned char)p[k]];
	return pairs_word(j->pairs, j->sym, n, count, err);
}

static int
joined_pairs(struct trainer *t, struct vocab *v, const uint32_t *of_byte, size_t first, struct trainer_found *found, struct err *err)
{
	struct joining j = { .pairs = pairs_new(t->o.memory > 0), .of_byte = of_byte };
	int rc;

	for (size_t i = 0; i < first; i++)
		pairs_token(j.pairs, v->pool.p + v->tok[i].at, v->tok[i].len, v->flags[i] & TOKEN_SPECIAL);
	rc = all_words(t, join_word, &j, &found->distinct, err);
	free(j.sym);
	if (!rc)
		rc = pairs_merge(j.pairs, t->o.size, t->o.min_count, &found->merges, err);
	pairs_tokens(j.pairs, v);
	table_index(v);
	pairs_merges(j.pairs, v);
	pairs_free(j.pairs);
	return rc;
}

struct vocab *
trainer_finish(struct trainer *t, struct trainer_found *found, struct err *err)
{
	struct vocab *v = table_new(t->o.size);
	size_t first = 256 + (size_t)t->o.n_special;
	uint32_t of_byte[256];
	int rc = 0;

	*found = (struct trainer_found){ .pieces = t->pieces, .runs = spill_runs(t->spill) };
	first_tokens(t, v, of_byte);
	if (t->o.unit == UNIT_BPE)
		rc = joined_pairs(t, v, of_byte, first, found, err);
	else if (t->o.unit == UNIT_BYTE)
		rc = all_words(t, NULL, NULL, &found->distinct, err), table_index(v);
	else
		rc = whole_words(t, v, first, found, err);
	v->split = split_new(pattern(&t->o), err);
	trainer_free(t);
	if (!rc)
		return table_finish(v, err);
	vocab_free(v);
	return NULL;
}
