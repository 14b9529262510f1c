/* prog - the provenance line of a run: its name and the options that change the result */
/* SPDX-License-Identifier: MIT */
#include "base/cli_int.h"
#include "base/file.h"
#include "base/order.h"
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

void
cli_crc(const char *path, char out[CRC32C_TEXT])
{
	struct err e;
	uint32_t crc;

	if (file_crc32c(path, &crc, &e))
		die_err(&e);
	crc32c_text(crc, out);
}

struct items {
	char **v;
	int    n, cap;
};

static void
add(struct items *all, const struct opt *o, const char *value)
{
	struct buf b = { 0 };
	char crc[CRC32C_TEXT];

	if (o->use == OPT_FILE) {
		cli_crc(value, crc);
		value = crc;
	}
	buf_printf(&b, "--%s", o->name);
	if (o->kind != OPT_FLAG)
		buf_printf(&b, "=%s", value);
	VEC_PUSH(all->v, all->n, all->cap, b.p);
}

const char *
cli_prog(void)
{
	static struct buf line;
	const struct tool *tool = cli_tool();
	struct items all = { 0 };
	int i, k;

	for (i = 0; tool->opts[i].name; i++) {
		const struct opt *o = &tool->opts[i];
		const struct strs *l = o->kind == OPT_LIST ? o->var : NULL;
		struct buf v = { 0 };
		for (k = 0; k < n_over && strcmp(over[k].name, o->name) != 0; k++)
			;
		if (o->use == OPT_QUIET || k < n_over)
			continue;
		for (k = 0; l && k < l->n; k++)
			add(&all, o, l->v[k]);
		cli_print(o, &v);
		if (!l && cli_row(i)->given && v.p && strcmp(v.p, cli_row(i)->otherwise) != 0)
			add(&all, o, v.p);
		buf_free(&v);
	}
	for (i = 0; i < n_over; i++)
		if (over[i].value)
			add(&all, &(struct opt){ .name = over[i].name, .kind = OPT_STR }, over[i].value);
	if (all.n)
		qsort(all.v, (size_t)all.n, sizeof *all.v, order_text);
	buf_clear(&line);
	buf_str(&line, tool->name);
	for (i = 0; i < all.n; i++) {
		buf_printf(&line, " %s", all.v[i]);
		free(all.v[i]);
	}
	free(all.v);
	return line.p;
}
