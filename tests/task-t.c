/* task-t - readers of published tasks by hand, answers and their scores, SHA-256 */
/* SPDX-License-Identifier: MIT */
#include "score/task/sha256.h"
#include "score/task/answer.h"
#include "score/task/taskrun.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct task task;

/* The records as the task tells them, from bytes of their own size. */
static int
reads(const char *name, const char *text, const char *file, const char *labels)
{
	struct err e = { "" };
	char *copy = malloc(strlen(text) + 1);
	int bad;

	memcpy(copy, text, strlen(text));
	task_free(&task);
	bad = task_parse(&task, copy, strlen(text), file, labels, labels ? strlen(labels) : 0, 0, &e);
	free(copy);
	if (bad)
		printf("# %s\n", e.text);
	return !bad && !strcmp(task.spec->name, name);
}

static int
is(size_t i, int c, const char *context, const char *choice)
{
	const struct task_item *it = &task.v[i];
	int ok = i < task.n && c < it->n && !strcmp(it->context[c], context) && !strcmp(it->choice[c], choice);

	if (!ok && i < task.n && c < it->n)
		printf("# [%s] [%s]\n", it->context[c], it->choice[c]);
	return ok;
}

static void
choices(void)
{
	OK(reads("hellaswag", "{\"activity_label\":\"Act\",\"ctx_a\":\"[header] How to [title] a  b\",\"ctx_b\":\"the Man [step] GOES \xc3\x89\","
		"\"ctx\":\"x\",\"endings\":[\" x [title] y\",\"z [a] w [b\"],\"label\":\"1\"}\n", "f", NULL) && task.v->gold == 1 &&
	    is(0, 0, "Act: How to. a b The man goes \xc3\xa9", "x. y") && is(0, 1, "Act: How to. a b The man goes \xc3\xa9", "z w [b"), "HellaSwag as lm-eval cleans it");
	OK(reads("hellaswag", "A: b. he\n3\nx.\ny.\nz.\nw.\nC: d\n0\n1\n2\n3\n4\n", "f", NULL) && task.n == 2 && task.v->gold == 3 &&
	    is(0, 2, "A: b. he", "z.") && is(1, 0, "C: d", "1"), "HellaSwag as six lines");
	OK(reads("arc", "{\"id\":\"M1\",\"question\":{\"stem\":\"Why?\",\"choices\":[{\"text\":\"so\",\"label\":\"1\"},{\"text\":\"no\",\"label\":\"2\"}]},\"answerKey\":\"2\"}\n"
		"{\"id\":\"M2\",\"question\":\"How?\",\"choices\":{\"text\":[\"a\",\"b\",\"c\"],\"label\":[\"A\",\"B\",\"C\"]},\"answerKey\":\"C\"}", "f", NULL) &&
	    task.v[0].gold == 1 && task.v[1].gold == 2 && is(0, 1, "Question: Why?\nAnswer:", "no") && is(1, 2, "Question: How?\nAnswer:", "c") &&
	    !strcmp(task.v[0].id, "M1"), "ARC, both shapes");
	OK(reads("piqa", "{\"goal\":\"G\",\"sol1\":\"a\",\"sol2\":\"b\",\"label\":1}", "f", NULL) && task.v->gold == 1 && is(0, 1, "Question: G\nAnswer:", "b"), "PIQA");
	OK(reads("piqa", "{\"goal\":\"G\",\"sol1\":\"a\",\"sol2\":\"b\"}\n{\"goal\":\"H\",\"sol1\":\"a\",\"sol2\":\"b\"}\n", "f", "0\n1\n") && task.v[0].gold == 0 && task.v[1].gold == 1, "PIQA with its labels");
	OK(reads("winogrande", "{\"sentence\":\"Ann met Bo so _ left. \",\"option1\":\"Ann\",\"option2\":\"Bo\",\"answer\":\"2\"}", "f", NULL) && task.v->gold == 1 &&
	    is(0, 0, "Ann met Bo so Ann", "left.") && is(0, 1, "Ann met Bo so Bo", "left."), "WinoGrande");
	OK(reads("schema", "{\"context_options\":[\"a\",\"b\"],\"continuation\":\"c\",\"gold\":0}", "f", NULL) && is(0, 1, "b", "c"), "contexts of one continuation");
	OK(reads("mmlu", "\"What, \"\"if\"\"\nany?\",0,4,\"2, or\",6,B\r\nq2,a,b,c,d,D\n", "data/test/abstract_algebra_test.csv", NULL) && task.n == 2 &&
	    task.v[0].gold == 1 && task.v[1].gold == 3 && is(0, 1, "What, \"if\"\nany?\nA. 0\nB. 4\nC. 2, or\nD. 6\nAnswer:", "B") &&
	    !strcmp(task.v->intro, "The following are multiple choice questions (with answers) about abstract algebra.\n\n"), "MMLU's CSV");
	OK(reads("mmlu", "{\"question\":\" q \",\"subject\":\"high_school_physics\",\"choices\":[\"a\",\"b\",\"c\",\"d\"],\"answer\":2}", "f", NULL) && task.v->gold == 2 &&
	    is(0, 2, "q\nA. a\nB. b\nC. c\nD. d\nAnswer:", "C") && strstr(task.v->intro, "high school physics"), "MMLU of the Hub");
	OK(reads("blimp", "{\"sentence_good\":\"It is.\",\"sentence_bad\":\"It are.\"}", "f", NULL) && task.v->gold == 0 && is(0, 0, "", "It is.") && is(0, 1, "", "It are."), "BLiMP");
	OK(reads("lambada", "{\"text\":\"one two three\"}", "f", NULL) && task.v->n == 1 && is(0, 0, "one two", "three"), "LAMBADA");
	OK(reads("choice", "{\"query\":\"Question: W?\\n\",\"choices\":[\"a\",\"b\"],\"gold\":1}\n\n{\"question\":\"x\",\"choices\":[\"a\",\"b\"],\"answer\":\"A\"}", "f", NULL) &&
	    is(0, 0, "Question: W?\nAnswer:", "a") && is(1, 1, "x", "b") && task.v[1].gold == 0, "choices of one's own");
}

static void
answers(void)
{
	OK(reads("gsm8k", "{\"question\":\"How many?\",\"answer\":\"1+1=<<1+1=2>>2\\n#### 2\"}", "f", NULL) && is(0, 0, "Question: How many?\nAnswer:", "1+1=<<1+1=2>>2\n#### 2"), "GSM8K");
	OK(reads("humaneval", "{\"task_id\":\"H/0\",\"prompt\":\"def f():\\n\",\"entry_point\":\"f\",\"canonical_solution\":\"    return 1\\n\",\"test\":\"def check(c):\\n    assert c() == 1\\n\"}", "f", NULL) &&
	    is(0, 0, "def f():\n", "    return 1\n") && !strcmp(task.v->test, "def check(c):\n    assert c() == 1\n\ncheck(f)\n") && task.v->python, "HumanEval");
	OK(reads("text", "{\"prompt\":\"p\",\"answers\":[\"a\",\"b\"]}\n{\"question\":\"q\",\"answer\":7}", "f", NULL) && is(0, 1, "p", "b") && task.v->n == 2 && is(1, 0, "q", "7"), "texts of one's own");
}

static void
refused(void)
{
	OK(!reads("piqa", "{\"goal\":\"G\",\"sol1\":\"a\",\"sol2\":\"b\"}", "f", NULL) && !reads("piqa", "{\"goal\":\"G\",\"sol1\":\"a\",\"sol2\":\"b\"}", "f", "7\n") &&
	    !reads("piqa", "{\"goal\":\"G\",\"sol1\":\"a\",\"sol2\":\"b\"}", "f", ""), "no right answer, or one that is none");
	OK(!reads("arc", "{\"question\":\"q\",\"choices\":{\"text\":[\"a\"],\"label\":[\"A\"]},\"answerKey\":\"B\"}", "f", NULL), "a key of no choice");
	OK(!reads("choice", "{\"query\":\"q\",\"choices\":[],\"gold\":0}", "f", NULL) && !reads("lambada", "{\"text\":\"word\"}", "f", NULL) && !reads("text", "[1]", "f", NULL), "records that hold too little");
	OK(!reads("mmlu", "q,a,b\n", "f", NULL) && !reads("mmlu", "\"q,a,b,c,d,A\n", "f", NULL) && !reads("hellaswag", "c\n1\na\nb\n", "f", NULL), "rows and items cut short");
	OK(!reads("gsm8k", "{\"question\":\"q\",\"answer\":\"#### 1\"}\n{\"query\":\"q\",\"choices\":[\"a\"],\"gold\":0}", "f", NULL), "records of another kind");
}

static int
takes(const struct task_filter *t, const char *response, const char *what)
{
	struct answer_filter *f = answer_filter_new(t, NULL);
	struct buf b = { 0 };
	int ok;

	buf_str(&b, "");
	answer_take(f, response, strlen(response), &b);
	ok = !strcmp(b.p, what);
	if (!ok)
		printf("# [%s]\n", b.p);
	answer_filter_free(f);
	buf_free(&b);
	return ok;
}

static void
scores(void)
{
	const struct task_filter *g = task_named("gsm8k")->filter;
	static const struct { long long n, c, k; double p; } golden[] = { { 10, 0, 1, 0 }, { 10, 1, 1, .1 }, { 10, 3, 1, .3 }, { 10, 3, 5, 0.9166666666666666 },
		{ 10, 10, 10, 1 }, { 200, 7, 100, 0.9929911172418123 }, { 16, 2, 8, 0.7666666666666666 } };
	int ok = 1;

	OK(takes(g, "so it is\n#### 1,234.\n#### 5", "1,234.") && takes(g, "it is 18", "[invalid]"), "GSM8K, strict");
	OK(takes(g + 1, "has 3 and $1,200.50 and -7.", "-7.") && takes(g + 1, "none", "[invalid]") && takes(g + 1, "it is 8", "8"), "GSM8K, flexible");
	OK(takes(&(struct task_filter){ .regex = "x*" }, "aaxx", "") && takes(&(struct task_filter){ .regex = "x*", .last = 1 }, "aaxx", "") &&
	    takes(&(struct task_filter){ 0 }, " a b\n", "a b"), "empty matches end, blanks go");
	OK(!answer_filter_new(&(struct task_filter){ .regex = "(" }, NULL), "an expression that is none");
	OK(answer_exact("1,234.", "so\n#### 1234", 1) && answer_exact("$18", "x #### 18", 1) && !answer_exact("18.5", "#### 18", 1) && answer_exact(" Ab\n", "Ab", 0) &&
	    !answer_exact("ab", "Ab", 0) && !answer_exact("[invalid]", "#### 1", 1), "exact match");
	OK(fabs(answer_f1("The cat, sat!", "a cat sat down") - 0.8) < 1e-12 && answer_f1("", "the") == 1 && answer_f1("x", "y") == 0 && answer_f1("a a b b", "b") == 2.0 / 3, "F1 of words");
	for (size_t i = 0; i < sizeof golden / sizeof *golden; i++)
		ok &= fabs(answer_pass(golden[i].n, golden[i].c, golden[i].k) - golden[i].p) < 1e-12;
	OK(ok, "pass@k, unbiased");
}

static int
prompt_is(struct task_prompts *p, size_t i, const char *text)
{
	struct buf b = { 0 };
	int ok;

	task_prompt_text(p, i, 0, &b);
	ok = !strcmp(b.p, text);
	if (!ok)
		printf("# [%s]\n", b.p);
	buf_free(&b);
	return ok;
}

static void
prompts(void)
{
	struct task_prompts p = { .task = &task, .examples = &task, .shots = 2 };
	struct buf a = { 0 }, b = { 0 };
	int same = 1;

	reads("choice", "{\"query\":\"q0\",\"choices\":[\"a\",\"b\"],\"gold\":1}\n{\"query\":\"q1\",\"choices\":[\"a\",\"b\"],\"gold\":0}\n{\"query\":\"q2\",\"choices\":[\"a\",\"b\"],\"gold\":1}\n{\"query\":\"q3\",\"choices\":[\"a\",\"b\"],\"gold\":1}\n", "f", NULL);
	OK(prompt_is(&p, 0, "q1 a\n\nq2 b\n\nq0") && prompt_is(&p, 3, "q0 b\n\nq1 a\n\nq3"), "the first examples, never the item itself");
	p.drawn = 1;
	for (size_t i = 0; i < 4; i++) {
		char own[8];
		buf_clear(&a), buf_clear(&b);
		task_prompt_text(&p, i, 0, &a);
		task_prompt_text(&p, i, 0, &b);
		snprintf(own, sizeof own, "q%zu ", i);
		same &= !strcmp(a.p, b.p) && !strstr(a.p, own) && memcmp(a.p, strchr(a.p, '\n') + 2, 2);
	}
	OK(same, "drawn ones: the same each time, different from each other and from the item");
	buf_free(&a), buf_free(&b);
	reads("mmlu", "{\"question\":\"x\",\"subject\":\"s\",\"choices\":[\"1\",\"2\"],\"answer\":0}\n{\"question\":\"y\",\"subject\":\"t\",\"choices\":[\"1\",\"2\"],\"answer\":0}\n"
		"{\"question\":\"z\",\"subject\":\"s\",\"choices\":[\"1\",\"2\"],\"answer\":1}\n", "f", NULL);
	p.drawn = 0;
	OK(prompt_is(&p, 0, "The following are multiple choice questions (with answers) about s.\n\nz\nA. 1\nB. 2\nAnswer: B\n\nx\nA. 1\nB. 2\nAnswer:"), "examples of the same subject");
}

/* As many as are asked for, each found again. */
static void
metrics(void)
{
	struct task_result r = { 0 };
	char key[16];
	int same = 1;

	for (int i = 0; i < 80; i++) {
		snprintf(key, sizeof key, "m%d", i % 40);
		ratio_add(&task_metric(&r, key, key, "none")->mean, i, 1);
	}
	for (int i = 0; i < 40; i++)
		same &= r.metric[i].mean.n == 2 && task_metric_value(&r.metric[i]) == i + 20;
	OK(r.n_metrics == 40 && same, "forty metrics");
	task_result_free(&r);
}

int
main(void)
{
	char hex[65], million[1000];

	choices();
	answers();
	refused();
	scores();
	prompts();
	task_free(&task);
	metrics();
	sha256_hex("", 0, hex);
	OK(!strcmp(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), "SHA-256 of nothing");
	sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
	OK(!strcmp(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"), "SHA-256 of two blocks");
	memset(million, 'a', sizeof million);
	sha256_hex(million, sizeof million, hex);
	OK(!strcmp(hex, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"), "SHA-256 of a thousand a");
	return DONE();
}
