/* state - all that a run needs to go on, in one file; its rename is the only commit point */
#ifndef LM_STATE_H
#define LM_STATE_H
/* SPDX-License-Identifier: MIT */
#include "learn/optim.h"

/* Texts by key and arrays by name.  The arrays belong to the caller and are registered once; then load fills
 * them and save writes them, as often as wanted.  The file is safetensors: arrays as F32, texts as metadata.
 * Keys in use: "format" and "crc32c" (set here), "program", "step", "record", "tokens", "seed", "options", "data", "base", "out",
 * "prog" ... and what a program adds (an adaptive beta). */
struct state {
	struct state_text {
		char *key, *value;
	} *text;
	struct state_array {
		char    *name;
		float   *v;
		int      ndim, optional, found; /* found: the last load had it */
		uint64_t shape[2];
	} *array;
	size_t n_text, cap_text, n_array, cap_array;
};

void state_free(struct state *);        /* the arrays stay with the caller */

/* optional: a file without it is no error (see found), and it is written only while found is set. */
void state_array(struct state *, const char *name, float *v, int ndim, const uint64_t *shape, int optional);
/* All tensors of a table as PREFIX.NAME, from a flat array in its layout: "w", "m", "v", "best", "critic.w" ... */
void state_params(struct state *, const char *prefix, const struct params *, float *v, int optional);
void state_optim(struct state *, float *w, const struct optim *);       /* "w", "m", and "v" where it has one, of what it moves */
/* Whether the last load found the arrays of that prefix; and to say that they are to be written. */
int  state_found(const struct state *, const char *prefix);
void state_show(struct state *, const char *prefix, int found);

void        state_set(struct state *, const char *key, const char *value);
void        state_set_int(struct state *, const char *key, long long);
void        state_set_num(struct state *, const char *key, double);    /* reads back exactly */
const char *state_get(const struct state *, const char *key);          /* NULL: absent */
long long   state_int(const struct state *, const char *key, long long otherwise);
double      state_num(const struct state *, const char *key, double otherwise);

/* 1: read; 0: there is no such file; -1: it is damaged, of another program, or its arrays are not those registered.
 * On -1 the arrays may be half filled. */
int state_load(struct state *, const char *path, struct err *);
/* Pure part of it: an image in memory. */
int state_parse(struct state *, const void *image, size_t n, struct err *);
/* Whole or not at all. */
int state_save(const struct state *, const char *path, struct err *);
#endif
