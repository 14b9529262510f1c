/* ppl - how well a model predicts tokens: loss, perplexities, accuracy, with standard errors */
#ifndef LM_PPL_H
#define LM_PPL_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "model/model.h"
#include "score/ppl/told.h"
#include "stream/toks.h"
#include <stdio.h>

struct ppl_opts {
	const char *model, *kl;         /* kl: a second model, NULL: none */
	int         window, stride, B;  /* 0: the stream's records or the model's context; the window; 8 */
	int         doc_mask, halves;   /* halves: windows and targets as llama.cpp has them */
	long long   stop_after;         /* documents, 0: all */
	FILE       *each;               /* one JSON object a document, NULL: none */
	/* Called with NULL once the model is there, then with every document in order; NULL: not wanted. */
	void      (*tell)(void *ctx, const struct model *, const struct vocab *, const struct told *);
	void       *ctx;
	int         nfiles;
	char      **files;
};

/* Sums of pairs over samples, for a ratio of sums and its error (Cochran 1977, 6.4). */
struct ratio {
	double   x, y, xx, xy, yy;
	uint64_t n;
};
void   ratio_add(struct ratio *, double x, double y);
double ratio_value(const struct ratio *);       /* NaN without samples */
double ratio_error(const struct ratio *);       /* NaN with fewer than two */

/* One measure: over documents (or records), whose tokens go together; the error of a single one is over its tokens. */
struct measure {
	struct ratio docs, tokens;
};

struct ppl {
	uint64_t       documents, tokens, bytes, words;
	int            window, stride, sharded, has_bytes, has_words;
	char           vocab[32];
	struct measure loss;            /* nats a token */
	struct measure bits;            /* bits a byte of the targets, special tokens left out */
	struct measure word;            /* nats a word */
	struct measure hits;            /* whether the likeliest token was the next one */
	struct measure kl;              /* nats a token, KL(model || other) */
	struct measure agree;           /* whether both have the same likeliest token */
	float         *kls;             /* [tokens] sorted */
	size_t         n_kls, cap_kls;
	int            has_kl;
};

/* Reads tokens to the end.  Sharded streams: records are what documents are else.  -1: a model that does not load or
 * does not fit; damage in the stream ends the program. */
int  ppl_run(struct ppl *, const struct ppl_opts *, struct err *);
void ppl_json(const struct ppl *, struct buf *);        /* one object */
void ppl_text(const struct ppl *, struct buf *);        /* for people */
void ppl_free(struct ppl *);
#endif
