/* tasksave - results and samples of a task in the files that lm-eval writes, for whoever reads those */
/* SPDX-License-Identifier: MIT */
#include "score/task/taskrun.h"
#include "base/file.h"
#include "score/task/sha256.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

static void
add_hash(struct buf *b, const char *key, const char *text)
{
	char hex[65];

	sha256_hex(text, strlen(text), hex);
	json_add_str(b, key, hex);
}

void
task_sample(struct task_result *r, const struct task_line *l)
{
	struct buf *b = &r->lines;

	buf_char(b, '{');
	json_add_int(b, "doc_id", (long long)l->i);
	buf_printf(b, ",\"doc\":%s", l->item->doc);
	json_add_str(b, "target", l->target);
	buf_printf(b, ",\"arguments\":%s,\"resps\":%s,\"filtered_resps\":%s", l->arguments, l->resps, l->filtered);
	json_add_str(b, "filter", l->filter);
	add_hash(b, "doc_hash", l->item->doc);
	add_hash(b, "prompt_hash", l->prompt);
	add_hash(b, "target_hash", l->target);
	for (int i = 0; i < l->n; i++)
		buf_printf(b, "%s\"%s\"", i ? "," : ",\"metrics\":[", l->metric[i]);
	buf_char(b, ']');
	for (int i = 0; i < l->n; i++)
		json_add_num(b, l->metric[i], l->value[i]);
	buf_str(b, "}\n");
}

static void
object(struct buf *b, const char *key)
{
	json_key(b, key);
	buf_char(b, '{');
}

/* {"TASK":value}, the value to be written between. */
static void
of_task(struct buf *b, const char *key, const struct task_result *r)
{
	object(b, key);
	json_key(b, r->task);
}

static void
add_metrics(struct buf *b, const struct task_result *r, int direction)
{
	char name[80];

	for (int i = 0; i < r->n_metrics; i++) {
		const struct task_metric *m = &r->metric[i];
		if (!m->name[0] || (direction && i && !strcmp(m->name, m[-1].name)))
			continue;
		if (direction) {
			buf_printf(b, "%s\"%s\":%s", b->p[b->n - 1] == '{' ? "" : ",", m->name, m->power ? "false" : "true");
			continue;
		}
		snprintf(name, sizeof name, "%s,%s", m->name, m->filter);
		json_add_num(b, name, task_metric_value(m));
		snprintf(name, sizeof name, "%s_stderr,%s", m->name, m->filter);
		json_add_num(b, name, task_metric_error(m));
	}
	buf_char(b, '}');
}

static void
results(struct buf *b, const struct task_result *r, const struct task_opts *o, const char *model, const char *clean, double when)
{
	const char *type = task_named(r->task)->kind == TASK_CHOICE ? "multiple_choice" : "generate_until";

	buf_char(b, '{');
	of_task(b, "results", r);
	buf_char(b, '{');
	json_add_str(b, "alias", r->task);
	add_metrics(b, r, 0);
	buf_char(b, '}');
	of_task(b, "group_subtasks", r);
	buf_str(b, "[]}");
	of_task(b, "configs", r);
	buf_char(b, '{');
	json_add_str(b, "task", r->task);
	json_add_str(b, "output_type", type);
	json_add_int(b, "num_fewshot", o->shots);
	json_add_int(b, "repeats", r->samples ? (long long)r->samples : 1);
	buf_str(b, "}}");
	of_task(b, "versions", r);
	buf_str(b, "1}");
	of_task(b, "n-shot", r);
	buf_printf(b, "%lld}", o->shots);
	of_task(b, "higher_is_better", r);
	buf_char(b, '{');
	add_metrics(b, r, 1);
	buf_char(b, '}');
	of_task(b, "n-samples", r);
	buf_printf(b, "{\"original\":%zu,\"effective\":%zu}}", r->n, r->n);
	object(b, "config");
	json_add_str(b, "model", "pipelm");
	json_add_str(b, "model_args", model);
	json_add_int(b, "batch_size", o->batch);
	json_add_int(b, "random_seed", o->seed);
	buf_str(b, "},\"git_hash\":null");
	json_add_num(b, "date", when);
	json_add_str(b, "model_source", "pipelm");
	json_add_str(b, "model_name", model);
	json_add_str(b, "model_name_sanitized", clean);
	json_add_str(b, "tokenizer", r->vocab);
	buf_str(b, "}\n");
}

/* As lm-eval makes a folder of a model's name: runs of what paths do not like become "__". */
static char *
sanitized(const char *name)
{
	struct buf b = { 0 };

	for (size_t i = 0, bad = 0; name[i]; i++, bad = name[i - 1] && strchr("\"<>:/|\\?*[]", name[i - 1]))
		if (!strchr("\"<>:/|\\?*[]", name[i]))
			buf_char(&b, name[i]);
		else if (!bad)
			buf_str(&b, "__");
	return b.p;
}

static int
folder(const char *path, struct err *e)
{
	return mkdir(path, 0777) && errno != EEXIST ? err_sys(e, "%s", path) : 0;
}

int
task_save(const struct task_result *r, const struct task_opts *o, struct err *e)
{
	const char *model = o->model ? o->model : o->responses;
	char *clean = sanitized(model), date[40];
	struct buf b = { 0 }, path = { 0 };
	struct timeval now;
	struct tm tm;
	size_t n;
	int bad;

	gettimeofday(&now, NULL);
	localtime_r(&now.tv_sec, &tm);
	n = strftime(date, sizeof date, "%Y-%m-%dT%H-%M-%S", &tm);
	snprintf(date + n, sizeof date - n, ".%06ld", (long)now.tv_usec);
	results(&b, r, o, model, clean, (double)now.tv_sec + 1e-6 * (double)now.tv_usec);
	buf_printf(&path, "%s/%s", o->results, clean);
	bad = folder(o->results, e) || folder(path.p, e);
	n = path.n;
	buf_printf(&path, "/results_%s.json", date);
	bad = bad || file_write(path.p, 0, b.p, b.n, e);
	path.n = n;
	buf_printf(&path, "/samples_%s_%s.jsonl", r->task, date);
	bad = bad || file_write(path.p, 0, r->lines.p, r->lines.n, e);
	buf_free(&b);
	buf_free(&path);
	free(clean);
	return bad ? -1 : 0;
}
