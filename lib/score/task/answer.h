/* answer - answers taken out of responses, and how right they are */
#ifndef LM_ANSWER_H
#define LM_ANSWER_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include "score/task/task.h"

struct answer_filter;
/* NULL with the reason where the expression is none. */
struct answer_filter *answer_filter_new(const struct task_filter *, struct err *);
void                  answer_filter_free(struct answer_filter *);
/* What the filter takes out of the response, appended; "[invalid]" where nothing matches, as lm-eval has it. */
void                  answer_take(const struct answer_filter *, const char *response, size_t n, struct buf *out);

/* Whether they are equal, blanks around both aside; as numbers: see struct task_spec. */
int    answer_exact(const char *answer, const char *right, int number);
/* F1 of the words, as SQuAD compares them: small letters, without punctuation and articles (Rajpurkar et al. 2016). */
double answer_f1(const char *answer, const char *right);

/* Of n samples c are right: the chance that one of k drawn without putting back is (Chen et al. 2021, eq. 1). */
double answer_pass(long long n, long long c, long long k);
#endif
