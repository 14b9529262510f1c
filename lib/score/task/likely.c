/* likely - log-likelihoods of continuations; those of one item share the computation of what they begin with */
/* SPDX-License-Identifier: MIT */
#include "score/task/likely.h"
#include "base/cli.h"
#include "base/par.h"
#include "model/decode/decode.h"
#include "kern/row.h"
#include <stdlib.h>

#define LOGITS ((size_t)1 << 22)        /* floats of logits that are held at once */

/* One token to be fed, and what it is to predict. */
struct fed {
	struct likely *of;      /* NULL: nothing */
	uint32_t       target;
	double         logp;
	int            hit;
};

struct feeder {
	struct decoder *d;
	size_t    V, chunk;     /* rows of logits held */
	int      *seq;
	uint32_t *tok;
	uint8_t  *want;
	struct fed *fed;        /* (n) like the three above */
	size_t    n, cap;
	struct fed **row;       /* (chunk) those that are wanted of the logits at hand */
	float    *logits;
};

static void
add(struct feeder *f, int seq, uint32_t tok, struct likely *of, uint32_t target)
{
	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 1024;
		f->seq = xreallocarray(f->seq, f->cap, sizeof *f->seq);
		f->tok = xreallocarray(f->tok, f->cap, sizeof *f->tok);
		f->want = xreallocarray(f->want, f->cap, sizeof *f->want);
		f->fed = xreallocarray(f->fed, f->cap, sizeof *f->fed);
	}
	f->seq[f->n] = seq;
	f->tok[f->n] = tok;
	f->want[f->n] = of != NULL;
	f->fed[f->n++] = (struct fed){ .of = of, .target = target };
}

static void
look(size_t i, void *ctx)
{
	struct feeder *f = ctx;
	const float *z = f->logits + i * f->V;
	struct fed *d = f->row[i];
	float top = row_largest(z, f->V);

	d->hit = row_likeliest(z, f->V, top) == d->target;
	d->logp = (double)z[d->target] - row_log_sum(z, f->V, 1, top);
}

/* All that was added, as many rows of logits at a time as there is room for. */
static void
feed(struct feeder *f)
{
	size_t from = 0;

	while (from < f->n) {
		size_t to = from, rows = 0;
		for (; to < f->n && rows + f->want[to] <= f->chunk; to++)
			if (f->want[to])
				f->row[rows++] = &f->fed[to];
		decoder_feed(f->d, (int)(to - from), f->seq + from, f->tok + from, f->want + from, f->logits);
		par_for(rows, look, f);
		from = to;
	}
	for (size_t i = 0; i < f->n; i++) {
		struct fed *d = &f->fed[i];
		if (d->of) {
			d->of->logp += d->logp;
			d->of->greedy &= d->hit;
		}
	}
	f->n = 0;
}

/* How many tokens n continuations begin with alike, up to the last one given, which predicts. */
static size_t
shared(const struct likely *v, size_t n)
{
	size_t len = v->n_given - 1;

	for (size_t i = 1; i < n; i++) {
		size_t same = 0, most = v[i].n_given - 1 < len ? v[i].n_given - 1 : len;
		while (same < most && v[i].tok[same] == v->tok[same])
			same++;
		len = same;
	}
	return len;
}

static size_t
item_end(const struct likely *v, size_t n, size_t i)
{
	size_t end = i;

	while (end < n && v[end].item == v[i].item)
		end++;
	return end;
}

/* Continuations [first, last), whole items, each in a sequence of its own. */
static void
run_block(struct feeder *f, struct likely *v, size_t first, size_t last)
{
	for (size_t i = first, end; i < last; i = end) {
		size_t len;
		end = item_end(v, last, i);
		len = shared(v + i, end - i);
		decoder_cut(f->d, (int)(i - first), 0);
		for (size_t k = 0; k < len; k++)
			add(f, (int)(i - first), v[i].tok[k], NULL, 0);
	}
	decoder_prefill(f->d, (int)f->n, f->seq, f->tok);
	f->n = 0;
	for (size_t i = first, end; i < last; i = end) {
		end = item_end(v, last, i);
		for (size_t k = i; k < end; k++) {
			struct likely *l = &v[k];
			decoder_copy(f->d, (int)(i - first), (int)(k - first));
			for (size_t t = (size_t)decoder_len(f->d, (int)(k - first)); t + 1 < l->n; t++)
				add(f, (int)(k - first), l->tok[t], t + 1 >= l->n_given ? l : NULL, l->tok[t + 1]);
		}
	}
	feed(f);
}

void
likely_run(const struct config *cfg, const struct mats *mats, struct likely *v, size_t n, int batch)
{
	struct feeder f = { .V = (size_t)cfg->V };
	size_t most = (size_t)batch, longest = 2;

	for (size_t i = 0; i < n; i++) {
		size_t group = item_end(v, n, i) - i;
		most = group > most ? group : most;
		longest = v[i].n > longest ? v[i].n : longest;
		v[i].logp = 0;
		v[i].greedy = 1;
	}
	f.chunk = LOGITS / f.V < 32 ? 32 : LOGITS / f.V;
	f.d = decoder_new(cfg, mats, (int)most, (int)longest, QUANT_F32);
	f.logits = xreallocarray(NULL, f.chunk * f.V, sizeof *f.logits);
	f.row = xcalloc(f.chunk, sizeof *f.row);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && item_end(v, n, end) - i <= most; )
			end = item_end(v, n, end);
		run_block(&f, v, i, end);
		progress(end, n, "continuations", " ");
	}
	progress_end();
	decoder_free(f.d);
	free(f.seq), free(f.tok), free(f.want), free(f.fed), free(f.row), free(f.logits);
}
