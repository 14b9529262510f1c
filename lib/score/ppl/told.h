/* told - documents kept until each of their tokens has its log-probability, and what is then written of them */
#ifndef LM_TOLD_H
#define LM_TOLD_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "stream/toks.h"
#include "stream/roll.h"
#include "vocab/vocab.h"

struct told {
	uint64_t  item;         /* its number from 0 */
	uint32_t *tok;          /* (n) */
	float    *logp;         /* (n) nats; NaN: not predicted, as a first token is not */
	size_t    n;
};

struct tolds {
	struct told *v;
	size_t       first, n, cap;
};
void told_add(struct tolds *, uint64_t item, const struct item *);
void told_put(struct tolds *, uint64_t item, size_t at, float logp);    /* items in order */
/* The next document that is complete, as only later ones get anything; NULL: there is none.  all: every one is. */
const struct told *told_next(struct tolds *, uint64_t item, int all);
void told_free(struct tolds *);

/* A rollout: the first token is the prompt, the rest the response, with the log-probability of each. */
void told_roll(struct stream_out *, const struct told *);
char *told_roll_head(const struct model *);     /* its HEAD, to be freed */

/* Text coloured by surprise, white to red by nats: HTML pages, or 256 colours for a terminal. */
void heat_begin(struct buf *, int html, const char *model);
void heat_add(struct buf *, int html, const struct vocab *, const struct told *);
void heat_end(struct buf *, int html);
#endif
