/* task - fuzz target: files of evaluation items, and answers taken out of them */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "score/task/answer.h"
#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *p = (const char *)bytes;
	struct task t = { 0 };
	struct buf b = { 0 };
	static struct answer_filter *f;

	if (!f)
		f = answer_filter_new(&task_named("gsm8k")->filter[1], NULL);
	for (int k = 0; k < 2; k++) {
		task_parse(&t, p, n, "a_test.csv", k ? p : NULL, n, 0, NULL);
		for (size_t i = 0; i < t.n; i++) {
			const struct task_item *it = &t.v[i];
			if (it->n < 1 || it->gold >= it->n || (t.spec->kind == TASK_CHOICE && it->gold < 0 && it->n > 1))
				abort();
			answer_take(f, it->choice[0], strlen(it->choice[0]), &b);
			answer_f1(it->context[0], it->choice[0]);
			answer_exact(it->context[0], it->choice[0], k);
		}
		task_free(&t);
	}
	buf_free(&b);
	return 0;
}

#define SEED(name, s) { name, s, sizeof(s) - 1 }
const struct fuzz_seed fuzz_seeds[] = {
	SEED("nothing", ""),
	SEED("HellaSwag", "{\"activity_label\":\"A\",\"ctx_a\":\"[header] b [title] c\",\"ctx_b\":\"\\u00e9d\",\"endings\":[\"x\",\"y [\"],\"label\":\"1\"}\n"),
	SEED("six lines", "A: b\n1\nx\ny\nz\nw\n"),
	SEED("a table", "\"q, \"\"r\"\"\",a,b,c,d,B\r\nq,1,2,3,4,D\n"),
	SEED("ARC", "{\"question\":{\"stem\":\"w\",\"choices\":[{\"text\":\"a\",\"label\":\"A\"}]},\"answerKey\":\"A\"}\n"),
	SEED("PIQA", "{\"goal\":\"g\",\"sol1\":\"a\",\"sol2\":\"b\",\"label\":0}\n{\"goal\":\"g\",\"sol1\":\"a\",\"sol2\":\"b\",\"label\":\"1\"}"),
	SEED("WinoGrande", "{\"sentence\":\"a _ b\",\"option1\":\"x\",\"option2\":\"y\",\"answer\":\"1\"}"),
	SEED("MMLU", "{\"question\":\"q\",\"subject\":\"s\",\"choices\":[\"a\",\"b\"],\"answer\":1}"),
	SEED("GSM8K", "{\"question\":\"q\",\"answer\":\"1,2 #### 3.\"}"),
	SEED("HumanEval", "{\"task_id\":\"t\",\"prompt\":\"p\",\"test\":\"t\",\"entry_point\":\"e\",\"canonical_solution\":\"s\"}"),
	SEED("others", "{\"text\":\"a b\"}\n{\"sentence_good\":\"a\",\"sentence_bad\":\"b\"}\n{\"context_options\":[\"a\"],\"continuation\":\"c\",\"gold\":0}"),
	{ 0 }
};
