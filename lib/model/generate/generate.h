/* generate - continuations of many prompts at once: slots that take the next sample as soon as one ends */
#ifndef LM_GENERATE_H
#define LM_GENERATE_H
/* SPDX-License-Identifier: MIT */
#include "model/grammar/grammar.h"
#include "model/decode/mats.h"
#include "model/generate/sampler.h"
#include "vocab/vocab.h"

struct gen_opts {
	const struct mats *mats;        /* the model's weights */
	enum quant         cache;       /* of keys and values: QUANT_F32, QUANT_BF16 or QUANT_Q8_0 */
	const struct model *draft;      /* a smaller model of the same tokens, and its weights: guesses what comes next; NULL: none */
	const struct mats *draft_mats;
	const struct grammar *grammar;  /* what a sample may be, its tokens known; NULL: anything.  The end comes where it may end */
	int                n, k;        /* tokens at most, samples of each prompt */
	int                batch;       /* sequences decoded at once; changes no bit of the result */
	struct sampler     sampler;
	const int         *eos;         /* ids that end a sample */
	int                n_eos;
	const char *const *stop;        /* texts that end one and are cut off; the tokens stay */
	int                n_stop;
	/* Sees the logits (V) that token `at` of prompt and response, which is `id`, came from, as the model gave them; tokens
	 * in any order, by many threads.  NULL: nobody looks.  look_all: the prompt's too, all but its first. */
	void             (*look)(void *ctx, size_t at, uint32_t id, const float *logits);
	void              *look_ctx;
	int                look_all;
};
int gen_ends(const struct gen_opts *, uint32_t id);      /* whether a sample ends with this token */

struct gen_prompt {
	const uint32_t *tok;
	size_t          n;              /* 1 .. T - 1 */
};

/* A sample: belongs to the generator, good within the call. */
struct gen_out {
	size_t          prompt;
	int             sample;
	const uint32_t *tok;            /* (n_prompt + n): the prompt, then the response */
	const float    *logp;           /* (n) of the response's tokens in softmax(logits / temperature), nats */
	size_t          n_prompt, n;
	const char     *text;           /* of the response, special tokens left out */
	size_t          n_text;
	int             ended;          /* by an eos token or a stop text, not by its length */
	double          first, each;    /* seconds to the first token, and for each of the others */
	size_t          guessed, right; /* tokens of the draft's, and those that came true */
	int             whole;          /* 0: a lone sample under way, text as far as it is settled */
};

struct generator;

/* T: tokens of a sequence, prompt included, at most the configuration's.  vocab NULL: no texts.
 * What it points to must outlive it. */
struct generator *generator_new(const struct model *, const struct vocab *, const struct gen_opts *, int T);
void              generator_free(struct generator *);

/* Samples k continuations of each prompt and gives them to out in order.  Random numbers come from (seed, first +
 * prompt, sample, position); a draft makes it quicker, and changes no token.  Prompts left from an earlier call are
 * reused where they begin alike. */
void generate(struct generator *, const struct gen_prompt *, size_t n_prompts, uint64_t first,
		void (*out)(void *ctx, const struct gen_out *), void *ctx);

/* For who serves: samples that come and go while others are under way, each with options of its own (not mats, cache, draft
 * and batch, which are the generator's; typical only if the generator's is below 1).  What one is given depends on those,
 * its prompt and its numbers alone.  The generator has no grammar. */
struct sample;
struct gen_out sample_out(const struct sample *);       /* whole, or as far as its text can no longer become a stop text */
/* NULL: there is no room now.  The options must stay until it leaves; the prompt is copied.  sample is below their k. */
struct sample *generator_join(struct generator *, const struct gen_opts *, const struct gen_prompt *, uint64_t number, int sample);
void           generator_leave(struct generator *, struct sample *);    /* when it is whole, or before; frees it */
void           generator_step(struct generator *);      /* prompts, so many tokens at a time, and a token for each whose prompt is in */
#endif
