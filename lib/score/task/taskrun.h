/* taskrun - a model at a task: choices scored, responses generated and judged, what came out */
#ifndef LM_TASKRUN_H
#define LM_TASKRUN_H
/* SPDX-License-Identifier: MIT */
#include "score/task/box.h"
#include "base/cli.h"
#include "model/decode/opened.h"
#include "model/generate/sampler.h"
#include "score/task/answer.h"
#include "score/ppl/ppl.h"
#include "score/task/taskprompt.h"

enum { TASK_AT_MOST = 8 };

struct task_opts {
	const char    *model;           /* NULL: responses are given */
	const char    *task;            /* NULL: told by the first record */
	const char    *examples, *labels, *filter, *verify, *responses, *results;
	struct strs    stops;           /* none: the task's */
	long long      items, shots, samples, tokens, batch, seed;      /* items, tokens 0: all; the task's */
	int            drawn, mutual, chat, no_bos, truncate;
	long long      at[TASK_AT_MOST];        /* k of pass@k */
	int            n_at;
	struct sampler sampler;
	struct box_limits box;
	int            nfiles;
	char         **files;
};

/* A mean over items. */
struct task_metric {
	char         key[32];           /* of --json; "" not there */
	char         name[32], filter[32];      /* lm-eval's "name,filter"; name "": not there */
	int          power;             /* e to the power of the mean is what counts, and lower is better */
	struct ratio mean;
};

struct task_result {
	const char        *task;        /* name */
	char               vocab[20];
	size_t             n, truncated, samples;
	struct task_metric *metric;
	int                n_metrics, cap_metrics;
	struct buf         lines;       /* lm-eval's samples, where asked for */
};

/* A task from its files to its metrics.  -1: bad files, a model that does not load, a box that cannot be made. */
int  task_run(struct task_result *, const struct task_opts *, struct err *);
void task_json(const struct task_result *, const struct task_opts *, struct buf *);     /* one object */
void task_text(const struct task_result *, const struct task_opts *, struct buf *);     /* for people */
/* DIR/MODEL/results_DATE.json and samples_TASK_DATE.jsonl, as lm-eval writes them. */
int  task_save(const struct task_result *, const struct task_opts *, struct err *);
void task_result_free(struct task_result *);

/* ---- between its files */

struct task_at_work {
	const struct task_opts *o;
	struct task_result  *r;
	struct task          task, examples;
	struct opened        open;      /* if o->model */
	struct encoder      *encoder;
	struct task_prompts  prompts;
};
int  task_choices(struct task_at_work *, struct err *);
int  task_answers(struct task_at_work *, struct err *);
/* The metric of that key and name, made when it is not there; good until the next is made. */
struct task_metric *task_metric(struct task_result *, const char *key, const char *name, const char *filter);
double task_metric_value(const struct task_metric *);
double task_metric_error(const struct task_metric *);

/* One line of lm-eval's samples: what became of an item by one filter. */
struct task_line {
	const struct task_item *item;
	size_t                  i;      /* its number */
	const char             *prompt, *target, *filter;
	const char             *arguments, *resps, *filtered;   /* JSON */
	int                     n;
	const char *const      *metric; /* (n) */
	const double           *value;  /* (n) */
};
void task_sample(struct task_result *, const struct task_line *);
#endif
