/* mix - several token streams read as one, each for its share of the tokens */
/* SPDX-License-Identifier: MIT */
#include "stream/shard/mix.h"
#include "base/mem.h"
#include <stdlib.h>
#include <string.h>

struct source {
	struct toks_in *in;
	double          weight;
	uint64_t        given;          /* tokens so far */
};

struct mix {
	struct source *v;
	int            n, cap;
};

struct mix *
mix_new(void)
{
	return xcalloc(1, sizeof(struct mix));
}

struct toks_in *
mix_toks(struct mix *m, int i)
{
	return i < m->n ? m->v[i].in : NULL;
}

int
mix_add(struct mix *m, int nfiles, char **files, double weight, struct err *err)
{
	struct source s = { .in = toks_open(nfiles, files), .weight = weight };
	const struct toks_head *a, *b;

	VEC_PUSH(m->v, m->n, m->cap, s);
	a = toks_info(mix_toks(m, 0));
	b = toks_info(s.in);
	if (a->wide != b->wide || a->seq != b->seq || a->n_vocab != b->n_vocab || a->eot != b->eot ||
	    (*a->vocab && *b->vocab && strcmp(a->vocab, b->vocab)))
		return err_set(err, "%s: other tokens than those of the first file (vocabulary, width or record length)",
		               stream_name(toks_stream(s.in)));
	return 0;
}

int
mix_next(struct mix *m, struct item *it, int *ended, uint64_t *tokens)
{
	int due = 0;

	for (int i = 1; i < m->n; i++)
		if ((double)m->v[i].given / m->v[i].weight < (double)m->v[due].given / m->v[due].weight)
			due = i;
	if (toks_next_item(m->v[due].in, it)) {
		m->v[due].given += it->n_tok;
		return 1;
	}
	if (ended) {
		*ended = due;
		*tokens = m->v[due].given;
	}
	return 0;
}

void
mix_close(struct mix *m)
{
	for (int i = 0; i < m->n; i++)
		toks_close(m->v[i].in);
	free(m->v);
	free(m);
}
