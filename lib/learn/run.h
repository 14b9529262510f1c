/* run - a model in training: its weights, the optimizer, the state file, and what the model's file will say */
#ifndef LM_RUN_H
#define LM_RUN_H
/* SPDX-License-Identifier: MIT */
#include "learn/batch.h"
#include "learn/optim.h"
#include "learn/state.h"
#include "model/adapter.h"
#include "model/model.h"
#include "stream/toks.h"

struct run {
	struct model model;             /* model.w is what the optimizer moves */
	struct optim optim;
	struct state state;
	char         crc[CRC32C_TEXT];  /* of the weights that were loaded */
	const char  *path;              /* of the state; NULL: none */
	int          resumed;
	uint64_t     record, tokens;    /* since the state began */
	const char  *from, *to;         /* dates of the documents learnt from, for run_output; NULL or "": not known */
	char        *base_prog, *base_data;     /* of the model before the first step; may be NULL */
};

/* Loads the model, gives it an adapter where one is asked for (NULL: none), and registers w, m and v of what moves.
 * Then a program registers what it has of its own (state_array, state_params) and calls run_load. */
int  run_init(struct run *, const char *model, const char *state, const struct optim_opts *,
		const char *freeze, const struct adapter_opts *, struct err *);
/* Refuses names of output and state that cannot be written, before the work is done: a folder that is not there, a name that
 * is not for a folder when an adapter is what moves. */
int  run_check_out(const struct run *, const char *out, struct err *);
/* Takes up the state when there is one: refuses another model; sets optim.step, record, tokens.  Makes the line of
 * this run (cli_prog) say --model=crc32c:... of the weights that the run began with. */
int  run_load(struct run *, struct err *);
/* Refuses other options than those that the state began with: all of cli_prog but `steps`, the option of -n, and `epochs`, so
 * that a run may be made longer (NULL: there is none of that meaning); what the schedule takes from them counts. */
int  run_options(struct run *, const char *steps, const char *epochs, struct err *);
/* Goes to the record where the state was; refuses data that are not those learnt from until there. */
int  run_find_place(struct run *, struct batches *, struct err *);
void run_took(struct run *, const struct batches *);    /* says that all records read so far were learnt from */
/* Commits: state_save with step, record, tokens brought up to date.  No path: nothing to do. */
int  run_save(struct run *, struct err *);
/* Writes what moves, the model or the folder of its adapter, with weights w (NULL: its own) under `path`, its prog one line
 * longer and its data counted, once the state knows (run_save is called first when there is a state).  head: HEAD of the
 * stream learnt from, for its chat template; NULL: none. */
int  run_output(struct run *, const char *path, const float *w, const char *head, struct err *);
void run_free(struct run *);
#endif
