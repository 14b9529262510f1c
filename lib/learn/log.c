/* log - --log FILE: one JSON object a line, for programs */
/* SPDX-License-Identifier: MIT */
#include "learn/log.h"
#include "base/file.h"
#include "base/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

struct log {
	FILE *f;
	char *path;
};

/* The lines of `text` that are whole objects of steps up to `step`, of measurements up to `measured`. */
static void
keep_lines(struct buf *keep, const char *text, size_t n, long long step, long long measured)
{
	const char *end = text + n, *nl;
	struct json o;

	for (; text < end && (nl = memchr(text, '\n', (size_t)(end - text))); text = nl + 1)
		if (!json_parse(&o, text, (size_t)(nl - text), NULL) &&
		    json_int(json_get(o, "step"), 0) <= (json_get(o, "eval_loss").p ? measured : step))
			buf_add(keep, text, (size_t)(nl - text) + 1);
}

/* What a run that goes on finds in its log, cut to the steps that its state knows of. */
static int
cut(const char *path, long long step, long long measured, struct err *e)
{
	struct file_map old;
	struct buf keep = { 0 };
	int bad;

	if (file_map(&old, path, e))
		return -1;
	keep_lines(&keep, (const char *)old.p, old.n, step, measured);
	file_unmap(&old);
	bad = file_write(path, 0, keep.p, keep.n, e);
	buf_free(&keep);
	return bad;
}

int
log_open(struct log **out, const char *path, long long step, long long measured, struct err *e)
{
	struct stat st;
	struct log *l;
	FILE *f;

	*out = NULL;
	if (!path)
		return 0;
	if (step > 0 && !stat(path, &st) && S_ISREG(st.st_mode) && cut(path, step, measured, e))
		return -1;
	if (!(f = fopen(path, step > 0 ? "a" : "w")))
		return err_sys(e, "%s", path);
	l = xcalloc(1, sizeof *l);
	l->f = f;
	l->path = xstrdup(path);
	*out = l;
	return 0;
}

int
log_put(struct log *l, struct buf *object, struct err *e)
{
	int bad = 0;

	buf_str(object, "}\n");
	if (l && (fwrite(object->p, 1, object->n, l->f) != object->n || fflush(l->f)))
		bad = err_sys(e, "%s", l->path);
	buf_free(object);
	return bad;
}

int
log_close(struct log *l, struct err *e)
{
	int bad;

	if (!l)
		return 0;
	bad = fclose(l->f);
	if (bad)
		err_sys(e, "%s", l->path);
	free(l->path);
	free(l);
	return bad ? -1 : 0;
}

double
log_rss(void)
{
	struct rusage u;

	return getrusage(RUSAGE_SELF, &u) ? 0 : 1024.0 * (double)u.ru_maxrss;
}
