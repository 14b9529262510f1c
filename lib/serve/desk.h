/* desk - answers under way: samples that join the generator as they come, and what is known of their tokens */
#ifndef LM_DESK_H
#define LM_DESK_H
/* SPDX-License-Identifier: MIT */
#include "model/generate/generate.h"
#include "model/decode/opened.h"
#include "serve/request.h"

/* What a token was likely: natural logarithms in the model's own distribution. */
struct logprob {
	uint32_t id;
	float    logp;
};

struct job;
/* One answer: sample `sample` of prompt `prompt`. */
struct answer {
	struct job    *job;
	struct sample *s;               /* NULL: not joined yet */
	struct gen_opts o;
	size_t         prompt;
	int            sample, whole;
	size_t         first;           /* the first token that is looked at */
	struct logprob *own, *top;       /* of token first + i: its own, and the (n_top) likeliest in order, or NULL */
	size_t         sent, sent_tok;  /* bytes of text, and tokens with those of the prompt, that were written out */
	int            told;            /* its end was, too */
	struct buf     echo;            /* the prompt's text, if it goes in front */
};

/* A request that is being answered. */
struct job {
	struct request  r;
	unsigned long long number;
	long long       when;           /* seconds since 1970 */
	struct gen_prompt *prompt;      /* (n_prompts) tokens are owned */
	size_t          V, n_prompts, n, left;  /* V: tokens that there are; answers: all, and those not whole */
	struct answer  *v;              /* (n): by prompt, then by sample */
	struct grammar *grammar;
	int             told;           /* all events were written out */
	struct job     *next;
};

struct desk {
	const struct opened *open;
	const char       *name;         /* of the model, for clients */
	struct encoder   *plain, *special;      /* names of special tokens are text, or tokens */
	struct generator *g;
	struct gen_opts   o;
	int               T;            /* of a sequence */
	size_t            most_waiting;
	struct job       *jobs;         /* in the order in which they came */
	size_t            running, waiting;     /* answers */
	unsigned long long requests, refused, prompt_tokens, tokens;
};

/* The opened model must outlive it; o: mats, cache, eos, batch. */
void desk_init(struct desk *, const struct opened *, const struct gen_opts *o, int T, size_t most_waiting);
void desk_free(struct desk *);
/* Takes a request over, whatever becomes of it: 0 and its job, or the HTTP status that says why not. */
int  desk_ask(struct desk *, struct request *, struct job **, struct err *);
void desk_drop(struct desk *, struct job *);    /* done with, or no longer wanted; frees it */
int  desk_round(struct desk *);                 /* one token further; 0: there is nothing to do */
struct gen_out answer_out(const struct answer *);       /* as far as it is; all zero but the prompt before it joined */
int  answer_tops(const struct answer *);        /* likeliest that are kept of a token */
/* The tokens of a prompt, or of a conversation; 0 or -1. */
int  desk_tokens(struct desk *, const struct request *, size_t prompt, struct encoder *, struct ids *, struct err *);
#endif
