/* prog - the provenance line of a run: its name and the options that change the result */
/* SPDX-License-Identifier: MIT */
#include "base/cli_int.h"
#include "base/file.h"
#include <stdlib.h>
#include <string.h>

#define MAX_SET 16
static struct { char *name, *value; } over[MAX_SET];
static int n_over;

void
cli_prog_set(const char *name, const char *value)
{
	int i;

	for (i = 0; i < n_over && strcmp(over[i].name, name) != 0; i++)
		;
	if (i == MAX_SET)
		die("too many provenance entries");
	if (i == n_over)
		over[n_over++].name = xstrdup(name);
	free(over[i].value);
	over[i].value = xstrdup(value);
}

static void
prog_value(struct buf *b, const struct opt *o, const char *value)
{
	struct err e;
	int failed = 0;
	uint32_t crc;

	if (o->use != OPT_FILE) {
		buf_str(b, value);
		return;
	}
	crc = file_crc32c(value, &e, &failed);
	if (failed)
		die_err(&e);
	buf_printf(b, "crc32c:%08x", crc);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

const char *
cli_prog(void)
{
	static struct buf line;
	const struct tool *tool = cli_tool();
	char *item[CLI_ROWS + MAX_SET + 64];
	int n = 0, i, k;

	for (i = 0; tool->opts[i].name; i++) {
		const struct opt *o = &tool->opts[i];
		const struct strs *l = o->kind == OPT_LIST ? o->var : NULL;
		struct buf v = { 0 };
		for (k = 0; k < n_over && strcmp(over[k].name, o->name) != 0; k++)
			;
		if (o->use == OPT_QUIET || k < n_over)
			continue;
		for (k = 0; l && k < l->n && n < CLI_ROWS; k++) {
			struct buf b = { 0 };
			buf_printf(&b, "--%s=", o->name);
			prog_value(&b, o, l->v[k]);
			item[n++] = b.p;
		}
		cli_print(o, &v);
		if (!l && cli_row(i)->given && v.p && strcmp(v.p, cli_row(i)->otherwise) != 0 && n < CLI_ROWS) {
			struct buf b = { 0 };
			buf_printf(&b, o->kind == OPT_FLAG ? "--%s" : "--%s=", o->name);
			if (o->kind != OPT_FLAG)
				prog_value(&b, o, v.p);
			item[n++] = b.p;
		}
		buf_free(&v);
	}
	for (i = 0; i < n_over; i++)
		if (over[i].value) {
			struct buf b = { 0 };
			buf_printf(&b, "--%s=%s", over[i].name, over[i].value);
			item[n++] = b.p;
		}
	qsort(item, (size_t)n, sizeof *item, by_text);
	buf_clear(&line);
	buf_str(&line, tool->name);
	for (i = 0; i < n; i++) {
		buf_printf(&line, " %s", item[i]);
		free(item[i]);
	}
	return line.p;
}
