/* parts - pages in several languages, paragraph by paragraph; and the lines of --signals */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/clean.h"
#include "base/json.h"
#include "base/list.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PART_MIN 60             /* bytes from which a paragraph's language can be told */
#define PARTS    16             /* languages that are counted */

int
clean_in_list(const char *list, const char *code)
{
	const char *name;
	size_t n;

	while (list_next(&list, &name, &n))
		if (strlen(code) == n && memcmp(name, code, n) == 0)
			return 1;
	return 0;
}

void
clean_lang(const struct clean *c, const char *s, size_t n, struct lang *l)
{
	int i;

	if (!c->lang_model) {
		lang_detect(s, n, l);
		return;
	}
	i = fasttext_best(c->lang_model, s, n, &l->score);
	snprintf(l->code, sizeof l->code, "%s", i < 0 ? "und" : fasttext_label(c->lang_model, i));
}

void
parts_choose(const struct clean *c, struct buf *text, struct buf *json)
{
	struct { char code[24]; double bytes; } share[PARTS];
	struct buf out = { 0 };
	const char *s = text->p, *end = s + text->n, *stop;
	double all = 0;
	int n = 0, k;

	for (; s < end; s = stop) {
		const char *gap = memmem(s, (size_t)(end - s), "\n\n", 2);
		struct lang l = { .code = "und" };
		int known;

		for (stop = gap ? gap : end; stop < end && *stop == '\n'; stop++)
			;
		if ((size_t)(stop - s) >= PART_MIN)
			clean_lang(c, s, (size_t)(stop - s), &l);
		known = strcmp(l.code, "und") != 0 && l.score >= c->lang_min;
		if (!known || !c->langs || clean_in_list(c->langs, l.code))
			buf_add(&out, s, (size_t)(stop - s));
		if (!known)
			continue;
		for (k = 0; k < n && strcmp(share[k].code, l.code) != 0; k++)
			;
		if (k == n && n < PARTS)
			snprintf(share[n].code, sizeof share[n].code, "%s", l.code), share[n++].bytes = 0;
		if (k < n)
			share[k].bytes += (double)(stop - s);
		all += (double)(stop - s);
	}
	while (out.n && out.p[out.n - 1] == '\n')
		out.p[--out.n] = 0;
	buf_free(text);
	*text = out;
	if (!n)
		return;
	buf_char(json, '{');
	for (k = 0; k < n; k++)
		json_add_num(json, share[k].code, round(share[k].bytes / all * 1000) / 1000);
	buf_char(json, '}');
}

void
signals_names(const struct clean *c, struct buf *out)
{
	const char *name;

	if (c->signals != SIGNALS_TSV)
		return;
	buf_str(out, "id\treason\tlang\tlang_score\tquality\tbytes");
	for (int i = 0; (name = rules_value_name(i)); i++)
		buf_printf(out, "\t%s", name);
	buf_char(out, '\n');
}

/* As a cell of a table: no tabs, no line ends. */
static void
cell(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_char(out, (unsigned char)s[i] < ' ' ? ' ' : s[i]);
	buf_char(out, '\t');
}

void
signals_line(const struct clean *c, const struct page *p, const struct cleaned *d, struct buf *out)
{
	const char *reason = d->reason ? d->reason : "";
	struct json meta;
	struct buf id = { 0 };

	if (p->id.n)
		buf_add(&id, p->id.p, p->id.n);
	else if (json_parse(&meta, d->meta.p, d->meta.n, NULL) == 0)
		json_str(json_get(meta, "id"), &id);
	if (c->signals == SIGNALS_TSV) {
		cell(out, buf_text(&id), id.n);
		buf_printf(out, "%s\t%s\t%.3f\t", reason, d->lang.code, d->lang.score);
		if (d->quality >= 0)
			buf_printf(out, "%.4f", d->quality);
		buf_printf(out, "\t%zu", d->text.n);
		for (int i = 0; !d->signals.n && rules_value_name(i); i++)
			buf_char(out, '\t');
		buf_add(out, buf_text(&d->signals), d->signals.n);
	} else {
		buf_char(out, '{');
		json_key(out, "id");
		json_quote(out, buf_text(&id), id.n);
		json_add_str(out, "reason", reason);
		json_add_str(out, "lang", d->lang.code);
		json_add_num(out, "lang_score", round(d->lang.score * 1000) / 1000);
		if (d->quality >= 0)
			json_add_num(out, "quality", d->quality);
		json_add_int(out, "bytes", (long long)d->text.n);
		if (d->signals.n > 2) {
			buf_char(out, ',');
			buf_add(out, d->signals.p + 1, d->signals.n - 2);
		}
		buf_char(out, '}');
	}
	buf_char(out, '\n');
	buf_free(&id);
}
