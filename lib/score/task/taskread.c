/* taskread - one record of each published task: what is given, what may follow, what is right */
/* SPDX-License-Identifier: MIT */
#include "score/task/task.h"
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 64 };       /* of one item: each repeats its context */

/* Both strings become the item's. */
static void
add(struct task_item *it, char *context, char *choice)
{
	it->context = xreallocarray(it->context, (size_t)it->n + 1, sizeof *it->context);
	it->choice = xreallocarray(it->choice, (size_t)it->n + 1, sizeof *it->choice);
	it->context[it->n] = context;
	it->choice[it->n++] = choice;
}

static char *
join(const char *a, const char *b, const char *c)
{
	struct buf all = { 0 };

	buf_str(&all, a);
	buf_str(&all, b);
	buf_str(&all, c);
	return all.p;
}

/* The string under the first of the keys that has one; NULL with the reason. */
static char *
text_of(struct json o, const char *key, const char *or, struct err *e)
{
	char *s = json_dup(json_get(o, key));

	if (!s && or)
		s = json_dup(json_get(o, or));
	if (!s)
		err_set(e, "no text under \"%s\"", key);
	return s;
}

/* The right choice: a number from `base`, also as a string, or a letter from A; what the item knows already holds. */
static int
gold_of(struct task_item *it, struct json o, const char *key, int base, struct err *e)
{
	struct json v = json_get(o, key);
	char *s = json_dup(v), *end = s;
	long long at = json_int(v, -1);

	if (s && *s >= 'A' && *s <= 'Z' && !s[1])
		at = *s - 'A' + base;
	else if (s && *s) {
		at = strtoll(s, &end, 10);
		at = *end ? -1 : at;
	}
	free(s);
	if (it->gold >= 0)
		at = it->gold;
	if (at < base || at - base >= it->n)
		return err_set(e, "\"%s\" does not say which of %d is right", key, it->n);
	it->gold = (int)at - base;
	return 0;
}

/* Each choice of an array after the same context. */
static int
add_all(struct task_item *it, const char *context, struct json array, struct err *e)
{
	struct json_iter i = json_walk(array);

	while (json_kind(array) == '[' && json_next(&i)) {
		char *s = it->n < PAIRS_MAX ? json_dup(i.value) : NULL;
		if (!s)
			return err_set(e, "choice %d is no text, or one too many", it->n);
		add(it, xstrdup(context), s);
	}
	return it->n ? 0 : err_set(e, "no choices");
}

/* ---- HellaSwag (Zellers et al. 2019), as lm-eval cleans it */

static int
hellaswag(struct task_item *it, struct json o, struct err *e)
{
	char *label = text_of(o, "activity_label", NULL, e), *a = NULL, *b = NULL, *context = NULL, *query;
	int bad = !label || !(a = text_of(o, "ctx_a", NULL, e)) || !(b = text_of(o, "ctx_b", NULL, e));

	if (!bad) {
		char *small = task_capital(b), *ctx = join(a, " ", small);
		query = join(label, ": ", ctx);
		context = task_clean(query);
		bad = add_all(it, context, json_get(o, "endings"), e) || gold_of(it, o, "label", 0, e);
		for (int i = 0; i < it->n; i++)
			it->choice[i] = task_clean(it->choice[i]);
		free(small), free(ctx);
	}
	free(label), free(a), free(b), free(context);
	return bad ? -1 : 0;
}

/* ---- questions and answers */

static char *
question(const char *text)
{
	return join("Question: ", text, "\nAnswer:");
}

/* ARC (Clark et al. 2018): the first publication's nested shape, and that of the Hub. */
static int
arc(struct task_item *it, struct json o, struct err *e)
{
	struct json q = json_get(o, "question"), c = json_get(json_kind(q) == '{' ? q : o, "choices"), key = json_get(o, "answerKey");
	struct json_iter labels = json_walk(json_kind(c) == '{' ? json_get(c, "label") : c);
	struct json_iter texts = json_walk(json_kind(c) == '{' ? json_get(c, "text") : c);
	char *stem = json_kind(q) == '{' ? text_of(q, "stem", NULL, e) : text_of(o, "question", NULL, e), *right = json_dup(key);
	int bad = !stem;

	while (!bad && it->n < PAIRS_MAX && json_next(&labels) && json_next(&texts)) {
		struct json label = json_kind(c) == '{' ? labels.value : json_get(labels.value, "label");
		char *s = json_dup(json_kind(c) == '{' ? texts.value : json_get(texts.value, "text"));
		if (right && json_is(label, right))
			it->gold = it->n;
		if (!s)
			bad = err_set(e, "choice %d is no text", it->n);
		else
			add(it, question(stem), s);
	}
	if (!bad && (it->gold < 0 || it->gold >= it->n))
		bad = err_set(e, "\"answerKey\" is none of the choices");
	free(stem), free(right);
	return bad;
}

/* PIQA (Bisk et al. 2020). */
static int
piqa(struct task_item *it, struct json o, struct err *e)
{
	char *goal = text_of(o, "goal", NULL, e), *a = text_of(o, "sol1", NULL, e), *b = text_of(o, "sol2", NULL, e);

	if (goal && a && b) {
		add(it, question(goal), a);
		add(it, question(goal), b);
		free(goal);
		return gold_of(it, o, "label", 0, e);
	}
	free(goal), free(a), free(b);
	return -1;
}

/* WinoGrande (Sakaguchi et al. 2020): the rest of the sentence after either option. */
static int
winogrande(struct task_item *it, struct json o, struct err *e)
{
	char *s = text_of(o, "sentence", NULL, e), *blank = s ? strchr(s, '_') : NULL, key[] = "option1";
	int bad = s ? 0 : -1;

	if (s && !blank)
		bad = err_set(e, "the sentence has no _");
	for (; !bad && key[6] <= '2'; key[6]++) {
		char *option = text_of(o, key, NULL, e), *head = blank ? xstrndup(s, (size_t)(blank - s)) : NULL;
		bad = option ? 0 : -1;
		if (option && head)
			add(it, join(head, option, ""), task_strip(blank + 1));
		free(option), free(head);
	}
	free(s);
	return bad ? bad : gold_of(it, o, "answer", 1, e);
}

/* One continuation of several contexts. */
static int
schema(struct task_item *it, struct json o, struct err *e)
{
	char *end = text_of(o, "continuation", NULL, e);
	struct json_iter i = json_walk(json_get(o, "context_options"));
	int bad = end ? 0 : -1;

	while (!bad && it->n < PAIRS_MAX && json_next(&i)) {
		char *s = json_dup(i.value);
		if (s)
			add(it, s, xstrdup(end));
		else
			bad = err_set(e, "context %d is no text", it->n);
	}
	free(end);
	return bad ? bad : gold_of(it, o, "gold", 0, e);
}

/* MMLU (Hendrycks et al. 2021): the letters are the choices. */
static int
mmlu(struct task_item *it, struct json o, struct err *e)
{
	char *q = text_of(o, "question", NULL, e), *subject = json_dup(json_get(o, "subject")), letter[] = "A";
	struct json_iter i = json_walk(json_get(o, "choices"));
	struct buf b = { 0 };
	int n = 0, bad = !q;

	if (!bad) {
		char *s = task_strip(q);
		buf_str(&b, s);
		free(s);
	}
	for (; !bad && n < 26 && json_next(&i); n++) {
		buf_printf(&b, "\n%c. ", 'A' + n);
		if (json_str(i.value, &b))
			bad = err_set(e, "choice %d is no text", n);
	}
	buf_str(&b, "\nAnswer:");
	for (; !bad && it->n < n; letter[0]++)
		add(it, xstrdup(b.p), xstrdup(letter));
	if (!bad) {
		subject = subject ? task_replace(subject, "_", " ") : NULL;
		if (subject)
			it->intro = join("The following are multiple choice questions (with answers) about ", subject, ".\n\n");
		bad = gold_of(it, o, "answer", 0, e);
	}
	free(q), free(subject);
	buf_free(&b);
	return bad ? -1 : 0;
}

/* BLiMP (Warstadt et al. 2020): two sentences from nothing. */
static int
blimp(struct task_item *it, struct json o, struct err *e)
{
	char *good = text_of(o, "sentence_good", NULL, e), *other = text_of(o, "sentence_bad", NULL, e);

	if (good && other) {
		add(it, xstrdup(""), good);
		add(it, xstrdup(""), other);
		return 0;
	}
	free(good), free(other);
	return -1;
}

/* LAMBADA (Paperno et al. 2016): the last word. */
static int
lambada(struct task_item *it, struct json o, struct err *e)
{
	char *s = text_of(o, "text", NULL, e), *blank = s ? strrchr(s, ' ') : NULL;

	if (s && !blank)
		err_set(e, "one word only");
	if (blank) {
		*blank = 0;
		add(it, xstrdup(s), xstrdup(blank + 1));
	}
	free(s);
	return blank ? 0 : -1;
}

/* Any choices after a question; one that says "Question:" has "Answer:" put behind it. */
static int
choice(struct task_item *it, struct json o, struct err *e)
{
	static const char *const keys[] = { "gold", "answer", "label" };
	char *q = text_of(o, "query", json_kind(json_get(o, "question")) ? "question" : "prompt", e), *s, *context;
	int bad, k = 0;

	if (!q)
		return -1;
	s = task_strip(q);
	context = strncmp(s, "Question:", 9) ? xstrdup(q) : join(s, strstr(s, "\nAnswer:") ? "" : "\nAnswer:", "");
	bad = add_all(it, context, json_get(o, "choices"), e);
	while (k < 2 && !json_kind(json_get(o, keys[k])))
		k++;
	free(q), free(s), free(context);
	return bad ? bad : gold_of(it, o, keys[k], 0, e);
}

/* ---- generated */

static int
gsm8k(struct task_item *it, struct json o, struct err *e)
{
	char *q = text_of(o, "question", NULL, e), *a = text_of(o, "answer", NULL, e);

	if (q && a)
		add(it, question(q), a);
	else
		free(a);
	free(q);
	return it->n ? 0 : -1;
}

/* HumanEval (Chen et al. 2021), and any prompt with a test. */
static int
code(struct task_item *it, struct json o, struct err *e)
{
	char *prompt = text_of(o, "prompt", NULL, e), *test = text_of(o, "test", NULL, e), *entry = json_dup(json_get(o, "entry_point"));
	char *solution = json_dup(json_get(o, "canonical_solution"));
	struct buf run = { 0 };

	if (prompt && test) {
		add(it, prompt, solution ? solution : xstrdup(""));
		if (entry)
			buf_printf(&run, "%s\ncheck(%s)\n", test, entry);
		it->test = entry ? run.p : xstrdup(test);
		it->python = entry != NULL;
	} else {
		free(prompt), free(solution);
	}
	free(test), free(entry);
	return it->n ? 0 : -1;
}

static int
text(struct task_item *it, struct json o, struct err *e)
{
	static const char *const keys[] = { "answer", "answers", "gold", "target" };
	char *prompt = text_of(o, "prompt", json_kind(json_get(o, "question")) ? "question" : "query", e);
	struct json a = { 0 };

	for (int k = 0; k < 4 && !json_kind(a); k++)
		a = json_get(o, keys[k]);
	if (prompt && json_kind(a) == '[') {
		int bad = add_all(it, prompt, a, e);
		free(prompt);
		return bad;
	}
	if (prompt && json_kind(a) == '"')
		add(it, prompt, json_dup(a));
	else if (prompt && json_kind(a) == '0')
		add(it, prompt, xstrndup(a.p, (size_t)(a.end - a.p)));
	else {
		if (prompt)
			err_set(e, "no \"answer\"");
		free(prompt);
	}
	return it->n ? 0 : -1;
}

#define STRICT "#### (\\-?[0-9\\.\\,]+)"
#define FLEXIBLE "(-?[$0-9.,]{2,})|(-?[0-9]+)"
#define CODE_ENDS { "\nclass", "\ndef", "\n#", "\nif", "\nprint" }
/* The first whose fields are all there tells a record. */
const struct task_spec task_specs[] = {
	{ .name = "hellaswag", .need = { "endings", "ctx_a" }, .read = hellaswag, .delimiter = " " },
	{ .name = "arc", .need = { "answerKey" }, .read = arc, .delimiter = " " },
	{ .name = "piqa", .need = { "goal", "sol1" }, .read = piqa, .delimiter = " " },
	{ .name = "winogrande", .need = { "sentence", "option1" }, .read = winogrande, .delimiter = " " },
	{ .name = "schema", .need = { "context_options", "continuation" }, .read = schema, .delimiter = " " },
	{ .name = "mmlu", .need = { "subject", "choices" }, .read = mmlu, .delimiter = " " },
	{ .name = "blimp", .need = { "sentence_good" }, .read = blimp, .delimiter = " " },
	{ .name = "choice", .need = { "choices" }, .read = choice, .delimiter = " " },
	{ .name = "humaneval", .kind = TASK_CODE, .need = { "entry_point", "test" }, .read = code, .delimiter = "",
	  .until = CODE_ENDS, .tokens = 1024 },
	{ .name = "code", .kind = TASK_CODE, .need = { "test", "prompt" }, .read = code, .delimiter = "", .tokens = 1024 },
	{ .name = "gsm8k", .kind = TASK_TEXT, .need = { "question", "answer" }, .mark = "#### ", .read = gsm8k, .delimiter = " ",
	  .until = { "Question:", "</s>", "<|im_end|>" }, .tokens = 256, .number = 1,
	  .filter = { { "strict-match", STRICT, 0 }, { "flexible-extract", FLEXIBLE, 1 } } },
	{ .name = "lambada", .need = { "text" }, .read = lambada, .delimiter = " " },
	{ .name = "text", .kind = TASK_TEXT, .read = text, .delimiter = " ", .until = { "\n\n" }, .tokens = 256,
	  .filter = { { .name = "none" } } },
	{ 0 }
};
