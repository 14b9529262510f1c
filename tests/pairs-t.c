/* pairs-t - the loop of BPE training on symbols that are characters, as subword-nmt has them: its merges of its own corpus */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/utf8.h"
#include "tap.h"
#include "vocab/train/pairs.h"
#include <stdlib.h>

#define END "</w>"
#define MERGES 1000

struct learner {
	struct vocab *v;
	size_t        n;        /* first symbols */
	struct pairs *pairs;
	struct buf    text;     /* of a symbol */
};

/* The symbol of a character, which is another one where a word ends. */
static uint32_t
symbol(struct learner *l, const char *p, uint32_t len, int end)
{
	size_t id;

	buf_clear(&l->text);
	buf_add(&l->text, p, len);
	if (end)
		buf_str(&l->text, END);
	for (id = 0; id < l->n; id++)
		if (l->v->tok[id].len == l->text.n && !memcmp(l->v->pool.p + l->v->tok[id].at, l->text.p, l->text.n))
			return (uint32_t)id;
	table_set(l->v, l->n++, l->text.p, l->text.n, 0, NULL);
	pairs_token(l->pairs, l->text.p, l->text.n, 0);
	return (uint32_t)id;
}

static void
learn(struct learner *l, const char *p, size_t n)
{
	uint32_t *sym = xreallocarray(NULL, n + 1, sizeof *sym), len;
	const char *e = p + n;
	size_t m = 0;

	for (; p < e; p += len) {
		utf8_next((const unsigned char *)p, (const unsigned char *)e, &len);
		if (*p != ' ' && *p != '\n')
			sym[m++] = symbol(l, p, len, p + len == e || p[len] == ' ' || p[len] == '\n');
		else if (m)
			pairs_word(l->pairs, sym, m, 1, NULL), m = 0;
	}
	free(sym);
}

/* How many of the merges are the reference's, from the first on. */
static size_t
equal(const struct vocab *v, const char *ref)
{
	struct buf line = {0};
	size_t i;

	for (i = 0; i < v->n_merges && (ref = strchr(ref, '\n')) && *++ref; i++) {
		const struct merge *m = v->merges + i;

		buf_clear(&line);
		buf_add(&line, v->pool.p + v->tok[m->a].at, v->tok[m->a].len);
		buf_char(&line, ' ');
		buf_add(&line, v->pool.p + v->tok[m->b].at, v->tok[m->b].len);
		buf_char(&line, '\n');
		if (strncmp(ref, line.p, line.n))
			break;
	}
	buf_free(&line);
	return i;
}

static void
subword_nmt(const struct file_map *corpus, const struct file_map *ref)
{
	struct learner l = { .v = table_new(4096), .pairs = pairs_new(1) };
	size_t made, good;

	learn(&l, (const char *)corpus->p, corpus->n);
	pairs_merge(l.pairs, l.n + MERGES, 2, &made, NULL);
	pairs_tokens(l.pairs, l.v);
	table_index(l.v);
	pairs_merges(l.pairs, l.v);
	buf_clear(&l.text);
	buf_add(&l.text, ref->p, ref->n);
	good = equal(l.v, l.text.p);
	OK(made == MERGES && good == MERGES, "%zu of %zu merges are those of the reference", good, made);
	pairs_free(l.pairs);
	buf_free(&l.text);
	vocab_free(l.v);
}

int
main(void)
{
	static const char at[] = "data/tokenizers/subword-nmt/subword_nmt/tests/data";
	const char *dir = getenv("LM_TESTDATA");
	struct file_map corpus, ref;
	struct buf path = {0};
	struct err err;

	buf_printf(&path, "%s/%s/corpus.en", dir ? dir : "", at);
	if (!dir || file_map(&corpus, path.p, &err)) {
		OK(1, "merges of subword-nmt # SKIP they are not here");
		buf_free(&path);
		return DONE();
	}
	buf_clear(&path);
	buf_printf(&path, "%s/%s/bpe.ref", dir, at);
	if (file_map(&ref, path.p, &err)) {
		OK(0, "bpe.ref: %s", err.text);
	} else {
		subword_nmt(&corpus, &ref);
		file_unmap(&ref);
	}
	file_unmap(&corpus);
	buf_free(&path);
	return DONE();
}
