/* task - files of evaluation items: JSON lines, MMLU's CSV, HellaSwag's lines of text */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "score/task/task.h"
#include "stream/input.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MOST = 1 << 30 };

const struct task_spec *
task_named(const char *name)
{
	const struct task_spec *s = task_specs;

	while (s->name && strcmp(s->name, name))
		s++;
	return s->name ? s : NULL;
}

void
task_names(struct buf *b)
{
	for (const struct task_spec *s = task_specs; s->name; s++)
		buf_printf(b, "%s%s", s == task_specs ? "" : " ", s->name);
}

static void
item_free(struct task_item *it)
{
	for (int i = 0; i < it->n; i++) {
		free(it->context[i]);
		free(it->choice[i]);
	}
	free(it->context), free(it->choice);
	free(it->doc), free(it->id), free(it->intro), free(it->test);
}

void
task_free(struct task *t)
{
	for (size_t i = 0; i < t->n; i++)
		item_free(&t->v[i]);
	free(t->v);
	*t = (struct task){ 0 };
}

static int
tells(const struct task_spec *s, struct json o)
{
	if (s->mark && !memmem(o.p, (size_t)(o.end - o.p), s->mark, strlen(s->mark)))
		return 0;
	for (int k = 0; k < 3 && s->need[k]; k++)
		if (!json_kind(json_get(o, s->need[k])))
			return 0;
	return 1;
}

/* Whose shape a record has: its own task's, else the first one that fits. */
static const struct task_spec *
told_by(struct json o, const struct task_spec *own)
{
	const struct task_spec *s = own && tells(own, o) ? own : task_specs;

	while (!tells(s, o))            /* the last one fits all */
		s++;
	return s;
}

static int
add_record(struct task *t, const char *line, size_t n, long long gold, struct err *e)
{
	struct task_item it = { .gold = gold >= 0 && gold < 1000 ? (int)gold : -1 };
	const struct task_spec *shape;
	struct json o;

	if (json_parse(&o, line, n, e))
		return -1;
	if (json_kind(o) != '{')
		return err_set(e, "no object");
	shape = told_by(o, t->spec);
	if (!t->spec)
		t->spec = shape;
	if (shape->kind != t->spec->kind)
		return err_set(e, "not a record of %s", t->spec->name);
	if (shape->read(&it, o, e)) {
		item_free(&it);
		return err_in(e, shape->name);
	}
	if (it.gold < 0 || it.gold >= it.n)     /* where there is nothing to choose */
		it.gold = 0;
	it.doc = xstrndup(o.p, (size_t)(o.end - o.p));
	it.id = json_dup(json_get(o, json_kind(json_get(o, "task_id")) ? "task_id" : "id"));
	VEC_PUSH(t->v, t->n, t->cap, it);
	return 0;
}

/* The next line of [*p, end) without its end; 0: none is left. */
static int
line_of(const char **p, const char *end, const char **line, size_t *n)
{
	const char *nl = *p < end ? memchr(*p, '\n', (size_t)(end - *p)) : NULL;

	if (*p >= end)
		return 0;
	*line = *p;
	*n = (size_t)((nl ? nl : end) - *p);
	*p = nl ? nl + 1 : end;
	if (*n && (*line)[*n - 1] == '\r')
		(*n)--;
	return 1;
}

static int
blank(const char *line, size_t n)
{
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	return !n;
}

/* The file of right answers, read along with the items. */
struct labels {
	const char *p, *end;
	int         given;
};

static int
next_label(struct labels *l, long long *gold, struct err *e)
{
	const char *line;
	char number[24];
	size_t n;

	*gold = -1;
	if (!l->given)
		return 0;
	if (!line_of(&l->p, l->end, &line, &n))
		return err_set(e, "the labels end before the items");
	snprintf(number, sizeof number, "%.*s", (int)(n < 20 ? n : 20), line);
	*gold = *number >= '0' && *number <= '9' ? strtoll(number, NULL, 10) : -1;
	return *gold < 0 ? err_set(e, "a label that is no number") : 0;
}

/* Six lines an item: context, number of the right ending, four endings. */
static int
hellaswag_text(struct buf *b, const char **p, const char *end, struct err *e)
{
	static const char *const key[] = { "query", "gold", NULL };
	const char *line;
	size_t n;

	buf_char(b, '{');
	for (int i = 0; i < 6; i++) {
		if (!line_of(p, end, &line, &n))
			return err_set(e, "an item is six lines, and %d are left", i);
		if (i < 2)
			json_key(b, key[i]);
		else
			buf_str(b, i == 2 ? ",\"choices\":[" : ",");
		json_quote(b, line, n);
	}
	buf_str(b, "]}");
	return 0;
}

/* One field of CSV (RFC 4180) appended; *p is past it and its comma, *more whether there was one. */
static int
csv_field(struct buf *b, const char **p, const char *end, int *more, struct err *e)
{
	const char *q = *p;

	if (q < end && *q == '"') {
		for (q++; ; q++) {
			if (q == end)
				return err_set(e, "a quote that does not end");
			if (*q == '"' && (++q == end || *q != '"'))
				break;
			buf_char(b, *q);
		}
	}
	while (q < end && *q != ',' && *q != '\n') {
		if (*q != '\r')
			buf_char(b, *q);
		q++;
	}
	*more = q < end && *q == ',';
	*p = q + (q < end);
	return 0;
}

/* A row of MMLU: question, choices, letter; the subject is the file's name. */
static int
mmlu_row(struct buf *b, const char **p, const char *end, const char *subject, struct err *e)
{
	struct buf field = { 0 };
	int more = 1, bad = 0, n = 0;

	buf_char(b, '{');
	json_add_str(b, "subject", subject);
	for (; more && !bad; n++) {
		buf_clear(&field);
		buf_str(&field, "");
		bad = csv_field(&field, p, end, &more, e);
		if (!bad && n == 0)
			json_key(b, "question");
		else if (!bad && more)
			buf_str(b, n == 1 ? ",\"choices\":[" : ",");
		else if (!bad)
			buf_str(b, "],\"answer\":");
		if (!bad)
			json_quote(b, field.p, field.n);
	}
	buf_char(b, '}');
	buf_free(&field);
	return bad ? bad : n < 4 ? err_set(e, "a row of %d fields, not of a question, choices and a letter", n) : 0;
}

/* "dir/abstract_algebra_test.csv" is about abstract_algebra. */
static char *
subject_of(const char *path)
{
	static const char *const ends[] = { "_test", "_dev", "_val" };
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strcspn(name, ".");

	for (int i = 0; i < 3; i++)
		if (n > strlen(ends[i]) && !memcmp(name + n - strlen(ends[i]), ends[i], strlen(ends[i])))
			n -= strlen(ends[i]);
	return xstrndup(name, n);
}

int
task_parse(struct task *t, const char *bytes, size_t n, const char *name, const char *labels, size_t n_labels,
    size_t stop, struct err *e)
{
	const char *p = bytes, *end = bytes + n, *line, *second;
	struct labels right = { labels, labels ? labels + n_labels : NULL, labels != NULL };
	char *subject = subject_of(name);
	struct buf made = { 0 };
	size_t len, record = 0;
	int bad = 0, kind = '{';

	if (line_of(&p, end, &line, &len) && !memchr(line, '{', len ? 1 : 0)) {
		second = p;
		kind = line_of(&p, end, &second, &len) && len == 1 && *second >= '0' && *second <= '3' ? 'h' : 'm';
	}
	if (kind != '{' && !t->spec)
		t->spec = task_named(kind == 'h' ? "hellaswag" : "mmlu");
	for (p = bytes; !bad && p < end && (!stop || t->n < stop); record++) {
		long long gold;
		buf_clear(&made);
		if (kind == '{')
			line_of(&p, end, &line, &len);
		else
			bad = kind == 'h' ? hellaswag_text(&made, &p, end, e) : mmlu_row(&made, &p, end, subject, e);
		if (kind == '{' && blank(line, len))
			continue;
		bad = bad || next_label(&right, &gold, e) ||
		    add_record(t, kind == '{' ? line : made.p, kind == '{' ? len : made.n, gold, e);
	}
	if (bad)
		err_at(e, "record %zu", record - 1);
	free(subject);
	buf_free(&made);
	return bad ? -1 : 0;
}

/* All of a file; nothing at all is an error. */
static int
whole(const char *path, struct buf *b, struct err *e)
{
	struct input *in = input_open(path, 1, e);
	int bad = !in || input_all(in, b, FILE_MOST, e) < 0;

	if (!bad && !b->n)
		bad = err_set(e, "%s: empty", path);
	if (in)
		input_close(in);
	return bad ? -1 : 0;
}

int
task_read(struct task *t, const char *path, const char *labels, size_t stop, struct err *e)
{
	struct buf b = { 0 }, l = { 0 };
	int bad = whole(path, &b, e) || (labels && whole(labels, &l, e));

	if (!bad && (bad = task_parse(t, b.p, b.n, path, l.p, l.n, stop, e)))
		err_in(e, path);
	buf_free(&b);
	buf_free(&l);
	return bad;
}
