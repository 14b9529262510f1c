/* gensample - a continuation under way: its tokens, its text, where it ends */
#ifndef LM_GENSAMPLE_H
#define LM_GENSAMPLE_H
/* SPDX-License-Identifier: MIT */
#include "model/generate/generate.h"

struct sample {
	const struct gen_opts *o;
	uint32_t  *tok;                 /* (n_prompt + n) */
	float     *logp;                /* (n) */
	size_t     prompt, n_prompt, n;
	uint64_t   number;              /* of the prompt, for random numbers */
	int        sample, room, ended, done;   /* room: for so many tokens */
	struct grammar_walk *walk, *own_walk;   /* its grammar's, or NULL; to be freed with it, or NULL */
	int        walk_seq;
	size_t     guessed, right;
	double     began, first, last;  /* seconds of the clock: its prompt, tokens */
	struct buf text;
};

/* Number `job` of a call: of prompt p, up to T tokens with it; prompts are numbered from first on. */
struct sample *sample_new(const struct gen_opts *, const struct gen_prompt *p, size_t job, uint64_t first, int T);
void           sample_free(struct sample *);
/* Takes a token in; sets done when it was the last.  vocab NULL: no text. */
void           sample_take(struct sample *, const struct vocab *, uint32_t id, float logp);
#endif
