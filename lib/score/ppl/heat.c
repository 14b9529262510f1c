/* heat - text coloured by how much each token surprised a model */
/* SPDX-License-Identifier: MIT */
#include "score/ppl/told.h"
#include "base/utf8.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { HOT = 12 };      /* nats that are as red as can be */

void
heat_begin(struct buf *b, int html, const char *model)
{
	if (!html)
		return;
	buf_str(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>eval-ppl --heat</title>\n<style>\n"
	    ":root{color-scheme:light dark}\nbody{font:16px/1.7 system-ui,sans-serif;max-width:46em;margin:2em auto;padding:0 1em;"
	    "background:#fff;color:#111}\np{white-space:pre-wrap;overflow-wrap:anywhere}\nspan{border-radius:2px}h1 span{color:CanvasText}\n"
	    "small,h1{color:#666;font-weight:normal;font-size:14px}\n"
	    "@media(prefers-color-scheme:dark){body{background:#141414;color:#eee}small,h1{color:#999}}\n</style></head><body>\n<h1>");
	buf_html(b, model, strlen(model));
	buf_str(b, ": nats of each token ");
	for (int i = 0; i <= HOT; i += 3)
		buf_printf(b, "<span style=\"background:rgba(220,30,0,%.2f)\">&nbsp;%d&nbsp;</span>", i * .85 / HOT, i);
	buf_str(b, "</h1>\n");
}

/* Whether a text ends within a character. */
static int
utf8_open(const char *p, size_t n)
{
	size_t bad = utf8_check(p, n);

	return bad < n && n - bad < 4 && ((unsigned char)p[bad] & 0xc0) == 0xc0;
}

static void
span(struct buf *b, uint32_t id, float logp, const struct buf *text)
{
	double nats = -(double)logp;

	if (isnan(nats)) {
		buf_str(b, "<span title=\"not predicted\" style=\"opacity:.6\">");
	} else {
		buf_printf(b, "<span title=\"%.2f nats, p %.3g, id %" PRIu32 "\" style=\"background:rgba(220,30,0,%.2f)\">", nats,
		    exp(-nats), id, (nats > HOT ? HOT : nats) * .85 / HOT);
	}
	buf_html(b, text->p, text->n);
	buf_str(b, "</span>");
}

/* The colour cube of 256: from white over yellow and orange to red, with black letters. */
static void
shade(struct buf *b, float logp, const struct buf *text)
{
	static const int colour[] = { 231, 230, 229, 228, 222, 216, 215, 209, 208, 202, 196 };
	double nats = -(double)logp;
	int most = (int)(sizeof colour / sizeof *colour) - 1, k = isnan(nats) ? 0 : (int)(nats / HOT * most);

	if (isnan(nats))
		buf_str(b, "\033[2m");
	else
		buf_printf(b, "\033[30;48;5;%dm", colour[k > most ? most : k]);
	for (size_t i = 0; i < text->n; i++) {
		if (text->p[i] == '\n')         /* colours end with the line */
			buf_str(b, "\033[0m");
		buf_char(b, (unsigned char)text->p[i] < 32 && text->p[i] != '\n' && text->p[i] != '\t' ? '?' : text->p[i]);
	}
	buf_str(b, "\033[0m");
}

void
heat_add(struct buf *b, int html, const struct vocab *v, const struct told *d)
{
	struct buf text = { 0 };
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if (!isnan(d->logp[i])) {
			sum -= (double)d->logp[i];
			n++;
		}
	if (html)
		buf_printf(b, "<p><small>%" PRIu64 ": %.3f nats a token\n</small>", d->item, n ? sum / (double)n : NAN);
	for (size_t i = 0, from; i < d->n; i++) {
		/* a character may be of several tokens: the last one shows it, and its log-probability is of all */
		double all = (double)d->logp[i];
		from = i;
		buf_clear(&text);
		buf_str(&text, "");
		decode_part(v, d->tok + from, 1, 0, &text);
		while (i + 1 < d->n && i - from < 8 && utf8_open(text.p, text.n)) {
			decode_part(v, d->tok + ++i, 1, 0, &text);
			all += (double)d->logp[i];
		}
		if (html)
			span(b, d->tok[from], (float)all, &text);
		else
			shade(b, (float)all, &text);
	}
	buf_str(b, html ? "</p>\n" : "\n");
	buf_free(&text);
}

void
heat_end(struct buf *b, int html)
{
	if (html)
		buf_str(b, "</body></html>\n");
}
