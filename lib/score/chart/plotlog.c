/* plotlog - what logs of JSON lines hold, as panels of a chart */
/* SPDX-License-Identifier: MIT */
#include "score/chart/plotlog.h"
#include "base/file.h"
#include "base/json.h"
#include "stream/input.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS = 8, PANELS = 12 };

/* The keys of y: panel by panel. */
struct keys {
	char *text, *panel[PANELS], *key[PANELS][KEYS];
	int   n, keys[PANELS];
};

static int
split_keys(struct keys *k, const char *y, struct err *e)
{
	char *p, *rest, *part;

	memset(k, 0, sizeof *k);
	k->text = xstrdup(y);
	for (rest = k->text; (p = strsep(&rest, ","));) {
		if (k->n == PANELS)
			return err_set(e, "more than %d panels", PANELS);
		k->panel[k->n] = xstrdup(p);
		while ((part = strsep(&p, "+"))) {
			if (!*part || k->keys[k->n] == KEYS)
				return err_set(e, "\"%s\": an empty key, or more than %d", k->panel[k->n], KEYS);
			k->key[k->n][k->keys[k->n]++] = part;
		}
		k->n++;
	}
	return 0;
}

static void
free_keys(struct keys *k)
{
	for (int i = 0; i < k->n; i++)
		free(k->panel[i]);
	free(k->text);
}

/* All lines of a log, kept as text. */
struct lines {
	struct buf   text;
	struct json *v;
	size_t       n, cap;
	const char  *name;
};

static int
read_lines(struct lines *l, const char *path, struct err *e)
{
	struct input *in = input_open(path, 1, e);
	struct json o;
	int bad = !in || input_all(in, &l->text, (size_t)1 << 32, e);

	if (in)
		input_close(in);
	l->name = !strcmp(path, "-") ? "standard input" : path;
	for (char *p = l->text.p, *end = p ? p + l->text.n : p, *nl; !bad && p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			nl = end;
		if (nl == p)
			continue;
		if (json_parse(&o, p, (size_t)(nl - p), e))
			bad = err_at(e, "%s: line %zu", l->name, l->n + 1);
		VEC_PUSH(l->v, l->n, l->cap, o);
	}
	if (!bad && !l->n)
		bad = err_set(e, "%s: no lines", l->name);
	return bad ? -1 : 0;
}

static int
has(const struct lines *l, int n, const char *key)
{
	for (int i = 0; i < n; i++)
		for (size_t k = 0; k < l[i].n; k++)
			if (json_kind(json_path(l[i].v[k], key)) == '0')
				return 1;
	return 0;
}

static void
add_series(struct chart_panel *p, const struct lines *l, const char *x_key, const char *key, const char *name, int colour, int dashed,
    const struct plotlog_opts *o)
{
	struct chart_series *s = chart_add(p, name, colour), *soft;
	double x = NAN;

	s->points = o->points;
	s->dashed = dashed;
	for (size_t i = 0; i < l->n; i++) {
		x = x_key ? json_num(json_path(l->v[i], x_key), x) : (double)i + 1;
		if (json_kind(json_path(l->v[i], key)))         /* null is a gap, a line without it is none */
			chart_point(s, x, json_num(json_path(l->v[i], key), NAN));
	}
	if (!s->n) {
		free(s->name);
		p->n--;
		return;
	}
	if (o->points || o->smooth <= 1 || (double)s->n < 2 * o->smooth)        /* few points are no noise */
		return;
	s->faint = 1;
	free(s->name);
	s->name = NULL;
	soft = chart_add(p, name, colour);
	soft->dashed = dashed;
	s = soft - 1;
	for (size_t i = 0; i < s->n; i++)
		chart_point(soft, s->x[i], s->y[i]);
	chart_smooth(soft, o->smooth);
}

/* All runs of one panel: a colour each, and a dash for further keys; a single run has a colour for each key. */
static void
fill(struct chart_panel *p, const struct keys *keys, int at, const struct lines *l, int n, const char *x_key, const struct plotlog_opts *o)
{
	chart_init(p, keys->panel[at], x_key ? x_key : "line");
	p->log_x = o->log_x;
	p->log_y = o->log_y;
	memcpy(p->x_range, o->x_range, sizeof p->x_range);
	memcpy(p->y_range, o->y_range, sizeof p->y_range);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < keys->keys[at]; k++) {
			const char *key = keys->key[at][k];
			char *run = file_stem(l[i].name);
			struct buf name = { 0 };
			buf_str(&name, n > 1 ? run : key);
			if (n > 1 && keys->keys[at] > 1)
				buf_printf(&name, " %s", key);
			add_series(p, &l[i], x_key, key, name.p, n > 1 ? i : k, n > 1 && (k || i >= CHART_COLOURS), o);
			free(run);
			buf_free(&name);
		}
	if (p->n == 1 && n == 1 && keys->keys[at] == 1) {       /* the title says it */
		free(p->v->name);
		p->v->name = NULL;
	}
}

static const char *
default_keys(const struct lines *l, int n)
{
	if (has(l, n, "loss") || has(l, n, "eval_loss"))
		return has(l, n, "eval_loss") ? "loss+eval_loss" : "loss";
	return "reward,kl";
}

struct chart_panel *
plotlog_read(int nfiles, char **files, const struct plotlog_opts *o, int *n, struct err *e)
{
	struct lines *l = xcalloc((size_t)nfiles, sizeof *l);
	struct chart_panel *p = NULL;
	struct keys keys = { 0 };
	const char *x = o->x;
	size_t any = 0;
	int bad = 0;

	for (int i = 0; i < nfiles && !bad; i++)
		bad = read_lines(&l[i], files[i], e);
	if (!bad)
		bad = split_keys(&keys, o->y ? o->y : default_keys(l, nfiles), e);
	if (!bad && !x && has(l, nfiles, "step"))
		x = "step";
	if (!bad) {
		p = xcalloc((size_t)keys.n, sizeof *p);
		for (int i = 0; i < keys.n; i++) {
			fill(&p[i], &keys, i, l, nfiles, x, o);
			any += p[i].n;
		}
		*n = keys.n;
		if (!any) {
			err_set(e, "no line has %s%s%s: -y says what to draw, -x against what", o->y ? o->y : "loss or reward", x ? " and " : "", x ? x : "");
			for (int i = 0; i < keys.n; i++)
				chart_free(&p[i]);
			free(p);
			p = NULL;
		}
	}
	for (int i = 0; i < nfiles; i++) {
		buf_free(&l[i].text);
		free(l[i].v);
	}
	free(l);
	free_keys(&keys);
	return p;
}
