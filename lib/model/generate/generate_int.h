/* generate_int - sequences of a decoder and the samples in them: what generate.c and genprompt.c share */
#ifndef LM_GENERATE_INT_H
#define LM_GENERATE_INT_H
/* SPDX-License-Identifier: MIT */
#include "model/decode/decode.h"
#include "model/generate/gensample.h"

struct slot {
	struct sample *s;               /* NULL: idle */
	uint32_t      *cached;          /* (T): the prompt in this sequence of the decoder; what was sampled is not */
	size_t         n_cached;        /* for others to share: its bits are not those of a prompt */
	size_t         n_due;           /* so many the prompt has: the rest is still to be fed */
	int            looked;          /* fed with logits: other bits, so that nobody shares them */
	uint64_t       used;            /* when it was last given away */
	int             ahead, drawn;   /* tokens guessed, and drawn, in this round */
	size_t          row;            /* of its first logits */
};

struct generator {
	struct gen_opts o;
	const struct model *m;
	const struct vocab *vocab;
	struct decoder *d;
	int             T;
	struct slot    *slot;           /* (batch) */
	struct draft   *draft;          /* NULL: none */
	float          *logits;         /* (rows,V) */
	struct choice  *scratch;        /* (batch,room) */
	size_t          room;
	struct grammar_walk *grammar;   /* a text for each slot; NULL: there is none */
	uint8_t        *allowed;        /* (batch,V) by grammars; NULL: there was none yet */
	float          *look;           /* (rows,V) likewise */
	uint64_t        joined;         /* samples so far */
	int            *seq;            /* (rows) of a round, and the tokens fed */
	uint32_t       *tok;
	/* Prompts of a round. */
	int            *fill_seq;
	uint32_t       *fill_tok;
	size_t          n_fill, cap_fill_seq, cap_fill_tok;
	/* The call at hand. */
	const struct gen_prompt *prompt;
	size_t          jobs, started, given;
	uint64_t        first;
	struct sample **sample;         /* (jobs) */
};

/* Its prompt is in, but for the last token, which is fed with the first draw. */
static inline int
slot_ready(const struct slot *at)
{
	return at->s && at->n_cached == at->n_due;
}

/* How many of the first n tokens slot i holds; due: or will, once its prompt is fed. */
size_t slot_alike(const struct generator *, int i, const uint32_t *tok, size_t n, int due);
/* Puts a sample into slot i: what another sequence has of its prompt is copied, the rest will be fed.  0: it is better
 * to wait for one that is being fed. */
int    slot_place(struct generator *, int i, struct sample *);
/* Feeds what is due of prompts, so many tokens at most, and returns how many; for the prompts that somebody looks at
 * there is the other, which feeds some of one. */
size_t slots_feed(struct generator *, size_t most);
void   slots_feed_looked(struct generator *);
#endif
