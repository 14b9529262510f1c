/* spill - counts of pieces that memory had no room for, on disk: runs, each in parts by hash */
/* SPDX-License-Identifier: MIT */
#include "vocab/train/spill.h"
#include "base/mem.h"
#include "base/spool.h"
#include <stdlib.h>
#include <string.h>

struct run {
	uint64_t at[SPILL_PARTS + 1];           /* where parts begin */
};

struct spill {
	struct spool *spool;
	struct run   *run;
	size_t        n, cap;
	struct spill *next;             /* of another thread */
};

struct record {                         /* before a word's bytes */
	uint64_t count;
	uint32_t len, zero;
};

static int
put_word(struct spool *to, const struct words *w, size_t i, struct err *err)
{
	struct record r = {0};
	size_t n;
	const char *p = words_get(w, i, &n, &r.count);

	r.len = (uint32_t)n;
	return spool_put(to, &r, sizeof r, err) || spool_put(to, p, n, err) ? -1 : 0;
}

int
spill_words(struct spill **spill, struct words *w, struct err *err)
{
	size_t all = words_n(w), first[SPILL_PARTS + 1] = {0}, at = 0;
	uint32_t *order = xreallocarray(NULL, all + 1, sizeof *order);
	struct spill *s;
	struct run r;
	int rc = 0;

	if (!*spill)
		*spill = xcalloc(1, sizeof **spill);
	s = *spill;
	if (!s->spool && !(s->spool = spool_new(err)))
		rc = -1;
	for (size_t i = 0; i < all; i++)
		first[words_part(w, i) + 1]++;
	for (size_t k = 0; k < SPILL_PARTS; k++)
		first[k + 1] += first[k];
	for (size_t i = 0; i < all; i++)
		order[first[words_part(w, i)]++] = (uint32_t)i;         /* now first[k] is where part k ends */
	for (size_t k = 0; k < SPILL_PARTS && !rc; k++) {
		r.at[k] = spool_size(s->spool);
		for (; at < first[k] && !rc; at++)
			rc = put_word(s->spool, w, order[at], err);
	}
	free(order);
	if (rc)
		return -1;
	r.at[SPILL_PARTS] = spool_size(s->spool);
	VEC_PUSH(s->run, s->n, s->cap, r);
	words_clear(w);
	return 0;
}

void
spill_join(struct spill **s, struct spill *other)
{
	while (*s)
		s = &(*s)->next;
	*s = other;
}

static int
add_run(const struct spool *spool, uint64_t from, uint64_t to, struct buf *bytes, struct words *words, struct err *err)
{
	struct record r;

	buf_clear(bytes);
	buf_need(bytes, (size_t)(to - from));
	if (spool_get(spool, from, bytes->p, (size_t)(to - from), err))
		return -1;
	for (const char *p = bytes->p, *e = p + (to - from); p < e; p += sizeof r + r.len) {
		memcpy(&r, p, sizeof r);
		words_add(words, p + sizeof r, r.len, r.count);
	}
	return 0;
}

int
spill_part(const struct spill *s, size_t part, struct words *to, struct err *err)
{
	struct buf bytes = {0};
	int rc = 0;

	for (; s && !rc; s = s->next)
		for (size_t i = 0; i < s->n && !rc; i++)
			rc = add_run(s->spool, s->run[i].at[part], s->run[i].at[part + 1], &bytes, to, err);
	buf_free(&bytes);
	return rc;
}

size_t
spill_runs(const struct spill *s)
{
	size_t n = 0;

	for (; s; s = s->next)
		n += s->n;
	return n;
}

void
spill_free(struct spill *s)
{
	for (struct spill *next; s; s = next) {
		next = s->next;
		spool_free(s->spool);
		free(s->run);
		free(s);
	}
}
