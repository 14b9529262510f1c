/* task - the items of an evaluation task, read from the files in which it is published */
#ifndef LM_TASK_H
#define LM_TASK_H
/* SPDX-License-Identifier: MIT */
#include "base/json.h"

enum task_kind {
	TASK_CHOICE,            /* which continuation is the likeliest; of a single one, whether it is the greedy one */
	TASK_TEXT,              /* text is generated and compared */
	TASK_CODE               /* text is generated and run */
};

struct task_item {
	char  *doc;             /* the record, a JSON object */
	char  *id;              /* its task_id or id, or NULL */
	char  *intro;           /* in front of examples and question, or NULL */
	int    n, gold;         /* pairs below, and the right one */
	char **context;         /* (n) what is given: TASK_TEXT and TASK_CODE have one, context[0] */
	char **choice;          /* (n) what may follow; TASK_TEXT: the right answers; TASK_CODE: a solution, if there is one */
	char  *test;            /* TASK_CODE: what is run after prompt and completion */
	int    python;          /* TASK_CODE: `test` is known to be Python */
};

/* How to take an answer out of a response. */
struct task_filter {
	const char *name;       /* as lm-eval calls it */
	const char *regex;      /* the answer is its first group that matched, or NULL: the response without blanks around it */
	int         last;       /* the last match, not the first */
};

struct task_spec {
	const char       *name;
	enum task_kind    kind;
	const char       *need[3], *mark;       /* the fields, and the bytes, that tell its records */
	int             (*read)(struct task_item *, struct json, struct err *);
	const char       *delimiter;    /* between context and choice */
	const char       *until[8];     /* what ends a response */
	int               tokens;       /* of a response at most */
	struct task_filter filter[2];
	int               number;       /* answers are numbers: without commas, $, what is before "#### ", a last full stop */
};
/* NULL: there is none of that name. */
const struct task_spec *task_named(const char *name);
/* The names of all, one blank between. */
void task_names(struct buf *);

struct task {
	const struct task_spec *spec;   /* NULL before the first record, which tells */
	struct task_item       *v;
	size_t                  n, cap;
};
/* Appends the items of a file (compressed or not): JSON lines; MMLU's CSV; the six lines an item of HellaSwag's text
 * form.  labels: a file of one right answer a line, or NULL.  stop: no more than so many items, 0: all.
 * 0, or -1 with the record and the reason. */
int  task_read(struct task *, const char *path, const char *labels, size_t stop, struct err *);
/* Pure: the same from bytes. */
int  task_parse(struct task *, const char *bytes, size_t n, const char *name, const char *labels, size_t n_labels,
		size_t stop, struct err *);
void task_free(struct task *);

/* ---- for the readers (taskread.c) */
char *task_strip(const char *);                 /* without blanks at either end */
char *task_replace(char *, const char *old, const char *new);   /* frees the first */
char *task_clean(char *);                       /* HellaSwag's: frees it */
char *task_capital(const char *);
extern const struct task_spec task_specs[];     /* ends in one without a name */
#endif
