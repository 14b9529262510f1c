/* roll - rollouts and preferences in a stream: prompt and response tokens with what is known of them */
#ifndef LM_ROLL_H
#define LM_ROLL_H
/* SPDX-License-Identifier: MIT */
#include "stream/stream.h"

enum { ROLL_SAMPLE = 0, ROLL_CHOSEN = 1, ROLL_REJECTED = 2 };
enum { ROLL_LOGP = 1, ROLL_REF_LOGP = 2, ROLL_ENDED = 4 };      /* flags */

/* One record.  Sums (logp, ref_logp) are over the response, in nats; NaN: not known.  What it points to
 * belongs to the reader until the next call, or to the caller when writing. */
struct roll {
	uint32_t        group;          /* rollouts of one prompt share it; unique within a segment */
	uint16_t        role, flags;
	uint32_t        n_prompt, n_tok;
	float           score, logp, ref_logp, margin;
	const uint32_t *tok;            /* [n_tok]: prompt, then response */
	const float    *tok_logp;       /* [n_tok - n_prompt] when ROLL_LOGP */
	const float    *tok_ref_logp;   /* [n_tok - n_prompt] when ROLL_REF_LOGP */
	const char     *meta;           /* JSON object, meta_len bytes */
	uint32_t        meta_len;
	uint64_t        segment;        /* which segment it came from; (segment, group) is unique */
};

/* Pure: the record at data[*pos], moved past it: 1, 0 at the end, -1 when it does not fit or contradicts itself. */
int roll_unpack(struct roll *, const void *data, size_t n, size_t *pos, uint64_t n_vocab, struct err *);

struct roll_in;
struct roll_in *roll_open(int nfiles, char **files);
struct roll_in *roll_from(struct input *);      /* goes on from an open input, and owns it */
int             roll_next(struct roll_in *, struct roll *);
void            roll_close(struct roll_in *);

void            roll_put(struct stream_out *, const struct roll *);

/* A whole stream kept: records in order, their parts in blocks.  Past the first 64 MB a block is mapped from a temporary
 * file, so that of a long stream only v must stay in memory.  roll_all reads until the end. */
struct rolls {
	struct roll *v;
	size_t       n, cap;
	char        *head;
	struct rolls_block *last;
	size_t       bytes;             /* of all blocks */
};
void roll_all(struct roll_in *, struct rolls *);
void rolls_add(struct rolls *, const struct roll *);    /* a copy; what it points to is gone with rolls_free */
void rolls_rest(const struct rolls *);                  /* what is in temporary files needs no memory until it is looked at again */
/* Whether records i and i + 1 of n are a pair: neighbours of one group with roles 1 and 2, either first. */
int rolls_pair(const struct roll *, size_t n, size_t i);
/* Where the group that begins with record i of n ends, exclusive. */
size_t rolls_group_end(const struct roll *, size_t n, size_t i);
void rolls_free(struct rolls *);
#endif
