/* request - what a client asks for: a JSON body, read and checked */
#ifndef LM_REQUEST_H
#define LM_REQUEST_H
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "model/generate/sampler.h"

enum ask { ASK_COMPLETION, ASK_CHAT, ASK_TOKENIZE, ASK_DETOKENIZE };
enum { REQUEST_TOP = 20, REQUEST_STOPS = 16, REQUEST_N = 128 };

struct request {
	enum ask       ask;
	struct asked {
		char      *text;        /* NULL: token ids; (n) either way */
		uint32_t  *ids;
		size_t     n;
	}             *prompt;
	size_t         n_prompts, cap;
	char          *talk;            /* a JSON object with messages and maybe tools, or NULL */
	long long      n, best_of, max_tokens, seed;     /* max_tokens -1: it does not say */
	double         top_k;
	struct sampler sampler;         /* temperature is never 0 */
	long long      logprobs;        /* so many of the likeliest beside each token's own; -1: none at all */
	int            echo, stream, usage, special;    /* special: the model's BOS goes in front of texts */
	const char    *stop[REQUEST_STOPS];
	int            n_stop;
	char          *grammar;         /* its text, or NULL */
};

/* Pure.  0, or -1 with the field and what is wrong: one that would change the result and is not known is refused.  To be
 * freed either way. */
int  request_parse(struct request *, enum ask, const char *body, size_t n, struct err *);
void request_free(struct request *);
#endif
